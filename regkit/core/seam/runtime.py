"""A plan resolved on a model: which layers and weights each technique means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import keras
import numpy as np

from regkit.core import draws, schedules
from regkit.core.errors import AttachError, ConflictError
from regkit.core.inputs import given_now, inputs_of
from regkit.core.method import Method
from regkit.core.options import Layers, Seed, Weights, constraints, of_kind
from regkit.core.plan import Entry, Plan, Turn
from regkit.core.seam.patch import Shadows
from regkit.core.select import layers_matching
from regkit.core.stages import Stage
from regkit.ops.precision import wide
from regkit.types import Array

__all__ = ["Runtime"]

_OF_KERAS = frozenset(vars(keras.callbacks.Callback()))  # what Keras keeps on a callback
_WEIGHTED = (Stage.DATA, Stage.TARGET, Stage.PENALTY, Stage.GRADIENT, Stage.UPDATE)


class Runtime:
    """What the frames of one fit share.

    Attributes:
        model: The user's model.
        plan: The techniques, ordered.
        entries: Those that act inside the step.
        place: The position of each label among them.
        turns: What runs at each stage, in order.
        views: The entries with each stage at which they act, one view of the step for each.
        layers: At FORWARD, what runs around each layer's call, in the order of the plan.
        inputs: What stands for the strengths of each entry while a step runs, by label and option.
        recomputed: The layers that Keras may run again for their gradient (`keras.RematScope`).
        weights: The variables of each entry, by label.
        shadows: What is shadowed on the model at the moment.
    """

    def __init__(self, model: keras.Model, plan: Plan, shadows: Shadows) -> None:
        self.model = model
        self.rebind(plan, shadows)

    def rebind(self, plan: Plan, shadows: Shadows) -> None:
        """Take a plan of equal techniques, so that a compiled step serves new objects."""
        self.plan, self.shadows = plan, shadows
        self.entries = plan.inside()
        self.place = {entry.label: k for k, entry in enumerate(self.entries)}
        self.turns = {stage: plan.turns(stage) for stage in Stage}
        inside = [stage for stage in Stage if stage is not Stage.WATCH]
        self.views = [(entry, stage) for stage in inside for entry in plan.at(stage)]
        self.penalties = [f"{entry.label}_penalty" for entry in plan.at(Stage.PENALTY)]
        # At TARGET these follow what they did to the batch at DATA.
        at_data = {entry.label for entry in plan.at(Stage.DATA)}
        self.follows = {m.label for m in plan.at(Stage.TARGET) if m.label in at_data}
        self.inputs = {entry.label: inputs_of(entry.technique) for entry in self.entries}
        self._stand_ins = [
            (entry.technique, name, stand_in)
            for entry in self.entries
            for name, stand_in in self.inputs[entry.label].items()
        ]
        self.resolved = False

    def resolve(self) -> None:
        """Find the layers and weights, and let each technique check the model.

        Raises:
            SelectionError, ConflictError, AttachError: before any step has run.
        """
        self._refuse_average()
        self.layers: dict[int, tuple[keras.layers.Layer, list[Turn]]] = {}
        self.weights: dict[str, list[keras.Variable]] = {}
        for entry in self.entries:
            entry.technique.check(self.model)
            needs_weights = any(stage in _WEIGHTED for stage in entry.stages) or bool(
                of_kind(type(entry.technique), Weights)
            )
            self.weights[entry.label] = (
                entry.technique.select_weights(self.model) if needs_weights else []
            )
        for turn in self.turns[Stage.FORWARD]:
            for layer in turn.technique.select_layers(self.model):
                self.layers.setdefault(id(layer), (layer, []))[1].append(turn)
        for layer, turns in self.layers.values():
            _refuse_rivals(layer, turns)
        layers = self.model._flatten_layers() if self.layers else ()
        self.recomputed = [layer for layer in layers if getattr(layer, "_remat_mode", None)]
        self._foreign = {
            id(variable): layer
            for layer in self.model._flatten_layers()
            if isinstance(layer, keras.layers.TorchModuleWrapper)
            for variable in layer.variables
        }
        self.resolved = True

    def _refuse_average(self) -> None:
        """Refuse UPDATE where the optimizer averages the weights before it."""
        acting = self.turns[Stage.UPDATE]
        if not acting:
            return
        optimizer = getattr(self.model.optimizer, "inner_optimizer", self.model.optimizer)
        if getattr(optimizer, "use_ema", False):
            raise AttachError(
                f"{acting[0].technique!r} changes weights after the optimizer, which averages them "
                "before that (use_ema=True) and would put weights in their place that the "
                "technique has not seen. Compile with use_ema=False"
            )

    def fingerprint(self) -> tuple[Any, ...]:
        """Return what a compiled step depends on; equal fingerprints may share it."""
        model = self.model
        chosen = [
            (
                type(entry.technique),
                tuple(self._comparable_options(entry)),
                tuple((name, i.kind()) for name, i in self.inputs[entry.label].items()),
                tuple(_Same(variable) for variable in self.weights[entry.label]),
            )
            for entry in self.entries
        ]
        wrapped = [
            (_Same(layer), tuple(turn.entry.label for turn in turns))
            for layer, turns in self.layers.values()
        ]
        trained = tuple(_Same(variable) for variable in model.trainable_variables)
        how = (model.run_eagerly, model.jit_compile, model.steps_per_execution)
        return (tuple(chosen), tuple(wrapped), trained, how)

    def _comparable_options(self, entry: Entry) -> Iterator[tuple[str, Any]]:
        """Yield the constants of the step; an option for layers by the layers that it matches.

        Seeds are no constants: the step is handed what they make of it. What `__init__` computes
        from a strength is one.
        """
        declared = constraints(type(entry.technique))
        held = {**vars(entry.technique), **entry.technique.get_config()}
        for name, value in held.items():
            if name in _OF_KERAS or name in self.inputs[entry.label]:
                continue
            if isinstance(declared.get(name), Seed):
                continue
            if isinstance(declared.get(name), Layers) and value is not None:
                value = tuple(map(_Same, layers_matching(self.model, value)))
                yield name, value
            else:
                yield name, _comparable(value)

    def seeds(self, ambient: int | None = None) -> Array:
        """Return the base of each entry's draws, int32, in the order of `entries`."""
        ambient = draws.ambient_seed() if ambient is None else ambient
        bases = []
        for entry in self.entries:
            own = entry.technique.own_seed
            seed = ambient if own is None else own
            bases.append(draws.base_key(seed, entry.word, entry.occurrence))
        return np.array(bases, dtype="int32")

    def strengths(self) -> dict[str, dict[str, Any]]:
        """Return what the step is handed for each input, by label and option, as arrays.

        A schedule is handed as its numbers. Boundaries stay whole numbers.

        Raises:
            OptionError, AttachError: where an option was set to what it cannot be, or to what the
                running step was not made for.
        """

        def array(number: float) -> Array:
            return np.array(number, "int32" if isinstance(number, int) else dtype)

        dtype = wide(*self.model.trainable_variables)
        return {
            entry.label: {
                name: keras.tree.map_structure(array, given_now(entry.technique, made_for))
                for name, made_for in self.inputs[entry.label].items()
            }
            for entry in self.entries
        }

    def standing_in(self) -> AbstractContextManager[object]:
        """Return a scope in which inputs stand in the place of the techniques' strengths."""
        return self.shadows.all_replaced(self._stand_ins)

    def sums(self) -> Array:
        """Return the epoch's sums at zero: examples, data loss, each penalty."""
        return np.zeros(2 + len(self.penalties), dtype=wide())

    def require_keras(self, variables: Iterable[keras.Variable]) -> None:
        """Refuse to compute with other values of weights that Keras does not read.

        Raises:
            AttachError: for the parameters of a module of PyTorch, which reads its own.
        """
        for variable in variables:
            if (layer := self._foreign.get(id(variable))) is not None:
                raise AttachError(
                    f"{layer.name!r} wraps a module of PyTorch, which computes with its own "
                    f"parameters: {variable.name!r} cannot have other values within a step. Name "
                    "other layers by layers=, or write the layer in Keras"
                )


def _refuse_rivals(layer: keras.layers.Layer, turns: list[Turn]) -> None:
    holders: dict[str, Method] = {}
    for turn in turns:
        word = turn.technique.exclusive_on_layer
        if word is not None and word in holders:
            raise ConflictError(
                f"{holders[word]!r} and {turn.technique!r} both mean layer {layer.name!r}, which "
                f"can have one {word} only. Name different layers by layers="
            )
        if word is not None:
            holders[word] = turn.technique


class _Same:
    """Equal only to the same object, which it keeps alive, so that its id is not used again."""

    def __init__(self, value: object) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)


def _comparable(value: object) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return (type(value), value)
    if isinstance(value, list | tuple):
        return tuple(map(_comparable, value))
    if schedules.is_known(value):  # of Keras' own the numbers say all
        return (type(value), repr(sorted(value.get_config().items(), key=str)))
    return _Same(value)
