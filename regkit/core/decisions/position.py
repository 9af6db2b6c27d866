"""Where a training run is: its epoch, and how many steps are done."""

from __future__ import annotations

__all__ = ["Position"]


class Position:
    """The epoch and the number of steps done, followed by the events of `fit`.

    Attributes:
        epoch: The epoch, from 0; -1 before the first.
        before: The steps of the epochs before this one.

    Example:
        >>> position = Position()
        >>> position.begin_epoch(0)
        >>> position.begin_batch(4, per_execution=1, in_epoch=None)
        >>> position.step
        5
    """

    def __init__(self) -> None:
        self.epoch = -1
        self.before = 0
        self.within = 0  # steps of this epoch

    @property
    def step(self) -> int:
        """The steps of the run so far."""
        return self.before + self.within

    def begin_epoch(self, epoch: int) -> None:
        """Note the epoch that begins."""
        self.epoch, self.within = epoch, 0

    def begin_batch(self, batch: int, per_execution: int, in_epoch: int | None) -> None:
        """Count the steps that Keras is about to do.

        Args:
            batch: The number of the first of them in its epoch.
            per_execution: How many Keras does at once.
            in_epoch: How many an epoch has, where that is known: its last execution may be shorter.
        """
        self.within = batch + per_execution
        if in_epoch:
            self.within = min(self.within, in_epoch)

    def end_epoch(self) -> None:
        """Add the steps of the epoch to those before it."""
        self.before, self.within = self.step, 0
