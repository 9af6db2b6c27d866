"""From what a user names to a `Dataset`: bundled data, a file, or arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from regkit.core.errors import suggest
from regkit.data.dataset import DataError, Dataset, from_arrays
from regkit.data.files import read_csv, read_npz

__all__ = ["BUNDLED", "load"]


def load(source: Any, *, target: str | int | None = None) -> Dataset:
    """Return the data that a user names.

    Args:
        source: `"digits"` (1,797 images of 8×8 bundled with scikit-learn), a path to an `.npz` or
            `.csv` file, a pair `(x, y)`, or a Dataset, which is returned as it is.
        target: The label column of a `.csv`, by name or index.

    Raises:
        DataError: where the source is unknown, missing, empty, ragged or without labels.
    """
    if isinstance(source, Dataset):
        return source
    if isinstance(source, tuple | list) and len(source) == 2:
        return from_arrays(source[0], source[1])
    if not isinstance(source, str | Path):
        raise DataError(
            f"data must be a name, a path, a pair (x, y) or a Dataset; received {type(source)}"
        )
    path = Path(source).expanduser()
    if path.suffix.lower() != ".csv" and target is not None:
        raise DataError(f"target={target!r} names a column, which only a .csv has; got {source}")
    if str(source) in BUNDLED:
        return BUNDLED[str(source)]()
    if not path.exists():
        near = suggest(str(source), BUNDLED)
        raise DataError(
            f"no file {str(source)!r}{near}. Data is {', '.join(BUNDLED)} or a path to an .npz or "
            ".csv file"
        )
    if path.suffix.lower() == ".npz":
        return read_npz(path)
    if path.suffix.lower() == ".csv":
        return read_csv(path, target)
    raise DataError(f"{source}: only .npz and .csv files can be read")


def _digits() -> Dataset:
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise DataError(
            'the digits come with scikit-learn: pip install "keras-regkit[compare]"'
        ) from error
    bunch: Any = load_digits()
    images = bunch.images[..., None] / 16.0  # the set counts dark pixels of 4×4 blocks: 0 to 16
    note = "handwritten digits, bundled with scikit-learn, scaled to [0, 1]"
    return from_arrays(images, bunch.target, "digits", note=note)


BUNDLED = {"digits": _digits}
