"""Training the small models: fits, and what is noted of them."""

from __future__ import annotations

import contextlib
import functools
import importlib
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict, Unpack
from unittest import mock

import keras
import numpy as np

from regkit.core.seam import clock, generators
from regkit.testing.cases import BATCH, EXAMPLES, Case, Data
from regkit.types import Array, Tensor

__all__ = [
    "EPOCHS",
    "STEPS",
    "FitOptions",
    "Run",
    "fit",
    "marks",
    "reset",
    "same",
    "same_logs",
    "seed_everything",
    "seen_at_inference",
    "start_session",
    "targets_seen",
    "to_numpy",
    "values",
]

EPOCHS, STEPS = 3, EXAMPLES // BATCH  # STEPS in each epoch
SEED = 7

Weights = list[Array]


@dataclass
class Run:
    """What a fit gave.

    Attributes:
        history: The logs, a list for each name.
        validated: The weights with which the validation of each epoch began; [] without one.
        epochs: The weights at the end of each epoch, before other callbacks' last word.
        weights: The weights at the end.
        inside: What the model evaluated and computed for inference inside the fit, by epoch.
        randomness: The next numbers of Python, NumPy and Keras after the fit.
    """

    history: dict[str, list[float]] = field(default_factory=dict)
    validated: list[Weights] = field(default_factory=list)
    epochs: list[Weights] = field(default_factory=list)
    weights: Weights = field(default_factory=list)
    inside: list[tuple[dict[str, float], Any]] = field(default_factory=list)
    randomness: tuple[float, ...] = ()

    @property
    def finite(self) -> bool:
        """Whether all logs and weights are finite numbers."""
        logs = all(np.isfinite(values).all() for values in self.history.values())
        return logs and all(np.isfinite(values).all() for values in self.weights)


class _Forerunner(keras.callbacks.Callback):  # type: ignore[misc]  # Keras is untyped
    """Stands before the technique, and notes the weights that it finds when validation begins."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run = run

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.run.validated.append([])

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.run.validated[-1] = values(self.model)


class _Recorder(keras.callbacks.Callback):  # type: ignore[misc]  # Keras is untyped
    """Notes the weights at the end of each epoch, and what validation and inference see there."""

    def __init__(self, run: Run, data: Data, looks: bool) -> None:
        super().__init__()
        self.run, self.data, self.looks = run, data, looks

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.run.epochs.append(values(self.model))
        if self.looks:
            self.run.inside.append(seen_at_inference(self.model, self.data))


def seen_at_inference(model: keras.Model, data: Data) -> tuple[dict[str, float], Any]:
    """Return what `evaluate` gives, and the outputs for a batch."""
    x, y, weights = _parts(data)
    settings = {"batch_size": BATCH, "verbose": 0, "return_dict": True}
    logs = model.evaluate(x, y, sample_weight=weights, **settings)
    first = keras.tree.map_structure(lambda array: array[:BATCH], x)
    outputs = model(first, training=False)
    return dict(logs), keras.tree.map_structure(to_numpy, outputs)


def to_numpy(tensor: Tensor) -> Array:
    """Return a tensor's numbers, as a copy."""
    return np.array(keras.ops.convert_to_numpy(tensor))


def _parts(data: Data) -> Data:
    """Return x, y and the examples' weights, None where there are none."""
    return data if len(data) > 2 else (*data, None)


class FitOptions(TypedDict, total=False):
    """How a fit differs from the kit's usual one.

    Attributes:
        epochs: How many; by default `EPOCHS`.
        seed: What `keras.utils.set_random_seed` gets; by default `SEED`.
        validated: Whether each epoch ends with validation.
        looks: Whether it ends with validation, evaluation and inference too.
    """

    epochs: int
    seed: int
    validated: bool
    looks: bool


def fit(
    model: keras.Model,
    case: Case,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    **options: Unpack[FitOptions],
) -> Run:
    """Train a model of a case from a global seed, and return what came of it."""
    data, run = case.data(), Run()
    x, y, weights = _parts(data)
    looks = options.get("looks", False)
    validated = looks or options.get("validated", False)
    seed_everything(options.get("seed", SEED))
    if looks:  # what evaluates is made anew, so that it holds whatever the techniques left in it
        model.test_function = None
    history = model.fit(
        x,
        y,
        sample_weight=weights,
        batch_size=BATCH,
        epochs=options.get("epochs", EPOCHS),
        shuffle=False,
        verbose=0,
        callbacks=[_Forerunner(run), *callbacks, _Recorder(run, data, looks)],
        validation_data=data if validated else None,
    )
    drawn = keras.ops.convert_to_numpy(keras.random.uniform(()))
    run.randomness = (random.random(), float(np.random.random()), float(drawn))
    run.history, run.weights = dict(history.history), values(model)
    if looks:
        model.test_function = None
    return run


