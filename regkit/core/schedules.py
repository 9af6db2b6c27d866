"""Keras' learning rate schedules as text, `cosine_decay(initial_learning_rate=0.1, …)`."""

from __future__ import annotations

import copy
import functools
import re
from collections.abc import Callable
from typing import Any, TypeGuard

import keras
from keras.optimizers import schedules

from regkit.types import Schedule, Tensor

__all__ = [
    "at",
    "by_name",
    "fixed",
    "is_known",
    "is_schedule",
    "numbers",
    "show",
    "text",
    "with_numbers",
]


def is_schedule(value: object) -> TypeGuard[Schedule]:
    """Return whether a value is a schedule of Keras, or of the user's."""
    return isinstance(value, schedules.LearningRateSchedule)


@functools.cache
def by_name() -> dict[str, type]:
    """Return Keras' schedules by their names in text, `CosineDecay` → `cosine_decay`."""
    base = schedules.LearningRateSchedule
    public = [cls for cls in vars(schedules).values() if isinstance(cls, type) and cls is not base]
    return {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", cls.__name__).lower(): cls for cls in public}


def is_known(value: object) -> TypeGuard[Schedule]:
    """Return whether a value is one of Keras' own schedules, not of a subclass."""
    return type(value) in by_name().values()


def at(schedule: Schedule, step: Tensor | int) -> Any:
    """Return the value of a schedule at a step, an int32 scalar tensor.

    A schedule may index by the step, or reckon with it as with a real number. Where a backend does
    not mix whole and real numbers (TensorFlow) the second needs it as one.

    Example:
        >>> round(float(at(schedules.ExponentialDecay(1.0, 1, 0.5), keras.ops.array(2))), 3)
        0.25
    """
    try:
        return schedule(step)
    # Each backend has its own error for the mixture, and the user's code may raise any. Nothing is
    # hidden: what fails for a real number too is raised, the first error beside it.
    except Exception:
        return schedule(keras.ops.cast(step, keras.config.floatx()))


def numbers(schedule: Schedule) -> dict[str, Any]:
    """Return the numbers of one of Keras' schedules by attribute: what a step takes as inputs.

    Example:
        >>> numbers(schedules.ExponentialDecay(1.0, 1, 0.5))
        {'initial_learning_rate': 1.0, 'decay_steps': 1.0, 'decay_rate': 0.5}
    """
    held: dict[str, Any] = {}
    for name, value in vars(schedule).items():
        if _is_number(value):
            held[name] = float(value)
        elif isinstance(value, list | tuple) and value and all(map(_is_number, value)):
            held[name] = list(value)  # boundaries are compared with the step as they are
    return held


def fixed(schedule: Schedule) -> tuple[object, ...]:
    """Return what is no number in one of Keras' schedules: the class, its switches, its lengths.

    Example:
        >>> fixed(schedules.ExponentialDecay(1.0, 1, 0.5))[1:]
        (('staircase', 'False'),)
    """
    inputs = numbers(schedule)
    others = [(k, repr(v)) for k, v in vars(schedule).items() if k not in inputs and k != "name"]
    kinds = [(k, tuple(map(type, v))) for k, v in inputs.items() if isinstance(v, list)]
    return (type(schedule), *others, *kinds)


def with_numbers(schedule: Schedule, given: dict[str, Any]) -> Schedule:
    """Return one of Keras' schedules with other numbers, which may be tensors.

    Example:
        >>> halving = with_numbers(schedules.ExponentialDecay(1.0, 1, 0.9), {"decay_rate": 0.5})
        >>> float(at(halving, keras.ops.array(2)))
        0.25
    """
    other = copy.copy(schedule)
    vars(other).update(given)
    return other


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def text(value: object, literal: Callable[[object], str] = repr) -> str | None:
    """Return the text of one of Keras' schedules, and None for anything else.

    Args:
        value: Perhaps a schedule.
        literal: Writes the value of an option of it.
    """
    word = next((name for name, cls in by_name().items() if cls is type(value)), None)
    if word is None or not is_schedule(value):
        return None
    config = {k: v for k, v in value.get_config().items() if k != "name" and v is not None}
    return f"{word}({', '.join(f'{k}={literal(v)}' for k, v in config.items())})"


def show(value: object) -> str:
    """Return a value as the `repr` of a technique shows it: schedules as text, also in a list."""
    if isinstance(value, list):
        return f"[{', '.join(map(show, value))}]"
    return text(value) or repr(value)
