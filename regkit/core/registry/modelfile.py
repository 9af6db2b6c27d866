"""The names that a `.keras` file holds, read from its JSON: nothing is imported or built."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regkit.core.errors import RegkitError

__all__ = ["Named", "names", "read_config"]

LARGEST = 64 * 2**20  # bytes of a config.json; a large model's has one or two million
DEEPEST = 200  # nested values; a model within a model adds about five


@dataclass(frozen=True)
class Named:
    """An object that a file asks for.

    Attributes:
        name: The name under which Keras looks it up first, `package>Name` or a plain one.
        module: The module that the file names, or an empty string.
        word: The name of the class, or of the function, in that module.
    """

    name: str
    module: str
    word: str


def read_config(path: Path) -> dict[str, Any]:
    """Return what the config.json of a `.keras` file or folder holds.

    Raises:
        RegkitError: where the file is missing, is no zip file, has no config.json, or one that is
            not JSON, too large or too deep.
    """
    if not path.exists():
        raise RegkitError(f"no model file {str(path)!r}")
    if path.suffix != ".keras" and not path.is_dir():
        raise RegkitError(
            f"{str(path)!r} is not a .keras file; regkit.load_model reads what "
            "model.save('name.keras') wrote. Of another format: keras.models.load_model"
        )
    try:
        text = _folder_text(path) if path.is_dir() else _zip_text(path)
        config = json.loads(text)
    except zipfile.BadZipFile as error:
        raise _malformed(path, f"it is not a zip file, or a damaged one ({error})") from None
    except (KeyError, FileNotFoundError):
        raise _malformed(path, "it holds no config.json") from None
    except RecursionError:
        raise _malformed(path, "its config.json is nested too deep") from None
    # Not JSON or not UTF-8; a compression that Python has not; encrypted; cut short; unreadable.
    except (ValueError, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise _malformed(path, f"its config.json cannot be read ({error})") from None
    if not isinstance(config, dict) or not isinstance(config.get("class_name"), str):
        raise _malformed(path, "its config.json holds no model")
    return config


def _zip_text(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive, archive.open("config.json") as file:
        return _limited(path, file.read(LARGEST + 1))


def _folder_text(path: Path) -> bytes:
    with (path / "config.json").open("rb") as file:
        return _limited(path, file.read(LARGEST + 1))


def _limited(path: Path, text: bytes) -> bytes:
    if len(text) > LARGEST:
        raise _malformed(path, f"its config.json is larger than {LARGEST // 2**20} MiB")
    return text


def _malformed(path: Path, what: str) -> RegkitError:
    return RegkitError(f"{str(path)!r} is not a model that Keras saved: {what}. Save it again")


def names(config: dict[str, object]) -> list[Named]:
    """Return the objects that a config asks for, each once, in their order.

    Raises:
        RegkitError: where it is nested deeper than any model.

    Example:
        >>> names({"class_name": "A", "module": "m", "registered_name": "p>A", "config": {}})
        [Named(name='p>A', module='m', word='A')]
    """
    objects: dict[Named, None] = {}
    waiting: list[tuple[object, int]] = [(config, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > DEEPEST:
            raise RegkitError(
                f"the model file is nested deeper than {DEEPEST} values; no model of Keras is"
            )
        if isinstance(value, dict):
            objects.update((named, None) for named in _named(value))
            waiting += [(inner, depth + 1) for inner in reversed(value.values())]
        elif isinstance(value, list):
            waiting += [(inner, depth + 1) for inner in reversed(value)]
    return list(objects)


def _named(value: dict[str, object]) -> Iterator[Named]:
    word, module = value.get("class_name"), value.get("module")
    name = value.get("registered_name")
    if word == "function":
        word = name = value.get("config")  # the one name by which Keras looks a function up
    elif word == "__typespec__":
        word = value.get("spec_name")
    if isinstance(word, str):
        yield Named(
            name if isinstance(name, str) else word,
            module if isinstance(module, str) else "",
            word,
        )
