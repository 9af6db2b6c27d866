"""The options that ensembles share, with their bounds."""

from __future__ import annotations

from typing import Annotated

from regkit.core.options import Boolean, Choice, Integer, Real

__all__ = [
    "Count",
    "Engine",
    "OptionalCount",
    "OptionalShare",
    "Positive",
    "Truth",
    "Verbosity",
]

Count = Annotated[int, Integer(1)]
Engine = Annotated[str, Choice("vectorized", "sequential", "joblib")]
OptionalCount = Annotated[int | None, Integer(optional=True)]
OptionalShare = Annotated[float | None, Real(0, 1, open_low=True, open_high=True, optional=True)]
Positive = Annotated[float, Real(0, open_low=True)]
Truth = Annotated[bool, Boolean()]
Verbosity = Annotated[int, Integer(0, 1)]
