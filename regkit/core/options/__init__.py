"""Options: bounds declared once, from which checks, messages, help and bad test values follow.

`bounds.py` has what an option may be, `compound.py` and `data.py` more of it, `kinds.py` the
options that most techniques have; `declared.py` reads declarations and checks calls against them.
Importing it loads neither Keras nor a backend: the command line declares its options so too.
"""

from regkit.core.options.bounds import (
    Boolean,
    Choice,
    Constraint,
    FilePath,
    Function,
    Integer,
    Layers,
    Name,
    Names,
    Real,
)
from regkit.core.options.compound import Either, Pair, Range, Several
from regkit.core.options.data import Data
from regkit.core.options.declared import (
    bind,
    checked,
    checked_call,
    checked_init,
    checked_value,
    constraints,
    defaults,
    signature_text,
    strengths,
)
from regkit.core.options.kinds import (
    DataFormat,
    LayerOption,
    Rate,
    SeedOption,
    Share,
    Strength,
    WeightOption,
)

__all__ = [
    "Boolean",
    "Choice",
    "Constraint",
    "Data",
    "DataFormat",
    "Either",
    "FilePath",
    "Function",
    "Integer",
    "LayerOption",
    "Layers",
    "Name",
    "Names",
    "Pair",
    "Range",
    "Rate",
    "Real",
    "SeedOption",
    "Several",
    "Share",
    "Strength",
    "WeightOption",
    "bind",
    "checked",
    "checked_call",
    "checked_init",
    "checked_value",
    "constraints",
    "defaults",
    "signature_text",
    "strengths",
]
