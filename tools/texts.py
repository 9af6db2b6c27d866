"""The generated parts of the repository's files, as pure functions of what is declared."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import regkit
from tools import rows
from tools.declared import Declarations, Declared, RefusedError

__all__ = ["PAGES", "between", "texts"]

PAGES = Path("docs/techniques")  # a folder of which every page is generated
WIDTH = 100
STUB = "# `make tables` writes this file: the names of regkit/__init__.py for type checkers."


def texts(declared: Declarations, read: Callable[[Path], str]) -> dict[Path, str]:
    """Return the whole text of every file that has a generated part, by its path.

    Args:
        declared: What the classes declare.
        read: A function that returns the text of a file as it is.

    Raises:
        RefusedError: where a file lacks the lines between which its part belongs.
    """
    written = {
        Path(file): _filled(file, read(Path(file)), parts)
        for file, parts in _parts(declared).items()
    }
    written[Path("regkit/__init__.pyi")] = _stub(declared.techniques)
    for chapter in declared.chapters:
        for technique in chapter.techniques:
            written[PAGES / f"{technique.name}.md"] = rows.page(technique, chapter.title)
    return written


def _parts(declared: Declarations) -> dict[str, dict[str, list[str]]]:
    """Return the lines of each generated part, by its file and the name of its marks."""
    techniques, chapters = declared.techniques, declared.chapters
    parts = {
        "pyproject.toml": {
            "techniques": [_entry_point(each) for each in _by_name(techniques)],
            "layers": [_entry_point(each) for each in declared.layers],
        },
        "regkit/__init__.py": {"techniques": _places(techniques)},
        "regkit/layers.py": {"layers": _layers(declared.layers)},
        "README.md": {"techniques": rows.overview(chapters, "regkit/techniques", "")},
        "docs/index.md": {
            "techniques": rows.overview(chapters, "../regkit/techniques", "techniques/{name}.md")
        },
        "docs/reference/techniques.md": {"techniques": rows.reference(chapters)},
        "docs/reference/layers.md": {"layers": rows.layers(declared.layers)},
    }
    for chapter in chapters:
        page = f"regkit/techniques/{chapter.name}/README.md"
        parts[page] = {"techniques": rows.chapter(chapter.techniques)}
    return parts


def between(text: str, name: str, lines: Iterable[str]) -> str | None:
    """Return a text with lines put between its two marks of a name; None where it lacks them."""
    mark = re.compile(
        rf"(?ms)^(?P<begin>[^\n]*\b{name}: begin \(make tables\)[^\n]*\n).*?"
        rf"^(?P<end>[^\n]*\b{name}: end\b)"
    )
    body = "".join(f"{line}\n" for line in lines)
    filled, count = mark.subn(lambda match: match["begin"] + body + match["end"], text)
    return filled if count == 1 else None


def _filled(file: str, text: str, parts: Mapping[str, Iterable[str]]) -> str:
    for name, lines in parts.items():
        filled = between(text, name, lines)
        if filled is None:
            raise RefusedError(
                [
                    f"{file} must have one place for the generated {name}: put it between the "
                    f"comments `{name}: begin (make tables)` and `{name}: end`"
                ]
            )
        text = filled
    return text


def _by_name(techniques: Iterable[Declared]) -> list[Declared]:
    return sorted(techniques, key=lambda technique: technique.name)


def _entry_point(declared: Declared) -> str:
    return f'{declared.name} = "{declared.module}:{declared.cls.__name__}"'


def _places(techniques: Iterable[Declared]) -> list[str]:
    names = sorted((each.cls.__name__, each.module) for each in techniques)
    return [f'    "{name}": "{module}",' for name, module in names]


def _layers(layers: Iterable[Declared]) -> list[str]:
    places = {each.cls.__name__: each.module for each in layers}
    names = ", ".join(f'"{name}"' for name in sorted(places))
    imports = [line for name, module in _sorted(places) for line in _import(module, name)]
    everything = [f"__all__ = [{names}]"]
    if len(everything[0]) > WIDTH:
        everything = ["__all__ = [", *(f'    "{name}",' for name in sorted(places)), "]"]
    return [*imports, "", *everything]


def _stub(techniques: Iterable[Declared]) -> str:
    places = {**_by_hand("_TOOLS"), **{each.cls.__name__: each.module for each in techniques}}
    lines = [STUB]
    lines += [f"from regkit import {name} as {name}" for name in _by_hand("_MODULES")]
    for name, module in _sorted(places):
        lines += _import(module, name, again=True)
    return "\n".join([*lines, "", "__version__: str", ""])


def _by_hand(table: str) -> Any:
    """Return a table of names that regkit/__init__.py has by hand."""
    return vars(regkit)[table]


def _sorted(places: Mapping[str, str]) -> list[tuple[str, str]]:
    return sorted(places.items(), key=lambda item: (item[1], item[0]))


def _import(module: str, name: str, again: bool = False) -> list[str]:
    """Return the lines that import a name; `again` for a stub, which passes it on by `as`."""
    names = f"{name} as {name}" if again else name
    line = f"from {module} import {names}"
    return [line] if len(line) <= WIDTH else [f"from {module} import (", f"    {names},", ")"]