def seed_everything(seed: int = SEED) -> None:
    """Seed all generators of random numbers; for the kit's own seed by putting back their states.

    `keras.utils.set_random_seed` makes TensorFlow forget the kernels of every compiled function.
    That costs more than a fit of a small model, in each fit anew.
    """
    if seed == SEED:
        generators.restore(_without_layers(), _states_of_generators())
    else:
        _seed_by_keras(seed)


def start_session(seed: int) -> None:
    """Clear Keras' session, seed all generators, and set the policy to float32.

    TensorFlow forgets all kernels at either; it is kept from that, or each small fit makes its own
    anew, which costs a fifth of it. What it would keep for ever it forgets instead.
    """
    with _kernels_kept():
        keras.utils.clear_session(free_memory=False)
        generators.seed_all(seed)
    _forget_gradients_of_graphs()
    keras.config.set_dtype_policy("float32")


def _forget_gradients_of_graphs() -> None:
    """Let TensorFlow free the graphs of the steps so far.

    It registers the gradient of every function in a graph that has one of its own, and with it the
    graph, some megabytes a fit: thousands of small fits filled a machine's memory.
    """
    if keras.backend.backend() != "tensorflow":
        return
    registry = importlib.import_module("tensorflow.python.framework.ops").gradient_registry
    for name in [name for name in registry.list() if name.startswith("CustomGradient-")]:
        del registry._registry[name]


def _kernels_kept() -> contextlib.AbstractContextManager[object]:
    if keras.backend.backend() != "tensorflow":
        return contextlib.nullcontext()
    kernels = importlib.import_module("tensorflow.python.pywrap_tfe")
    return mock.patch.object(kernels, "TFE_ContextClearCaches")


def _seed_by_keras(seed: int) -> None:
    generators.seed_all(seed)
    keras.random.uniform(())  # Keras makes its own generator at the first draw


@functools.cache
def _states_of_generators() -> generators.Arrays:
    _seed_by_keras(SEED)
    return generators.read(_without_layers())


@functools.cache
def _without_layers() -> keras.Model:
    return keras.Sequential(name="without_layers")


def targets_seen(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """Return what tells whether the metrics see the targets as they are, in any order."""
    y = keras.ops.cast(y_true, "float32")
    seen: Tensor = keras.ops.mean(keras.ops.square(y + 0.5), axis=-1)
    return seen


def values(model: keras.Model) -> Weights:
    """Return copies of a model's weights."""
    return [np.array(value) for value in model.get_weights()]


def reset(model: keras.Model, weights: Weights, iteration: int = 0) -> None:
    """Give a model weights, and its optimizer a step to begin at."""
    model.set_weights(weights)
    model.optimizer.iterations.assign(iteration)  # SGD without momentum knows nothing else
    clock.note(model, iteration)  # a fit that crashed had done more steps
    if getattr(model, "_initial_epoch", 0):
        model._initial_epoch = 0  # Keras leaves it there after a resumed fit, and begins by it


def same(left: Weights, right: Weights, tolerance: float = 0.0) -> bool:
    """Return whether two lists of weights are equal, up to a tolerance, relative and absolute."""
    pairs = zip(left, right, strict=True)
    return all(np.allclose(a, b, rtol=tolerance, atol=tolerance) for a, b in pairs)


def same_logs(run: Run, other: Run) -> bool:
    """Return whether two runs logged the same of training, validated or not."""
    ours, theirs = (
        {name: one for name, one in each.history.items() if not name.startswith("val_")}
        for each in (run, other)
    )
    return ours == theirs


def marks(model: keras.Model) -> dict[str, Any]:
    """Return what a fit must leave as it was: attributes, variables and configuration, by name."""
    owners = {f"layer {layer.name!r}": layer for layer in model._flatten_layers(include_self=False)}
    owners |= {"optimizer": model.optimizer, "model": model}
    noted: dict[str, Any] = {}
    for name, owner in owners.items():
        noted[f"the attributes of the {name}"] = sorted(vars(owner))
        variables = [f"{variable.path} {tuple(variable.shape)}" for variable in owner.variables]
        noted[f"the variables of the {name}"] = variables
        noted[f"the configuration of the {name}"] = _plain(owner.get_config())
    noted["how the model is compiled"] = _plain(model.get_compile_config())
    return noted


def _plain(config: object) -> Any:
    return json.loads(json.dumps(config, default=str))
