"""The decimal mark of each column of text: from its own cells, else from the other columns."""

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
    evidence: Mapping[int, Evidence],
    names: Sequence[str],
    where: str,
    decimal: str | None = None,
    separator: str = ",",
) -> dict[int, str]:
    """Return the decimal mark of each column that has numbers with a point or comma.

    A column whose own cells leave it open (1,234 may be 1234 or 1.234) is read as the others. If no
    cell of the table decides, it is an error; but where commas separate the cells and all
    numbers of a column have three digits after a point, it is a decimal point.

    Args:
        evidence: The evidence in each column of numbers, by its position.
        names: The names of all columns.
        where: The file, for messages.
        decimal: The mark that the user names, which then holds for all columns.
        separator: The separator of the cells.

    Raises:
        DataError: where a column has both marks, and where the table leaves its mark open.

    Example:
        >>> columns = {0: Evidence(comma="1,5"), 1: Evidence(unclear_comma="1,234")}
        >>> decimal_marks(columns, ["a", "b"], "t.csv")
        {0: ',', 1: ','}
    """
    marked = {place: proof for place, proof in evidence.items() if proof != Evidence()}
    if decimal is not None:
        return dict.fromkeys(marked, decimal)
    for place, proof in marked.items():
        if proof.point and proof.comma:
            raise DataError(
                f"{where}, column {names[place]!r}: {proof.point!r} has a decimal point, "
                f"{proof.comma!r} a decimal comma; write both in one way"
            )
    pairs = [(proof.point, proof.comma) for proof in marked.values()]
    votes = {"." for point, _ in pairs if point} | {"," for _, comma in pairs if comma}
    chosen: dict[int, str] = {}
    for place, proof in marked.items():
        if proof.point or proof.comma:
            chosen[place] = "." if proof.point else ","
        elif len(votes) == 1:
            chosen[place] = next(iter(votes))
        elif proof.unclear_comma or proof.whole or votes or separator != ",":
            raise _in_doubt(where, names[place], proof)
        else:
            chosen[place] = "."
    return chosen


def _in_doubt(where: str, name: str, evidence: Evidence) -> DataError:
    cell = evidence.unclear_comma or evidence.unclear_point or ""
    return DataError(
        f"{where}, column {name!r}: the table does not show whether the point or comma in {cell!r} "
        'is the decimal mark or separates thousands; name the decimal mark: decimal="." or "," '
        "(--decimal point or comma)"
    )
