"""Types of what flows through a training step: tensors, nests of them, and what options hold.

Keras and the backends carry no types, so these are protocols and unions of our own. A parameter
that may be anything, because it is yet to be checked, is an `object`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = np.ndarray[Any, Any]

__all__ = ["Array", "Nest", "Number", "Schedule", "Selector", "Shape", "Size", "Tensor"]


class Tensor(Protocol):
    """An array of any backend, on a device or yet to be computed.

    A dimension that TensorFlow does not know yet is None in `shape`.
    """

    @property
    def shape(self) -> Any:
        """Its dimensions."""

    @property
    def dtype(self) -> Any:
        """The type of its numbers, as the backend names it."""

    # fmt: off
    def __add__(self, other: Number, /) -> Any: ...
    def __radd__(self, other: Number, /) -> Any: ...
    def __sub__(self, other: Number, /) -> Any: ...
    def __rsub__(self, other: Number, /) -> Any: ...
    def __mul__(self, other: Number, /) -> Any: ...
    def __rmul__(self, other: Number, /) -> Any: ...
    def __truediv__(self, other: Number, /) -> Any: ...
    def __rtruediv__(self, other: Number, /) -> Any: ...
    def __matmul__(self, other: Number, /) -> Any: ...
    def __pow__(self, other: Number, /) -> Any: ...
    def __neg__(self) -> Any: ...
    def __lt__(self, other: Number, /) -> Any: ...
    def __le__(self, other: Number, /) -> Any: ...
    def __gt__(self, other: Number, /) -> Any: ...
    def __ge__(self, other: Number, /) -> Any: ...
    def __getitem__(self, place: object, /) -> Any: ...
    # fmt: on


Number: TypeAlias = Tensor | float

# A whole number: an integer, or an int32 scalar where only the step knows it, as a batch's size.
Size: TypeAlias = Tensor | int
Shape: TypeAlias = Sequence[Size]

# Tensors in any nest of lists, tuples and dictionaries, as `keras.tree` walks them.
Nest: TypeAlias = "Tensor | Sequence[Nest] | Mapping[str, Nest] | None"


class Schedule(Protocol):
    """A value that depends on the step: one of `keras.optimizers.schedules`."""

    def __call__(self, step: Tensor | int, /) -> Any:
        """Return the value at a step."""

    def get_config(self) -> dict[str, Any]:
        """Return what makes it again."""


# Which layers: all, by name, by class, a layer, a function of a layer, or several of these.
Selector: TypeAlias = str | type | Callable[..., object] | Sequence[object] | None


def __getattr__(name: str) -> object:
    """Return `Array`, for which NumPy loads; `regkit list` and the like go without both."""
    if name != "Array":
        raise AttributeError(f"module 'regkit.types' has no attribute {name!r}")
    import numpy as np

    return np.ndarray[Any, Any]
