"""Options: bounds declared once, from which checks, messages, help and bad test values follow.

`bounds.py` and `choices.py` have what an option may be, `compound.py` and `examples.py` more of it,
`kinds.py` the options that most techniques have; `declared.py` reads declarations and checks calls
against them.
Importing it loads neither Keras nor a backend: the command line declares its options so too.
"""

from regkit.core.options.annotated import Annotations
from regkit.core.options.bounds import Boolean, Constraint, Integer, Probability, Real, Seed
from regkit.core.options.choices import (
    Choice,
    FilePath,
    Function,
    ImageFormat,
    Layers,
    Name,
    Names,
    Weights,
)
from regkit.core.options.compound import Either, Pair, Range, Several
from regkit.core.options.declared import (
    bind,
    by_place,
    checked,
    checked_call,
    checked_init,
    checked_value,
    constraints,
    constraints_of,
    defaults,
    of_kind,
    signature_text,
    strengths,
)
from regkit.core.options.examples import Data
from regkit.core.options.kinds import (
    DataFormat,
    LayerOption,
    ProbabilityOption,
    Rate,
    SeedOption,
    Share,
    Strength,
    TargetsOption,
    WeightOption,
)

__all__ = [
    "Annotations",
    "Boolean",
    "Choice",
    "Constraint",
    "Data",
    "DataFormat",
    "Either",
    "FilePath",
    "Function",
    "ImageFormat",
    "Integer",
    "LayerOption",
    "Layers",
    "Name",
    "Names",
    "Pair",
    "Probability",
    "ProbabilityOption",
    "Range",
    "Rate",
    "Real",
    "Seed",
    "SeedOption",
    "Several",
    "Share",
    "Strength",
    "TargetsOption",
    "WeightOption",
    "Weights",
    "bind",
    "by_place",
    "checked",
    "checked_call",
    "checked_init",
    "checked_value",
    "constraints",
    "constraints_of",
    "defaults",
    "of_kind",
    "signature_text",
    "strengths",
]
