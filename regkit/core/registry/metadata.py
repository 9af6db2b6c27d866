"""What a distribution's own metadata says: name, version, entry points, which regkit it needs.

Read as text, line by line: metadata of others may be missing, malformed or in no known encoding,
and that must cost its distribution only. A plugin says which regkit it needs as every package
does, `dependencies = ["keras-regkit>=0.1"]`: pip holds it when it installs, and regkit looks again
when it scans, since what was installed later may have changed the version.
"""

from __future__ import annotations

import importlib.metadata
import re
from dataclasses import dataclass

from regkit.core.registry.entry import BUILTIN, canonical, printable

__all__ = ["Declared", "Distribution", "declared", "folder_name", "unmet"]

_REQUIREMENT = re.compile(r"\s*(?P<name>[\w.-]+)\s*(?:\[[^\]]*\])?\s*\(?(?P<bounds>[^;)@]*)\)?\s*$")
_BOUND = re.compile(r"\s*(~=|===|==|!=|<=|>=|<|>)\s*v?(\d+(?:\.\d+)*)(\.\*)?")


@dataclass(frozen=True)
class Distribution:
    """A distribution that has entry points for regkit.

    Attributes:
        name: Its name in normal form, of its metadata folder.
        version: Its version, or an empty string.
        requires: The versions of regkit that it declares, such as `>=0.1`, or an empty string.
        problem: What is wrong with its metadata, or an empty string.
    """

    name: str
    version: str = ""
    requires: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Declared:
    """A line of an entry_points.txt; `value` is None where the line has no `=`."""

    group: str
    name: str
    value: str | None


def declared(dist: importlib.metadata.Distribution) -> tuple[Distribution, list[Declared]] | None:
    """Return a distribution and its entry points for regkit, or None where it has none."""
    name = folder_name(dist)
    try:
        text = dist.read_text("entry_points.txt") or ""
    except UnicodeDecodeError as error:
        if b"regkit." not in error.object:
            return None  # not a plugin; it is no concern of ours
        return Distribution(name, problem="its entry_points.txt is not UTF-8"), []
    # A finder's own kind of distribution may raise anything (of files importlib.metadata says None
    # where they cannot be read). Whether it is a plugin cannot be known; who names it is told that
    # there is none, and every other distribution stays usable.
    except Exception:
        return None
    if "regkit." not in text:
        return None
    return _described(dist, name), [
        line for line in _lines(text) if line.group.startswith("regkit.")
    ]


def _lines(text: str) -> list[Declared]:
    entries, group = [], ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            group = line[1:-1].strip()
        elif line and not line.startswith(("#", ";")):
            name, equals, value = line.partition("=")
            entries.append(Declared(group, name.strip(), value.strip() if equals else None))
    return entries


def _described(dist: importlib.metadata.Distribution, folder: str) -> Distribution:
    try:
        text = dist.read_text("METADATA") or dist.read_text("PKG-INFO") or ""
    except Exception as error:
        text = ""
        problem = f"its METADATA cannot be read ({type(error).__name__})"
    else:
        problem = "" if text else "its METADATA is missing"
    fields: dict[str, list[str]] = {}
    for line in text.splitlines():
        if not line.strip():
            break  # the description follows
        key, _, value = line.partition(":")
        fields.setdefault(key.strip().lower(), []).append(value.strip())
    names = [canonical(name) for name in fields.get("name", [])]
    if not problem and names != [folder]:
        # A name in a file may be any name; one that is not the folder's borrows another's.
        problem = f"its METADATA names {printable(', '.join(names)) or 'nothing'}, not {folder}"
    version = printable(next(iter(fields.get("version", [])), ""), most=40)
    return Distribution(folder, version, _requires(fields.get("requires-dist", [])), problem)


def _requires(requirements: list[str]) -> str:
    """Return the bounds on regkit; a requirement under a condition (`; extra == …`) is none."""
    for requirement in requirements:
        match = _REQUIREMENT.match(requirement)
        if match and canonical(match["name"]) == BUILTIN:
            return printable(match["bounds"].replace(" ", ""), most=60)
    return ""


def folder_name(dist: importlib.metadata.Distribution) -> str:
    """Return a distribution's name in normal form, by its metadata folder."""
    # What importlib.metadata itself tells distributions apart by; it opens no file.
    name = getattr(dist, "_normalized_name", None)
    if not isinstance(name, str) or not name:
        try:
            name = dist.name
        except Exception:  # a finder's own kind of distribution may raise anything
            name = None
    return printable(canonical(name or "unknown"), most=80)


def unmet(requires: str, version: str) -> bool:
    """Return whether a version lies outside of bounds such as `>=0.1,<2`, by release numbers.

    What is not understood counts as met: pip has judged it when it installed.

    Example:
        >>> unmet(">=0.2", "0.1.0"), unmet("~=0.1", "0.1.3"), unmet(">=0.1,<1", "1.0")
        (True, False, True)
    """
    own = _numbers(version)
    for bound in requires.split(","):
        match = _BOUND.match(bound)
        if match and not _met(match[1], _numbers(match[2]), bool(match[3]), own):
            return True
    return False


def _met(sign: str, asked: tuple[int, ...], prefix: bool, own: tuple[int, ...]) -> bool:
    width = max(len(asked), len(own))
    left, right = _padded(own, width), _padded(asked, width)
    if sign in ("==", "===", "!="):
        same = left[: len(asked)] == asked if prefix else left == right
        return same if sign != "!=" else not same
    if sign == "~=":
        return left >= right and left[: len(asked) - 1] == asked[:-1]
    return {">=": left >= right, "<=": left <= right, ">": left > right, "<": left < right}[sign]


def _padded(numbers: tuple[int, ...], width: int) -> tuple[int, ...]:
    return numbers + (0,) * (width - len(numbers))


def _numbers(version: str) -> tuple[int, ...]:
    match = re.match(r"v?(\d+(?:\.\d+)*)", version)
    return tuple(int(part[:9]) for part in match[1].split(".")) if match else ()
