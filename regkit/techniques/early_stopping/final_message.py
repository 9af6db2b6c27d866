"""The line at the end of training: where it ended, why, and which weights are left."""

# Helper module: it has no technique.

from __future__ import annotations

from regkit.techniques.early_stopping.criteria import Course

__all__ = ["last_line", "other_reason"]


def other_reason(stopped: bool, epoch: int) -> str:
    """Return why training ended where early stopping did not end it.

    Args:
        stopped: Whether a callback stopped it.
        epoch: The last epoch, from 0; -1 where there was none.

    Example:
        >>> other_reason(False, 2)
        'training ran to its last epoch, 3'
    """
    if stopped:
        return "training was stopped by another callback"
    return (
        f"training ran to its last epoch, {epoch + 1}"
        if epoch >= 0
        else "there was no epoch to train"
    )


def last_line(
    reason: str, place: tuple[int, int], stopped: bool, course: Course | None, restored: bool
) -> str:
    """Return one line about a training run.

    Args:
        reason: Why it ended.
        place: The number of steps done at its end, and the epoch, from 0.
        stopped: Whether early stopping ended it.
        course: Its evaluations, or None where nothing was evaluated.
        restored: Whether the weights of the best evaluation were restored.

    Example:
        >>> last_line("training ran to its last epoch, 3", (30, 2), False, None, True)
        'ended at step 30, in epoch 3: training ran to its last epoch, 3. Nothing was evaluated.'
    """
    step, epoch = place
    line = f"{'stopped' if stopped else 'ended'} at step {step}, in epoch {epoch + 1}: {reason}."
    if course is None:
        return f"{line} Nothing was evaluated."
    best = course.best
    if best is None:
        return f"{line} {course.names[0]} was never a number."
    where = f"step {best.step} (epoch {best.epoch + 1}, {course.names[0]}={best.values[0]:g})"
    if restored:
        return f"{line} The weights are those of {where}."
    return f"{line} The best were those of {where}; they were not restored."
