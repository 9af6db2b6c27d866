"""Looking on while a technique's stage methods run: what they change, and what they give back."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from regkit.core.stages import Batch, Stage
from regkit.core.technique import Technique

__all__ = ["Notes", "spied"]


@dataclass
class Notes:
    """What was seen of one technique's stage methods.

    Attributes:
        called: The stages whose methods ran.
        changed: Attributes of the technique that a method changed, as `forward: self.count`.
        recast: What came back in another type or structure than it was given in.
    """

    called: set[str] = field(default_factory=set)
    changed: list[str] = field(default_factory=list)
    recast: list[str] = field(default_factory=list)


def spied(technique: Technique) -> Notes:
    """Look on at the stage methods of a technique from now on, and return the notes."""
    notes = Notes()
    for stage in Stage:
        name = stage.name.lower()
        if callable(getattr(type(technique), name, None)):
            method = getattr(technique, name)
            setattr(technique, name, _looked_on(technique, name, method, notes))
    return notes


def _looked_on(
    technique: Technique, stage: str, method: Callable[..., Any], notes: Notes
) -> Callable[..., Any]:
    @functools.wraps(method)
    def wrapper(*args: object) -> object:
        notes.called.add(stage)
        given = _Given(stage, args)
        before = _attributes(technique)
        returned = method(*given.args)
        after = _attributes(technique)
        _add(notes.changed, [f"{stage}: self.{name}" for name in _differing(before, after)])
        _add(notes.recast, given.recast(returned))
        return returned

    return wrapper


def _add(notes: list[str], more: list[str]) -> None:
    notes += [note for note in more if note not in notes]


class _Given:
    """What a stage method was given, and so should give back: structure and types."""

    def __init__(self, stage: str, args: tuple[Any, ...]) -> None:
        self.stage, self.args = stage, args
        if stage == "forward":
            self.args = (self._noting(args[0]), *args[1:])
        self.form = _form(_parts(stage, args[0])) if stage in _ALIKE else None

    def _noting(self, call: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def inner(inputs: object) -> Any:
            outputs = call(inputs)
            self.form = _form(outputs)
            return outputs

        return inner

    def recast(self, returned: object) -> list[str]:
        form = _form(_parts(self.stage, returned)) if self.form else self.form
        if form == self.form:
            return []
        return [f"{self.stage} was given {self.form} and gave back {form}"]


_ALIKE = ("data", "gradient", "update")


def _parts(stage: str, value: object) -> Any:
    return value.x if stage == "data" and isinstance(value, Batch) else value


def _form(value: object) -> str:
    return str(keras.tree.map_structure(_dtype, value))


def _dtype(leaf: object) -> str:
    return str(keras.backend.standardize_dtype(leaf.dtype)) if hasattr(leaf, "dtype") else "?"


def _attributes(technique: Technique) -> dict[str, Any]:
    return {name: _state_of(value) for name, value in vars(technique).items()}


def _state_of(value: object) -> Any:
    """Return what changes where a value is replaced or changed in place."""
    if isinstance(value, np.ndarray):
        return id(value), hashlib.sha1(value.tobytes()).hexdigest()
    if isinstance(value, dict):
        return id(value), [(key, id(item)) for key, item in value.items()]
    if isinstance(value, list | set | tuple):
        return id(value), [id(item) for item in value]
    return id(value)


def _differing(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    names = dict.fromkeys([*before, *after])
    return [name for name in names if before.get(name) != after.get(name)]
