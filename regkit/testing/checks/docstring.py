"""Documentation: a docstring with its parts, and an example that runs."""

from __future__ import annotations

import doctest
import inspect
import io
import re
import sys
from typing import Any

from regkit.testing.checking import check
from regkit.testing.failures import CheckFailed, CheckSkipped
from regkit.testing.subject import Subject

__all__ = ["docstring", "example"]

_ALL = ("technique", "layer", "regularizer", "model", "ensemble")
_FORM = """write it as
    Do this to that, in one sentence.

    Args:
        rate: What it is, and its bounds.

    Example:
        >>> Mine(0.5)
        Mine(rate=0.5)"""
_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@check(*_ALL)
def docstring(subject: Subject) -> None:
    """The docstring is a sentence, `Args:` that names every argument, and `Example:`."""
    cls = subject.cls
    text = inspect.cleandoc(vars(cls).get("__doc__") or "")
    summary = " ".join(text.partition("\n\n")[0].split())
    lacks = []
    if not re.fullmatch(r"[A-Z].*[^.]\.", summary) or ". " in summary:
        lacks.append("one sentence, with a capital and a full stop, before the first empty line")
    named = _section(text, "Args")
    arguments = [name for name in _arguments(cls) if not re.search(rf"(?m)^\s+{name}\b.*:", named)]
    lacks += [f"{name!r} in the section Args:" for name in arguments]
    if ">>>" not in _section(text, "Examples?"):
        lacks.append("the section Example: with lines that begin with >>>")
    if lacks:
        raise CheckFailed(
            f"the docstring of {cls.__name__} says what it does, every argument, and shows it",
            f"it lacks {'; '.join(lacks)}" if text else "there is none",
            _FORM,
        )


def _section(text: str, name: str) -> str:
    section = re.search(rf"(?ms)^{name}:\n(.*?)(?=^\S|\Z)", text)
    return section[1] if section else ""


def _arguments(cls: type) -> list[str]:
    try:
        parameters = inspect.signature(cls).parameters.values()
    except (TypeError, ValueError):
        return []
    variable = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return [parameter.name for parameter in parameters if parameter.kind not in variable]


@check(*_ALL)
def example(subject: Subject) -> None:
    """The example in the docstring runs, and prints what it shows."""
    cls: Any = subject.cls
    module = sys.modules.get(cls.__module__)
    names = {**vars(module), cls.__name__: cls} if module else {cls.__name__: cls}
    text = inspect.cleandoc(vars(cls).get("__doc__") or "")
    test = doctest.DocTestParser().get_doctest(text, names, cls.__name__, None, 0)
    if not test.examples:
        raise CheckSkipped("there is no example")
    report = io.StringIO()
    runner = doctest.DocTestRunner(optionflags=_FLAGS, verbose=False)
    runner.run(test, out=report.write)
    if runner.failures:
        raise CheckFailed(
            f"the example of {cls.__name__} prints what its docstring shows",
            " ".join(report.getvalue().split())[:600],
            "run it by `python -m doctest`, and correct the example or the class",
        )
