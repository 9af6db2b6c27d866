"""Whether the models of two members differ in more than values: in layers, options, loss.

One model stands for all members. What a member's own model has beside its variables (the rate of a
dropout, a momentum, a loss) is the same for all, or would be ignored without a word.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from regkit.core.errors import RegkitError
from regkit.core.seam.pure_step import State

__all__ = ["NotAlike", "described", "description", "require_alike", "require_same_shapes"]

# What may differ: names are numbered as layers are made, what initializers and seeds give is in the
# values of variables, and only the first model is called.
_FREE = ("name", "names", "path", "seed", "initializer", "_called")
_DEPTH = 4
_ALLOWED = (
    "All members have one architecture, optimizer and loss; what may differ are the values of "
    "weights, of the learning rate and of seeds, and the techniques (recipe=lambda member: ...)"
)


class NotAlike(RegkitError):
    """The models of two members differ in more than values, so that one cannot stand for both."""


def require_same_shapes(first: State, other: State, number: int) -> None:
    """Refuse a member whose variables have other shapes than those of member 0.

    Raises:
        NotAlike: naming the member and both lists of shapes.
    """
    for part in ("trainable", "non_trainable", "optimizer"):
        shapes = [[tuple(value.shape) for value in state[part]] for state in (first, other)]
        if shapes[0] != shapes[1]:
            raise NotAlike(
                f"build_model gave member {number} a model of other shapes than member 0: "
                f"{shapes[1]} and {shapes[0]} ({part.replace('_', '-')} variables). {_ALLOWED}"
            )


def require_alike(first: keras.Model, other: keras.Model, number: int) -> None:
    """Refuse a member whose model differs from that of member 0 in more than values.

    Raises:
        NotAlike: naming the member, the layer or the argument of `compile`, and both values.
        RegkitError: where both are one and the same model.
    """
    if other is first:
        raise RegkitError(
            f"build_model gave member {number} the same model as member 0; let it build another "
            "one in each call, as every member has weights of its own"
        )
    layers, others = first._flatten_layers(), other._flatten_layers()
    kinds = [[type(layer).__name__ for layer in own] for own in (layers, others)]
    if kinds[0] != kinds[1]:
        raise NotAlike(
            f"build_model gave member {number} other layers than member 0: "
            f"{', '.join(kinds[1])}; and {', '.join(kinds[0])}. {_ALLOWED}"
        )
    for layer, twin in zip(layers, others, strict=True):
        _require_equal(_of_layer(layer), _of_layer(twin), f"the layer {twin.name!r}", number)
    _require_equal(_of_compile(first), _of_compile(other), "compile", number)


def description(model: keras.Model) -> list[Any]:
    """Return what a compiled model is but for values, as plain numbers and texts."""
    layers = model._flatten_layers()
    kinds = [[type(layer).__name__, _of_layer(layer)] for layer in layers]
    return [kinds, _of_compile(model)]


def described(value: object, depth: int = _DEPTH) -> Any:
    """Return what an option is, in values that can be compared: of an object class and attributes.

    Attributes and not `get_config`, which leaves out some, and which may load another backend.

    Args:
        value: A number, a text, a function, an object, or a nest of them.
        depth: How far to follow the attributes of attributes.

    Example:
        >>> described(keras.regularizers.L2(0.5))
        {'class': 'L2', 'l2': 0.5}
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [described(part, depth) for part in value]
    if isinstance(value, dict):
        # Muon of Keras 3.12 has its variables by names, which are numbered as layers are made.
        return {
            str(name): described(part, depth)
            for name, part in value.items()
            if not isinstance(part, keras.Variable)
        }
    if isinstance(value, functools.partial):
        return described([value.func, value.args, value.keywords], depth)
    if isinstance(value, types.FunctionType):
        held = [*map(_content, value.__closure__ or ()), *(value.__defaults__ or ())]
        return described([value.__qualname__, *held], depth - 1) if held else value.__qualname__
    if isinstance(value, _APART) or not hasattr(value, "__dict__") or isinstance(value, type):
        return getattr(value, "__qualname__", type(value).__qualname__)
    return {"class": type(value).__name__, **_attributes(value, depth - 1)}


# Private attributes that are no plain values: arguments of losses, an optimizer's schedule.
_PRIVATE = ("_fn_kwargs", "_learning_rate")
# What the values of variables say, or the list of all layers.
_APART = (keras.Variable, keras.KerasTensor, keras.layers.Layer, keras.initializers.Initializer)


def _attributes(value: object, depth: int) -> dict[str, Any]:
    """Return an object's attributes by name, of private ones the plain."""
    held = {} if depth < 0 else vars(value)
    return {
        name: described(part, depth)
        for name, part in held.items()
        if not name.endswith(_FREE)
        and (not name.startswith("_") or _is_plain(part) or name in _PRIVATE)
        and not keras.ops.is_tensor(part)
    }


def _of_layer(layer: keras.layers.Layer) -> dict[str, Any]:
    """Return the options of a layer; layers within it are in the list of all."""
    of_compile = ("optimizer", "loss")
    options = {k: v for k, v in _attributes(layer, 2).items() if k not in of_compile}
    graph = getattr(layer, "_functional", None) or layer
    return {**options, "graph": _graph(getattr(graph, "_nodes_by_depth", {}))}


def _graph(nodes_by_depth: dict[int, Any]) -> list[str]:
    """Return the operations of a Functional model: class, constant arguments, what goes in."""
    nodes = [node for depth in sorted(nodes_by_depth) for node in nodes_by_depth[depth]]
    place = {id(node): k for k, node in enumerate(nodes)}
    return [
        f"{type(node.operation).__name__}{described(node.arguments.args)}"
        f"{described(node.arguments.kwargs)} of {[place[id(p)] for p in node.parent_nodes]}"
        for node in nodes
    ]


def _of_compile(model: keras.Model) -> dict[str, Any]:
    """Return what `compile` was given, and the optimizer as it is."""
    given = dict(getattr(getattr(model, "_compile_config", None), "config", {}))
    given["optimizer"] = model.optimizer
    return dict(described(given))


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, bool | int | float | str)


def _content(cell: types.CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # not yet filled
        return None


def _require_equal(first: dict[str, Any], other: dict[str, Any], where: str, number: int) -> None:
    for path, mine, theirs in _differences(first, other):
        raise NotAlike(
            f"build_model gave member {number} another model than member 0: in {where}, {path} is "
            f"{theirs!r}, and {mine!r} in that of member 0. {_ALLOWED}"
        )


def _differences(first: object, other: object, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield the paths at which two descriptions differ, with both values."""
    if isinstance(first, dict) and isinstance(other, dict):
        for name in {**first, **other}:
            inner = f"{path}.{name.lstrip('_')}" if path else name.lstrip("_")
            yield from _differences(first.get(name), other.get(name), inner)
    elif isinstance(first, list) and isinstance(other, list) and len(first) == len(other):
        for place, (mine, theirs) in enumerate(zip(first, other, strict=True)):
            yield from _differences(mine, theirs, f"{path}[{place}]")
    elif first != other and not _both_nan(first, other):
        yield path, first, other


def _both_nan(first: object, other: object) -> bool:
    return first != first and other != other  # only NaN differs from itself
