"""The base class of techniques that only decide: their decisions, asked for by the events of a fit.

What runs fits by other means than Keras' events calls `decide` itself; `contract.py` says how.
"""

from __future__ import annotations

import copy
import functools
import inspect
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, Self

from regkit.core.decisions.contract import Decision, Ending, Evaluations, Logs, Moment, State
from regkit.core.decisions.fit_so_far import FitSoFar
from regkit.core.decisions.own_data import OwnData
from regkit.core.method import Method
from regkit.core.seam.metrics import direction
from regkit.core.technique import EVENTS, Technique

__all__ = ["Decider", "only_decides"]

_DECIDE = ("self", "logs", "state", "moment")


class Decider(Technique, ABC, Generic[State]):
    """A technique that watches a fit, and decides when it ends and which weights it returns to.

    A subclass has `initial_decision` and `decide`, which change nothing: values in, values out. The
    state is any value that nobody changes, such as a number or a frozen dataclass.

    Raises:
        TypeError: where `decide` has other parameters than `(self, logs, state, moment)`, when the
            class is defined.

    Example:
        >>> class First(Decider[int]):
        ...     def initial_decision(self):
        ...         return 0
        ...     def decide(self, logs, state, moment):
        ...         return Decision(stop=state == 1, keep=state == 0, state=state + 1)
        >>> first = First()
        >>> decision = first.decide({}, first.initial_decision(), Moment(epoch=0, step=5))
        >>> decision
        Decision(stop=False, keep=True, state=1)
        >>> first.decide({}, decision.state, Moment(epoch=1, step=10)).stop
        True
    """

    _has_own_events: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        cls._has_own_events = any(_event(cls, name) is not _event(Decider, name) for name in EVENTS)
        _check_parameters(cls)

    def __init__(self) -> None:
        super().__init__()
        self._begin()

    def _begin(self) -> None:
        """Forget the fit before."""
        self._fit_so_far = FitSoFar()
        self.__dict__.pop("decision", None)

    # -- what a technique says -----------------------------------------------------------------

    @abstractmethod
    def initial_decision(self) -> State:
        """Return the state before the first decision of a fit."""

    @abstractmethod
    def decide(self, logs: Logs, state: State, moment: Moment) -> Decision[State]:
        """Return what follows from an evaluation.

        Args:
            logs: The numbers of this moment by name. At the end of an epoch they are those of the
                epoch; inside of it, `loss` is the mean over the steps since the last decision.
                Where there is `own_data`, they have the values on it.
            state: What the last decision of this fit returned, or `initial_decision`.
            moment: Where in the fit this is.
        """

    @property
    def evaluations(self) -> Evaluations:
        """When decisions are asked for: at the end of each epoch."""
        return Evaluations()

    @property
    def own_data(self) -> OwnData | None:
        """Data to evaluate for each decision; None uses the logs of the fit as they are."""
        return None

    def conclude(self, state: State, ending: Ending) -> State:
        """Return the state after the end of a fit, from the last one."""
        return state

    def summary(self, ending: Ending) -> str | None:
        """Return a line to print at the end of `fit`, or None."""
        return None

    def saved_decision(self, state: State) -> dict[str, Any]:
        """Return a state for a backup: numbers, text, lists and dicts of them by name.

        Needed where the state is not made of these itself. The names "done", "seen", "running",
        "stopped" and those that begin with "weight_" are taken.
        """
        return {"decision": state}

    def restored_decision(self, saved: dict[str, Any]) -> State:
        """Return the state that `saved_decision` was given; JSON may have made tuples lists."""
        state: State = saved["decision"]
        return state

    # -- what came of it -----------------------------------------------------------------------

    @functools.cached_property
    def decision(self) -> State:
        """The state after the last decision of the last fit."""
        return self.initial_decision()

    @property
    def stopped_step(self) -> int | None:
        """The steps done when a decision ended training, or None."""
        return None if self._fit_so_far.stopped is None else self._fit_so_far.stopped[0]

    @property
    def stopped_epoch(self) -> int | None:
        """The epoch in which a decision ended training, from 0, or None."""
        return None if self._fit_so_far.stopped is None else self._fit_so_far.stopped[1]

    def finished(self, state: State, ending: Ending) -> Self:
        """Return a copy that has the attributes of one that was in a fit, now at its end.

        Args:
            state: What the last decision of the fit returned.
            ending: How the fit ended; for one that a decision has stopped, at that place.
        """
        made = copy.copy(self)
        made._model = None
        made._begin()
        made._finish(state, ending)
        return made

    def _finish(self, state: State, ending: Ending) -> None:
        self._fit_so_far.stopped = ending.place if ending.cause == "decision" else None
        self.decision = self.conclude(state, ending)

    # -- the events of a fit -------------------------------------------------------------------

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Forget the fit before."""
        self._begin()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Note the epoch."""
        self._fit_so_far.position.begin_epoch(epoch)

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Count the steps that Keras is about to do."""
        per_execution, in_epoch = self.model.steps_per_execution, self.params.get("steps")
        self._fit_so_far.position.begin_batch(batch, per_execution, in_epoch)

    @property
    def on_train_batch_end(self) -> Any:
        """The event after a step; by epochs Keras' own, which does nothing.

        Keras waits for the logs of every step where a callback in the list has this event.
        """
        by_epochs = self.evaluations.every is None
        return super().on_train_batch_end if by_epochs else self._after_step

    def _after_step(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Decide inside the epoch, where the steps say so."""
        logs, so_far = dict(logs or {}), self._fit_so_far
        if not so_far.is_due(self.evaluations) or so_far.stopped is not None:
            return
        if "loss" in logs:
            so_far.see_loss(logs)
            logs = so_far.with_own_loss(logs)
        self._decide(logs)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Decide by epochs; by steps only end the sums of the epoch."""
        logs, so_far = dict(logs or {}), self._fit_so_far
        if self.evaluations.every is not None:
            so_far.see_loss(logs)
        elif so_far.stopped is None and self.evaluations.after_epoch(epoch):
            self._decide(logs)
        so_far.end_epoch()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Decide once more where that is asked for, and return to the kept weights."""
        so_far = self._fit_so_far
        if self.evaluations.after_end(self._ending(), so_far.decided):
            self._decide(so_far.with_own_loss(dict(logs or {})), is_last=True)
        ending = self._ending()
        self._finish(self.decision, ending)
        so_far.kept.restore(self.model)
        line = self.summary(ending)
        if line is not None:
            print(line)

    def _decide(self, logs: Logs, is_last: bool = False) -> None:
        """Decide on logs, with the values on data of its own, and do what was decided."""
        model, so_far = self.model, self._fit_so_far
        step, epoch = so_far.position.step, so_far.position.epoch
        if self.own_data is not None:
            logs = {**logs, **self.own_data.logs(model)}
        moment = Moment(epoch, step, is_last, functools.partial(direction, model))
        decision = self.decide(logs, self.decision, moment)
        self.decision, so_far.decided = decision.state, step
        if decision.keep:
            so_far.kept.keep(model)
        if decision.stop and not is_last:
            so_far.stopped = (step, epoch)
            model.stop_training = True  # Keras reads it after every step

    def _ending(self) -> Ending:
        so_far = self._fit_so_far
        if so_far.stopped is not None:
            step, epoch = so_far.stopped
            return Ending(epoch, step, "decision")
        by_other = self.model.stop_training
        epoch, step = so_far.position.epoch, so_far.position.step
        return Ending(epoch, step, "other" if by_other else "epochs")

    # -- a resumed run -------------------------------------------------------------------------

    def host_state(self) -> dict[str, Any]:
        """Return the state of the decision and the kept weights, for a run that is resumed.

        Raises:
            TypeError: where `saved_decision` uses a name that is taken.
        """
        state, saved = self._fit_so_far.state(), self.saved_decision(self.decision)
        if taken := state.keys() & saved.keys():
            raise TypeError(
                f"{type(self).__name__}.saved_decision returned entries named "
                f"{', '.join(sorted(taken))}, which the backup has already; name them otherwise"
            )
        return {**state, **saved}

    def set_host_state(self, state: dict[str, Any]) -> None:
        """Continue the run that wrote the state."""
        so_far = self._fit_so_far
        so_far.set_state(state)
        self.decision = self.restored_decision(state)
        if so_far.stopped is not None:  # killed between its stop and the end of fit
            self.model.stop_training = True
            so_far.kept.keep_if_none(self.model)  # Keras does a step before it reads stop_training


