"""DATA: the methods of techniques on a batch, in order; geometries that meet as one motion."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from regkit.core import returned
from regkit.core.annotations import agreed
from regkit.core.context import Context
from regkit.core.images import order_of
from regkit.core.joining import one_motion
from regkit.core.method import Method
from regkit.core.motion import Motion
from regkit.core.moving import image_sizes, moved, refuse_left_behind, refuse_unspoken
from regkit.core.plan import Turn
from regkit.core.stages import Batch, Phase

__all__ = ["run_data"]

# Called with the batch as it is now, and the labels of the entries whose part in it is done.
Progress = Callable[[Batch, set[str]], None]


def run_data(
    turns: Iterable[Turn],
    batch: Batch,
    context_of: Callable[[Turn], Context],
    progress: Progress = lambda batch, done: None,
) -> Batch:
    """Return a batch as the methods at DATA leave it.

    Args:
        turns: The methods, in their order.
        batch: The batch.
        context_of: Gives the context of each.
        progress: Told of each change of the batch.

    Raises:
        AttachError: where a method returns something else than it must, or needs images and there
            are none.
    """
    turns = list(turns)
    annotations = agreed(turn.technique for turn in turns)
    run = _Run(batch.replace(annotations=annotations), progress)
    for place, turn in enumerate(turns):
        if turn.act.method == "geometry":
            run.move(turn, context_of(turn))
        else:
            run.change(turn, context_of(turn))
        if all(later.entry is not turn.entry for later in turns[place + 1 :]):
            run.finish(turn)
    run.apply()
    return run.batch


class _Run:
    """A batch on its way through DATA, with the composed motion that is not applied yet."""

    def __init__(self, batch: Batch, progress: Progress) -> None:
        self.batch, self._progress = batch, progress
        self._motion: Motion | None = None
        self._owner: Method | None = None
        self._done: set[str] = set()

    def move(self, turn: Turn, context: Context) -> None:
        """Take one more motion in."""
        technique = turn.technique
        order = order_of(technique.image_format)
        if self._owner is not None and order_of(self._owner.image_format) != order:
            self.apply()
        refuse_unspoken(self.batch, technique, technique.image_format)
        sizes = image_sizes(self.batch, technique, technique.image_format)
        if self._motion is not None:
            sizes = sizes.after(self._motion)
        motion = turn.run(sizes, context)
        if not isinstance(motion, Motion):
            raise returned.no_motion(motion, technique)
        if motion.map.source != sizes.largest:
            raise returned.wrong_source(motion.map.source, sizes.largest, technique)
        joint = None if self._motion is None else one_motion(self._motion, motion)
        if joint is None:
            self.apply()
        self._motion, self._owner = joint or motion, technique

    def change(self, turn: Turn, context: Context) -> None:
        """Run a `data` method, which no motion may pass."""
        self.apply()
        if turn.act.phase is Phase.GEOMETRY:
            refuse_left_behind(self.batch, turn.technique, turn.technique.image_format)
        batch = turn.run(self.batch, context)
        if not isinstance(batch, Batch):
            raise returned.no_batch(batch, turn.technique)
        self.batch = batch
        self._progress(self.batch, self._done)

    def finish(self, turn: Turn) -> None:
        """Note that an entry's last method has run; its motion may be waiting still."""
        self._done = self._done | {turn.entry.label}
        if self._motion is None:
            self._progress(self.batch, self._done)

    def apply(self) -> None:
        """Move the images of the batch."""
        if self._motion is not None and self._owner is not None:
            owner, motion = self._owner, self._motion
            self.batch = moved(self.batch, motion, owner, owner.image_format)
            self._motion = self._owner = None
            self._progress(self.batch, self._done)
