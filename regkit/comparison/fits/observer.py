"""What watches a fit of a comparison: validation measures, times, the weights of the best epoch."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from regkit.comparison.design.parts import Parts
from regkit.comparison.fits.epoch_choice import EpochChoice, validation_logs
from regkit.comparison.statistics import measures
from regkit.core.errors import RegkitError

__all__ = [
    "CHUNK",
    "Clock",
    "Diverged",
    "Observer",
    "finite_loss",
    "finite_outputs",
    "outputs",
    "sparsity",
]

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
    return finite_outputs(np.concatenate(chunks)[: len(x)])


def finite_outputs(values: NDArray[Any]) -> NDArray[np.float64]:
    """Return outputs as float64.

    Raises:
        Diverged: where they are not finite.
    """
    if not np.isfinite(values).all():
        raise Diverged("the model predicts NaN or infinity")
    return values.astype(np.float64)


def finite_loss(loss: float, epoch: int) -> float:
    """Return the loss of an epoch, from 0.

    Raises:
        Diverged: where it is not finite.
    """
    if not np.isfinite(loss):
        raise Diverged(f"the loss became {loss} in epoch {epoch + 1}")
    return loss


class Clock(keras.callbacks.Callback):  # type: ignore[misc]  # Keras is untyped
    """Takes the time of every epoch, without what is done after its last step."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self._start = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Start the clock."""
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Stop the clock when the device has finished."""
        float((logs or {}).get("loss", np.nan))  # reading it waits
        self.seconds.append(time.perf_counter() - self._start)

    def epoch_seconds(self) -> float:
        """Return the median time of an epoch; the first compiles and counts only if alone."""
        return float(np.median(self.seconds[1:] or self.seconds))


class Observer(Clock):
    """Measures every epoch on the validation examples and keeps the weights of the best.

    The values also go into `logs`, so that a technique that watches `val_loss` or `val_accuracy`
    finds them.

    Args:
        measure: What decides, by its key.
        parts: The examples.
    """

    def __init__(self, measure: str, parts: Parts) -> None:
        super().__init__()
        self.parts, self.choice = parts, EpochChoice(measure)
        self.size = min(CHUNK, len(parts.x_val))
        self._weights: list[NDArray[Any]] = []

    def outputs(self, x: NDArray[Any]) -> NDArray[np.float64]:
        """Return the model's outputs, values of a regression in the target's own unit."""
        return outputs(self.model, x, self.size) * self.parts.target_scale + self.parts.target_mean

    def measured(self, x: NDArray[Any], y: NDArray[Any]) -> dict[str, float]:
        """Return every measure on some examples."""
        return measures.of_outputs(self.parts.task, y, self.outputs(x))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Stop the clock, measure, and keep the weights if they are the best so far."""
        logs = {} if logs is None else logs
        super().on_epoch_end(epoch, logs)
        finite_loss(float(logs.get("loss", np.nan)), epoch)
        values = self.measured(self.parts.x_val, self.parts.y_val)
        logs.update(validation_logs(values, self.parts))
        if self.choice.see(epoch, values):
            self._weights = self.model.get_weights()

    def sparsity(self) -> float:
        """Return the fraction of zeros among the weights of kernels, as they are now."""
        return sparsity([weight.numpy() for weight in self.model.trainable_variables])

    def restore(self) -> None:
        """Put the weights of the best epoch back into the model."""
        self.model.set_weights(self._weights)


def sparsity(trainable: Iterable[NDArray[Any]]) -> float:
    """Return the fraction of zeros among the weights of kernels, not of biases and scales.

    Example:
        >>> import numpy as np
        >>> sparsity([np.array([[0.0, 1.0]]), np.array([0.0])])
        0.5
    """
    kernels = [weight for weight in trainable if weight.ndim > 1]
    size = sum(kernel.size for kernel in kernels)
    return sum(int((kernel == 0).sum()) for kernel in kernels) / size if size else 0.0
