"""Alternatives in the text of a recipe: which recipes they are, printed and read again, refused."""

from __future__ import annotations

import itertools
import math
from typing import Any

import keras
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import regkit
from regkit.core.errors import ConflictError, RecipeError, RegkitError
from regkit.core.recipe import Alternatives
from regkit.core.recipe.ranges import log_spaced

pytestmark = pytest.mark.backend_free


@pytest.mark.parametrize(
    ("text", "recipes"),
    [
        ("dropout(0.1|0.3|0.5)", ["dropout(0.1)", "dropout(0.3)", "dropout(0.5)"]),
        ("dropout(rate=.5 | 1e-1)", ["dropout(0.5)", "dropout(0.1)"]),
        ("l2(1e-3..1e-2)", ["l2(1e-3)", "l2(0.0032)", "l2(0.01)"]),
        ("l2(0|1e-2..0.1|1)", ["l2(0)", "l2(0.01)", "l2(0.032)", "l2(0.1)", "l2(1)"]),
        ("l2(1..10)", ["l2(1)", "l2(3)", "l2(10)"]),
        ("l2(0.1...5)", ["l2(0.1)", "l2(0.22)", "l2(0.5)"]),
        (
            "l2(1e-4|1e-3) + dropout(0.1|0.5)",
            [
                "l2(1e-4) + dropout(0.1)",
                "l2(1e-4) + dropout(0.5)",
                "l2(1e-3) + dropout(0.1)",
                "l2(1e-3) + dropout(0.5)",
            ],
        ),
        (
            "label_smoothing(spread='others'|\"all\", epsilon=0.1|0.2)",
            [
                "label_smoothing(0.1)",
                "label_smoothing(0.1, spread='all')",
                "label_smoothing(0.2)",
                "label_smoothing(0.2, spread='all')",
            ],
        ),
        (
            "dropout(0.1, layers=None|['a', 'b']|'c')",
            [
                "dropout(0.1)",
                "dropout(0.1, layers=['a', 'b'])",
                "dropout(0.1, layers='c')",
            ],
        ),
        ("l2", ["l2(1e-4)"]),
        ("", [""]),
    ],
)
def test_a_text_stands_for_recipes_in_a_fixed_order(text: str, recipes: Any) -> None:
    alternatives = Alternatives(text)
    assert [str(recipe) for recipe in alternatives] == recipes
    again = Alternatives(str(alternatives))
    assert (str(again), again) == (str(alternatives), alternatives)
    assert [str(recipe) for recipe in again] == recipes


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("l2( 1e-4 |1e-3)+dropout", "l2(1e-4|1e-3) + dropout(0.5)"),
        ("dropout(layers='a'|'b')", "dropout(0.5, layers='a'|'b')"),
        ("dropout(0.1, layers=None|'a')", "dropout(0.1, layers=None|'a')"),
        (
            "weight_decay(decoupled=True|False, rate=0.1|0.2)",
            "weight_decay(0.1|0.2, decoupled=True|False)",
        ),
        ("l2(1e-5..1e-3)", "l2(1e-5|3.2e-5|1e-4|3.2e-4|1e-3)"),
    ],
)
def test_it_prints_as_the_text_that_makes_it_again(text: str, printed: str) -> None:
    assert str(Alternatives(text)) == printed
    assert str(Alternatives(printed)) == printed
    assert repr(Alternatives(text)) == f"Alternatives({printed!r})"
    assert hash(Alternatives(text)) == hash(Alternatives(printed))


def test_schedules_are_alternatives_too() -> None:
    alternatives = Alternatives("l2(polynomial_decay(0.1, 10)|0.1, layers='a'|'b')")
    assert Alternatives(str(alternatives)) == alternatives
    schedule = alternatives[1][0].strength
    assert isinstance(schedule, keras.optimizers.schedules.PolynomialDecay)
    assert [recipe[0].layers for recipe in alternatives] == ["a", "b", "a", "b"]


VALUES = st.lists(st.floats(0, 0.99), min_size=1, max_size=3, unique=True)
TEXTS = st.lists(st.text(min_size=1, max_size=4), min_size=1, max_size=2, unique=True)


def one_of(values: list[Any]) -> str:
    return "|".join(map(repr, values))


