"""One fit: build, train with a recipe, evaluate at the best validation epoch."""

from __future__ import annotations

import time
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from regkit.comparison import metrics
from regkit.comparison.design import Parts, Repeat
from regkit.comparison.results import Fit
from regkit.comparison.workbench import Workbench
from regkit.core.errors import RegkitError
from regkit.core.recipe import Recipe

__all__ = ["fit_arm"]

CHUNK = 2048  # at most so many examples are evaluated in one call: bounded memory


class Batches(keras.utils.PyDataset):  # type: ignore[misc]  # Keras is untyped
    """One stream of the batches of all epochs, in which batch i is a pure function of (seed, i).

    The order therefore cannot differ between arms, whatever a technique draws; and one iterator
    serves all epochs, as starting one costs more than a small epoch. Every epoch is a permutation
    of the examples, of which the last `n mod batch_size` wait for another epoch: batches of one
    size compile once.
    """

    def __init__(
        self, x: NDArray[Any], y: NDArray[Any], batch_size: int, epochs: int, seed: int
    ) -> None:
        super().__init__()
        self.x, self.y, self.epochs, self.seed = x, y, epochs, seed
        self.batch_size = min(batch_size, len(x))
        self.steps = len(x) // self.batch_size
        self._epoch, self._order = -1, np.empty(0, np.int64)

    @property
    def num_batches(self) -> int:
        """The number of batches of all epochs."""
        return self.epochs * self.steps

    def indices(self, index: int) -> NDArray[np.int64]:
        """Return which examples batch `index` holds."""
        epoch, step = divmod(index, self.steps)
        if epoch != self._epoch:
            order = np.random.default_rng([self.seed, epoch]).permutation(len(self.x))
            self._epoch, self._order = epoch, order
        return self._order[step * self.batch_size : (step + 1) * self.batch_size]

    def __getitem__(self, index: int) -> tuple[NDArray[Any], NDArray[Any]]:
        chosen = self.indices(index)
        return self.x[chosen], self.y[chosen]

    def stream(self) -> Any:
        """Return the batches in the form that the backend reads fastest."""
        if keras.backend.backend() != "tensorflow":
            return self
        # TensorFlow runs a Python generator, and tunes a pipeline, in threads of their own, which
        # now and then take half a second to stop; a whole fit takes one.
        from regkit.ops.backends.tensorflow import gathered

        order = np.stack([self.indices(index) for index in range(self.num_batches)])
        return gathered((self.x, self.y), order)


class Observer(keras.callbacks.Callback):  # type: ignore[misc]  # Keras is untyped
    """Measures every epoch on the validation examples and keeps the weights of the best.

    Best is the highest accuracy, among equals the lowest negative log likelihood. The values also
    go into `logs`, so that a technique that watches `val_accuracy` or `val_loss` finds them.
    """

    def __init__(self, x: NDArray[Any], y: NDArray[Any]) -> None:
        super().__init__()
        self.x, self.y = x, y
        self.size = min(CHUNK, len(x))
        self.seconds: list[float] = []
        self.curves: dict[str, list[float]] = {"val_accuracy": [], "val_nll": []}
        self.best_epoch, self._best = 0, (-1.0, 0.0)
        self._weights: list[NDArray[Any]] = []
        self._start = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        logs = {} if logs is None else logs
        loss = float(logs.get("loss", np.nan))  # reading it waits for the device to finish
        self.seconds.append(time.perf_counter() - self._start)
        if not np.isfinite(loss):
            raise Diverged(f"the loss became {loss} in epoch {epoch + 1}")
        accuracy, nll = evaluate(self.model, self.x, self.y, self.size)
        logs.update(val_accuracy=accuracy, val_loss=nll)
        self.curves["val_accuracy"].append(accuracy)
        self.curves["val_nll"].append(nll)
        if (accuracy, -nll) > self._best:
            self._best, self.best_epoch = (accuracy, -nll), epoch + 1
            self._weights = self.model.get_weights()

    def found(self) -> dict[str, Any]:
        """Return what a `Fit` records of the epochs."""
        best = self.best_epoch - 1
        return {
            "best_epoch": self.best_epoch,
            "epochs": len(self.seconds),
            "val_accuracy": self.curves["val_accuracy"][best],
            "val_nll": self.curves["val_nll"][best],
            # The first epoch compiles; where there is but one, that is all there is to report.
            "epoch_seconds": float(np.median(self.seconds[1:] or self.seconds)),
        }

    def restore(self) -> None:
        """Put the weights of the best epoch back into the model."""
        self.model.set_weights(self._weights)


class Diverged(RegkitError):
    """Training went to NaN or infinity."""


def evaluate(model: Any, x: NDArray[Any], y: NDArray[Any], size: int) -> tuple[float, float]:
    """Return accuracy and negative log likelihood in evaluation mode.

    Args:
        model: The model.
        x: The examples.
        y: Their clean labels.
        size: How many examples to predict in one call.

    Raises:
        Diverged: where the model predicts NaN.
    """
    # predict() would start an input pipeline each time, which costs more than a small epoch. The
    # last call is filled up with the first examples, so that all have one size and compile once.
    padded = x[np.arange(-(-len(x) // size) * size) % len(x)]
    outputs = [model.predict_on_batch(padded[i : i + size]) for i in range(0, len(padded), size)]
    stacked = np.concatenate(outputs).astype(np.float64)[: len(x)]
    if not np.isfinite(stacked).all():
        raise Diverged("the model predicts NaN or infinity")
    p = metrics.probabilities(stacked)
    return metrics.accuracy(y, p), metrics.negative_log_likelihood(y, p)


def fit_arm(
    workbench: Workbench,
    arm: str,
    recipe: str,
    parts: Parts,
    repeat: Repeat,
    *,
    epochs: int,
    batch_size: int,
) -> Fit:
    """Return the record of one fit of one arm in one repeat.

    Args:
        workbench: Gives the model in its initial state.
        arm: The arm's name in the record.
        recipe: Its techniques as text, constructed anew for this fit; empty for none.
        parts: The examples.
        repeat: The seeds.
        epochs: How many epochs every arm trains.
        batch_size: The number of examples a step.

    Raises:
        RegkitError: where the model does not fit the labels or training diverges.
    """
    start = time.perf_counter()
    model = workbench.model(arm, repeat.init_seed)
    observer = Observer(parts.x_val, parts.y_val)
    batches = Batches(parts.x_train, parts.y_noisy, batch_size, epochs, repeat.order_seed)
    if batches.steps % model.steps_per_execution:
        model.steps_per_execution = 1  # or an epoch would take some of the next one's batches
    techniques = Recipe(recipe)
    for one in techniques:
        if hasattr(one, "verbose"):
            one.verbose = 0  # the terminal belongs to the progress of the comparison
    history = model.fit(
        batches.stream(),
        epochs=epochs,
        steps_per_epoch=batches.steps,
        shuffle=False,  # the stream is shuffled
        verbose=0,
        callbacks=[observer, *techniques],
    ).history
    observer.restore()
    test, train = (
        evaluate(model, x, y, observer.size)
        for x, y in ((parts.x_test, parts.y_test), (parts.x_train, parts.y_train))
    )
    losses = {k: [float(v) for v in vs] for k, vs in history.items() if not k.startswith("val_")}
    return Fit(
        arm=arm,
        split=repeat.split,
        seed=repeat.seed,
        test_accuracy=test[0],
        test_nll=test[1],
        train_accuracy=train[0],
        train_nll=train[1],
        seconds=time.perf_counter() - start,
        curves={**losses, **observer.curves},
        **observer.found(),
    )
