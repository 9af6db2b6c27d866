"""Plain tables for commands that need no package beside regkit."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["table"]


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows in columns, the last one as wide as it is.

    Example:
        >>> print(table([["l2", "available"], ["dropout", "broken"]]))
        l2       available
        dropout  broken
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "\n".join(lines)
