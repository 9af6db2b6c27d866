"""Which tests may come to a `fit`: a technique changes nothing in the others, so they need not run."""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

__all__ = ["may_fit"]

Functions = dict[str, list[FunctionType]]


def may_fit(test: Callable[..., Any], module: ModuleType, cls: type | None) -> bool:
    """Return whether a test calls a `fit`, or a helper that does, and so on, as far as names tell.

    A test that calls what `getattr` finds may come to one.

    Args:
        test: The test's function.
        module: Where helpers are looked for.
        cls: The test's class, whose methods are helpers too, and what it inherits.
    """
    helpers = _functions(module, cls)
    waiting = [inspect.unwrap(test), *helpers["setUp"], *helpers["setUpClass"]]
    if "getattr" in _names(waiting[0].__code__):
        return True
    seen: set[str] = set()
    while waiting:
        code = getattr(waiting.pop(), "__code__", None)
        for one in [] if code is None else _names(code):
            if one == "fit":
                return True
            if one not in seen:
                seen.add(one)
                waiting += helpers[one]
    return False


def _functions(module: ModuleType, cls: type | None) -> Functions:
    """Return the functions of a module and the methods of its classes, by name."""
    found: Functions = defaultdict(list)
    classes = [one for one in vars(module).values() if isinstance(one, type)]
    own = {base for one in classes if one.__module__ == module.__name__ for base in one.__mro__}
    spaces = [module, *own, *(cls.__mro__ if cls else ())]
    for name, value in (pair for space in spaces for pair in vars(space).items()):
        function = getattr(value, "__func__", value)
        if callable(function) and isinstance(inspect.unwrap(function), FunctionType):
            found[name].append(inspect.unwrap(function))
    return found


def _names(code: CodeType) -> Iterator[str]:
    """Yield the names that code uses, and the functions and classes within it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
