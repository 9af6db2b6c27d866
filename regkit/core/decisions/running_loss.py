"""The mean training loss of the steps between two evaluations, from what Keras reports."""

from __future__ import annotations

__all__ = ["RunningLoss"]


class RunningLoss:
    """Computes means over parts of an epoch from its running mean.

    Keras' logs hold the mean since the beginning of the epoch. The mean m of n steps and the mean
    m' of the first n' of them give the mean of those between, (n·m − n'·m')/(n − n'). All steps
    have the same weight, which is exact for batches of one size.

    Example:
        >>> running = RunningLoss()
        >>> running.see(2.0, 10)
        >>> running.take()
        2.0
        >>> running.see(1.5, 20)  # so that the last ten have a mean of 1
        >>> running.take()
        1.0
    """

    def __init__(self) -> None:
        self.total, self.steps = 0.0, 0  # since the last evaluation
        self._sum, self._steps = 0.0, 0  # of this epoch so far

    def see(self, mean: float, steps: int) -> None:
        """Note the mean over the first `steps` steps of this epoch."""
        self.total += mean * steps - self._sum
        self.steps += steps - self._steps
        self._sum, self._steps = mean * steps, steps

    def end_epoch(self) -> None:
        """Begin the sums of the next epoch."""
        self._sum, self._steps = 0.0, 0

    def take(self) -> float | None:
        """Return the mean since the last call, or None where no step was seen."""
        mean = self.total / self.steps if self.steps else None
        self.total, self.steps = 0.0, 0
        return mean
