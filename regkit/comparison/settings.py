"""The options of a comparison, declared once: for Python, the command line and study files.

Nothing heavy is imported here: the command line reads it for `--help`.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from regkit.core.errors import RegkitError

__all__ = ["MEASURES", "OPTIONS", "Option", "check"]


@dataclass(frozen=True)
class Option:
    """One option.

    Attributes:
        name: Its keyword; on the command line `--name`, with dashes.
        kind: int, float or str.
        default: Its value where it is not given; None depends on others, as the help says.
        allowed: Whether a value is in bounds.
        bounds: The bounds in words.
        place: The placeholder in the command line's help.
        help: What it means.
    """

    name: str
    kind: type
    default: Any
    allowed: Callable[[Any], bool]
    bounds: str
    place: str
    help: str

    def check(self, value: Any) -> None:
        """Raise RegkitError unless the value is possible."""
        if value is None and self.default is None:
            return
        wanted: Any = {int: numbers.Integral, float: numbers.Real, str: str}[self.kind]
        right = isinstance(value, wanted) and not isinstance(value, bool)
        if not (right and self.allowed(value)):
            raise RegkitError(f"{self.name} must be {self.bounds}; received {value!r}")


def _count(name: str, least: int, default: int | None, said: str, more: str = "") -> Option:
    bounds = f"an integer of {least} or more{more}"
    return Option(name, int, default, lambda v: v >= least, bounds, "N", said)


def _share(name: str, default: float, said: str) -> Option:
    bounds = "a fraction between 0 and 1"
    return Option(name, float, default, lambda v: 0 < v < 1, bounds, "FRACTION", said)


# Task → what may decide a comparison; the first where nothing is asked for.
MEASURES = {
    "classification": ("accuracy", "balanced_accuracy", "roc_auc", "nll"),
    "regression": ("rmse", "mae"),
}


def _listed(task: str) -> str:
    *names, last = MEASURES[task]
    return f"{', '.join(names)} or {last}"


OPTIONS = (
    Option(
        "measure",
        str,
        None,
        lambda v: any(v in names for names in MEASURES.values()),
        f"{_listed('classification')} for classes, {_listed('regression')} for a regression",
        "MEASURE",
        f"what decides, and chooses the epoch: {_listed('classification')}, for a regression "
        f"{_listed('regression')} (default: the first)",
    ),
    _count("splits", 2, 10, "random splits; each gives one pair", " (10 finds large effects)"),
    _count("seeds", 1, 1, "seeds a split, averaged"),
    _count("epochs", 1, 80, "epochs of every arm"),
    _count("batch_size", 1, None, "examples a step (default: a quarter of them, 16 to 256)"),
    Option(
        "label_noise",
        float,
        0.0,
        lambda v: 0 <= v <= 1,
        "a fraction from 0 to 1",
        "FRACTION",
        "training labels to redraw (default: 0; where neither data nor recipes are named 0.3)",
    ),
    _share("test_size", 0.2, "tested on"),
    _share("validation_size", 0.2, "of the rest, chooses the epoch"),
    _count("train_size", 1, None, "train on N examples only (default: all)"),
    _count("seed", 0, 0, "the root of all seeds"),
    _count("jobs", 1, 1, "processes beside each other"),
)


def check(values: Mapping[str, Any]) -> None:
    """Raise RegkitError for the first of the options that has an impossible value.

    Example:
        >>> check({"splits": 1})
        Traceback (most recent call last):
        ...
        regkit.core.errors.RegkitError: splits must be an integer of 2 or more (10 finds large \
effects); received 1
    """
    for option in OPTIONS:
        if option.name in values:
            option.check(values[option.name])
