"""Early stopping by epochs or steps, on validation data of fit or of its own."""

from __future__ import annotations

from typing import Annotated, Any, Self

from regkit.core.decisions.contract import Decision, Ending, Evaluations, Logs, Moment
from regkit.core.decisions.decider import Decider
from regkit.core.decisions.own_data import OwnData
from regkit.core.options import (
    Boolean,
    Choice,
    Data,
    Either,
    Function,
    Integer,
    Name,
    Real,
    Several,
)
from regkit.techniques.early_stopping.criteria import (
    CRITERIA,
    Course,
    Criterion,
    Evaluation,
)
from regkit.techniques.early_stopping.data_options import own_data
from regkit.techniques.early_stopping.final_message import last_line, other_reason
from regkit.techniques.early_stopping.monitors import (
    Monitor,
    check_minimized,
    check_modes,
    monitor_name,
    read,
    resolved_modes,
)
from regkit.techniques.early_stopping.outcome import Outcome, Watched

__all__ = ["EarlyStopping"]


class EarlyStopping(Outcome, Decider[Watched]):
    """Stop when validation no longer improves, and return to the best weights.

    With the error E_t at evaluation t (val_loss, say) and s = `patience`, training stops at

    - `"patience"`: the first t after which s evaluations have not improved on the best;
    - `"up"`: E_t > E_{t−1} > … > E_{t−s}, s successive increases;
    - `"gl"`: GL(t) = 100·(E_t / min_{u≤t} E_u − 1) > α;
    - `"pq"`: GL(t)/P_k(t) > α at the end of a strip of k evaluations, where
      P_k(t) = 1000·(mean / min of the training loss over the strip − 1).

    At the end of `fit`, stopped or not, the weights (trainable or not) are those of the best
    evaluation, bit for bit, unless `restore_best_weights=False`. They are kept as NumPy arrays in
    the memory of the host. One line is printed that says why and where training ended.

    There is no neutral value: to train without it, leave it out of the list.

    Args:
        monitor: A name of the logs, a function of them that returns a number, or a list of these:
            the first decides, the others break ties.
        every: "epoch", or a number of training steps, after which to evaluate `validation_data`
            inside the epoch, and where training ends. With `compile(steps_per_execution=k)` Keras
            calls its callbacks every k steps: then at the first call at or after each multiple of
            `every`.
        patience: The number of evaluations that "patience" waits and "up" counts; 0 means 1.
        criterion: "patience", "up", "gl" or "pq".
        min_delta: The change of the first monitor that must be exceeded to count.
        mode: "min", "max" or "auto", the direction that the metric declares; a list of these where
            there are several monitors. A function needs "min" or "max".
        start_from_epoch: The first epoch, from 0, whose evaluations count.
        restore_best_weights: Whether to end with the weights of the best evaluation.
        validation_data: Data to evaluate, as `fit` takes it; the results have `val_` before their
            names. By epochs None uses the values of `fit`. By steps it is needed: Keras does not
            give `fit`'s validation data to callbacks. Of a generator the first `validation_steps`
            batches are kept.
        alpha: The threshold of "gl" (percent) and "pq". Prechelt has 1 to 5 and 0.5 to 3.
        strip: The number k of evaluations in a strip of "pq". By steps the training loss of an
            evaluation is the mean over the steps since the previous evaluation.
        validation_batch_size: The number of examples a batch of arrays in `validation_data`.
        validation_steps: The number of batches of `validation_data` to use; None for all.
        validation_freq: The value of `fit`'s argument of that name: by epochs, only those with a
            validation are evaluated.
        verbose: 1 prints a line at the end, with any `verbose` of `fit`; 0 prints none.

    Attributes:
        reason: Why training ended, in words; None before its end.
        history: A list of (step, value), the first monitor at each evaluation.
        best_step: The number of training steps done at the best evaluation; None before any.
        best_epoch: Its epoch, from 0.
        best_value: Its value of the first monitor.
        stopped_step: The number of steps done when this technique stopped training, or None.
        stopped_epoch: The epoch of that step, from 0, or None.

    Raises:
        OptionError: for an impossible option; for steps without `validation_data`; where the
            direction of a metric is not known; for a ratio ("gl", "pq") of what is maximized or
            negative.
        SelectionError: at the first evaluation, where a monitor is not among the values.
        ConflictError: where two in a list restore weights.

    References:
        Prechelt 1998, Early stopping — but when?, section 2; Goodfellow et al. 2016, Deep
        Learning, section 7.8.

    Example:
        >>> EarlyStopping(["val_accuracy", "val_loss"], patience=5)
        EarlyStopping(monitor=['val_accuracy', 'val_loss'], patience=5)
    """

    # No default arm: a comparison evaluates every arm, the baseline too, at its best epoch. That is
    # the epoch which early stopping would choose.
    search_words = ("patience", "best weights", "Prechelt")

    def __init__(
        self,
        monitor: Annotated[
            Monitor | list[Monitor], Several(Either(Name(), Function("the logs")))
        ] = "val_loss",
        every: Annotated[str | int, Either(Choice("epoch"), Integer(1))] = "epoch",
        patience: Annotated[int, Integer(0)] = 10,
        criterion: Annotated[str, Choice(*CRITERIA)] = "patience",
        min_delta: Annotated[float, Real(0)] = 0.0,
        mode: Annotated[str | list[str], Several(Choice("auto", "min", "max"))] = "auto",
        start_from_epoch: Annotated[int, Integer(0)] = 0,
        restore_best_weights: Annotated[bool, Boolean()] = True,
        validation_data: Annotated[object, Data()] = None,
        *,
        alpha: Annotated[float, Real(0)] = 2.0,
        strip: Annotated[int, Integer(1)] = 5,
        validation_batch_size: Annotated[int | None, Integer(1, optional=True)] = None,
        validation_steps: Annotated[int | None, Integer(1, optional=True)] = None,
        validation_freq: Annotated[int | list[int], Several(Integer(1))] = 1,
        verbose: Annotated[int, Integer(0, 1)] = 1,
    ) -> None:
        super().__init__()
        self.every, self.start_from_epoch = every, start_from_epoch
        self.criterion, self.min_delta = criterion, min_delta
        self.restore_best_weights, self.verbose = restore_best_weights, verbose
        self.validation_freq = validation_freq
        self.exclusive = "EarlyStopping that restores weights" if restore_best_weights else None
        self._monitors = tuple(monitor) if isinstance(monitor, list) else (monitor,)
        self._given_modes = check_modes(self._monitors, mode)
        self._names = tuple(monitor_name(monitor) for monitor in self._monitors)
        self._criterion = Criterion(criterion, patience, alpha, strip)
        check_minimized(criterion, self._names[0], self._given_modes[0])
        self._own = own_data(validation_data, every, validation_batch_size, validation_steps)

    @classmethod
    def checked_as(cls) -> list[Self]:
        """Return one that stops and restores the first weights, and one that only watches."""
        stopping = cls("loss", patience=1, min_delta=100.0, verbose=0)
        return [stopping, cls("loss", restore_best_weights=False, verbose=0)]

    # -- when it is asked ----------------------------------------------------------------------

    @property
    def evaluations(self) -> Evaluations:
        """When to evaluate: by epochs or steps, and where training ends on data of its own."""
        every = None if isinstance(self.every, str) else self.every
        at_end = self._own is not None
        return Evaluations(every, self.start_from_epoch, self.validation_freq, at_end)

    @property
    def own_data(self) -> OwnData | None:
        """The validation data of its own, or None."""
        return self._own

    # -- one decision --------------------------------------------------------------------------

    def initial_decision(self) -> Watched:
        """Return that nothing has been evaluated."""
        return Watched()

    def decide(self, logs: Logs, state: Watched, moment: Moment) -> Decision[Watched]:
        """Add an evaluation; stop where the criterion says so, keep where it is the best."""
        where = f"at step {moment.step}, in epoch {moment.epoch + 1}"
        values = read(self._monitors, logs, where)
        course = self._first(moment) if state.course is None else state.course.copy()
        loss = float(logs["loss"]) if logs.get("loss") is not None else None
        best = course.add(Evaluation(moment.step, moment.epoch, values, loss))
        reason = None if moment.is_last else self._criterion.reason(course)
        keep = best and self.restore_best_weights
        return Decision(reason is not None, keep, Watched(course, reason))

    def _first(self, moment: Moment) -> Course:
        """Return a course without evaluations, the directions of its monitors now known."""
        modes = resolved_modes(moment.direction, self._names, self._given_modes)
        check_minimized(self.criterion, self._names[0], modes[0])
        return Course(self._names, modes, self.min_delta)

    # -- the end, and a resumed run ------------------------------------------------------------

    def conclude(self, state: Watched, ending: Ending) -> Watched:
        """Return the state with the reason why training ended."""
        reason = state.reason or other_reason(ending.cause == "other", ending.epoch)
        return Watched(state.course, reason)

    def summary(self, ending: Ending) -> str | None:
        """Return the line that says why training ended, and with which weights."""
        if not self.verbose or self.reason is None:
            return None
        stopped, restored = ending.cause == "decision", self.restore_best_weights
        line = last_line(self.reason, ending.place, stopped, self._course, restored)
        return f"EarlyStopping: {line}"

    def saved_decision(self, state: Watched) -> dict[str, Any]:
        """Return the reason and the evaluations, as lists."""
        course = state.course
        lists = None if course is None else [course.modes, course.as_lists()]
        return {"reason": state.reason, "course": lists}

    def restored_decision(self, saved: dict[str, Any]) -> Watched:
        """Return the state with these evaluations."""
        if saved["course"] is None:
            return Watched(None, saved["reason"])
        modes, lists = saved["course"]
        course = Course.replayed(self._names, tuple(modes), self.min_delta, lists)
        return Watched(course, saved["reason"])
