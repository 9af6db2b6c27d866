"""From what is named or given to the subjects that are checked."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

import keras

from regkit.core import registry
from regkit.core.errors import RegistryError
from regkit.core.registry import Entry
from regkit.core.technique import Technique
from regkit.testing.registered import entries_of
from regkit.testing.subject import Subject

__all__ = ["subjects"]


def subjects(what: str | Iterable[Any]) -> list[Subject]:
    """Return what there is to check of a distribution, or of classes and instances.

    Raises:
        RegistryError: where a distribution registers nothing.
    """
    if isinstance(what, str):
        entries = entries_of(what)
        beside = tuple(dict.fromkeys(entry.module for entry in entries))
        return [subject for entry in entries for subject in _of_entry(entry, beside)]
    given = list(what)
    classes = [item if inspect.isclass(item) else type(item) for item in given]
    beside = tuple(dict.fromkeys(cls.__module__ for cls in classes))
    return [subject for each in given for subject in _of_given(each, beside)]


def _of_entry(entry: Entry, beside: tuple[str, ...]) -> list[Subject]:
    label = _label(entry.id, entry.kind)
    try:
        cls = registry.load(entry.id, entry.kind)
    except RegistryError as error:
        return [Subject(None, entry.kind, label, entry=entry, problem=str(error))]
    return _of_class(cls, entry.kind, label, entry, beside)


def _label(identifier: str, kind: str) -> str:
    """Return an id that tells a technique from a layer of that name."""
    return identifier if kind == "technique" else f"{identifier} ({kind})"


def _of_class(
    cls: type, kind: str, label: str, entry: Entry | None, beside: tuple[str, ...]
) -> list[Subject]:
    try:
        declared = getattr(cls, "checked_as", None)
        others = [repr(instance) for instance in declared()[1:]] if callable(declared) else []
    except Exception:  # the check `default_options` or `construction` says why
        others = []
    labels = [label] + [f"{label}{other.removeprefix(cls.__name__)}" for other in others]
    return [
        Subject(cls, kind, text, place=place, entry=entry, beside=beside)
        for place, text in enumerate(labels)
    ]


def _of_given(given: object, beside: tuple[str, ...]) -> list[Subject]:
    cls = given if inspect.isclass(given) else type(given)
    kind = _kind(cls)
    identifier = registry.identify(cls)
    entry = registry.find(identifier, kind) if identifier else None
    label = _label(identifier or cls.__name__, kind)
    if given is cls:
        return _of_class(cls, kind, label, entry, beside)
    shown = repr(given).removeprefix(cls.__name__)
    return [Subject(cls, kind, f"{label}{shown}", entry=entry, given=given, beside=beside)]


def _kind(cls: type) -> str:
    kinds = {
        "technique": Technique,
        "model": keras.Model,
        "layer": keras.layers.Layer,
        "regularizer": keras.regularizers.Regularizer,
    }
    return next((kind for kind, base in kinds.items() if issubclass(cls, base)), "ensemble")
