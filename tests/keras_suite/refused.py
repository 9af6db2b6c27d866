"""The tests of Keras' in which regkit refuses to train, each with the reason."""

from __future__ import annotations

from tests.keras_suite.judging import Refused

__all__ = ["REFUSED"]

REFUSED: list[Refused] = []
