"""Strengths as inputs of the compiled step: another number compiles nothing.

An option that may be a schedule is read in the step by `context.value(self.strength)`. While a step
runs, an `Input` stands in the option's place, and `context.value` gives what the step was handed
for it: on TensorFlow and JAX a scalar tensor. Whatever else is done with it in a stage method
(a comparison, a float()) would make the number a constant of the compiled step, which then served
other numbers too; so it is refused in words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, TypeAlias

from keras import ops

from regkit.core import options, schedules
from regkit.core.errors import AttachError
from regkit.ops.precision import wide
from regkit.types import Nest, Schedule, Size, Tensor

__all__ = ["Input", "given_now", "inputs_of", "value_at"]

# What a step is handed for an option: a number, or the numbers of a schedule by name.
Given: TypeAlias = Any


def _refusing(how: str) -> Any:
    def refuse(self: Input, *args: object) -> NoReturn:
        self.refuse(how)

    return refuse


class Input:
    """Stands for a number, or a schedule, while a step runs.

    Args:
        owner: The technique's class name.
        option: The option's name.
        value: What the option is.
        never: Numbers at which it would be no input; it is known to differ from them.
    """

    def __init__(
        self, owner: str, option: str, value: float | Schedule, never: tuple[float, ...]
    ) -> None:
        self.owner, self.option, self.outside, self._never = owner, option, value, never

    def kind(self) -> object:
        """Return what of it a compiled step depends on."""
        return float

    def at(self, given: Given, step: Size) -> Any:
        """Return the value at a step, from what the step was handed."""
        return given

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if isinstance(other, int | float) and other in self._never:
            return False
        self.refuse(f"is compared with {other!r}")

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"<option {self.option} of {self.owner}, an input of the step>"

    __lt__ = __le__ = __gt__ = __ge__ = _refusing("is compared")
    __float__ = __int__ = __bool__ = __index__ = _refusing("is taken for a number")
    __array__ = __jax_array__ = __tf_tensor__ = _refusing("is taken for a tensor")
    __add__ = __sub__ = __mul__ = __truediv__ = __pow__ = __neg__ = _refusing("is reckoned with")
    __radd__ = __rsub__ = __rmul__ = __rtruediv__ = __rpow__ = _refusing("is reckoned with")

    def refuse(self, how: str) -> NoReturn:
        """Refuse to be used otherwise than by `context.value`."""
        raise AttachError(
            f"{self.owner}: the option {self.option} {how} within the step, which is compiled for "
            f"every number. Read it by context.value(self.{self.option}). If the number decides "
            "what the step does, let the option take no schedule: it is a constant of the step then"
        )


class ScheduleInput(Input):
    """Stands for one of Keras' schedules, whose numbers are inputs."""

    outside: Schedule

    def kind(self) -> object:
        """Return the class, and what is no number in it."""
        return schedules.fixed(self.outside)

    def at(self, given: Given, step: Size) -> Any:
        """Return the schedule's value, with the numbers that were handed to the step."""
        return _at(schedules.with_numbers(self.outside, given), step)

    def __call__(self, step: object) -> NoReturn:
        self.refuse("is called")


def inputs_of(technique: object) -> dict[str, Input]:
    """Return what stands for each option of a technique that is an input of the step, by name.

    Those are numbers, and schedules of Keras' own classes, where the option may be a schedule.

    Example:
        >>> import regkit
        >>> inputs_of(regkit.L2(1e-4))
        {'strength': <option strength of L2, an input of the step>}
        >>> inputs_of(regkit.ElasticDistortion(probability=1.0)).keys()
        dict_keys(['alpha'])
    """
    inputs: dict[str, Input] = {}
    owner = type(technique).__name__
    for name, bounds in options.constraints(type(technique)).items():
        value = getattr(technique, name)
        value = value.outside if isinstance(value, Input) else value
        if not bounds.schedule:
            continue
        never = (*bounds.constant_at, *(() if bounds.neutral is None else (bounds.neutral,)))
        if isinstance(value, float) and value not in never:
            inputs[name] = Input(owner, name, value, never)
        elif schedules.is_known(value):
            inputs[name] = ScheduleInput(owner, name, value, never)
    return inputs


def value_at(
    strength: float | Schedule | Input,
    given: Mapping[str, Given],
    step: Size,
    weights: Sequence[Tensor] = (),
) -> Any:
    """Return a strength at a step: a plain number as it is, all else as a scalar tensor.

    Args:
        strength: A number, a schedule, or what stands for either in a step.
        given: What the step was handed for each option.
        step: The number of the step.
        weights: What it is reckoned with: the tensor is of the widest type among them.

    Example:
        >>> value_at(0.5, {}, 3)
        0.5
    """
    if isinstance(strength, Input):
        value = strength.at(given[strength.option], step)
    elif callable(strength):
        value = _at(strength, step)
    else:
        return strength
    dtype = wide(*weights)
    if isinstance(value, float | int):  # converted first, it would lose digits
        return ops.convert_to_tensor(value, dtype)
    return ops.cast(value, dtype)


def _at(schedule: Schedule, step: Size) -> Any:
    return schedules.at(schedule, ops.convert_to_tensor(step, "int32"))


def given_now(technique: object, made_for: Input) -> Nest:
    """Return what a step is handed for an option, as it is now: a number, or those of a schedule.

    Args:
        technique: Whose option it is.
        made_for: What stands for it in the step.

    Raises:
        OptionError: where it was set to what it cannot be.
        AttachError: where it was set to what the step was not made for.

    Example:
        >>> import regkit
        >>> technique = regkit.L2(1e-4)
        >>> inputs = inputs_of(technique)
        >>> technique.strength = 1e-3
        >>> given_now(technique, inputs["strength"])
        0.001
    """
    name = made_for.option
    value = options.checked(type(technique), name, getattr(technique, name))
    now = inputs_of(technique).get(name)
    if now is None or now.kind() != made_for.kind():
        raise AttachError(
            f"{made_for.owner}: the option {name} was {made_for.outside!r} when the fit began, and "
            f"has become {value!r}, for which the step takes another form. Let it follow a "
            "keras.optimizers.schedules.LearningRateSchedule, or begin another fit"
        )
    return schedules.numbers(value) if schedules.is_schedule(value) else value
