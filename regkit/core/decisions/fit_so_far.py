"""What a technique that decides remembers of the fit it is in, beside the state of its decision."""

from __future__ import annotations

from typing import Any

from regkit.core.decisions.contract import Evaluations
from regkit.core.decisions.kept_weights import KeptWeights
from regkit.core.decisions.position import Position
from regkit.core.decisions.running_loss import RunningLoss

__all__ = ["FitSoFar"]


class FitSoFar:
    """How far a fit is, its training loss since the last decision, and the weights kept.

    Attributes:
        position: The epoch, and how many steps are done.
        stopped: The steps done and the epoch when a decision stopped training, or None.
        kept: The weights to return to.
        decided: The steps done at the last decision since the fit began or was resumed.
    """

    def __init__(self) -> None:
        self.position = Position()
        self.stopped: tuple[int, int] | None = None
        self.kept = KeptWeights()
        self.decided = 0
        self._seen = 0  # steps at the last event after a step
        self._running = RunningLoss()

    def is_due(self, evaluations: Evaluations) -> bool:
        """Return whether to decide after the steps since this was asked last."""
        before, self._seen = self._seen, self.position.step
        return evaluations.after_steps(self.position.epoch, before, self._seen)

    def see_loss(self, logs: dict[str, Any]) -> None:
        """Note the mean loss of the epoch so far."""
        if "loss" in logs:
            self._running.see(logs["loss"], self.position.within)

    def with_own_loss(self, logs: dict[str, Any]) -> dict[str, Any]:
        """Return the logs with the mean loss since the last decision, if it is known."""
        loss = self._running.take()
        return logs if loss is None else {**logs, "loss": loss}

    def end_epoch(self) -> None:
        """Go on to the next epoch."""
        self._running.end_epoch()
        self.position.end_epoch()

    def state(self) -> dict[str, Any]:
        """Return what a resumed run needs: numbers and arrays by name."""
        return {
            "done": self.position.before,
            "seen": self._seen,
            "running": [self._running.total, self._running.steps],
            "stopped": self.stopped,
            **self.kept.state(),
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue from what `state` returned, among other entries."""
        self.position.before, self._seen = state["done"], state["seen"]
        self._running.total, self._running.steps = state["running"]
        stopped = state["stopped"]
        self.stopped = None if stopped is None else (stopped[0], stopped[1])
        self.kept.set_state(state)
