"""Which fits of a model are running, read off the stack of calls.

Keras tells nobody when a fit ends by an exception. But a fit that runs is on the stack, and one
that has died is not.
"""

from __future__ import annotations

import inspect
import sys
from types import FrameType

import keras

__all__ = ["called_by_fit", "fits_around"]

_FIT = inspect.unwrap(keras.Model.fit).__code__


def _is_fit_of(frame: FrameType, model: keras.Model) -> bool:
    return frame.f_code is _FIT and frame.f_locals[_FIT.co_varnames[0]] is model


def fits_around(model: keras.Model) -> int:
    """Return how many of Keras' fits of a model are running around this call."""
    count = 0
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        count += _is_fit_of(frame, model)
        frame = frame.f_back
    return count


def called_by_fit(model: keras.Model) -> bool:
    """Return whether Keras' fit of the model has called the function that asks."""
    return _is_fit_of(sys._getframe(2), model)
