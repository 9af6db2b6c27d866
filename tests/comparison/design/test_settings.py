"""The options: `regkit.compare` takes each with the bounds and the default that are declared."""

from __future__ import annotations

import inspect
import typing

import pytest

from regkit.comparison.design.settings import OPTIONS, Option, Settings
from regkit.comparison.run import compare
from regkit.core.errors import OptionError

pytestmark = pytest.mark.backend_free

PLAIN = {"build_model", "data", "recipes", "force", "resume", "progress"}


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_compare_has_it_as_it_is_declared(option: Option) -> None:
    hints = typing.get_type_hints(compare, include_extras=True)
    assert hints[option.name] == option.declared
    assert inspect.signature(compare).parameters[option.name].default == option.default


def test_every_option_of_compare_is_declared() -> None:
    assert set(inspect.signature(compare).parameters) == PLAIN | {o.name for o in OPTIONS}
    assert set(Settings.__annotations__) <= {option.name for option in OPTIONS}


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_its_default_is_within_its_bounds(option: Option) -> None:
    assert option.check(option.default) == option.default


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_its_bad_values_are_refused(option: Option) -> None:
    bad = option.bounds.bad_values()
    assert bad
    for value in bad:
        with pytest.raises(OptionError, match=f"^{option.name} must be .* received {option.name}="):
            option.check(value)


def test_a_misspelt_choice_is_answered_by_the_nearest() -> None:
    (measure,) = (option for option in OPTIONS if option.name == "measure")
    with pytest.raises(OptionError, match="received measure='acuracy'; did you mean 'accuracy'"):
        measure.check("acuracy")


def test_the_help_tells_bounds_and_default() -> None:
    told = {option.name: option.full_help for option in OPTIONS}
    assert told["seeds"] == "seeds a split, averaged (a whole number of at least 1; default: 1)"
    assert told["test_size"] == "tested on (a number in (0, 1); default: 0.2)"
    assert told["task"] == (
        "what is learnt (classification, regression; default: seen from the targets)"
    )
    assert told["encoding"] == "of a text, such as cp1252"
