"""A whole study in a TOML file: data, model, arms and options.

    data = ["digits", "table.csv"]
    model = "mlp"
    splits = 20

    [arms]
    "a little" = "l2(1e-4)"
    "a lot" = "l2(1e-2)"

Nothing heavy is imported here: the command line reads the file before it starts a backend.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regkit.comparison.design.settings import OPTIONS
from regkit.core.errors import RegkitError, suggest
from regkit.core.options import Constraint, Name, Several, checked_value

__all__ = ["BOUNDS", "read"]

BUILTIN_MODELS = ("mlp", "cnn")


@dataclass(frozen=True)
class ListOfRecipes(Constraint):
    """Recipes in text, each an arm."""

    def describe(self) -> str:
        """Return the form."""
        return "a list of recipes in text, such as ['l2', 'dropout(0.3)']"

    def check(self, value: object) -> list[str]:
        """Return the list."""
        if not isinstance(value, list):
            raise TypeError
        return [str(Name().check(recipe)) for recipe in value]

    def bad_values(self) -> list[Any]:
        """Return a recipe that is in no list, and lists of something else."""
        return ["l2", 3, [3], [""]]


@dataclass(frozen=True)
class NamedRecipes(Constraint):
    """Recipes in text under names, each an arm."""

    def describe(self) -> str:
        """Return the form."""
        return 'a table of name = "recipe", as `regkit list` has them'

    def check(self, value: object) -> dict[str, str]:
        """Return the table."""
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            raise TypeError
        return value

    def bad_values(self) -> list[Any]:
        """Return what is no table, and tables of something else."""
        return ["l2", ["l2"], {"arm": 3}]


# What a study file may say: its own keys, and the options of every comparison.
BOUNDS: dict[str, Constraint] = {
    "data": Several(Name("a name or path")),
    "model": Name("mlp, cnn or path.py:function"),
    "recipes": ListOfRecipes(),
    "arms": NamedRecipes(),
    "backend": Name("the name of a backend"),
    **{option.name: option.bounds for option in OPTIONS},
}


def read(path: Path) -> dict[str, Any]:
    """Return the options of a study file; paths in it are relative to its folder.

    Raises:
        RegkitError: where it cannot be read, with line and column; for unknown keys and for values
            out of bounds, with the line.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RegkitError(f"{path}: no readable study file ({error})") from error
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RegkitError(f"{path}: {error}") from error  # says line and column
    study = {}
    for key, value in given.items():
        try:
            study[key] = _relative_to(path.parent, key, _checked(key, value))
        except RegkitError as error:
            raise RegkitError(f"{path}, line {_line(text, key)}: {error}") from error
    if "arms" in study and "recipes" in study:
        where = f"{path}, line {_line(text, 'arms')}"
        raise RegkitError(f"{where}: arms and recipes say the same; give one of them")
    return study


def _checked(key: str, value: object) -> Any:
    """Return a value in its normal form, or raise RegkitError."""
    if key not in BOUNDS:
        near = suggest(key, BOUNDS)
        raise RegkitError(f"no option is called {key!r}{near or '.'} Options: {', '.join(BOUNDS)}")
    return checked_value(key, BOUNDS[key], value)


def _line(text: str, key: str) -> int:
    """Return the line on which a key of the file's first level stands."""
    quoted = re.escape(key)
    match = re.search(rf"^[ \t]*\[?[ \t]*[\"']?{quoted}[\"']?[ \t]*(=|\]|\.)", text, re.MULTILINE)
    return 1 if match is None else text[: match.start()].count("\n") + 1


def _relative_to(folder: Path, key: str, value: Any) -> Any:
    """Return a value with the paths in it taken from the file's folder."""
    if key == "data":
        sources = value if isinstance(value, list) else [value]
        return [str(folder / name) if (folder / name).exists() else name for name in sources]
    if key in ("output", "labels") or (key == "model" and value not in BUILTIN_MODELS):
        return str(folder / value)
    return value
