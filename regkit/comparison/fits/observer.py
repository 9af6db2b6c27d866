"""What watches a fit of a comparison: validation measures, times, the weights of the best epoch."""

from __future__ import annotations

import time
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from regkit.comparison.design.parts import Parts
from regkit.comparison.statistics import measures
from regkit.core.errors import RegkitError

__all__ = ["Diverged", "Observer", "outputs"]

CHUNK = 2048  # at most so many examples are evaluated in one call: bounded memory


class Diverged(RegkitError):
    """Training went to NaN or infinity."""


def outputs(model: keras.Model, x: NDArray[Any], size: int) -> NDArray[np.float64]:
    """Return the model's outputs in evaluation mode, `(n, K)`.

    Args:
        model: The model.
        x: The examples.
        size: How many of them to predict in one call.

    Raises:
        Diverged: where the model predicts NaN.
    """
    # predict() would start an input pipeline each time, which costs more than a small epoch. The
    # last call is filled up with the first examples, so that all have one size and compile once.
    padded = x[np.arange(-(-len(x) // size) * size) % len(x)]
    chunks = [model.predict_on_batch(padded[i : i + size]) for i in range(0, len(padded), size)]
    stacked = np.concatenate(chunks).astype(np.float64)[: len(x)]
    if not np.isfinite(stacked).all():
        raise Diverged("the model predicts NaN or infinity")
    return stacked


class Observer(keras.callbacks.Callback):  # type: ignore[misc]  # Keras is untyped
    """Measures every epoch on the validation examples and keeps the weights of the best.

    Best is by the measure that decides, and among equals the lowest negative log likelihood. The
    values also go into `logs`, so that a technique that watches `val_loss` or `val_accuracy` finds
    them.

    Args:
        measure: What decides, by its key.
        parts: The examples.
    """

    def __init__(self, measure: str, parts: Parts) -> None:
        super().__init__()
        self.measure, self.parts = measure, parts
        self.size = min(CHUNK, len(parts.x_val))
        self.seconds: list[float] = []
        self.curves: dict[str, list[float]] = {}
        self.best_epoch = 0
        self.best: dict[str, float] = {}
        self._weights: list[NDArray[Any]] = []
        self._start = 0.0

    def outputs(self, x: NDArray[Any]) -> NDArray[np.float64]:
        """Return the model's outputs, values of a regression in the target's own unit."""
        return outputs(self.model, x, self.size) * self.parts.target_scale + self.parts.target_mean

    def measured(self, x: NDArray[Any], y: NDArray[Any]) -> dict[str, float]:
        """Return every measure on some examples."""
        return measures.of_outputs(self.parts.task, y, self.outputs(x))

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Start the clock."""
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Stop the clock, measure, and keep the weights if they are the best so far."""
        logs = {} if logs is None else logs
        loss = float(logs.get("loss", np.nan))  # reading it waits for the device to finish
        self.seconds.append(time.perf_counter() - self._start)
        if not np.isfinite(loss):
            raise Diverged(f"the loss became {loss} in epoch {epoch + 1}")
        values = self.measured(self.parts.x_val, self.parts.y_val)
        logs.update({f"val_{key}": value for key, value in values.items()})
        # What the loss would be without smoothing, noise and penalties, in its own scale.
        logs["val_loss"] = values.get("nll", values.get("rmse", 0.0) / self.parts.target_scale)
        for key, value in values.items():
            self.curves.setdefault(f"val_{key}", []).append(value)
        best = measures.selection(self.best, self.measure) if self.best else ()
        if measures.selection(values, self.measure) > best:
            self.best, self.best_epoch = values, epoch + 1
            self._weights = self.model.get_weights()

    def epoch_seconds(self) -> float:
        """Return the median time of an epoch; the first compiles and counts only if alone."""
        return float(np.median(self.seconds[1:] or self.seconds))

    def restore(self) -> None:
        """Put the weights of the best epoch back into the model."""
        self.model.set_weights(self._weights)