def only_decides(technique: Method) -> bool:
    """Return whether all that a technique does on the host is to decide, by `decide`.

    Then whoever trains need not call its events. False for a class with events of its own, and for
    a subclass of a `Decider` that adds one.

    Example:
        >>> import regkit
        >>> only_decides(regkit.EarlyStopping()), only_decides(regkit.L2())
        (True, False)
    """
    return isinstance(technique, Decider) and not technique._has_own_events


def _event(cls: type, name: str) -> object:
    return inspect.getattr_static(cls, name)


def _check_parameters(cls: type[Decider[Any]]) -> None:
    """Refuse a `decide` that takes other values than all do.

    Raises:
        TypeError: naming the class, its parameters and the right ones.
    """
    signature = inspect.signature(cls.decide)
    parameters = list(signature.parameters.values())
    names = tuple(p.name.lstrip("_") for p in parameters[: len(_DECIDE)])
    try:
        signature.bind(*_DECIDE)
        fits = names == _DECIDE or any(p.kind is p.VAR_POSITIONAL for p in parameters)
    except TypeError:
        fits = False
    if not fits:
        raise TypeError(
            f"{cls.__qualname__}.decide{signature} must take ({', '.join(_DECIDE)}), as it is "
            "called after every evaluation. Give it these parameters, in this order"
        )
