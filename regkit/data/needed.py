"""Packages that reading tables needs and plain regkit does not: imported when first used."""

from __future__ import annotations

import importlib
from types import ModuleType

from regkit.core.host.extras import pip_line
from regkit.data.dataset import DataError

__all__ = ["needed"]


def needed(module: str) -> ModuleType:
    """Return a module of pandas or pyarrow.

    Raises:
        DataError: where it is not installed, with the command that installs it.

    Example:
        >>> needed("pyarrow").array([1, 2]).to_pylist()
        [1, 2]
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.split(".")[0]
        raise DataError(
            f"tables are read with {package}, which is not installed: {pip_line('compare')}"
        ) from error
