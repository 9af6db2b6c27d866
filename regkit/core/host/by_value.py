"""Pickling a user's functions by value."""

from __future__ import annotations

import pickle
from typing import Any

from regkit.core.errors import RegkitError
from regkit.core.host.extras import pip_line

__all__ = ["ByValue"]


class ByValue:
    """Something that pickles with the code of its functions in it.

    A function of a script or a notebook, pickled as usual by its name, is nowhere to be found in
    another process.

    Args:
        value: What to pickle.

    Raises:
        RegkitError: when it is pickled and cloudpickle is not installed.

    Example:
        >>> pickle.loads(pickle.dumps(ByValue(lambda x: x + 1))).value(2)
        3
    """

    def __init__(self, value: Any) -> None:
        self.value = value

    def __getstate__(self) -> bytes:
        try:
            import cloudpickle
        except ImportError:
            raise RegkitError(
                f"to pickle functions with their code, cloudpickle is needed: {pip_line('sklearn')}"
            ) from None
        return bytes(cloudpickle.dumps(self.value))

    def __setstate__(self, state: bytes) -> None:
        self.value = pickle.loads(state)
