"""One transform applied to samples, each with random numbers of its own, in any thread."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from numpy.typing import NDArray

from regkit_albumentations.generators import Generators
from regkit_albumentations.library import albumentations, single_threaded_opencv

__all__ = ["Copy", "Sampler", "locked"]

Array = NDArray[Any]
Sample = dict[str, Any]  # by Albumentations' names

_PLAIN = {"image", "mask"}
_DECIDE = ("__call__", "should_apply")


def locked(array: Array) -> Array:
    """Return an array to be read only.

    Example:
        >>> import numpy as np
        >>> locked(np.zeros(2)).flags.writeable
        False
    """
    view = array.view()
    view.flags.writeable = False
    return view


class Copy:
    """A copy of a transform, for one thread at a time, that draws as it is told.

    A Compose looks over each sample before and after its transforms. Where it has nothing to look
    for (an image and its mask, no boxes, no points) they are called one after another instead,
    which for small images takes half the time.
    """

    def __init__(self, transform: Any) -> None:
        self._generators = Generators()
        self._whole = copy.deepcopy(transform)
        self._whole.set_random_state(self._generators.numpy, self._generators.python)
        _without_checks(self._whole)
        self._may_write = not _is_of_library(self._whole)
        self._steps: list[tuple[Any, float | None]] | None = None  # where they may be called alone
        if _is_plain(self._whole) and not self._may_write:
            self._steps = [(step, _chance(step)) for step in self._whole.transforms]

    def function(
        self, names: Iterable[str], seed: int, epoch: int, numbers: Sequence[int]
    ) -> Callable[[Sample, int], Sample]:
        """Return a function of a sample and its place in a batch.

        It draws by seed, epoch, and the number of the sample.

        Args:
            names: What there is in a sample.
            seed: A whole number.
            epoch: Another.
            numbers: Those of the samples of the batch.
        """
        begin = self._generators.streams(seed, epoch, numbers)
        whole, may_write = self._whole, self._may_write

        def called(sample: Sample, place: int) -> Sample:
            begin(place)
            if may_write:
                sample = {name: one.copy() for name, one in sample.items()}
            found: Sample = whole(**sample)
            return found

        steps, p = self._steps, getattr(whole, "p", 1.0)
        if steps is None or not _PLAIN.issuperset(names):
            return called

        def stepped(sample: Sample, place: int) -> Sample:
            draw = begin(place)
            if draw() < p:  # as a Compose draws, also where p is 1
                for step, chance in steps:
                    if chance is None:
                        sample = step(**sample)
                    elif draw() < chance:
                        sample = step(force_apply=True, **sample)
            return sample

        return stepped


def _chance(step: Any) -> float | None:
    """Return the probability by which a step draws whether it acts; None where it has its own way.

    To draw for it saves the call where it does not act.
    """
    base = albumentations().BasicTransform
    own = any(getattr(type(step), name, None) is not getattr(base, name) for name in _DECIDE)
    return None if own or not 0 < step.p < 1 else float(step.p)


def _is_plain(transform: Any) -> bool:
    """Return whether a transform is a Compose that does nothing beside calling its transforms."""
    if type(transform) is not albumentations().Compose:
        return False
    return not (transform.processors or transform.strict or transform.save_applied_params)


def _is_of_library(transform: Any) -> bool:
    """Return whether no code of the user's is in it, which might write into what it is given."""
    cls = type(transform)
    if not cls.__module__.startswith("albumentations.") or cls is albumentations().Lambda:
        return False
    return all(map(_is_of_library, getattr(transform, "transforms", None) or ()))


def _without_checks(transform: Any) -> None:
    """Let a composition not compare shapes for every sample: those of a batch are the same."""
    if hasattr(transform, "is_check_shapes"):
        transform.is_check_shapes = False
    for one in getattr(transform, "transforms", None) or ():
        _without_checks(one)


class Sampler:
    """A transform that draws by seed, sample and epoch, and by nothing else.

    A transform keeps what it has drawn last, so each thread works on a copy. Copies are lent and
    kept, not tied to threads: TensorFlow and JAX call the host from a thread that is new to Python
    each time.

    Args:
        transform: A transform of Albumentations, which is itself never called.
        beside_others: Whether others work at the same time, so that OpenCV shall start no threads.

    Example:
        >>> import numpy as np
        >>> flip = Sampler(albumentations().HorizontalFlip(p=1.0))
        >>> with flip.lent(["image"], seed=1, numbers=[0]) as transform:
        ...     transform({"image": np.arange(3.0)[None]}, 0)["image"]
        array([[2., 1., 0.]])
    """

    def __init__(self, transform: Any, beside_others: bool = True) -> None:
        self.transform = transform
        self.beside_others = beside_others
        self._free: list[Copy] = []

    def __getstate__(self) -> dict[str, Any]:
        """Return what goes to another process."""
        return {**vars(self), "_free": []}

    @contextlib.contextmanager
    def lent(
        self, names: Iterable[str], seed: int, numbers: Sequence[int], epoch: int = 0
    ) -> Iterator[Callable[[Sample, int], Sample]]:
        """Lend the function of a copy for a block."""
        try:
            mine = self._free.pop()
        except IndexError:
            mine = Copy(self.transform)
        with single_threaded_opencv() if self.beside_others else contextlib.nullcontext():
            yield mine.function(names, seed, epoch, numbers)
        self._free.append(mine)
