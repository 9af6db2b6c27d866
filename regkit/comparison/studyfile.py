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
from pathlib import Path
from typing import Any

from regkit.comparison.settings import OPTIONS
from regkit.core.errors import RegkitError, suggest

__all__ = ["read"]

WORDS = ("model", "task", "backend", "output", "separator", "decimal", "encoding", "labels")
KEYS = (
    *WORDS,
    "data",
    "target",
    "ignore",
    "header",
    "recipes",
    "arms",
    "image_size",
    *(option.name for option in OPTIONS),
)
BUILTIN_MODELS = ("mlp", "cnn")


def read(path: Path) -> dict[str, Any]:
    """Return the options of a study file; paths in it are relative to its folder.

    Raises:
        RegkitError: where it cannot be read, with line and column; for unknown keys and for values
            of the wrong kind, with the line.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RegkitError(f"{path}: no readable study file ({error})") from error
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RegkitError(f"{path}: {error}") from error  # says line and column
    for key, value in found.items():
        where = f"{path}, line {_line(text, key)}"
        if key not in KEYS:
            near = suggest(key, KEYS)
            known = ", ".join(KEYS)
            raise RegkitError(f"{where}: no option is called {key!r}{near or '.'} Options: {known}")
        try:
            _check(key, value)
        except RegkitError as error:
            raise RegkitError(f"{where}: {error}") from error
    if "arms" in found and "recipes" in found:
        where = f"{path}, line {_line(text, 'arms')}"
        raise RegkitError(f"{where}: arms and recipes say the same; give one of them")
    return {key: _placed(key, value, path.parent) for key, value in found.items()}


def _line(text: str, key: str) -> int:
    """Return the line on which a key of the file's first level stands."""
    quoted = re.escape(key)
    found = re.search(rf"^[ \t]*\[?[ \t]*[\"']?{quoted}[\"']?[ \t]*(=|\]|\.)", text, re.MULTILINE)
    return 1 if found is None else text[: found.start()].count("\n") + 1


def _check(key: str, value: Any) -> None:
    """Raise RegkitError where the value is of the wrong kind."""
    option = next((one for one in OPTIONS if one.name == key), None)
    if option is not None:
        option.check(value)
    elif key == "arms":
        if not (isinstance(value, dict) and all(isinstance(one, str) for one in value.values())):
            raise RegkitError('arms is a table of name = "recipe"; see `regkit list`')
    elif key == "recipes":
        if not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
            raise RegkitError(f'recipes is a list of texts, such as ["l2"]; received {value!r}')
    elif key == "data":
        several = value if isinstance(value, list) else [value]
        if not (several and all(isinstance(one, str) for one in several)):
            raise RegkitError(f"data is a name or path, or a list of them; received {value!r}")
    elif key == "ignore":
        several = value if isinstance(value, list) else [value]
        if not all(isinstance(one, str) or type(one) is int for one in several):
            raise RegkitError(f"ignore is a column, or a list of them; received {value!r}")
    elif key == "target":
        if not isinstance(value, str) and type(value) is not int:
            raise RegkitError(f"target is a column, by name or index; received {value!r}")
    elif key == "header":
        if not isinstance(value, bool | str) and type(value) is not int:
            raise RegkitError(f"header is true, false or the number of a line; received {value!r}")
    elif key == "image_size":
        sides = value if isinstance(value, list) else [value, value]
        if len(sides) != 2 or not all(type(one) is int and one > 0 for one in sides):
            raise RegkitError(f"image_size is pixels, or [height, width]; received {value!r}")
    elif not isinstance(value, str):
        raise RegkitError(f"{key} is a text; received {value!r}")


def _placed(key: str, value: Any, folder: Path) -> Any:
    """Return a value with the paths in it taken from the file's folder."""
    if key == "data":
        several = value if isinstance(value, list) else [value]
        return [str(folder / one) if (folder / one).exists() else one for one in several]
    if key in ("output", "labels") or (key == "model" and value not in BUILTIN_MODELS):
        return str(folder / value)
    if key == "image_size" and isinstance(value, list):
        return tuple(value)
    return value
