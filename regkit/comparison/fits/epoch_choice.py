"""Which epoch of a fit is evaluated: that of the best value on the validation examples."""

from __future__ import annotations

from regkit.comparison.design.parts import Parts
from regkit.comparison.statistics import measures

__all__ = ["EpochChoice", "validation_logs"]


class EpochChoice:
    """The best epoch so far, by the measure that decides, and among equals by the lowest NLL.

    Args:
        measure: What decides, by its key.

    Attributes:
        best: The measures at the best epoch.
        best_epoch: That epoch, from 1; 0 before any.
        curves: The measures of all epochs, by names that begin with `val_`.

    Example:
        >>> choice = EpochChoice("rmse")
        >>> [choice.see(epoch, {"rmse": value}) for epoch, value in enumerate([3.0, 2.0, 2.0])]
        [True, True, False]
        >>> choice.best_epoch
        2
    """

    def __init__(self, measure: str) -> None:
        self.measure = measure
        self.best: dict[str, float] = {}
        self.best_epoch = 0
        self.curves: dict[str, list[float]] = {}

    def see(self, epoch: int, values: dict[str, float]) -> bool:
        """Note the measures of an epoch, from 0; return whether it is the best so far."""
        for key, value in values.items():
            self.curves.setdefault(f"val_{key}", []).append(value)
        best = measures.selection(self.best, self.measure) if self.best else ()
        if not measures.selection(values, self.measure) > best:
            return False
        self.best, self.best_epoch = values, epoch + 1
        return True


def validation_logs(values: dict[str, float], parts: Parts) -> dict[str, float]:
    """Return measures under the names by which techniques watch them.

    `val_loss` is what the loss would be without smoothing, noise and penalties, in its own scale.
    """
    logs = {f"val_{key}": value for key, value in values.items()}
    return {**logs, "val_loss": values.get("nll", values.get("rmse", 0.0) / parts.target_scale)}
