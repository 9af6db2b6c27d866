"""The declared state of a technique, as a stage method reads and assigns it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

import keras
from keras import ops

from regkit.core.errors import AttachError
from regkit.types import Nest, Tensor

__all__ = ["State"]


class State(MutableMapping[str, Any]):
    """The declared state of one technique within one step; assign to an entry to carry it on.

    Gradients do not flow through state. An entry keeps its structure and shapes.
    """

    def __init__(self, values: dict[str, Any], own: Callable[[Tensor], Tensor]) -> None:
        self._values, self._own = values, own

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __setitem__(self, name: str, value: Nest) -> None:
        if name not in self._values:
            raise AttachError(
                f"state {name!r} was not declared; initial_state() declares: "
                f"{', '.join(self._values) or 'nothing'}"
            )
        keras.tree.assert_same_structure(self._values[name], value)

        def kept(new: Tensor, old: Tensor) -> Tensor:
            new = ops.cast(new, old.dtype)
            if None not in new.shape and new.shape != old.shape:
                raise AttachError(
                    f"state {name!r} keeps its shape, {tuple(old.shape)}; it was given one of "
                    f"{tuple(new.shape)}"
                )
            return self._own(new)

        self._values[name] = keras.tree.map_structure(kept, value, self._values[name])

    def restore(self, values: dict[str, Any]) -> None:
        """Take back all entries at once, as `dict(state)` gave them."""
        self._values = values

    def __delitem__(self, name: str) -> None:
        raise AttachError("state that initial_state() declares cannot be deleted")

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)
