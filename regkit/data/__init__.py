"""Loading data: bundled sets, `.npz` and `.csv` files, arrays."""

from __future__ import annotations

from regkit.data.dataset import DataError, Dataset, from_arrays
from regkit.data.sources import load

__all__ = ["DataError", "Dataset", "from_arrays", "load"]
