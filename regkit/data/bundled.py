"""The data sets that come with scikit-learn."""

from __future__ import annotations

from regkit.core.host.extras import pip_line
from regkit.data.arrays import from_arrays
from regkit.data.dataset import Column, DataError, Dataset

__all__ = ["BUNDLED", "load_bundled"]

BUNDLED = {
    "digits": "handwritten digits, bundled with scikit-learn, scaled to [0, 1]",
    "breast_cancer": "features of cell nuclei, bundled with scikit-learn",
    "wine": "chemical analyses of wines of three growers, bundled with scikit-learn",
    "diabetes": "progression of diabetes within a year, bundled with scikit-learn",
}


def load_bundled(name: str) -> Dataset:
    """Return one of `BUNDLED`: diabetes is a regression, the others have classes.

    Raises:
        DataError: where scikit-learn is not installed.

    Example:
        >>> load_bundled("wine")
        Dataset(wine: 178 × (13,), K=3)
    """
    try:
        from sklearn import datasets
    except ImportError as error:
        raise DataError(f"{name} comes with scikit-learn: {pip_line('sklearn')}") from error
    bunch = getattr(datasets, f"load_{name}")()
    task = "regression" if name == "diabetes" else "classification"
    if name == "digits":
        images = bunch.images[..., None] / 16.0  # counts of dark pixels in 4×4 blocks: 0 to 16
        return from_arrays(images, bunch.target, name, note=BUNDLED[name], task=task)
    columns = [Column(str(feature)) for feature in bunch.feature_names]
    labels = bunch.target if task == "regression" else bunch.target_names[bunch.target]
    return from_arrays(bunch.data, labels, name, note=BUNDLED[name], task=task, columns=columns)
