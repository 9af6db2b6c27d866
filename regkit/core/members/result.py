"""What comes out of members: plain models, histories, stacked predictions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, overload

import keras

from regkit.core.members.stack import stacked
from regkit.core.method import Method
from regkit.core.seam.pure_step import State, write_state
from regkit.types import Nest

__all__ = ["Members"]


class Members(Sequence[keras.Model]):
    """Trained members, a sequence of plain Keras models, each built when it is asked for.

    Attributes:
        histories: For each member the logs of its epochs: lists by name.
        techniques: For each member its techniques; those that decide tell what they have seen.
        engine: "vectorized" or "sequential", how the members were trained.
        reason: Why in turn, in words; None for members trained together.
        seeds: For each member its seed.
    """

    def __init__(
        self,
        states: list[State],
        histories: list[dict[str, list[float]]],
        techniques: list[list[Method]],
        seeds: list[int],
        reason: str | None,
        model_of: Callable[[int], keras.Model],
    ) -> None:
        self.histories, self.techniques, self.seeds = histories, techniques, seeds
        self.reason = reason
        self.engine = "vectorized" if reason is None else "sequential"
        self._states, self._model_of = states, model_of
        self._models: dict[int, keras.Model] = {}

    def __len__(self) -> int:
        return len(self._states)

    @overload
    def __getitem__(self, index: int) -> keras.Model: ...
    @overload
    def __getitem__(self, index: slice) -> list[keras.Model]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        place = range(len(self))[index]
        if place not in self._models:
            model = self._model_of(place)
            write_state(model, self._states[place])
            self._models[place] = model
        return self._models[place]

    def __iter__(self) -> Iterator[keras.Model]:
        return (self[place] for place in range(len(self)))

    def __repr__(self) -> str:
        return f"Members({len(self)} models, trained by the {self.engine} engine)"

    def predict(self, x: Nest, batch_size: int = 256, members: Sequence[int] | None = None) -> Any:
        """Return the outputs of every member, with a leading axis of members.

        Args:
            x: Inputs, as for `keras.Model.predict`.
            batch_size: The number of examples in a batch.
            members: The numbers of those to ask; by default all.
        """
        outputs = []
        for number in range(len(self)) if members is None else members:
            model = self._first()
            write_state(model, self._states[number])
            outputs.append(model.predict(x, batch_size=batch_size, verbose=0))
        return stacked(outputs)

    def _first(self) -> keras.Model:
        if not hasattr(self, "_serving"):
            self._serving = self._model_of(0)
        return self._serving
