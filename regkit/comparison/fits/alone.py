"""What one fit of an arm costs by itself: the time of an epoch, the peak of memory.

Members share what they cost, so that it does not tell arms apart. Where the fits of an arm are
members, one more is timed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from regkit.comparison.design.parts import Parts
from regkit.comparison.design.settings import Settings
from regkit.comparison.design.study import Task
from regkit.comparison.fits.fitting import batches_of, techniques_of, trained
from regkit.comparison.fits.memory import peak_memory
from regkit.comparison.fits.model_pool import ModelPool
from regkit.comparison.fits.observer import Clock, Observer
from regkit.core.decisions.decider import Decider

__all__ = ["Alone", "fit_alone"]

EPOCHS = 21  # at most; the first compiles
LEAST, ENOUGH = 4, 5.0  # epochs, and seconds, after which no further epoch is timed


@dataclass(frozen=True)
class Alone:
    """What a fit of an arm costs by itself.

    Attributes:
        epoch_seconds: The median time of an epoch without the first, which compiles.
        peak_memory: Megabytes, or None where it cannot be measured.
    """

    epoch_seconds: float
    peak_memory: float | None


class _Enough(Clock):
    """A clock that ends a fit when enough epochs are timed."""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Stop the clock, and the fit."""
        super().on_epoch_end(epoch, logs)
        if len(self.seconds) >= LEAST and sum(self.seconds[1:]) >= ENOUGH:
            self.model.stop_training = True


def fit_alone(
    models: ModelPool,
    task: Task,
    parts: Parts,
    settings: Settings,
) -> Alone:
    """Train an arm for some epochs, as a fit by itself does, and return what it cost.

    The arguments are those of `fit_arm`.
    """
    peak, clock, repeat = peak_memory(), _Enough(), task.repeat
    model = models.model(task.arm, repeat.init_seed, repeat.seed)
    techniques = techniques_of(task.recipe)
    # What decides reads validation measures; without it they would be measured for nobody.
    decides = any(isinstance(technique, Decider) for technique in techniques)
    watching = [Observer(settings["measure"], parts)] if decides else []
    count = min(settings["epochs"], EPOCHS)
    batches = batches_of(parts, settings["batch_size"], count, repeat.order_seed)
    trained(model, batches, [clock, *watching, *techniques])
    models.drop(task.arm)
    return Alone(clock.epoch_seconds(), peak())
