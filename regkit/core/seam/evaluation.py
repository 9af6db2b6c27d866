"""Evaluate a model in the middle of its `fit`, and leave the fit as it was.

`model.evaluate` inside an epoch resets the running metrics of the training, leaves PyTorch's module
in evaluation mode, and starts a data loader there that uses up random numbers of the global
generator. On JAX the variables are empty during an epoch: their values are in the state of the
loop, from which they are brought back first; Keras takes them up again at its next step.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import keras
import numpy as np

from regkit.core.seam.generators import seed_states
from regkit.types import Nest

__all__ = ["evaluate", "undisturbed"]


def evaluate(
    model: keras.Model, data: Nest, batch_size: int | None = None, steps: int | None = None
) -> dict[str, Any]:
    """Return the loss and metrics of a model on data, in evaluation mode, in any event of a fit.

    Techniques do not act here: they are in the training step only. A metric that is a vector, such
    as `F1Score` of several classes, stays one.

    Args:
        model: The model.
        data: A tuple (x, y) or (x, y, sample_weight), or whatever else `evaluate` takes.
        batch_size: The number of examples a batch, for arrays.
        steps: The number of batches; None for all.
    """
    x, y, weight = (*data, None)[:3] if isinstance(data, tuple) else (data, None, None)
    options = {"batch_size": batch_size, "steps": steps, "sample_weight": weight}
    with undisturbed(model):
        logs = model.evaluate(x, y, verbose=0, return_dict=True, **options)
    return {name: float(value) if np.ndim(value) == 0 else value for name, value in logs.items()}


@contextmanager
def undisturbed(model: keras.Model) -> Iterator[None]:
    """Put back, after the block, all of a running fit that `model.evaluate` changes."""
    if keras.backend.backend() == "jax":
        model.jax_state_sync()
    held = [(variable, keras.ops.copy(variable)) for variable in _changed(model)]
    with _backend(model):
        try:
            yield
        finally:
            for variable, value in held:
                variable.assign(value)


def _changed(model: keras.Model) -> list[keras.Variable]:
    """Return the variables that a pass in evaluation mode may change.

    Metrics, and what layers keep themselves: statistics, caches, seeds. Weights do not change, so
    that there is no copy of them, frozen ones included.
    """
    kept = [v for layer in model._flatten_layers() for v in layer._non_trainable_variables]
    return [*model.metrics_variables, *kept, *seed_states(model)]


def _backend(model: keras.Model) -> AbstractContextManager[None]:
    if keras.backend.backend() == "torch":
        from regkit.core.seam.torch import module_undisturbed

        return module_undisturbed(model)
    return nullcontext()
