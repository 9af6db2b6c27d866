"""What becomes of one member in the course of training: its logs, decisions, kept weights, end."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import keras
import numpy as np

from regkit.core.decisions.contract import Decision, Ending, Moment
from regkit.core.decisions.decider import Decider
from regkit.core.method import Method
from regkit.core.seam.metrics import direction
from regkit.core.seam.pure_step import State

__all__ = ["Course", "History", "logged"]

# The logs of the epochs by name: numbers, or arrays of metrics whose results are arrays.
History: TypeAlias = dict[str, list[Any]]


def logged(value: object) -> Any:
    """Return a metric's result as a history has it: a number, or an array.

    Example:
        >>> logged(np.float32(0.5)), logged(np.array([1, 2]))
        (0.5, array([1, 2]))
    """
    array = np.asarray(keras.ops.convert_to_numpy(value))
    return array if array.ndim else float(array)


class Course:
    """One member's way through training.

    Args:
        model: Stands for the member's model: tells in which direction a metric is better.
        techniques: The member's own.

    Attributes:
        history: The logs of its epochs, by name.
        running: Whether it trains on.
        kept: The state to return to, or None.
        last: Its state where it was stopped, or None.
        techniques: The member's techniques; after `end` those that decide are finished.
    """

    def __init__(self, model: keras.Model, techniques: list[Method]) -> None:
        self.techniques = techniques
        self.history: History = {}
        self.running = True
        self.kept: State | None = None
        self.last: State | None = None
        self._direction = functools.partial(direction, model)
        self._states = {
            place: technique.initial_decision()
            for place, technique in enumerate(techniques)
            if isinstance(technique, Decider)
        }
        self._endings: dict[int, Ending] = {}
        self._epoch, self._step = -1, 0

    def see(
        self, logs: Mapping[str, Any], epoch: int, step: int, state: Callable[[], State]
    ) -> None:
        """Note the logs of an epoch, and decide.

        Args:
            logs: By name.
            epoch: The epoch, from 0.
            step: The number of steps done.
            state: Returns the member's state at this moment.
        """
        for name, value in logs.items():
            self.history.setdefault(name, []).append(value)
        self._epoch, self._step = epoch, step
        decisions = {
            place: self._decided(place, logs)
            for place in self._states
            if self._decider(place).evaluations.after_epoch(epoch)
        }
        if any(decision.keep for decision in decisions.values()):
            self.kept = state()
        stopped = [place for place, decision in decisions.items() if decision.stop]
        for place in stopped:
            self._endings[place] = Ending(epoch, step, "decision")
        if stopped:
            self.running, self.last = False, state()

    def end(self) -> None:
        """Finish the techniques that decide, so that they tell what they have seen."""
        cause: Any = "epochs" if self.running else "other"
        for place, state in self._states.items():
            ending = self._endings.get(place, Ending(self._epoch, self._step, cause))
            self.techniques[place] = self._decider(place).finished(state, ending)

    def _decided(self, place: int, logs: Mapping[str, Any]) -> Decision[Any]:
        moment = Moment(self._epoch, self._step, direction=self._direction)
        decision = self._decider(place).decide(dict(logs), self._states[place], moment)
        self._states[place] = decision.state
        return decision

    def _decider(self, place: int) -> Decider[Any]:
        technique = self.techniques[place]
        assert isinstance(technique, Decider)
        return technique
