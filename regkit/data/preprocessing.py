"""Tables as inputs of networks: imputed, scaled and one-hot, fitted on training examples alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regkit.core.host.extras import pip_line
from regkit.data.dataset import Column, DataError

__all__ = ["prepared"]

Features = NDArray[np.float32]


def prepared(columns: Sequence[Column], train: Features, *others: Features) -> list[Features]:
    """Return parts of a table as inputs of a network, fitted on the first part alone.

    Numbers: the median of the training examples where a cell is missing, then (x - mean) / σ with
    their mean and deviation; a constant becomes 0. Categories: one input for each category of the
    whole column, and one more for "missing" where any cell is missing, so that every split has the
    same inputs. First come the numbers, then the categories, each in the order of the columns.

    Args:
        columns: The column of each feature; empty where all are plain numbers.
        train: The training examples, `(n, features)`.
        others: Further parts, to be transformed in the same way.

    Returns:
        The parts, float32, `(n, inputs)`.

    Raises:
        DataError: where scikit-learn is not installed.

    Example:
        >>> table = np.float32([[1, 0], [3, 1], [np.nan, 0]])
        >>> print(prepared([Column("a"), Column("b", ("x", "y"))], table)[0].round(2))
        [[-1.22  1.    0.  ]
         [ 1.22  0.    1.  ]
         [ 0.    1.    0.  ]]
    """
    # In float64, because the square of a large number does not fit into float32.
    parts = [part.astype(np.float64) for part in (train, *others)]
    gaps = any(np.isnan(part).any() for part in parts)
    transformer = _transformer(columns, train.shape[1], gaps).fit(parts[0])
    largest = np.finfo(np.float32).max
    return [
        np.clip(transformer.transform(part), -largest, largest).astype(np.float32) for part in parts
    ]


def _transformer(columns: Sequence[Column], width: int, gaps: bool) -> Any:
    try:
        from sklearn.compose import ColumnTransformer
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OneHotEncoder, StandardScaler
    except ImportError as error:
        raise DataError(f"tables are prepared with scikit-learn: {pip_line('sklearn')}") from error
    chosen = [i for i, column in enumerate(columns) if column.categories is not None]
    numbers = sorted(set(range(width)) - set(chosen))
    scaling = [StandardScaler()]
    if gaps:  # only then, because the median of a large table is slow
        scaling.insert(0, SimpleImputer(strategy="median", keep_empty_features=True))
    encoder = OneHotEncoder(categories=[_codes(columns[i]) for i in chosen], sparse_output=False)
    steps = [
        ("numbers", make_pipeline(*scaling), numbers),
        ("categories", encoder, chosen),
    ]
    return ColumnTransformer([step for step in steps if step[2]], sparse_threshold=0)


def _codes(column: Column) -> NDArray[np.float64]:
    missing = [np.nan] if column.missing else []
    return np.asarray([*range(len(column.categories or ())), *missing], np.float64)