PLACE = st.one_of(
    st.builds(lambda v: f"l2({one_of(v)})", VALUES),
    st.builds(lambda v, w: f"dropout({one_of(v)}, layers={one_of(w)})", VALUES, TEXTS),
    st.builds(lambda v: f"gaussian_noise(stddev={one_of(v)}, seed=None|3)", VALUES),
    st.builds(lambda v: f"drop_connect(mask='batch'|'gaussian', rate={one_of(v)})", VALUES),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(PLACE, min_size=1, max_size=2, unique_by=lambda text: text.partition("(")[0]))
def test_any_alternatives_round_trip(places: list[str]) -> None:
    text = " + ".join(places)
    alternatives = Alternatives(text)
    printed = str(alternatives)
    again = Alternatives(printed)
    assert str(again) == printed
    assert [str(recipe) for recipe in again] == [str(recipe) for recipe in alternatives]
    alone = [[str(recipe) for recipe in Alternatives(place)] for place in places]
    combined = [" + ".join(each) for each in itertools.product(*alone)]
    assert [str(recipe) for recipe in alternatives] == combined
    assert len(set(combined)) == len(alternatives)
    for recipe in alternatives:
        assert str(regkit.Recipe(str(recipe))) == str(recipe)


@settings(deadline=None)
@given(st.text(alphabet="l2dropout()|.,=+ 01e-'[]", max_size=14))
def test_any_text_is_alternatives_or_a_recipe_error(text: str) -> None:
    try:
        alternatives = Alternatives(text)
    except RecipeError as error:
        assert "^" in str(error)
    else:
        assert Alternatives(str(alternatives)) == alternatives


def test_recipes_share_no_technique() -> None:
    alternatives = Alternatives("l2(1e-4|1e-3) + dropout(0.1|0.5)")
    techniques = [technique for recipe in alternatives for technique in recipe]
    assert len({id(technique) for technique in techniques}) == 8
    assert alternatives[2] is alternatives[2]
    assert [str(recipe) for recipe in alternatives[2:]] == [
        "l2(1e-3) + dropout(0.1)",
        "l2(1e-3) + dropout(0.5)",
    ]


def test_what_a_recipe_takes_is_one_alternative() -> None:
    for source in ("l2(1e-3)", regkit.L2(1e-3), [regkit.L2(1e-3)], regkit.Recipe("l2(1e-3)")):
        assert [str(recipe) for recipe in Alternatives(source)] == ["l2(1e-3)"]
    two = Alternatives("l2(1|2)")
    assert Alternatives(two) == two != Alternatives("l2(1)")
    assert two != "l2(1|2)"
    with pytest.raises(RecipeError, match="a list of techniques; received 5"):
        Alternatives(5)  # type: ignore[arg-type]


def test_the_differences_name_the_options_that_vary() -> None:
    two = Alternatives("l2(1e-4|1e-3) + l2(0.5, layers='a'|'b') + dropout(0.5)")
    assert two.differences[1] == {"l2.strength": 1e-4, "l2_2.layers": "b"}
    assert two.differences[2] == {"l2.strength": 1e-3, "l2_2.layers": "a"}
    assert Alternatives("l2").differences == ({},)
    assert [one["l2.strength"] for one in Alternatives("l2(1..10)").differences] == [1.0, 3.0, 10.0]


@given(st.floats(5e-324, 1.7e308), st.floats(5e-324, 1.7e308))
def test_a_range_is_log_spaced_between_its_ends(one: float, other: float) -> None:
    low, high = sorted([one, other])
    if low == high:
        return
    values = log_spaced(low, high)
    assert (values[0], values[-1]) == (low, high)
    assert all(a < b for a, b in itertools.pairwise(values))
    if low > 1e-300:  # below, floats have too few digits
        steps = [math.log10(b) - math.log10(a) for a, b in itertools.pairwise(values)]
        assert max(steps) < 0.5 + 0.05  # half a decade, but for rounding to two digits
        assert len(values) == 2 or min(steps) > 0.25 - 0.05


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_between_whole_numbers_a_range_is_whole(one: int, other: int) -> None:
    if one != other:
        values = log_spaced(*sorted([one, other]))
        assert all(type(value) is int for value in values)
        assert values == sorted(set(values))


def test_a_range_of_whole_decades_has_them_all() -> None:
    values = log_spaced(1e-6, 1)
    assert len(values) == 13
    assert values[::2] == [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1]


