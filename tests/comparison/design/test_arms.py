"""Arms: named by their text or by the user, the defaults as far as they suit the data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from regkit import L1, L2
from regkit.comparison.design.arms import (
    BASELINE,
    default_recipes,
    named,
)
from regkit.comparison.record.results import label
from regkit.core.recipe import Alternatives, Recipe
from regkit.data import from_arrays
from regkit.techniques.catalogue import default_arms

Y = np.arange(40) % 2
TABLE = from_arrays(np.random.default_rng(0).normal(size=(40, 3)), Y)
IMAGES = from_arrays(np.random.default_rng(0).normal(size=(40, 4, 4, 1)), Y)
VALUES = from_arrays(np.random.default_rng(0).normal(size=(40, 3)), Y + 0.5, task="regression")


def test_names_in_text_and_by_a_mapping() -> None:
    both = {"baseline": "", "mild": "l2(0.01)", "two": "l1(1e-4) + dropout(0.2)"}
    assert named(["mild = l2(0.01)", "two= l1 + dropout(0.2)"]) == both
    assert named({"mild": "l2(0.01)", "two": Recipe("l1 + dropout(rate=0.2)")}) == both


def test_an_equals_sign_of_an_option_is_no_name() -> None:
    assert list(named(["l2(strength=0.01)"])) == [BASELINE, "l2(0.01)"]


@pytest.mark.parametrize("name", ["l2", "l2(1e-4)", "l2(strength=0.0001)"])
def test_a_name_that_says_the_same_is_no_name_of_its_own(name: str) -> None:
    assert named({name: "l2"}) == {"baseline": "", "l2(1e-4)": "l2(1e-4)"}


def test_the_same_recipe_under_two_names_is_two_arms() -> None:
    assert list(named(["a = l2", "b = l2"])) == [BASELINE, "a", "b"]


@pytest.mark.parametrize(
    "recipes", ["l2 + l1", Recipe("l2 + l1"), [Recipe("l2 + l1")], [[L2(), L1()]]]
)
def test_one_recipe_is_one_arm(recipes: Any) -> None:
    assert list(named(recipes)) == [BASELINE, "l2(1e-4) + l1(1e-4)"]


@pytest.mark.parametrize("recipes", [L2(), [L2()], {"l2": L2()}])
def test_a_technique_is_an_arm(recipes: Any) -> None:
    assert named(recipes) == {BASELINE: "", "l2(1e-4)": "l2(1e-4)"}


@pytest.mark.parametrize(
    "recipes",
    [
        "dropout(0.1 | 0.3)",
        Alternatives("dropout(0.1|0.3)"),
        {"dropout(rate=0.1|0.3)": "dropout(0.1|0.3)"},
    ],
)
def test_an_arm_with_alternatives_is_named_by_their_text(recipes: Any) -> None:
    assert named(recipes) == {BASELINE: "", "dropout(0.1|0.3)": "dropout(0.1|0.3)"}


def test_an_arm_with_alternatives_may_have_a_name_of_its_own() -> None:
    arms = named(["path = l2(0.01..0.1)", "l1(strength=1|2) + l2"])
    written = "l2(0.01|0.032|0.1)"
    both = "l1(1|2) + l2(1e-4)"
    assert arms == {BASELINE: "", "path": written, both: both}
    assert label("path", arms["path"]) == f"path = {written}"
    assert named([label("path", written)])["path"] == written


@pytest.mark.parametrize(
    ("recipes", "said"),
    [
        ({"l2(1|2)": "l2"}, r"the arm called 'l2\(1|2\)' is 'l2\(1e-4\)', but that name is itself"),
        (["a = l2", "a = l1"], "'a' is given twice"),
        (["baseline = l2"], "'baseline' is given twice"),
        ([" = l2"], r"the arm of 'l2\(1e-4\)' has an empty name"),
        ({"": "l2"}, r"the arm of 'l2\(1e-4\)' has an empty name"),
        (
            ["dropout = dropout(0.3)"],
            r"'dropout' is 'dropout\(0.3\)', but .* recipe, 'dropout\(0.5\)'",
        ),
        ({"l1 + l2": "l2"}, r"is itself a recipe, 'l1\(1e-4\) \+ l2\(1e-4\)'"),
        (["a ="], "an arm without techniques"),
        ({"a": "droput"}, "did you mean 'dropout'"),
        ({}, "no recipes to compare"),
    ],
)
def test_what_cannot_be_an_arm(recipes: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        named(recipes)  # type: ignore[arg-type]


def test_default_recipes_suit_the_data() -> None:
    arms = default_arms()
    images = {arm for arm, needs in arms.items() if "images" in needs}
    assert images == {"elastic_distortion(relative_to=28)"}
    assert default_recipes([IMAGES]) == list(arms)
    assert set(arms) - set(default_recipes([TABLE])) == images
    assert set(arms) - set(default_recipes([VALUES, IMAGES])) == {a for a, n in arms.items() if n}
