"""The options that most techniques have: types with bounds, to annotate arguments of `__init__`.

    Strength        a number of at least 0, or a schedule; 0 does nothing
    Rate            a number in [0, 1), or a schedule; 0 does nothing
    Share           a number in [0, 1], or a schedule; 0 does nothing
    DataFormat      "channels_last", "channels_first" or None
    LayerOption     which layers
    WeightOption    which weights of them, by name
    SeedOption      a whole number, or None
    TargetsOption   what belongs to the images and moves with them

Example:
    >>> from regkit.core.options import constraints
    >>> class Perturbation:
    ...     def __init__(
    ...         self,
    ...         strength: Strength = 0.1,
    ...         rate: Rate = 0.5,
    ...         share: Share = 1.0,
    ...         probability: ProbabilityOption = 1.0,
    ...         data_format: DataFormat = None,
    ...         layers: LayerOption = None,
    ...         weights: WeightOption = "kernel",
    ...         seed: SeedOption = None,
    ...         targets: TargetsOption = None,
    ...     ) -> None: ...
    >>> constraints(Perturbation)["share"].describe()
    'a number in [0, 1] or a LearningRateSchedule'
"""

from __future__ import annotations

from typing import Annotated

from regkit.core.options.annotated import Annotations
from regkit.core.options.bounds import Probability, Real, Seed
from regkit.core.options.choices import ImageFormat, Layers, Weights
from regkit.types import Schedule, Selector

__all__ = [
    "DataFormat",
    "LayerOption",
    "ProbabilityOption",
    "Rate",
    "SeedOption",
    "Share",
    "Strength",
    "TargetsOption",
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
TargetsOption = Annotated[str | dict[str | int, str] | None, Annotations()]