WRONG = {
    "l2(1e-2..1e-5)": (3, r"from the smaller number to the larger; received 0.01\.\.1e-5"),
    "l2(1e-3..1e-3)": (3, "both ends of this range are 1e-3; write that value alone"),
    "l2(2..2)": (3, "both ends of this range are 2; write"),
    "l2(0..1e-2)": (3, r"does not reach 0; name two ends above 0.*0\|1e-5\.\.1e-2"),
    "l2(strength=1e-5..0)": (12, "does not reach 0"),
    "l2(-1..1)": (3, "two finite numbers above 0, as in .*; received -1"),
    "l2(1..1e400)": (3, "two finite numbers above 0, as in .*; received inf"),
    f"l2(1..1{'0' * 400})": (3, r"two finite numbers above 0.*received \(a number of 401 digits"),
    "dropout(layers='a'..'b')": (15, r"a range is of two numbers above 0, as in 1e-5\.\.1e-2"),
    "weight_decay(0.1, decoupled=False..True)": (28, "a range is of two numbers above 0"),
    "l2(..5)": (3, "a value belongs here"),
    "l2(1..)": (6, "a value belongs here"),
    "l2(1..2..3)": (7, r"expected ',' or '\)'; alternatives are values of a technique's option"),
    "dropout(|0.1)": (8, "a value belongs here"),
    "dropout(0.1|)": (12, "a value belongs here"),
    "dropout(0.1||0.2)": (12, "a value belongs here"),
    "|": (0, "a technique's name belongs here"),
    "l2 | l1": (3, r"expected '\+' between techniques; alternatives are values of a technique's"),
    "l2(0.1)|0.2": (7, r"expected '\+' between techniques; alternatives are values"),
    "dropout(layers=['a'|'b'])": (19, r"expected ',' or '\]'; alternatives are values of a"),
    "l2(cosine_decay(0.1|0.2, 10))": (16, "alternatives are values .*; not of a schedule's"),
    "dropout(0.1|1.5|0.2)": (12, r"rate must be a number in \[0, 1\).*received rate=1.5"),
    "dropout(1.5|0.2)": (8, r"received rate=1.5"),
    "dropout(0.1..1.5)": (8, r"received rate=1.5"),
    "l2(1|2) + dropout(0.1|0.2, layers='a'|5)": (38, "layers must be .*; received layers=5"),
    "dropout(1.5|0.2, layers='a'|'b')": (0, "received rate=1.5"),
    "dropout(rat=0.1|0.3)": (12, "did you mean 'rate'"),
    "early_stopping(patience=1|0.5)": (26, "received patience=0.5"),
    "l1(1|2, 3|4)": (0, "too many positional arguments"),
    "dropout(0.1|0.3|0.10)": (16, r"dropout\(0.1\) is twice among the alternatives"),
    "l2(0.01|1e-3..0.1)": (8, r"l2\(0.01\) is twice among"),
    "l2(1e-300..1e300)": (3, "more than 100 recipes, as those of several options multiply; give"),
    "l2(1e-6..1) + l1(strength=1e-6..1)": (26, "more than 100 recipes"),
    "dropuot(0.1|0.3)": (0, "did you mean 'dropout'"),
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_pointed_at(text: str) -> None:
    place, what = WRONG[text]
    with pytest.raises(RecipeError, match=what) as caught:
        Alternatives(text)
    *_, shown, caret = str(caught.value).splitlines()
    assert shown.strip() == text
    assert caret.index("^") - 4 == place


def test_each_of_the_recipes_is_held_to_its_contradictions() -> None:
    with pytest.raises(ConflictError):
        Alternatives("label_smoothing(0.1|0.2) + label_smoothing(0.3)")


@pytest.mark.parametrize("take", [regkit.Recipe, regkit.explain, regkit.Recipe("l1").__add__])
def test_where_one_recipe_belongs_alternatives_are_refused(take: Any) -> None:
    for text, place in (("dropout(0.1|0.3)", 11), ("l2(1e-5..1e-2)", 7)):
        with pytest.raises(RecipeError, match="a recipe has one value here; .*Alternatives") as it:
            take(text)
        assert str(it.value).splitlines()[-1].index("^") - 4 == place
    with pytest.raises(RecipeError, match=r"received recipes, the first 'l2\(1\)'"):
        take(Alternatives("l2(1|2)"))


def test_alternatives_are_no_callback() -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = keras.ops.ones((4, 2))
    with pytest.raises(RegkitError, match=r"'l2\(1\|2\)'\) is no callback: it stands for 2 reci"):
        model.fit(x, x[:, :1], callbacks=[Alternatives("l2(1|2)")], verbose=0)
