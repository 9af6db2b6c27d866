"""An arm that is an ensemble: several fits that are measured as one."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regkit.comparison.design.parts import Parts
from regkit.comparison.design.seeds import Repeat
from regkit.comparison.fits.epoch_choice import EpochChoice
from regkit.comparison.fits.observer import Observer
from regkit.comparison.statistics import measures
from regkit.comparison.statistics.scores import probabilities
from regkit.ensembles.combining import average

__all__ = ["ObservedEnsemble", "resampled"]


class ObservedEnsemble:
    """What has watched the members of an ensemble; it tells of all what `Observer` does of one.

    Each member has the weights of its own best epoch. The ensemble predicts the mean of their
    probabilities, or of their values.

    Args:
        members: What has watched each.
        parts: The examples.

    Attributes:
        choice: The measures of the ensemble on the validation examples; the mean of the members'
            best epochs; the curves of the first.
        seconds: The times of the epochs that took part: as many as the longest member has.
    """

    def __init__(self, members: Sequence[Observer], parts: Parts) -> None:
        self._members, self.parts = members, parts
        self.choice = EpochChoice(members[0].choice.measure)
        self.choice.best = self.measured(parts.x_val, parts.y_val)
        self.choice.best_epoch = round(np.mean([own.choice.best_epoch for own in members]))
        self.choice.curves = members[0].choice.curves
        self.seconds = max((own.seconds for own in members), key=len)

    def outputs(self, x: NDArray[Any]) -> NDArray[np.float64]:
        """Return what the members predict together."""
        found = []
        for member in self._members:
            member.restore()  # members may share a model
            own = member.outputs(x)
            found.append(probabilities(own) if self.parts.task == "classification" else own)
        return average(found)

    def measured(self, x: NDArray[Any], y: NDArray[Any]) -> dict[str, float]:
        """Return every measure on some examples."""
        return measures.of_outputs(self.parts.task, y, self.outputs(x))

    def epoch_seconds(self) -> float:
        """Return what an epoch of all members costs."""
        return sum(member.epoch_seconds() for member in self._members)

    def sparsity(self) -> float:
        """Return the fraction of zeros among the weights of all members' kernels."""
        shares = []
        for member in self._members:
            member.restore()
            shares.append(member.sparsity())
        return float(np.mean(shares))


def resampled(parts: Parts, repeat: Repeat) -> Parts:
    """Return the parts of a repeat with a bootstrap sample of its training examples.

    Example:
        >>> x, y = np.arange(4.0)[:, None], np.arange(4)
        >>> own = resampled(Parts(x, y, y, x, y, x, y), Repeat(0, 0, 1, 2, 3, 4))
        >>> (own.x_train[:, 0] == own.y_noisy).all(), len(own.y_train)
        (np.True_, 4)
    """
    count = len(parts.y_train)
    rows = np.random.default_rng([repeat.order_seed, count]).integers(count, size=count)
    own = {name: getattr(parts, name)[rows] for name in ("x_train", "y_train", "y_noisy")}
    return dataclasses.replace(parts, **own)
