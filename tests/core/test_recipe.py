import keras
import pytest
from hypothesis import given
from hypothesis import strategies as st

import regkit
from regkit.core.errors import OptionError, RecipeError
from regkit.core.words import number
from tests.registered import EFFECTIVE, scheduled

pytestmark = pytest.mark.backend_free


def test_text_makes_the_techniques_in_order():
    recipe = regkit.Recipe("l2(1e-4)+ dropout(rate = .25,layers=['a*', 'b'])\n + label_smoothing")
    assert [type(one).__name__ for one in recipe] == ["L2", "Dropout", "LabelSmoothing"]
    assert (recipe[0].strength, recipe[1].rate, recipe[1].layers) == (1e-4, 0.25, ["a*", "b"])
    assert len(regkit.Recipe("")) == 0


@pytest.mark.parametrize("name", EFFECTIVE)
def test_every_built_in_goes_to_text_and_back_exactly(name):
    schedule = keras.optimizers.schedules.CosineDecay(0.3, 100, alpha=0.1)
    by_schedule = scheduled(schedule)
    for technique in [EFFECTIVE[name](), *([by_schedule[name]] if name in by_schedule else [])]:
        text = str(regkit.Recipe([technique]))
        again = regkit.Recipe(text)
        assert str(again) == text
        assert type(again[0]) is type(technique)
        for option, value in technique.get_config().items():
            other = again[0].get_config()[option]
            if isinstance(value, keras.optimizers.schedules.LearningRateSchedule):
                value, other = value.get_config(), other.get_config()
            assert other == value


@given(st.floats(0, 1e30), st.lists(st.text(min_size=1, max_size=6), min_size=1, max_size=3))
def test_any_number_and_any_text_round_trip(strength, names):
    technique = regkit.L2(strength, layers=names)
    again = regkit.Recipe(str(regkit.Recipe([technique])))[0]
    assert (again.strength, again.layers) == (strength, names)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("dropout", "dropout(0.5)"),
        ("l2", "l2(1e-4)"),
        ("l2(0)", "l2(0)"),
        ("l2(strength=1000.0)", "l2(1e3)"),
        ("elastic_distortion(relative_to=28)", "elastic_distortion(34, relative_to=28)"),
        ("elastic_distortion([1, 3])", "elastic_distortion([1.0, 3.0])"),
        ("weight_decay(1e-2, True)", "weight_decay(0.01, decoupled=True)"),
        ("drop_connect(mask='batch')", "drop_connect(0.5, mask='batch')"),
        ("early_stopping", "early_stopping"),
        ("early_stopping(patience=3)", "early_stopping(patience=3)"),
    ],
)
def test_strengths_are_shown_and_other_options_where_they_are_no_defaults(given, text):
    assert str(regkit.Recipe(given)) == text


@pytest.mark.parametrize("value", [-0.0, 2.0**60, 5e-324, 1e16, 1234.5, 1.0])
def test_numbers_are_written_shortly_and_are_the_same_again(value):
    text = number(value)
    assert repr(float(text)) == repr(value)
    assert len(text) <= len(repr(value))
    assert {".", "e"} & set(text)  # a float in a list stays one


@given(st.text(max_size=30))
def test_any_text_is_a_recipe_or_a_recipe_error(text):
    try:
        regkit.Recipe(text)
    except RecipeError as error:
        assert text == "" or "^" in str(error)


WRONG = {
    "l2 +": (4, "the text ends|belongs here"),
    "l2 l1": (3, r"expected '\+'"),
    "l2(1e-4": (7, r"expected ',' or '\)', but the text ends"),
    "dropuot(0.5)": (0, "did you mean 'dropout'"),
    "l2 + dropout(rat=0.5)": (5, "did you mean 'rate'"),
    "l2 + dropout(1.5)": (5, r"rate must be a number in \[0, 1\)"),
    "l2(strength=1, strength=2)": (15, "given twice"),
    "l2(strength=1, 2)": (15, "positional"),
    "dropout(0.1, layers=hidden)": (20, "needs quotes: 'hidden'"),
    "l2(nan)": (3, "nan is no number here"),
    "l2(strength=inf)": (12, "inf is no number here"),
    f"l1 + l2({'9' * 500})": (5, r"strength must be .*received strength=\(a number of 500 digits"),
    f"l2({'9' * 5000})": (3, "a number of 5000 digits is too long"),
    "l2(cosine(1, 2))": (3, "no schedule is called 'cosine'"),
    "l2(cosine_decay(1))": (3, "decay_steps"),
    "l2(1e-4) + @": (11, "belongs here"),
    "l2(layers='\\x')": (10, "not valid"),
    "nowhere:thing": (0, "no technique is called 'nowhere:thing'"),
    "__import__('os')": (0, "no technique is called"),
    "label_smoothing + label_smoothing(0.2, 'all')": None,
}


