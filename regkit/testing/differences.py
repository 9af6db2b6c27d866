"""Where two nests of plain values differ."""

from __future__ import annotations

__all__ = ["difference"]

MOST = 200  # characters of a value


def difference(found: object, expected: object, where: str) -> str:
    """Return the first place at which two nests differ, and what is at it in each.

    Example:
        >>> difference({"rate": [1, 3]}, {"rate": [1, 2]}, "config")
        'config.rate[1] is 3, not 2'
    """
    if isinstance(found, dict) and isinstance(expected, dict):
        for key in [*expected, *found]:
            if key not in found or key not in expected or found[key] != expected[key]:
                missing = "not there"
                this, other = found.get(key, missing), expected.get(key, missing)
                return difference(this, other, f"{where}.{key}")
    if isinstance(found, list) and isinstance(expected, list) and len(found) == len(expected):
        for place, (this, other) in enumerate(zip(found, expected, strict=True)):
            if this != other:
                return difference(this, other, f"{where}[{place}]")
    return f"{where} is {_short(found)}, not {_short(expected)}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= MOST else text[: MOST - 1] + "…"
