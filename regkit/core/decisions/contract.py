"""A decision about a fit, apart from what runs the fit.

After an evaluation a technique decides whether training ends now, and whether the weights of this
moment are the ones to return to. It does so by values alone,

    logs, state, moment ──► decide ──► Decision(stop, keep, state)

so whoever trains may ask: the callbacks of one `fit` (`decider.py`), or a loop that trains many
fits at once, each with logs and a state of its own. The one that asks

1. begins each fit with `initial_decision()`;
2. calls `decide` at the moments that `evaluations` names, with the logs of that moment, and with
   the state that the last decision of this fit returned;
3. at `keep` copies the weights, in place of those kept before;
4. at `stop` trains this fit no further, and asks no more;
5. at the end of each fit returns to the weights kept last. Where none were kept, those of the end
   stay. Then `finished(state, ending)` gives the technique as a user finds it after `fit`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from regkit.core.seam.metrics import direction_of_losses

__all__ = ["Decision", "Ending", "Evaluations", "Logs", "Moment", "State"]

State = TypeVar("State")

# Numbers by name, as Keras gives them to callbacks; a metric may be a vector.
Logs: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Moment:
    """Where in a fit a decision is asked for.

    Attributes:
        epoch: The epoch, from 0.
        step: How many training steps of the fit have been done.
        is_last: Whether training ends here anyway, so that there is nothing to stop.
        direction: Returns "min" or "max" for a name of the logs, or None where nobody knows it;
            where it is not given, losses alone have one.
    """

    epoch: int
    step: int
    is_last: bool = False
    direction: Callable[[str], str | None] = direction_of_losses


@dataclass(frozen=True)
class Decision(Generic[State]):
    """What a technique has decided.

    Attributes:
        stop: Whether training ends now.
        keep: Whether the weights of this moment are the ones to return to at the end.
        state: What the next decision of the same fit is to be given.
    """

    stop: bool
    keep: bool
    state: State


@dataclass(frozen=True)
class Ending:
    """How a fit ended.

    Attributes:
        epoch: Its last epoch, from 0; -1 where there was none.
        step: The number of training steps done.
        cause: "decision", where the technique itself has stopped it; "other", where something else
            did; "epochs", where it came to its last epoch.
    """

    epoch: int
    step: int
    cause: Literal["decision", "other", "epochs"] = "epochs"

    @property
    def place(self) -> tuple[int, int]:
        """The number of steps, and the epoch."""
        return self.step, self.epoch


@dataclass(frozen=True)
class Evaluations:
    """At which moments of a fit decisions are asked for.

    Attributes:
        every: A number of training steps, after which to ask; None for the ends of epochs.
        first_epoch: The first epoch, from 0, in which to ask.
        frequency: By epochs: at the end of every n-th, or of those in a list, counted from 1, as
            the `validation_freq` of `fit`.
        at_end: Whether to ask once more where training ends, if steps were done since the last
            decision and none has stopped it.

    Example:
        >>> Evaluations(every=4).within_epoch(1, before=10, steps=10)
        [12, 16, 20]
    """

    every: int | None = None
    first_epoch: int = 0
    frequency: int | Sequence[int] = 1
    at_end: bool = False

    def after_epoch(self, epoch: int) -> bool:
        """Return whether to ask at the end of an epoch."""
        if self.every is not None or epoch < self.first_epoch:
            return False
        if isinstance(self.frequency, int):
            return (epoch + 1) % self.frequency == 0
        return epoch + 1 in self.frequency

    def after_steps(self, epoch: int, before: int, step: int) -> bool:
        """Return whether to ask inside an epoch, after the steps from `before` to `step`.

        Args:
            epoch: The epoch, from 0.
            before: The number of steps done at the last look, which may be 0.
            step: The number of steps done now.
        """
        if self.every is None or epoch < self.first_epoch:
            return False
        return step // self.every > before // self.every

    def after_end(self, ending: Ending, decided: int) -> bool:
        """Return whether to ask where training has ended, `decided` steps done at the last time."""
        stopped = ending.cause == "decision"
        return (
            self.at_end
            and not stopped
            and ending.step > decided
            and ending.epoch >= self.first_epoch
        )

    def within_epoch(self, epoch: int, before: int, steps: int) -> list[int]:
        """Return the numbers of steps done at which to ask inside an epoch.

        Args:
            epoch: The epoch, from 0.
            before: The number of steps done before it.
            steps: The number of its steps.
        """
        after = range(before + 1, before + steps + 1)
        return [step for step in after if self.after_steps(epoch, step - 1, step)]
