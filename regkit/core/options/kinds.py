"""The options that most techniques have, by name: a type and its bounds."""

from __future__ import annotations

from typing import Annotated

from regkit.core.options.bounds import Choice, Integer, Layers, Names, Real
from regkit.types import Schedule, Selector

__all__ = [
    "DataFormat",
    "LayerOption",
    "Rate",
    "SeedOption",
    "Share",
    "Strength",
    "WeightOption",
]

Strength = Annotated[float | Schedule, Real(0, neutral=0, schedule=True)]
Rate = Annotated[float | Schedule, Real(0, 1, open_high=True, neutral=0, schedule=True)]
Share = Annotated[float | Schedule, Real(0, 1, neutral=0, schedule=True)]
DataFormat = Annotated[str | None, Choice("channels_last", "channels_first", optional=True)]
LayerOption = Annotated[Selector, Layers()]
WeightOption = Annotated[str | list[str], Names(optional=False)]
SeedOption = Annotated[int | None, Integer(0, 2**63 - 1, optional=True)]
