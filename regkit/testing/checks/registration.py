"""Registration: what is declared can be loaded, under a name that is its own."""

from __future__ import annotations

from regkit.core.technique import Technique
from regkit.testing.checking import check
from regkit.testing.failures import CheckFailed, CheckSkipped
from regkit.testing.subject import Subject

__all__ = ["registration"]


@check("technique", "layer", "regularizer", "model", "ensemble")
def registration(subject: Subject) -> None:
    """The entry point loads, is of its kind, and has the name that the class gives itself."""
    if subject.problem:
        raise CheckFailed(
            f"{subject.label!r} can be loaded",
            subject.problem,
            "correct what the message names, install the distribution again, and see "
            "`regkit plugins doctor`",
        )
    if subject.entry is None:
        raise CheckSkipped("it is not registered: an instance or a class was given")
    cls, name = subject.cls, subject.entry.name
    if issubclass(cls, Technique) and cls.word() != name:
        raise CheckFailed(
            f"the entry point of {cls.__name__} is named {cls.word()!r}, as its penalty is in "
            "History and its random numbers are keyed",
            f"it is named {name!r}",
            f'write {cls.word()} = "{subject.entry.target}" in pyproject.toml, or rename the class',
        )
