"""What the files under `regkit/techniques` declare: techniques and layers, read off their classes.

A technique's file is `<chapter>/<its name>.py` and holds one technique. A file with neither a
technique nor a layer says so in a line that begins with `# Helper module`. What breaks these rules
is refused in words.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import keras

import regkit
from regkit.core.registry import docstrings
from regkit.core.technique import Technique
from regkit.core.words import registered
from regkit.techniques import catalogue

__all__ = ["Chapter", "Declarations", "Declared", "RefusedError", "declarations"]

HELPER = re.compile(r"(?m)^# Helper module\b")
NEEDS = ("images", "classes")


class RefusedError(Exception):
    """What is declared cannot be; each problem is a sentence with what to do."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Declared:
    """A class that a file under `regkit/techniques` declares.

    Attributes:
        cls: The class.
        file: The file, from the folder of techniques.
    """

    cls: type
    file: Path

    @property
    def name(self) -> str:
        """Its name in recipes and entry points, `drop_connect`."""
        return registered(self.cls.__name__)

    @property
    def module(self) -> str:
        """The module that defines it."""
        return self.cls.__module__

    @property
    def chapter(self) -> str:
        """The folder that it lies in."""
        return self.file.parts[0]

    @property
    def doc(self) -> docstrings.Docstring:
        """Its docstring, in parts."""
        return docstrings.parse(inspect.cleandoc(self.cls.__doc__ or ""))

    @property
    def functions(self) -> list[str]:
        """The public functions of its module: its mathematics."""
        module = importlib.import_module(self.module)
        return [name for name in module.__all__ if inspect.isfunction(getattr(module, name))]


@dataclass(frozen=True)
class Chapter:
    """A folder of techniques: its name, the title of its page, and what lies in it."""

    name: str
    title: str
    techniques: tuple[Declared, ...]


@dataclass(frozen=True)
class Declarations:
    """All that is declared, in the reading order."""

    chapters: tuple[Chapter, ...]
    layers: tuple[Declared, ...]

    @property
    def techniques(self) -> list[Declared]:
        """The techniques of all chapters."""
        return [technique for chapter in self.chapters for technique in chapter.techniques]


def declarations(root: Path) -> Declarations:
    """Return what the repository in a folder declares.

    Raises:
        RefusedError: where a file declares nothing, or what cannot be.
    """
    folder = root / "regkit" / "techniques"
    if Path(regkit.__file__).resolve().parents[1] != root.resolve():
        raise RefusedError([f"regkit is imported from {regkit.__file__}, not from {root}"])
    techniques: list[Declared] = []
    layers: list[Declared] = []
    problems: list[str] = []
    for file in sorted(folder.glob("*/*.py")):
        if file.name != "__init__.py":
            declared = list(_of_file(file, folder))
            problems += _wrong_in_file(file, folder, declared)
            techniques += [each for each in declared if issubclass(each.cls, Technique)]
            layers += [each for each in declared if not issubclass(each.cls, Technique)]
    problems += [*_twice(techniques, "techniques"), *_twice(layers, "layers")]
    problems += [problem for technique in techniques for problem in _wrong_in_class(technique)]
    chapters = sorted({technique.chapter for technique in techniques})
    problems += [
        f"regkit/techniques/{name} has no README.md: write the chapter's page"
        for name in chapters
        if not (folder / name / "README.md").is_file()
    ]
    if problems:
        raise RefusedError(problems)
    techniques.sort(key=lambda technique: catalogue.place(technique.cls))
    return Declarations(
        tuple(_chapter(folder, name, techniques) for name in _in_order(techniques)),
        tuple(sorted(layers, key=lambda layer: layer.name)),
    )


def _in_order(techniques: list[Declared]) -> list[str]:
    return list(dict.fromkeys(technique.chapter for technique in techniques))


def _chapter(folder: Path, name: str, techniques: list[Declared]) -> Chapter:
    first = (folder / name / "README.md").read_text(encoding="utf-8").splitlines()[0]
    own = tuple(technique for technique in techniques if technique.chapter == name)
    return Chapter(name, first.removeprefix("# "), own)


def _of_file(file: Path, folder: Path) -> Iterator[Declared]:
    """Yield the public techniques and layers that a file defines, unless it is a helper module."""
    if HELPER.search(file.read_text(encoding="utf-8")):
        return
    parts = file.relative_to(folder).with_suffix("").parts
    module: ModuleType = importlib.import_module(".".join(("regkit.techniques", *parts)))
    for name, value in vars(module).items():
        own = isinstance(value, type) and value.__module__ == module.__name__
        if own and not name.startswith("_") and issubclass(value, Technique | keras.layers.Layer):
            yield Declared(value, file.relative_to(folder))


def _wrong_in_file(file: Path, folder: Path, declared: list[Declared]) -> Iterator[str]:
    where = f"regkit/techniques/{file.relative_to(folder)}"
    if not declared and not HELPER.search(file.read_text(encoding="utf-8")):
        yield (
            f"{where} has neither a technique nor a layer: if other modules of the chapter use it, "
            "say so below its docstring in a line `# Helper module: it has no technique.`"
        )
    if len(declared) > 1:
        names = " and ".join(each.cls.__name__ for each in declared)
        yield f"{where} declares {names}: give each a file of its own"
    for each in declared:
        if issubclass(each.cls, Technique):
            if file.stem != each.name:
                yield f"{where} declares {each.cls.__name__}: rename the file to {each.name}.py"
        elif keras.saving.get_registered_name(each.cls) != f"regkit>{each.cls.__name__}":
            yield (
                f"{where}: no saved model can name the layer {each.cls.__name__}: decorate it with "
                '@keras.saving.register_keras_serializable("regkit")'
            )


def _twice(declared: list[Declared], kind: str) -> Iterator[str]:
    files: dict[str, list[Path]] = {}
    for each in declared:
        files.setdefault(each.name, []).append(each.file)
    for name, several in files.items():
        if len(several) > 1:
            places = " and ".join(f"regkit/techniques/{file}" for file in several)
            yield f"two {kind} are called {name!r}, in {places}: rename one"


def _wrong_in_class(technique: Declared) -> Iterator[str]:
    cls, name = technique.cls, technique.cls.__name__
    assert issubclass(cls, Technique)
    for attribute in ("default_arms", "needs", "search_words"):
        value = getattr(cls, attribute)
        if not isinstance(value, tuple) or not all(isinstance(text, str) for text in value):
            yield f"{name}.{attribute} must be a tuple of texts, as ('a',); it is {value!r}"
            return
    for arm in cls.default_arms:
        if not re.match(rf"{technique.name}(\(|$)", arm):
            yield (
                f"{name}.default_arms has {arm!r}, which is no recipe of {technique.name}: write "
                f"it as '{technique.name}(…)', or give the class default_arms of its own"
            )
    for need in cls.needs:
        if need not in NEEDS:
            yield f"{name}.needs has {need!r}; it may hold {' and '.join(map(repr, NEEDS))}"
    if not technique.doc.summary.endswith("."):
        yield f"{name} has no docstring whose first sentence says what it does: write one"
