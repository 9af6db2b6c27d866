"""Tables of pandas and Parquet: columns with types of their own."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

import numpy as np
from numpy.typing import NDArray

from regkit.data.compressed import read_bytes
from regkit.data.dataset import DataError
from regkit.data.label_values import flat
from regkit.data.needed import needed
from regkit.data.numbers import LARGEST
from regkit.data.raw import Raw, Table

if TYPE_CHECKING:
    import pandas
    import pyarrow

__all__ = ["from_frame", "from_labels", "from_pair", "is_frame", "is_series", "read_parquet"]

NUMBERS = ("integer", "floating", "mixed-integer-float", "decimal", "boolean")
WORDS = ("string", "mixed-integer", "mixed", "empty")
SCALARS = (str, int, float, np.number, np.bool_)


def is_frame(data: object) -> TypeGuard[pandas.DataFrame]:
    """Return whether data is a pandas DataFrame, without importing pandas.

    Example:
        >>> import pandas
        >>> is_frame(pandas.DataFrame()), is_frame([])
        (True, False)
    """
    return _is_a("DataFrame", data)


def is_series(data: object) -> TypeGuard[pandas.Series]:
    """Return whether data is a pandas Series or Index, without importing pandas.

    Example:
        >>> import pandas
        >>> is_series(pandas.Series([1])), is_series([1])
        (True, False)
    """
    return _is_a("Series", data) or _is_a("Index", data)


def _is_a(kind: str, data: object) -> bool:
    pandas = sys.modules.get("pandas")  # an object of pandas exists only after its import
    return pandas is not None and isinstance(data, getattr(pandas, kind))


def read_parquet(path: Path) -> Table:
    """Return the table in a Parquet file; an index that pandas wrote is no column.

    Raises:
        DataError: for a file that is no Parquet, and columns of other types.
    """
    pa, parquet = needed("pyarrow"), needed("pyarrow.parquet")
    needed("pandas")
    try:
        table = parquet.read_table(io.BytesIO(read_bytes(path)))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(f"{path}: not a readable Parquet file ({error})") from error
    frame = table.to_pandas()
    # Parquet stores categories that are numbers as numbers; pandas notes their type in metadata.
    fields = (table.schema.pandas_metadata or {}).get("columns", [])
    declared = {f.get("field_name") for f in fields if f.get("pandas_type") == "categorical"}
    kinds = {name: "category" for name in frame.columns if name in declared}
    return from_frame(frame.astype(kinds), str(path))


def from_frame(frame: pandas.DataFrame, where: str = "DataFrame") -> Table:
    """Return a DataFrame as a table.

    Numbers and booleans are numbers, categoricals are categories, texts are read as those of a
    file, dates and times are refused as features. The index is no column.

    Raises:
        DataError: for columns that hold anything else.

    Example:
        >>> import pandas
        >>> from_frame(pandas.DataFrame({"a": [1, None]})).columns[0].cells
        array([ 1., nan])
    """
    if not len(frame):
        raise DataError(f"{where}: empty; there are no rows")
    names = [_name(label) for label in frame.columns]
    raws = [_raw(frame.iloc[:, i], name, where) for i, name in enumerate(names)]
    index = frame.index
    named = [str(name) for name in index.names if name is not None]
    plain = _only_counts(index) and not named
    note = "" if plain else f"the index{f' {named[0]!r}' if named else ''} is no feature"
    return Table(where, raws, note=note)


def from_pair(
    x: pandas.DataFrame, y: object, task: str | None = None, where: str = "DataFrame"
) -> tuple[Table, int]:
    """Return a DataFrame and its labels as one table, and the position of the labels, the last.

    Raises:
        DataError: for several targets, lengths that differ, and two indexes with the same entries
            in another order.
    """
    table, labels = from_frame(x, where), from_labels(y, task, where)
    n = len(labels.cells)
    if len(x) != n:
        raise DataError(f"{where}: {len(x)} examples but {n} labels; give one for each")
    note = _paired(x, y, where) if is_frame(y) or _is_a("Series", y) else ""
    notes = "; ".join(filter(None, (table.note, note)))
    return Table(where, [*table.columns, labels], note=notes), len(table.columns)


def from_labels(y: object, task: str | None = None, where: str = "labels") -> Raw:
    """Return labels of any kind as one column.

    Raises:
        DataError: for several targets.

    Example:
        >>> import pandas
        >>> from_labels(pandas.Series([0.5, None], name="price"))
        Raw(name='price', cells=array([0.5, nan]), kind='number')
    """
    pandas = needed("pandas")
    labels = y
    if is_frame(labels):
        if labels.shape[1] != 1:
            n = labels.shape[1]
            raise DataError(f"{where}: {n} columns of labels; give only the one to predict")
        labels = labels.iloc[:, 0]
    elif not is_series(labels):
        labels = pandas.Series(
            labels if np.asarray(labels).ndim == 1 else flat(labels, where, task)
        )
    labels = pandas.Series(labels)  # an Index, too
    return _raw(labels, "labels" if labels.name is None else _name(labels.name), where)


def _paired(x: pandas.DataFrame, y: pandas.DataFrame | pandas.Series, where: str) -> str:
    """Return a note where two indexes differ, after refusing those that pair the wrong rows."""
    if x.index.equals(y.index):
        return ""
    if len(x.index) == len(y.index) and set(x.index) == set(y.index):
        raise DataError(
            f"{where}: features and labels have the same index in another order, so that pairing "
            "rows by position would be wrong; give labels.loc[features.index]"
        )
    return "features and labels are paired by position, as their indexes differ"


def _only_counts(index: pandas.Index) -> bool:
    """Return whether an index only numbers the rows, perhaps of a larger DataFrame."""
    return bool(index.nlevels == 1 and index.dtype.kind in "iu")


def _name(label: object) -> str:
    return " ".join(filter(None, map(str, label))) if isinstance(label, tuple) else str(label)


def _raw(series: pandas.Series, name: str, where: str) -> Raw:
    """Return one column by its type."""
    pandas = needed("pandas")
    types, dtype = pandas.api.types, series.dtype
    if isinstance(dtype, pandas.SparseDtype):
        series = series.sparse.to_dense()
        dtype = series.dtype
    if isinstance(dtype, pandas.CategoricalDtype):
        return Raw(name, _texts(series), "category")
    if types.is_bool_dtype(dtype) or (
        types.is_numeric_dtype(dtype) and not types.is_complex_dtype(dtype)
    ):
        return Raw(name, _numbers(series, name, where), "number")
    if types.is_datetime64_any_dtype(dtype) or types.is_timedelta64_dtype(dtype):
        return Raw(name, _texts(series), "date")
    kind = types.infer_dtype(series, skipna=True)
    if kind in NUMBERS:
        return Raw(name, _numbers(series, name, where), "number")
    if kind in ("date", "datetime", "time", "datetime64", "timedelta", "period"):
        return Raw(name, _texts(series), "date")
    scalars = kind in WORDS and all(isinstance(value, SCALARS) for value in series.dropna())
    if not scalars:
        raise DataError(
            f"{where}, column {name!r} holds {kind} ({dtype}), which is not read; columns must "
            "hold numbers, texts, categories or dates"
        )
    return Raw(name, _texts(series))


def _texts(series: pandas.Series) -> pyarrow.StringArray:
    """Return a column as trimmed text, null where it has no value."""
    pa, pc = needed("pyarrow"), needed("pyarrow.compute")
    try:
        texts = pa.array(series, from_pandas=True)
    except (pa.ArrowException, TypeError):  # a column of several types
        texts = pa.nulls(0)
    if pa.types.is_string(texts.type) or pa.types.is_large_string(texts.type):  # fast
        texts = texts.cast(pa.string())
    else:
        gaps = series.isna().to_numpy(dtype=bool)
        words = [None if gap else str(value) for value, gap in zip(series, gaps, strict=True)]
        texts = pa.array(words, pa.string())
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    return pc.utf8_trim_whitespace(texts)


def _numbers(series: pandas.Series, name: str, where: str) -> NDArray[np.float64]:
    values: NDArray[np.float64] = series.to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = np.isinf(values) | (np.abs(values) >= LARGEST)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(
            f"{where}, row {row}, column {name!r}: {values[row]} is not a finite number that "
            "float32 can hold. Correct it, or empty it to have it imputed"
        )
    return values
