"""Options that are not declared, not checked, or do not survive a round trip."""

import dataclasses
from typing import Annotated, Any

import numpy as np

from regkit.core.options import Constraint, Rate, Real, Strength
from regkit.core.technique import Technique


class Undeclared(Technique):
    """Missing bounds: an argument that says nothing of what it may be."""

    def __init__(self, rate=0.1):
        super().__init__()
        self.rate = rate


class Required(Technique):
    def __init__(self, rate: Rate) -> None:
        super().__init__()
        self.rate = rate


class BadDefault(Technique):
    def __init__(self, rate: Rate = 1.0) -> None:
        super().__init__()
        self.rate = rate


class CheckedAsAnother(Technique):
    @classmethod
    def checked_as(cls):
        return [BadDefault(0.5)]


@dataclasses.dataclass(eq=False, repr=False)
class Dataclass(Technique):
    """The decorator writes an `__init__` after the class, past the checks."""

    rate: Rate = 0.1


class Positive(Constraint):
    """A constraint whose check forgets NaN."""

    def describe(self):
        return "a number above 0"

    def check(self, value):
        value = float(value)
        if value <= 0:
            raise ValueError
        return value

    def bad_values(self):
        return [0.0, -1.0, float("nan")]


class TakesNan(Technique):
    def __init__(self, width: Annotated[float, Positive()] = 1.0) -> None:
        super().__init__()
        self.width = width


class Percent(Technique):
    """Stores an option in another unit than it came in."""

    def __init__(self, rate: Annotated[float, Real(0, 100)] = 20.0) -> None:
        super().__init__()
        self.rate = rate / 100


class Array(Constraint):
    """A constraint that makes what no JSON can hold."""

    def describe(self):
        return "numbers"

    def check(self, value):
        return np.asarray(value, "float32")


class NotJson(Technique):
    def __init__(self, weights: Annotated[Any, Array()] = (1.0, 2.0)) -> None:
        super().__init__()
        self.weights = weights


class ForgetsConfig(Technique):
    def __init__(self, stddev: Strength = 0.1, rate: Rate = 0.2) -> None:
        super().__init__()
        self.stddev, self.rate = stddev, rate

    def get_config(self):
        return {"stddev": self.stddev}


class OwnRepr(Technique):
    """Shows where it lies in memory."""

    def __init__(self, rate: Rate = 0.2) -> None:
        super().__init__()
        self.rate = rate

    __repr__ = object.__repr__


CAUGHT = {
    "declared_options": {Undeclared: "'rate' declares no constraint.*annotate it"},
    "default_options": {
        Required: r"OptionError: Required.*checked_as that returns such a list, as \[cls\(rate=…\)\]",
        BadDefault: r"rate must be a number in \[0, 1\)",
        CheckedAsAnother: r"it gives BadDefault\(rate=0.5\).*return \[cls\(...\)\]",
    },
    "bad_options": {
        Dataclass: "rate=nan.*it was taken.*leave the check to the annotation",
        TakesNan: "width=nan.*it was taken",
    },
    "misspelt_option": {Dataclass: "rat=….*TypeError.*no @dataclass"},
    "config": {
        Percent: r"'rate': 0\.2.*'rate': 0\.002.*as it came",
        NotJson: "JSON.*plain Python values",
        ForgetsConfig: "it is {'stddev': 0.1}.*leave get_config to Technique",
    },
    "representation": {OwnRepr: "object at 0x.*leave __repr__ to Technique"},
}