@pytest.mark.parametrize("text", [text for text, what in WRONG.items() if what])
def test_what_is_wrong_is_pointed_at(text):
    place, what = WRONG[text]
    with pytest.raises(RecipeError, match=what) as caught:
        regkit.Recipe(text)
    *_, shown, caret = str(caught.value).splitlines()
    assert shown.strip() == text.strip()
    assert caret.index("^") - 4 == place


def test_what_has_no_text_form_says_so():
    with pytest.raises(RecipeError, match="no text form"):
        str(regkit.Recipe([regkit.L2(layers=keras.layers.Dense)]))

    class Mine(regkit.Technique):
        pass

    with pytest.raises(RecipeError, match="not registered"):
        str(regkit.Recipe([Mine()]))
    with pytest.raises(RecipeError, match="Other Keras callbacks go beside it"):
        regkit.Recipe([keras.callbacks.TerminateOnNaN()])


def test_schedules_are_shown_as_they_are_written():
    text = "l2(strength=polynomial_decay(initial_learning_rate=0.1, decay_steps=10,"
    recipe = regkit.Recipe(text + " end_learning_rate=0.0, power=1.0, cycle=False))")
    assert repr(recipe[0]) == "L2(strength=" + str(recipe).removeprefix("l2(")
    assert " object at " not in recipe.explain()


def test_a_number_beyond_every_float_is_refused_by_its_option():
    with pytest.raises(OptionError, match=r"L2: strength must be .*a number of 401 digits"):
        regkit.L2(10**400)


def test_recipes_are_sequences():
    recipe = regkit.Recipe("l1 + l2")
    assert recipe[-1] is list(recipe)[1]
    assert [type(one).__name__ for one in recipe[:1]] == ["L1"]
    assert str(recipe + [regkit.Dropout(0.5)]) == "l1(1e-4) + l2(1e-4) + dropout(0.5)"  # noqa: RUF005
    assert repr(recipe) == "Recipe([L1(), L2()])"


@pytest.mark.parametrize(
    "source",
    [
        "l2(1e-3)",
        regkit.L2(1e-3),
        [regkit.L2(1e-3)],
        (regkit.L2(1e-3),),
        {regkit.L2(1e-3)},
        regkit.Recipe("l2(1e-3)"),
    ],
    ids=lambda one: type(one).__name__,
)
@pytest.mark.parametrize(
    "made",
    [regkit.Recipe, lambda source: regkit.Recipe() + source],
    ids=["Recipe(source)", "Recipe() + source"],
)
def test_a_text_a_technique_and_several_are_recipes(source, made):
    recipe = made(source)
    assert str(recipe) == "l2(1e-3)"
    assert regkit.explain(recipe) == recipe.explain()


def test_one_technique_is_explained():
    text = regkit.explain(regkit.L2(1e-3))
    assert isinstance(text, str)
    assert "PENALTY" in text
    assert text == regkit.explain([regkit.L2(1e-3)]) == regkit.explain("l2(1e-3)")


@pytest.mark.parametrize("wrong", [None, 5, 0.1, regkit.L2, keras.callbacks.TerminateOnNaN()])
@pytest.mark.parametrize("take", [regkit.Recipe, regkit.explain, regkit.Recipe("l1").__add__])
def test_what_is_no_recipe_is_refused(take, wrong):
    with pytest.raises(RecipeError, match="a list of techniques; received"):
        take(wrong)


@pytest.mark.parametrize("source", [["l2"], {"l2": 1}, b"l2", [regkit.L2(), None]])
def test_what_holds_no_techniques_is_refused(source):
    with pytest.raises(RecipeError, match="a recipe holds techniques; received"):
        regkit.Recipe(source)


@pytest.mark.parametrize("source", [regkit.L2, [regkit.L2]])
def test_a_class_is_to_be_called(source):
    with pytest.raises(RecipeError, match=r"received the class L2; call it, as in L2\(\)"):
        regkit.Recipe(source)


def test_a_strength_that_cannot_be_given_by_its_place_is_named():
    """The text makes exactly the technique again."""
    from regkit.core.options import Probability, ProbabilityOption, Rate, strengths
    from regkit.core.recipe.writer import text_under

    class Keyword(regkit.Technique):
        def __init__(self, *, rate: Rate = 0.5, often: ProbabilityOption = 1.0) -> None:
            super().__init__()

        def penalty(self, context):
            return 0.0

    assert strengths(Keyword) == ("rate",)
    assert text_under("keyword", Keyword()) == "keyword(rate=0.5)"
    assert Probability().says_how_often
