"""What comes out of members: plain models, histories, stacked predictions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload

import keras
import numpy as np

from regkit.core.members.alike import NotAlike, require_alike
from regkit.core.members.engines import Trained
from regkit.core.members.made import Blueprint
from regkit.core.members.member_outputs import WEIGHTS, MemberOutputs
from regkit.core.seam.pure_step import State, write_state
from regkit.types import Array

__all__ = ["Members", "joined"]


class Members(Sequence[keras.Model]):
    """Trained members, a sequence of plain Keras models, each built when it is asked for.

    It pickles, with `build_model` in it, so that it is used in another process too.

    Attributes:
        histories: For each member the logs of its epochs: lists by name.
        techniques: For each member its techniques; those that decide tell what they have seen.
        engine: "vectorized" or "sequential", how the members were trained.
        reason: Why in turn, in words; None for members trained together.
        seeds: For each member its seed.
        numbers: For each member its number, as `build_model` is told it.
        features: For each member the columns of the inputs that it sees; None for all.
    """

    def __init__(
        self,
        trained: Trained,
        seeds: list[int],
        blueprint: Blueprint,
        features: Array | None = None,
        numbers: Sequence[int] | None = None,
    ) -> None:
        self.histories, self.techniques = trained.histories, trained.techniques
        self.seeds, self.reason, self.features = seeds, trained.reason, features
        self.engine = "vectorized" if self.reason is None else "sequential"
        self.numbers = [*range(len(seeds))] if numbers is None else [*numbers]
        self._states, self._blueprint = trained.states, blueprint
        self._begin()

    def _begin(self) -> None:
        self._models: dict[int, keras.Model] = {}
        self._outputs = MemberOutputs(self._blueprint, self._states, self.features, self.numbers[0])

    def __getstate__(self) -> dict[str, Any]:
        compiled = ("_models", "_outputs")
        return {name: value for name, value in vars(self).items() if name not in compiled}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._begin()

    def __len__(self) -> int:
        return len(self._states)

    @property
    def weights(self) -> list[State]:
        """For each member the values of its model's variables, trainable and not."""
        return [{part: state[part] for part in WEIGHTS} for state in self._states]

    @overload
    def __getitem__(self, index: int) -> keras.Model: ...
    @overload
    def __getitem__(self, index: slice) -> list[keras.Model]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        place = range(len(self))[index]
        if place not in self._models:
            self._models[place] = self.built(place)
        return self._models[place]

    def built(self, place: int) -> keras.Model:
        """Return a member as a model that nothing else holds."""
        model = self._blueprint.model(self.numbers[place], self.seeds[place])
        write_state(model, self._states[place])
        return model

    @property
    def example(self) -> Any:
        """Inputs of an example, as the members see it."""
        return keras.tree.map_structure(lambda array: array[:1], self._blueprint.batch[0])

    @property
    def input_shape(self) -> Any:
        """The shape of an example, as `build_model` was told it."""
        return self._blueprint.input_shape

    def __iter__(self) -> Iterator[keras.Model]:
        return (self[place] for place in range(len(self)))

    def __repr__(self) -> str:
        return f"Members({len(self)} models, trained by the {self.engine} engine)"

    def predict(self, x: Any, batch_size: int = 256, members: Sequence[int] | None = None) -> Any:
        """Return the outputs of every member, with a leading axis of members.

        Args:
            x: Inputs, as for `keras.Model.predict`; each member takes its own columns of them.
            batch_size: The number of examples in a batch.
            members: The numbers of those to ask; by default all.
        """
        return self._outputs(x, batch_size, members)

    def chosen(self, places: Sequence[int]) -> Members:
        """Return some of the members, with their weights and without the optimizer's state."""
        rows = [*places]
        trained = Trained(
            [self.weights[place] for place in rows],
            [self.histories[place] for place in rows],
            [self.techniques[place] for place in rows],
            self.reason,
        )
        features = None if self.features is None else self.features[rows]
        seeds, numbers = [self.seeds[k] for k in rows], [self.numbers[k] for k in rows]
        return Members(trained, seeds, self._blueprint, features, numbers)

    def is_like(self, other: Members) -> bool:
        """Return whether one model can stand for the members of both."""
        kinds = [[value.shape for value in own.weights[0]["trainable"]] for own in (self, other)]
        if kinds[0] != kinds[1]:
            return False
        if "member" not in self._blueprint.builder.by_name:
            return True
        try:
            require_alike(self[0], other[0], other.numbers[0])
        except NotAlike:
            return False
        return True


def joined(parts: Sequence[Members]) -> Members:
    """Return members that were trained apart and are alike, in the order of their numbers.

    Of their states the weights are kept, and not the optimizer's.
    """
    rows = [(part, place) for part in parts for place in range(len(part))]
    rows.sort(key=lambda row: row[0].numbers[row[1]])
    trained = Trained(
        [part.weights[place] for part, place in rows],
        [part.histories[place] for part, place in rows],
        [part.techniques[place] for part, place in rows],
        next((part.reason for part in parts if part.reason is not None), None),
    )
    columns = [part.features[place] for part, place in rows if part.features is not None]
    return Members(
        trained,
        [part.seeds[place] for part, place in rows],
        parts[0]._blueprint,
        np.stack(columns) if columns else None,
        [part.numbers[place] for part, place in rows],
    )
