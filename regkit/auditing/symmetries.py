"""What a recipe can turn an image into, by what its techniques say: mirror images, half turns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from regkit.core.method import Method

__all__ = ["symmetries", "warned"]

# Names of classes that change places.
_PAIRS = {
    "a half turn": [("6", "9"), ("n", "u"), ("b", "q"), ("d", "p"), ("M", "W"), ("up", "down"),
                    ("left", "right")],
    "a mirror image from left to right": [("b", "d"), ("p", "q"), ("left", "right"), ("s", "z")],
    "a mirror image from top to bottom": [("b", "p"), ("d", "q"), ("up", "down"), ("M", "W"),
                                          ("n", "u")],
    "a quarter turn": [("N", "Z"), ("left", "up"), ("up", "right"), ("right", "down"),
                       ("down", "left")],
}  # fmt: skip


def symmetries(techniques: Iterable[Method]) -> dict[str, str]:
    """Return which symmetries a recipe can make, and by what.

    Example:
        >>> import regkit
        >>> symmetries([regkit.Flip(vertical=True)])["a half turn"]
        'Flip(vertical=True), in both directions at once'
    """
    across, down, most = None, None, {}
    for technique in techniques:
        name, options = type(technique).__name__, technique.get_config()
        if name == "Flip":
            across = technique if options["horizontal"] else across
            down = technique if options["vertical"] else down
        if name == "Rotation":
            most[technique] = _reach(options["degrees"])
    found = {}
    if across is not None:
        found["a mirror image from left to right"] = repr(across)
    if down is not None:
        found["a mirror image from top to bottom"] = repr(down)
    for technique, degrees in most.items():
        if degrees >= 180:
            found["a half turn"] = repr(technique)
        if degrees >= 90:
            found["a quarter turn"] = repr(technique)
    if across is not None and down is not None and "a half turn" not in found:
        both = repr(across) if across is down else f"{across!r} with {down!r}"
        found["a half turn"] = f"{both}, in both directions at once"
    return found


def _reach(degrees: Any) -> float:
    if isinstance(degrees, tuple | list):
        return max(abs(float(end)) for end in degrees)
    return 0.0 if callable(degrees) else float(degrees)


def warned(found: dict[str, str], class_names: Sequence[str]) -> list[str]:
    """Return a sentence for each symmetry, with the classes that it is known to exchange.

    Example:
        >>> warned({"a half turn": "Rotation(degrees=180.0)"}, ["5", "6", "9"])
        ['Rotation(degrees=180.0) can make a half turn, which exchanges 6 and 9']
    """
    lines = []
    for symmetry, by in found.items():
        pairs = [pair for pair in _PAIRS[symmetry] if set(pair) <= set(class_names)]
        also = ", which exchanges " + ", ".join(f"{a} and {b}" for a, b in pairs) if pairs else ""
        lines.append(f"{by} can make {symmetry}{also}")
    return lines
