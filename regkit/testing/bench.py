"""Compiled models that are lent to techniques in turn, so that equal steps compile once."""

from __future__ import annotations

import contextlib
import functools
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from regkit.testing.cases import STANDARD, Case, sgd
from regkit.testing.workbench import (
    Run,
    Weights,
    fit,
    marks,
    reset,
    targets_seen,
    to_numpy,
    values,
)

__all__ = ["Bench", "Plain", "bench", "plain"]


class Bench:
    """A compiled model that is lent again and again, so that an equal step compiles once.

    It has been in fits, so that Keras has compiled its own steps and added its attributes.

    Args:
        case: What the model is made of.
        optimizer: Makes the optimizer.
        **options: Others of `compile`.
    """

    def __init__(
        self,
        case: Case,
        optimizer: Callable[[], keras.optimizers.Optimizer] = sgd,
        **options: object,
    ) -> None:
        self.case, self.optimizer, self.options = case, optimizer, options
        self.start: Weights = values(case.build())
        self._model: keras.Model | None = None
        self._optimizer: Weights = []  # what its variables began with
        self._usual: list[dict[str, Any]] = []  # what Keras' own fits leave on the model

    @contextlib.contextmanager
    def lent(self, weights: Weights | None = None, iteration: int = 0) -> Iterator[keras.Model]:
        """Lend the model for a block, with the first weights or others.

        One with which something went wrong, or that has changed, is not lent again.
        """
        model, self._model = self._model or self._made(), None
        for variable, value in zip(model.optimizer.variables, self._optimizer, strict=True):
            variable.assign(value)
        reset(model, self.start if weights is None else weights, iteration)
        yield model
        if marks(model) in self._usual:
            self._model = model

    def _made(self) -> keras.Model:
        model = self.case.compiled(optimizer=self.optimizer(), **self.options)
        model.optimizer.build(model.trainable_variables)
        self._optimizer = [to_numpy(variable) for variable in model.optimizer.variables]
        self._usual = [self._left_by_keras(model, looks) for looks in (True, False)]
        return model

    def _left_by_keras(self, model: keras.Model, looks: bool) -> dict[str, Any]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.weights.h5"
            model.save_weights(path)
            model.load_weights(path)  # as after a backup: this too adds attributes
        fit(model, self.case, epochs=1, looks=looks)
        return marks(model)


def bench(case: Case, eager: bool = False, twin: bool = False) -> Bench:
    """Return the model on which the techniques of a process train, one after another.

    There is one for each dtype policy, compiled or not. Keras' own steps of it compile once for all
    techniques.

    Args:
        case: What the model is made of.
        eager: Whether it runs eagerly.
        twin: Whether it is another model than without, so that a technique's step is traced anew.
    """
    return _bench(case, eager, twin, keras.config.dtype_policy().name)


@functools.cache
def _bench(case: Case, eager: bool, twin: bool, policy: str) -> Bench:
    options: dict[str, object] = {"metrics": [targets_seen]} if case in STANDARD else {}
    if eager:
        options["run_eagerly"] = True
    return Bench(case, _scaling if policy == "mixed_float16" else sgd, **options)


def _scaling() -> keras.optimizers.Optimizer:
    # At Keras' 2¹⁵ a gradient may overflow, and the step be skipped.
    return keras.optimizers.LossScaleOptimizer(sgd(), initial_scale=256)


@dataclass
class Plain:
    """A case without techniques: how it trains, and what a fit leaves on the model.

    Attributes:
        bench: A model of the case, apart from the one on which techniques train alone: on it the
            step of the techniques that stand beside others stays compiled.
        run: A fit of it.
        marks: What the model had after it.
    """

    bench: Bench
    run: Run
    marks: dict[str, Any]


@functools.cache
def plain(case: Case) -> Plain:
    """Return how a case trains without techniques; once a process."""
    lender = Bench(case, metrics=[targets_seen])
    with lender.lent() as model:
        run = fit(model, case, looks=True)
        return Plain(lender, run, marks(model))
