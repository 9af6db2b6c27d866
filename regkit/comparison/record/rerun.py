"""The line that runs a comparison again: pasted, it gets the same numbers."""

from __future__ import annotations

import inspect
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regkit.comparison.design.arms import BASELINE, named
from regkit.comparison.design.settings import DEFAULT_OUTPUT, Settings
from regkit.comparison.record.results import label
from regkit.core.errors import RegkitError
from regkit.core.model_building import BuildModel
from regkit.data.dataset import Dataset
from regkit.data.sources import NAMED

__all__ = ["Request", "rerun_command"]


@dataclass(frozen=True)
class Request:
    """What was asked of `regkit.compare` for one data set, beside arms and settings.

    Attributes:
        model: "mlp", "cnn", "path.py:function", or a function.
        data: The source: a name, a path, arrays or a Dataset.
        reading: How the source is read: target, task and the like; None where it is not given.
        output: The folder of the results, or None.
        jobs: The number of processes beside each other, here or on a cluster.
        scheduler: The address of a cluster's scheduler, or None.
    """

    model: str | BuildModel
    data: object
    reading: Mapping[str, Any]
    output: Path | None
    jobs: int
    scheduler: str | None = None


def rerun_command(
    request: Request,
    arms: Mapping[str, str],
    settings: Settings,
    backend: str,
    digest: str,
) -> str:
    """Return what gets the same numbers again: a line for a shell, or else a script in Python.

    It names the backend, the data, every arm and every setting, and a new folder; a path in it is
    absolute. A function that builds the model, arrays and a Dataset have no place in a line: the
    script says what must be defined before it.

    Args:
        request: What was asked for.
        arms: Name → recipe.
        settings: What decides, splits, seeds, epochs, sizes and the rest, as they were used.
        backend: The Keras backend.
        digest: The SHA-256 of the data.
    """
    options = {
        **{name: _plain(value) for name, value in request.reading.items()},
        **settings,
        # A cluster's address is of a day; the numbers are the same without it.
        "jobs": request.jobs if request.jobs > 1 and request.scheduler is None else None,
        "output": _another_folder(request.output),
    }
    options = {
        name: value for name, value in options.items() if value is not None and value is not False
    }
    others = {name: text for name, text in arms.items() if name != BASELINE}
    source, model = _source(request.data), _model(request.model)
    if source is not None and model is not None and all(map(_fits, others, others.values())):
        labels = [label(name, text) for name, text in others.items()]
        given = {"data": source, "model": model, **options, "backend": backend}
        words = [word for name, value in given.items() for word in _flag(name, value)]
        return shlex.join(["regkit", "compare", *labels, *words])
    return _script(request, others, options, backend, digest)


# -- in a shell ----------------------------------------------------------------------------------


def _source(data: object) -> str | None:
    """Return a source that can be written down, a path in full."""
    if not isinstance(data, str | Path):
        return None
    return str(data) if str(data) in NAMED else str(Path(data).expanduser().absolute())


def _model(model: str | BuildModel) -> str | None:
    if not isinstance(model, str):
        return None
    file, colon, function = model.rpartition(":")
    return f"{Path(file).expanduser().absolute()}:{function}" if colon else model


def _fits(name: str, text: str) -> bool:
    """Return whether an arm can be written as a word: its name must not be read as another."""
    word = label(name, text)
    if word.startswith("-") or word.endswith(".toml"):
        return False
    try:
        return named([word]) == {BASELINE: "", name: text}
    except RegkitError:
        return False


def _plain(value: object) -> object:
    """Return an option of reading as it can be written down: paths and sizes as text."""
    if isinstance(value, tuple):  # a height and a width
        return "x".join(map(str, value))
    return str(value) if isinstance(value, Path) else value


def _flag(name: str, value: object) -> list[str]:
    flag = "--" + name.replace("_", "-")
    if value is True:
        return [flag]
    several = value if isinstance(value, list) else [value]
    # A value that begins with a dash would be taken for an option.
    return [
        word
        for text in map(str, several)
        for word in ([f"{flag}={text}"] if text.startswith("-") else [flag, text])
    ]


def _another_folder(output: Path | None) -> str:
    """Return the name of a folder beside the one that was written.

    Example:
        >>> _another_folder(Path("results/out")), _another_folder(Path("out-again"))
        ('out-again', 'out-again-2')
    """
    name = DEFAULT_OUTPUT if output is None else output.absolute().name
    match = re.fullmatch(r"(.*-again)(?:-(\d+))?", name)
    return f"{match[1]}-{int(match[2] or 1) + 1}" if match else f"{name}-again"


# -- in Python -----------------------------------------------------------------------------------


def _script(
    request: Request, arms: Mapping[str, str], options: Mapping[str, Any], backend: str, digest: str
) -> str:
    """Return a call of `regkit.compare`, below what it needs."""
    model, needed_model = _build_model(request.model)
    data, needed_data = _data(request.data, digest)
    needs = [text for text in (needed_model, needed_data) if text]
    given = [model, data, *(f"{name}={value!r}" for name, value in options.items())]
    given.insert(2, repr(dict(arms)))
    return "\n".join(
        [
            "import os",
            f"os.environ[{'KERAS_BACKEND'!r}] = {backend!r}  # before Keras is imported",
            "import regkit",
            *(f"# Define first: {text}" for text in needs),
            "regkit.compare(",
            *(f"    {argument}," for argument in given),
            ")",
        ]
    )


def _build_model(model: str | BuildModel) -> tuple[str, str]:
    """Return the model as an expression, and what must be defined before it."""
    if isinstance(model, str):
        return repr(_model(model)), ""
    name = getattr(model, "__qualname__", type(model).__name__)
    try:
        file = inspect.getsourcefile(inspect.unwrap(model))
    except TypeError:  # an object that can be called
        file = None
    return "build_model", f"build_model, which was {name}{f' of {file}' if file else ''}"


def _data(data: object, digest: str) -> tuple[str, str]:
    if (source := _source(data)) is not None:
        return repr(source), ""
    equal = f"(SHA-256 of the data: {digest})"
    if isinstance(data, Dataset):
        return "data", f"data, the Dataset {data.name!r} {equal}"
    return "(x, y)", f"x and y, the arrays that were compared {equal}"
