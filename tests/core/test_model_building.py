"""A function that builds models gets what its signature names, or is refused at once."""

from __future__ import annotations

import ast
import functools
from typing import Any

import keras
import pytest

from regkit.core.errors import RegkitError
from regkit.core.model_building import ModelBuilder

pytestmark = pytest.mark.backend_free

VALUES = {"input_shape": (4,), "n_classes": 3, "member": 2}


def compiled() -> keras.Model:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    model.compile("sgd", "mse")
    return model


class Build:
    """An object that can be called."""

    def __call__(self, n_classes: int, width: int = 8) -> dict[str, Any]:
        return {"n_classes": n_classes}

    def method(self, member: int) -> dict[str, Any]:
        return {"member": member}


def with_wraps(function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def all_three(input_shape: Any, n_classes: Any, member: Any) -> dict[str, Any]:
    return {"input_shape": input_shape, "n_classes": n_classes, "member": member}


NAMED = {
    "all": (all_three, "input_shape n_classes member"),
    "another order": (
        lambda member, n_classes, input_shape: all_three(input_shape, n_classes, member),
        "input_shape n_classes member",
    ),
    "none": (lambda: {}, ""),
    "only keywords": (lambda *, n_classes: {"n_classes": n_classes}, "n_classes"),
    "**kwargs": (lambda **kwargs: kwargs, "input_shape n_classes member"),
    "a name and **kwargs": (
        lambda member, **kwargs: {"member": member, **kwargs},
        "input_shape n_classes member",
    ),
    "a default": (lambda input_shape=None: {"input_shape": input_shape}, "input_shape"),
    "others with defaults": (
        lambda input_shape, width=8, *, depth=2: {"input_shape": input_shape},
        "input_shape",
    ),
    "*args are left empty": (lambda member, *args: {"member": member}, "member"),
    "an object": (Build(), "n_classes"),
    "a method": (Build().method, "member"),
    "a partial": (functools.partial(all_three, member=9), "input_shape n_classes member"),
    "a decorated function": (with_wraps(all_three), "input_shape n_classes member"),
}


def given_to(function: Any) -> Any:
    """Return what a function of a model builder got, which it returns in place of a model."""
    with pytest.raises(RegkitError, match="must return a compiled") as caught:
        ModelBuilder(function)(**VALUES)
    return ast.literal_eval(str(caught.value).partition("it returned ")[2])


@pytest.mark.parametrize("name", NAMED)
def test_a_function_gets_what_its_signature_names(name: str) -> None:
    function, names = NAMED[name]
    assert given_to(function) == {name: VALUES[name] for name in names.split()}


def only_by_place(n_classes: int, input_shape: Any, /, **others: Any) -> dict[str, Any]:
    return {"n_classes": n_classes, "input_shape": input_shape, **others}


def default_by_place(width: int = 8, n_classes: Any = None, /, *, member: int) -> dict[str, Any]:
    return {"width": width, "n_classes": n_classes, "member": member}


def test_parameters_that_have_no_keyword_are_given_by_position() -> None:
    assert given_to(only_by_place) == VALUES
    assert given_to(default_by_place) == {"width": 8, "n_classes": None, "member": 2}


@pytest.mark.parametrize(
    "function",
    [
        lambda shape, k: [shape, k],
        lambda a, b, /: [a, b],
        lambda shape, classes, width=8: [shape, classes],
        lambda shape, classes, *rest, depth=2: [shape, classes, *rest],
        lambda *args: [*args],
    ],
)
def test_two_parameters_of_other_names_are_shape_and_classes(function: Any) -> None:
    assert given_to(function) == [(4,), 3]


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda shape: None, "its parameter 'shape' has no value; did you mean 'input_shape'?"),
        (lambda input_shape, k: None, "its parameter 'k' has no value. Rename it, or give it"),
        (lambda shape, k, seed: None, "its parameter 'shape' has no value"),
        (lambda *, units: None, "its parameter 'units' has no value. Rename it"),
        (lambda shape, *, k: None, "its parameter 'shape' has no value"),
        (lambda n_clases, **kwargs: None, "'n_clases' has no value; did you mean 'n_classes'?"),
        (lambda shape, n_classes=3: None, "its parameter 'shape' has no value"),
    ],
)
def test_a_parameter_without_a_value_is_refused_with_what_is_allowed(
    function: Any, said: str
) -> None:
    with pytest.raises(RegkitError) as caught:
        ModelBuilder(function)
    assert said in str(caught.value)
    assert "those of input_shape, n_classes and member that its signature names" in str(
        caught.value
    )


@pytest.mark.parametrize("wrong", [5, None, "mlp", [compiled]])
def test_what_cannot_be_called_is_refused(wrong: object) -> None:
    with pytest.raises(RegkitError, match="must be a function .* received") as caught:
        ModelBuilder(wrong)
    assert repr(wrong) in str(caught.value)


def test_a_model_is_no_function_that_builds_one() -> None:
    with pytest.raises(RegkitError, match="build_model is the model 'sequential.*give a function"):
        ModelBuilder(compiled())


def test_a_function_that_does_not_tell_its_parameters_is_refused() -> None:
    with pytest.raises(RegkitError, match="does not tell the parameters .*wrap it"):
        ModelBuilder(min)


def test_a_compiled_model_is_returned_and_nothing_else() -> None:
    model = compiled()
    assert ModelBuilder(lambda: model)((4,), 3) is model
    with pytest.raises(RegkitError, match="must return a compiled keras.Model; it returned None"):
        ModelBuilder(lambda: None)((4,), 3)
    with pytest.raises(RegkitError, match=r"not compiled; call model.compile"):
        ModelBuilder(lambda: keras.Sequential())((4,), 3)


def test_the_member_is_0_where_none_is_named() -> None:
    members: list[int] = []
    ModelBuilder(lambda member: members.append(member) or compiled())((4,), 3)
    assert members == [0]


def test_an_error_of_the_function_is_its_own() -> None:
    def build(input_shape: Any) -> keras.Model:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        ModelBuilder(build)((4,), 3)
