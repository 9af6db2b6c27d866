"""Early stopping by epochs or steps, on validation data of fit or of its own."""

from __future__ import annotations

from typing import Annotated, Any, Self

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
from regkit.core.technique import Technique
from regkit.techniques.early_stopping.best_weights import BestWeights
from regkit.techniques.early_stopping.criteria import (
    CRITERIA,
    Course,
    Criterion,
    Evaluation,
)
from regkit.techniques.early_stopping.final_message import last_line, other_reason
from regkit.techniques.early_stopping.monitors import (
    Monitor,
    check_minimized,
    check_modes,
    monitor_name,
    read,
    resolved_modes,
)
from regkit.techniques.early_stopping.outcome import Outcome
from regkit.techniques.early_stopping.own_data import OwnData
from regkit.techniques.early_stopping.position import Position
from regkit.techniques.early_stopping.training_loss import RunningLoss

__all__ = ["EarlyStopping"]

Logs = dict[str, Any]


class EarlyStopping(Outcome, Technique):
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
        Technique.__init__(self)
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
        self._own = OwnData(validation_data, every, validation_batch_size, validation_steps)
        self._begin()

    def _begin(self) -> None:
        """Reset everything that belongs to one fit."""
        Outcome.__init__(self)
        self._best_weights = BestWeights()
        self._running = RunningLoss()
        self._position = Position()
        self._seen = 0  # steps at the last event after a step

    @classmethod
    def checked_as(cls) -> list[Self]:
        """Return one that stops and restores the first weights, and one that only watches."""
        stopping = cls("loss", patience=1, min_delta=100.0, verbose=0)
        return [stopping, cls("loss", restore_best_weights=False, verbose=0)]

    # -- the events ----------------------------------------------------------------------------

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Forget the fit before."""
        self._begin()

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Note the epoch."""
        self._position.begin_epoch(epoch)

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Count the steps that Keras is about to do."""
        per_execution, in_epoch = self.model.steps_per_execution, self.params.get("steps")
        self._position.begin_batch(batch, per_execution, in_epoch)

    @property
    def on_train_batch_end(self) -> Any:
        """The event after a step; by epochs Keras' own, which does nothing.

        Keras waits for the logs of every step where a callback in the list has this event.
        """
        return super().on_train_batch_end if self.every == "epoch" else self._after_step

    def _after_step(self, batch: int, logs: Logs | None = None) -> None:
        """Evaluate where a multiple of `every` has been reached."""
        logs, step = dict(logs or {}), self._position.step
        due = step // int(self.every) > self._seen // int(self.every)
        self._seen = step
        if not due or self.reason is not None or self._position.epoch < self.start_from_epoch:
            return
        if "loss" in logs:
            self._running.see(logs["loss"], self._position.within)
            logs["loss"] = self._running.take()
        self._evaluate({**logs, **self._own.logs(self.model)}, step)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Evaluate by epochs; by steps only end the sums of the epoch."""
        logs = dict(logs or {})
        if self.every != "epoch":
            if "loss" in logs:
                self._running.see(logs["loss"], self._position.within)
            self._running.end_epoch()
        elif self.reason is None and epoch >= self.start_from_epoch and self._validated(epoch):
            self._evaluate({**logs, **self._own.logs(self.model)}, self._position.step)
        self._position.end_epoch()

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Evaluate once more, return to the best weights, and print why training ended."""
        self._evaluate_at_end(dict(logs or {}))
        if self.reason is None:
            self.reason = other_reason(self.model.stop_training, self._position.epoch)
        self._best_weights.restore(self.model)
        if self.verbose:
            place = self._stopped or (self._position.step, self._position.epoch)
            stopped, restored = self._stopped is not None, self.restore_best_weights
            line = last_line(self.reason, place, stopped, self._course, restored)
            print(f"EarlyStopping: {line}")

    # -- one evaluation ------------------------------------------------------------------------

    def _evaluate_at_end(self, logs: Logs) -> None:
        """Evaluate the last weights, which may be the best, where the last steps were not."""
        step, course = self._position.step, self._course
        evaluated = course is not None and course.evaluations[-1].step >= step
        counts = self.reason is None and self._position.epoch >= self.start_from_epoch
        if counts and step and not evaluated and self._own.given:
            logs["loss"] = self._running.take()
            self._add({**logs, **self._own.logs(self.model)}, step)

    def _validated(self, epoch: int) -> bool:
        """Return whether `fit` validates in an epoch."""
        freq = self.validation_freq
        return epoch + 1 in freq if isinstance(freq, list) else (epoch + 1) % freq == 0

    def _evaluate(self, logs: Logs, step: int) -> None:
        """Add an evaluation, and stop where the criterion says so."""
        course = self._add(logs, step)
        self.reason = self._criterion.reason(course)
        if self.reason is not None:
            self._stopped = (step, self._position.epoch)
            self.model.stop_training = True  # Keras reads it after every step

    def _add(self, logs: Logs, step: int) -> Course:
        """Add an evaluation to the course, and keep the weights if it is the best."""
        epoch = self._position.epoch
        values = read(self._monitors, logs, f"at step {step}, in epoch {epoch + 1}")
        if self._course is None:
            modes = resolved_modes(self.model, self._names, self._given_modes)
            check_minimized(self.criterion, self._names[0], modes[0])
            self._course = Course(self._names, modes, self.min_delta)
        loss = float(logs["loss"]) if logs.get("loss") is not None else None
        best = self._course.add(Evaluation(step, epoch, values, loss))
        if best and self.restore_best_weights:
            self._best_weights.keep(self.model)
        return self._course

    # -- a resumed run -------------------------------------------------------------------------

    def host_state(self) -> dict[str, Any]:
        """Return the course and the best weights, for a run that is resumed."""
        course = self._course
        return {
            "done": self._position.before,
            "seen": self._seen,
            "running": [self._running.total, self._running.steps],
            "stopped": self._stopped,
            "reason": self.reason,
            "course": None if course is None else [course.modes, course.as_lists()],
            **self._best_weights.state(),
        }

    def set_host_state(self, state: dict[str, Any]) -> None:
        """Continue the run that wrote the state."""
        self._position.before, self._seen = state["done"], state["seen"]
        self._running.total, self._running.steps = state["running"]
        self.reason, stopped = state["reason"], state["stopped"]
        self._stopped = None if stopped is None else (stopped[0], stopped[1])
        if state["course"] is not None:
            modes, lists = state["course"]
            self._course = Course.replayed(self._names, tuple(modes), self.min_delta, lists)
        self._best_weights.set_state(state)
        if self.reason is not None:  # killed between its stop and the end of fit
            self.model.stop_training = True
            if not self.restore_best_weights:  # Keras does a step before it reads stop_training
                self._best_weights.keep(self.model)
