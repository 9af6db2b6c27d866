"""An option's annotation in words, from its source: `Annotated[float, Real(0, 1)]`, or an alias."""

from __future__ import annotations

import ast
import importlib
from typing import Any

from regkit.core.registry import source

__all__ = ["words"]

# The modules whose constraints and aliases an annotation may mean; all of them are regkit's own.
TRUSTED = tuple(
    f"regkit.core.{name}" for name in ("options", "constraints", "compound", "examples")
)
DEPTH = 20
STEPS = 1000  # a source may be written to make its reader work


class _Unreadable(Exception):
    """The annotation cannot be read without running it."""


def words(annotation: ast.expr | None, at: source.Source) -> str:
    """Return what an annotation allows, in words; where it holds no constraint, its own text."""
    if annotation is None:
        return ""
    try:
        for mark in _marks(_Reader().value(annotation, at, DEPTH)):
            return str(mark.describe())
    # A plugin's source may call regkit's constraints with any nonsense, and theirs is any error;
    # nor need Keras have a backend here. The text below is what such an annotation allows then.
    except Exception:
        pass
    return ast.unparse(annotation)


def _marks(value: Any) -> list[Any]:
    """Return the constraints of an `Annotated`, as read here or as regkit's alias has them."""
    marks = value[1:] if isinstance(value, _Annotated) else getattr(value, "__metadata__", ())
    return [one for one in marks if callable(getattr(one, "describe", None))]


class _Annotated(tuple[Any, ...]):
    """What stands in the brackets of `Annotated[…]`."""


class _Reader:
    """Reads an expression as literals and regkit's constraints, within a number of steps."""

    def __init__(self) -> None:
        self.left = STEPS

    def value(self, node: ast.expr, at: source.Source, depth: int) -> Any:
        """Return what an expression means."""
        self.left -= 1
        if not depth or self.left < 0:
            raise _Unreadable
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -self.value(node.operand, at, depth - 1)
        if isinstance(node, ast.List | ast.Tuple):
            return self.several(node.elts, at, depth)
        if isinstance(node, ast.Dict):  # as `Choice(*TABLE)` takes it: its keys
            return self.several([key for key in node.keys if key], at, depth)
        if isinstance(node, ast.Name | ast.Attribute):
            return self.named(ast.unparse(node), at, depth)
        if isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("Annotated"):
            parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else []
            return _Annotated([None, *self.several(parts[1:], at, depth)])
        if isinstance(node, ast.Call):
            return self.called(node, at, depth)
        raise _Unreadable

    def several(self, nodes: list[ast.expr], at: source.Source, depth: int) -> list[Any]:
        found: list[Any] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                found += self.value(node.value, at, depth - 1)
            else:
                found.append(self.value(node, at, depth - 1))
        return found

    def called(self, node: ast.Call, at: source.Source, depth: int) -> Any:
        function = self.value(node.func, at, depth - 1)
        if not isinstance(function, type) or function.__module__ not in TRUSTED:
            raise _Unreadable
        given = {one.arg: self.value(one.value, at, depth - 1) for one in node.keywords if one.arg}
        return function(*self.several(node.args, at, depth), **given)

    def named(self, name: str, at: source.Source, depth: int) -> Any:
        first, _, rest = name.partition(".")
        assigned = None if rest else at.assigned(first)
        if assigned is not None:
            return self.value(assigned, at, depth - 1)
        origin = at.imported(first)
        if origin is None:
            raise _Unreadable
        module, _, attribute = ".".join(filter(None, (*origin, rest))).rpartition(".")
        if module in TRUSTED:
            known = importlib.import_module(module)
            return getattr(known, attribute) if attribute in known.__all__ else None
        there = source.read(module)
        if there is None:
            raise _Unreadable
        return self.named(attribute, there, depth - 1)
