"""Calling a user's function that builds a model, with what its parameters ask for."""

from __future__ import annotations

import copy
import inspect
import itertools
from collections.abc import Callable
from typing import Any

import keras

from regkit.core.errors import RegkitError, suggest

__all__ = ["BuildModel", "ModelBuilder"]

# Any function that `ModelBuilder` accepts: which of the three parameters it has is its own choice.
BuildModel = Callable[..., keras.Model]

_KNOWN = ("input_shape", "n_classes", "member")
_ALLOWED = (
    "build_model is called with those of input_shape, n_classes and member that its signature "
    "names, as in def build(input_shape, n_classes)"
)
_SEVERAL = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
_BY_PLACE = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class ModelBuilder:
    """Builds compiled models by a function of the user's, which is checked at once.

    The function is called by keyword, with those of `input_shape`, `n_classes` and `member` that
    its signature names; with all three where it takes `**kwargs`. A function whose required
    parameters are two of other names, as in `lambda shape, k: …`, gets the shape and the number of
    classes by position.

    Args:
        build_model: The function.

    Attributes:
        by_place: What the function gets by position, in this order.
        by_name: What it gets by keyword.

    Raises:
        RegkitError: for what cannot be called, or a required parameter that has no value.

    Example:
        >>> ModelBuilder(lambda input_shape, member: None).by_name
        ('input_shape', 'member')
        >>> ModelBuilder(lambda shape, k: None).by_place
        ('input_shape', 'n_classes')
    """

    def __init__(self, build_model: object) -> None:
        self._member: int | None = None
        self._function, parameters = _readable(build_model)
        self.by_place, self.by_name = _arguments(parameters)

    def __call__(
        self, input_shape: tuple[int, ...], n_classes: int | None, member: int = 0
    ) -> keras.Model:
        """Return the compiled model that the function builds.

        Args:
            input_shape: The shape of one example.
            n_classes: The number of classes; None for a regression.
            member: Which of several fits the model is for, from 0. All of them have one
                architecture, optimizer and loss; it may decide the initial weights.

        Raises:
            RegkitError: where the function returns something else.
        """
        member = member if self._member is None else self._member
        values = {"input_shape": input_shape, "n_classes": n_classes, "member": member}
        model = self._function(
            *(values[name] for name in self.by_place),
            **{name: values[name] for name in self.by_name},
        )
        if not isinstance(model, keras.Model):
            raise RegkitError(
                f"build_model must return a compiled keras.Model; it returned {model!r}"
            )
        if not model.compiled:
            raise RegkitError(
                "build_model returned a model that is not compiled; call model.compile"
            )
        return model

    def of_member(self, member: int) -> ModelBuilder:
        """Return one that builds the models of this member only.

        Example:
            >>> built = []
            >>> builder = ModelBuilder(lambda member: built.append(member)).of_member(3)
            >>> try:
            ...     builder((4,), None, member=0)
            ... except RegkitError:
            ...     print(built)
            [3]
        """
        own = copy.copy(self)
        own._member = member
        return own


def _readable(build_model: object) -> tuple[Callable[..., Any], list[inspect.Parameter]]:
    """Return a function and its parameters."""
    if isinstance(build_model, keras.Model):
        raise RegkitError(
            f"build_model is the model {build_model.name!r}; give a function that returns one, as "
            "each fit starts from a model of its own"
        )
    if not callable(build_model):
        raise RegkitError(
            "build_model must be a function that returns a compiled keras.Model; received "
            f"{build_model!r}"
        )
    try:
        return build_model, list(inspect.signature(build_model).parameters.values())
    except (TypeError, ValueError):  # some functions that are written in C
        raise RegkitError(
            f"Python does not tell the parameters of build_model, {build_model!r}; wrap it in a "
            "function of your own, def build(input_shape, n_classes)"
        ) from None


def _arguments(parameters: list[inspect.Parameter]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what is given by position and what by keyword."""
    kinds = [parameter.kind for parameter in parameters]
    single = [parameter for parameter in parameters if parameter.kind not in _SEVERAL]
    required = [parameter for parameter in single if parameter.default is parameter.empty]
    named = {parameter.name for parameter in single} & {*_KNOWN}
    # Functions of (shape, k) and lambdas of two letters are common, and the order is the one that
    # every page of documentation has: to refuse them would break working code for nothing. With any
    # known name beside the unknown ones, what they mean is a guess, and is refused.
    two = len(required) == 2 and all(parameter.kind in _BY_PLACE for parameter in required)
    if not named and (two or kinds == [inspect.Parameter.VAR_POSITIONAL]):
        return _KNOWN[:2], ()
    for parameter in required:
        if parameter.name not in _KNOWN:
            near = suggest(parameter.name, _KNOWN)
            raise RegkitError(
                f"{_ALLOWED}; its parameter {parameter.name!r} has no value{near or '.'} Rename "
                "it, or give it a default"
            )
    only = [parameter.name for parameter in single if parameter.kind is _BY_PLACE[0]]
    by_place = tuple(itertools.takewhile(_KNOWN.__contains__, only))
    takes_all = inspect.Parameter.VAR_KEYWORD in kinds
    others = [name for name in _KNOWN if takes_all or name in named - {*only}]
    return by_place, tuple(name for name in others if name not in by_place)
