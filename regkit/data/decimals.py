"""The decimal mark of every column of text: by its own cells, else by the other columns'."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from regkit.data.dataset import DataError
from regkit.data.numbers import Evidence

__all__ = ["decimal_marks", "parse_decimal"]

SPELLINGS = {".": ".", ",": ",", "point": ".", "comma": ","}


def parse_decimal(decimal: str | None) -> str | None:
    """Return the decimal mark that a user names, or None.

    Raises:
        DataError: for anything but a point or a comma.

    Example:
        >>> parse_decimal("comma"), parse_decimal(None)
        (',', None)
    """
    if decimal is None:
        return None
    if decimal not in SPELLINGS:
        raise DataError(f'decimal must be "." or "," (or point, comma); received {decimal!r}')
    return SPELLINGS[decimal]


def decimal_marks(
    found: Mapping[int, Evidence],
    names: Sequence[str],
    where: str,
    decimal: str | None = None,
    separator: str = ",",
) -> dict[int, str]:
    """Return the decimal mark of each column that has numbers with a point or comma.

    A column whose own cells do not tell (1,234 may be 1234 or 1.234) is read as the others are. If
    no cell of the table tells, the mark is in doubt; but where commas separate the cells and all
    numbers of a column have three digits behind a point, it is a decimal point.

    Args:
        found: The evidence of the columns of numbers, by their places.
        names: The names of all columns.
        where: The file, for messages.
        decimal: The mark that the user names, which then holds for all columns.
        separator: What separates the cells.

    Raises:
        DataError: where a column has both marks, and where its mark cannot be told.

    Example:
        >>> columns = {0: Evidence(comma="1,5"), 1: Evidence(unclear_comma="1,234")}
        >>> decimal_marks(columns, ["a", "b"], "t.csv")
        {0: ',', 1: ','}
    """
    marked = {place: one for place, one in found.items() if one != Evidence()}
    if decimal is not None:
        return dict.fromkeys(marked, decimal)
    for place, one in marked.items():
        if one.point and one.comma:
            raise DataError(
                f"{where}, column {names[place]!r}: {one.point!r} has a decimal point, "
                f"{one.comma!r} a decimal comma; write both in one way"
            )
    pairs = [(one.point, one.comma) for one in marked.values()]
    votes = {"." for point, _ in pairs if point} | {"," for _, comma in pairs if comma}
    chosen: dict[int, str] = {}
    for place, one in marked.items():
        if one.point or one.comma:
            chosen[place] = "." if one.point else ","
        elif len(votes) == 1:
            chosen[place] = next(iter(votes))
        elif one.unclear_comma or one.whole or votes or separator != ",":
            raise _in_doubt(where, names[place], one)
        else:
            chosen[place] = "."
    return chosen


def _in_doubt(where: str, name: str, one: Evidence) -> DataError:
    cell = one.unclear_comma or one.unclear_point or ""
    return DataError(
        f"{where}, column {name!r}: whether the point or comma in {cell!r} is the decimal mark or "
        'stands between thousands cannot be told from the table; name the decimal mark: decimal="."'
        ' or "," (--decimal point or comma)'
    )
