"""Which layers and weights a technique means.

A layer selector is a name with wildcards (`"conv*"`), a layer, a layer class, a function from a
layer to a truth value, or a list of these, of which any may match. A weight selector is a variable
name with wildcards, or a list: `"kernel"` also matches names that end in `_kernel`.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import keras

from regkit.core.errors import SelectionError, suggest
from regkit.types import Selector

__all__ = [
    "Weight",
    "callers",
    "hidden_layers",
    "layers_matching",
    "leaves",
    "output_layers",
    "weights_matching",
    "weights_within",
]


@dataclass(frozen=True)
class Weight:
    """A variable and the layer that it was found on."""

    layer: keras.layers.Layer
    variable: keras.Variable


def leaves(model: keras.Model) -> list[keras.layers.Layer]:
    """Return every layer below the model, each once, models and wrappers included."""
    return [layer for layer in model._flatten_layers(include_self=False) if layer is not model]


def _matches(layer: keras.layers.Layer, selector: Selector) -> bool:
    if selector is None:
        return True
    if isinstance(selector, Sequence) and not isinstance(selector, str):
        return any(_matches(layer, cast(Selector, choice)) for choice in selector)
    if isinstance(selector, str):
        return fnmatch.fnmatchcase(layer.name, selector)
    if isinstance(selector, type):
        return isinstance(layer, selector)
    if isinstance(selector, keras.layers.Layer):
        return layer is selector
    return bool(selector(layer))


def layers_matching(
    model: keras.Model, selector: Selector, candidates: Iterable[keras.layers.Layer] | None = None
) -> list[keras.layers.Layer]:
    """Return the model's layers that a selector matches.

    Raises:
        SelectionError: where none does, listing what there is.
    """
    pool = leaves(model) if candidates is None else list(candidates)
    matching = [layer for layer in pool if _matches(layer, selector)]
    if not matching:
        names = [layer.name for layer in pool]
        hint = suggest(selector, names) if isinstance(selector, str) else ""
        raise SelectionError(
            f"layers={selector!r} matches no layer of {model.name!r}{hint or '.'} "
            f"Its layers: {_listing(names)}"
        )
    return matching


def _own_weights(layer: keras.layers.Layer, frozen: bool = False) -> Iterator[keras.Variable]:
    """Yield the trainable variables that the layer holds itself, not its sublayers.

    With `frozen` also those that are not trained now: of a layer with `trainable=False`, and what
    quantization has left of a weight.
    """
    held = layer._trainable_variables
    for variable in [*held, *layer._non_trainable_variables] if frozen else held:
        if variable.trainable or frozen:
            yield variable


def _weight_named(variable: keras.Variable, selector: str | list[str]) -> bool:
    if isinstance(selector, list):
        return any(_weight_named(variable, choice) for choice in selector)
    names = [variable.name]
    if factor := re.fullmatch(r"lora_(\w+)_[ab]", variable.name):
        names.append(factor[1])
    return any(fnmatch.fnmatchcase(n, selector) or n.endswith("_" + selector) for n in names)


def weights_within(
    layer: keras.layers.Layer, weights: str | list[str] = "kernel", frozen: bool = False
) -> list[Weight]:
    """Return the trainable variables of a layer and its sublayers that a selector matches."""
    return [
        Weight(part, variable)
        for part in layer._flatten_layers()
        for variable in _own_weights(part, frozen)
        if _weight_named(variable, weights)
    ]


def weights_matching(
    model: keras.Model,
    layers: Selector = None,
    weights: str | list[str] = "kernel",
    frozen: bool = False,
) -> list[Weight]:
    """Return the trainable variables that both selectors match, each once.

    A layer that is matched brings its sublayers along; a frozen layer has no trainable variables
    and is left out, unless `frozen`. `weights="kernel"` never means biases or normalization scales;
    of a layer with LoRA, whose kernel is frozen, it means the two factors that are trained.

    Raises:
        SelectionError: where nothing is matched, listing what there is.
    """
    chosen = layers_matching(model, layers)
    matching: dict[int, Weight] = {}
    for top in chosen:
        for weight in weights_within(top, weights, frozen):
            matching.setdefault(id(weight.variable), weight)
    if not matching:
        there = [
            f"{layer.name}/{variable.name}"
            for layer in leaves(model)
            for variable in _own_weights(layer, frozen)
        ]
        kind = "weight" if frozen else "trainable weight"
        raise SelectionError(
            f"layers={layers!r} with weights={weights!r} matches no {kind} of {model.name!r}. "
            f"Its {kind}s: {_listing(there) or 'none'}"
        )
    return list(matching.values())


_LOOPS = (keras.layers.RNN, keras.layers.TimeDistributed, keras.layers.Bidirectional)


def callers(model: keras.Model, layers: Iterable[keras.layers.Layer]) -> list[keras.layers.Layer]:
    """Return the layers whose calls, once for a batch, use the weights of the given ones.

    That is the layer itself, but for what a loop calls at every step of a sequence (the cell of a
    recurrent layer, the layer inside of `TimeDistributed`), and for the two directions of a
    `Bidirectional` layer. Their caller is the outermost such layer.
    """
    looping: dict[int, keras.layers.Layer] = {}
    for layer in leaves(model):  # outer ones come first
        if isinstance(layer, _LOOPS):
            for inner in layer._flatten_layers(include_self=False):
                looping.setdefault(id(inner), layer)
    calling = [looping.get(id(layer), layer) for layer in layers]
    return list({id(layer): layer for layer in calling}.values())


def output_layers(model: keras.Model) -> list[keras.layers.Layer] | None:
    """Return the layers whose kernels compute the outputs, or None where the model cannot tell.

    They are found by walking back from the outputs over layers without a kernel (activations,
    reshapes). A subclassed model keeps no graph to walk.
    """
    if isinstance(model, keras.Sequential):
        model = model._functional
    if not isinstance(model, keras.Model) or not getattr(model, "operations", None):
        return None
    layers: list[keras.layers.Layer] = []
    pending = list(keras.tree.flatten(model.outputs))
    seen: set[int] = set()
    while pending:
        tensor = pending.pop()
        history = getattr(tensor, "_keras_history", None)
        if history is None or id(tensor) in seen:
            continue
        seen.add(id(tensor))
        operation = history.operation
        inner = output_layers(operation) if isinstance(operation, keras.Model) else None
        if inner:
            layers += inner
        elif has_kernel(operation):
            layers.append(operation)
        else:
            pending += operation._inbound_nodes[history.node_index].input_tensors
    return layers


def has_kernel(layer: object) -> bool:
    """Return whether a layer, or one inside it, holds a kernel."""
    if not isinstance(layer, keras.layers.Layer):
        return False
    return any(
        _weight_named(variable, "kernel")
        for part in layer._flatten_layers()
        for variable in _own_weights(part, frozen=True)
    )


def hidden_layers(
    model: keras.Model, selector: Selector, technique: str
) -> list[keras.layers.Layer]:
    """Return the layers meant by `layers=`, by default those with a kernel but for the outputs'.

    Raises:
        SelectionError: for a subclassed model without `layers=`, and where nothing matches.
    """
    if selector is not None:
        return layers_matching(model, selector)
    outputs = output_layers(model)
    with_kernel = [
        layer
        for layer in leaves(model)
        if any(_weight_named(variable, "kernel") for variable in _own_weights(layer, frozen=True))
    ]
    if outputs is None:
        raise SelectionError(
            f"{technique}: the subclassed model {model.name!r} does not tell which layers are "
            f"hidden; name them, as in layers={[layer.name for layer in with_kernel]!r}"
        )
    ends = {id(part) for layer in outputs for part in layer._flatten_layers()}
    hidden = [layer for layer in with_kernel if id(layer) not in ends]
    if not hidden:
        raise SelectionError(
            f"{technique}: {model.name!r} has no hidden layer with a kernel; name the layers, as "
            f"in layers={[layer.name for layer in leaves(model)]!r}"
        )
    return hidden


def _listing(names: list[str], most: int = 40) -> str:
    shown = ", ".join(dict.fromkeys(names))
    return shown if len(names) <= most else f"{', '.join(names[:most])}, … ({len(names)} in all)"
