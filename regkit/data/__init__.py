"""Loading data: named sets, tables, files of arrays, folders of images, frames and arrays."""

from __future__ import annotations

from regkit.data.arrays import from_arrays
from regkit.data.dataset import Column, DataError, Dataset
from regkit.data.sources import load

__all__ = ["Column", "DataError", "Dataset", "from_arrays", "load"]
