"""What comes out of members: plain models, histories, stacked predictions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload

import keras

from regkit.core.members.engines import Trained
from regkit.core.members.made import Blueprint
from regkit.core.members.member_outputs import MemberOutputs
from regkit.core.seam.pure_step import write_state
from regkit.types import Array, Nest

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
        trained: Trained,
        seeds: list[int],
        blueprint: Blueprint,
        features: Array | None = None,
    ) -> None:
        self.histories, self.techniques = trained.histories, trained.techniques
        self.seeds, self.reason = seeds, trained.reason
        self.engine = "vectorized" if self.reason is None else "sequential"
        self._states, self._blueprint = trained.states, blueprint
        self._models: dict[int, keras.Model] = {}
        self._outputs = MemberOutputs(
            blueprint, trained.states, features, together=self.reason is None
        )

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
            model = self._blueprint.model(place, self.seeds[place])
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
            x: Inputs, as for `keras.Model.predict`; each member takes its own columns of them.
            batch_size: The number of examples in a batch.
            members: The numbers of those to ask; by default all.
        """
        return self._outputs(x, batch_size, members)
