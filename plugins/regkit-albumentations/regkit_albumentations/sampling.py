"""A transform applied to samples, each with its own random numbers, in any thread."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeGuard

from regkit.types import Array
from regkit_albumentations.generators import Generators
from regkit_albumentations.library import (
    AnyTransform,
    Composition,
    Sample,
    albumentations,
    single_threaded_opencv,
)

__all__ = ["Copy", "Sampler", "locked"]

_PLAIN = {"image", "mask"}
_DECIDE = ("__call__", "should_apply")


def locked(array: Array) -> Array:
    """Return a read-only view of an array.

    Example:
        >>> import numpy as np
        >>> locked(np.zeros(2)).flags.writeable
        False
    """
    view = array.view()
    view.flags.writeable = False
    return view


class Copy:
    """A copy of a transform, for one thread at a time, with generators that are set for a sample.

    A Compose checks each sample before and after its transforms. Where there is nothing to check
    (an image and its mask, no boxes, no points) the transforms are called directly instead, which
    for small images takes half the time.
    """

    def __init__(self, transform: AnyTransform) -> None:
        self._generators = Generators()
        self._whole = copy.deepcopy(transform)
        self._whole.set_random_state(self._generators.numpy, self._generators.python)
        _without_checks(self._whole)
        self._may_write = not _is_of_library(self._whole)
        self._steps: list[tuple[AnyTransform, float | None]] | None = None  # to call directly
        if _is_plain(self._whole) and not self._may_write:
            self._steps = [(step, _chance(step)) for step in self._whole.transforms]

    def function(
        self, names: Iterable[str], seed: int, epoch: int, numbers: Sequence[int]
    ) -> Callable[[Sample, int], Sample]:
        """Return a function of a sample and its position in a batch.

        Its draws depend on the seed, the epoch, and the number of the sample.

        Args:
            names: The names in a sample.
            seed: A whole number.
            epoch: The epoch.
            numbers: The numbers of the batch's samples.
        """
        begin = self._generators.streams(seed, epoch, numbers)
        whole, may_write = self._whole, self._may_write

        def called(sample: Sample, place: int) -> Sample:
            begin(place)
            if may_write:
                sample = {name: array.copy() for name, array in sample.items()}
            return whole(**sample)

        steps, p = self._steps, getattr(whole, "p", 1.0)
        if steps is None or not _PLAIN.issuperset(names):
            return called

        def stepped(sample: Sample, place: int) -> Sample:
            draw = begin(place)
            if draw() < p:  # a Compose draws too, also where p is 1
                for step, chance in steps:
                    if chance is None:
                        sample = step(**sample)
                    elif draw() < chance:
                        sample = step(force_apply=True, **sample)
            return sample

        return stepped


def _chance(step: AnyTransform) -> float | None:
    """Return the probability that a step acts; None where it decides that in its own way.

    Drawing in its place saves the call of a step that does not act.
    """
    base = albumentations().BasicTransform
    special = any(getattr(type(step), name, None) is not getattr(base, name) for name in _DECIDE)
    return None if special or not 0 < step.p < 1 else float(step.p)


def _is_plain(transform: AnyTransform) -> TypeGuard[Composition]:
    """Return whether a transform is a Compose that does nothing but call its transforms."""
    if type(transform) is not albumentations().Compose:
        return False
    extras = ("processors", "strict", "save_applied_params")
    return not any(getattr(transform, name) for name in extras)


def _is_of_library(transform: AnyTransform) -> bool:
    """Return whether a transform holds no code of the user's, which might change its inputs."""
    cls = type(transform)
    if not cls.__module__.startswith("albumentations.") or cls is albumentations().Lambda:
        return False
    return all(map(_is_of_library, getattr(transform, "transforms", None) or ()))


def _without_checks(transform: AnyTransform) -> None:
    """Turn off comparing shapes for every sample: those of a batch are the same."""
    if hasattr(transform, "is_check_shapes"):
        transform.is_check_shapes = False
    for step in getattr(transform, "transforms", None) or ():
        _without_checks(step)


class Sampler:
    """A transform whose draws depend on seed, sample and epoch only.

    A transform stores its last draws, so each thread works on a copy. Copies are lent and taken
    back, not tied to threads: TensorFlow and JAX call the host from another Python thread each
    time.

    Args:
        transform: A transform of Albumentations, which is itself never called.
        beside_others: Whether others work at the same time, so that OpenCV must start no threads.

    Example:
        >>> import numpy as np
        >>> flip = Sampler(albumentations().HorizontalFlip(p=1.0))
        >>> with flip.lent(["image"], seed=1, numbers=[0]) as transform:
        ...     transform({"image": np.arange(3.0)[None]}, 0)["image"]
        array([[2., 1., 0.]])
    """

    def __init__(self, transform: AnyTransform, beside_others: bool = True) -> None:
        self.transform = transform
        self.beside_others = beside_others
        self._free: list[Copy] = []

    def __getstate__(self) -> dict[str, Any]:
        """Return the state for another process, without copies."""
        return {**vars(self), "_free": []}

    @contextlib.contextmanager
    def lent(
        self, names: Iterable[str], seed: int, numbers: Sequence[int], epoch: int = 0
    ) -> Iterator[Callable[[Sample, int], Sample]]:
        """Lend the function of a copy for a block."""
        try:
            lent = self._free.pop()
        except IndexError:
            lent = Copy(self.transform)
        with single_threaded_opencv() if self.beside_others else contextlib.nullcontext():
            yield lent.function(names, seed, epoch, numbers)
        self._free.append(lent)
