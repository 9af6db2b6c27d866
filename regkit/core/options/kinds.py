"""The options that most techniques have, by name: a type and its bounds."""

from __future__ import annotations

from typing import Annotated

from regkit.core.options.bounds import ImageFormat, Layers, Probability, Real, Seed, Weights
from regkit.types import Schedule, Selector

__all__ = [
    "DataFormat",
    "LayerOption",
    "ProbabilityOption",
    "Rate",
    "SeedOption",
    "Share",
    "Strength",
    "WeightOption",
]

Strength = Annotated[float | Schedule, Real(0, neutral=0, schedule=True)]
Rate = Annotated[float | Schedule, Real(0, 1, open_high=True, neutral=0, schedule=True)]
Share = Annotated[float | Schedule, Real(0, 1, neutral=0, schedule=True)]
ProbabilityOption = Annotated[float | Schedule, Probability()]
DataFormat = Annotated[str | None, ImageFormat()]
LayerOption = Annotated[Selector, Layers()]
WeightOption = Annotated[str | list[str], Weights()]
SeedOption = Annotated[int | None, Seed()]
