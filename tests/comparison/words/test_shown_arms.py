"""Every arm is shown by a text that makes exactly it, wherever an arm is shown."""

from __future__ import annotations

import dataclasses
import io
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from regkit.comparison import figures, page
from regkit.comparison.design.arms import BASELINE, named
from regkit.comparison.figures import look
from regkit.comparison.record.results import Record
from regkit.comparison.report import Comparison
from regkit.comparison.several import Comparisons
from regkit.comparison.statistics import analysis
from regkit.comparison.words.folding import fold
from regkit.comparison.words.headline import headline
from regkit.comparison.words.progress import FitProgress
from regkit.core.errors import RegkitError
from regkit.core.recipe import Alternatives, Recipe
from regkit.techniques.catalogue import default_arms
from tests.comparison.drawn import written
from tests.comparison.pages import Elements
from tests.comparison.records import record
from tests.registered import EFFECTIVE

pytestmark = pytest.mark.backend_free


def same(text: str, technique: Any) -> bool:
    """Whether a text makes exactly this technique."""
    (made,) = Recipe(text)
    return type(made) is type(technique) and made.get_config() == technique.get_config()


def of(arms: dict[str, str], **options: Any) -> Record:
    """A record of these arms, the first of them better."""
    others = [name for name in arms if name != BASELINE]
    effects = {name: (0.06 / k, 0.1 / k, 1.0) for k, name in enumerate(others, 1)}
    made = record(arms=effects, n_splits=8, noise=0.002, epochs=3, **options)
    return dataclasses.replace(made, arms=arms)


@pytest.mark.parametrize("given", default_arms())
def test_every_default_arm(given: str) -> None:
    _, arm = named([given])
    assert "(" in arm
    for shown, meant in zip(Alternatives(arm), Alternatives(given), strict=True):
        assert same(str(shown), meant[0])
    assert named([arm]) == named([given])


@pytest.mark.parametrize("name", EFFECTIVE)
def test_every_technique_that_is_registered(name: str) -> None:
    technique = EFFECTIVE[name]()
    text = str(Recipe([technique]))
    assert list(named([text])) == [BASELINE, text]
    assert same(text, technique)


STRENGTHS = st.floats(0, 0.99, exclude_min=True)
ONE = st.one_of(
    st.builds("l2({!r})".format, STRENGTHS),
    st.builds("dropout({!r}, layers='hidden_*')".format, STRENGTHS),
    st.builds("gaussian_noise({!r}, seed={})".format, STRENGTHS, st.integers(0, 2**63 - 1)),
    st.builds("elastic_distortion({!r}, relative_to={!r})".format, STRENGTHS, st.floats(1, 1e6)),
    st.builds("drop_connect({!r}, mask='batch')".format, STRENGTHS),
)
RECIPES = st.lists(ONE, min_size=1, max_size=3, unique_by=lambda one: one.partition("(")[0]).map(
    " + ".join
)


@settings(max_examples=100, deadline=None)
@given(RECIPES)
def test_generated_recipes_in_every_narrow_place(text: str) -> None:
    """What is cut is no recipe; what is not cut is the recipe."""
    (_, arm), recipe = named([text]), Recipe(text)
    for width in (8, 15, 24, 40):
        assert "".join(fold(arm, width)).replace(" ", "") == arm.replace(" ", "")
        for lines in (1, 3):
            cut = look.wrap(arm, width, lines)
            if "…" in cut:
                with pytest.raises(RegkitError):
                    Recipe(cut)
            else:
                assert cut.replace(" ", "").replace("\n", "") == arm.replace(" ", "")
    made = Recipe(arm)
    assert [one.get_config() for one in made] == [one.get_config() for one in recipe]


@pytest.mark.parametrize("name", ["l2(1e-4) + dropout(0.2)", "short"])
def test_what_the_progress_cuts_is_no_recipe(name: str) -> None:
    progress = FitProgress(1, shown=False)
    progress.begin(name)
    (task,) = progress._bar.tasks
    assert task.description == (name if len(name) <= 18 else "l2(1e-4) + dropou…")


ARMS = named(["strong = l2(0.1)", "dropout", "elastic_distortion(relative_to=28)"])
PLAIN = ["dropout(0.5)", "elastic_distortion(34, relative_to=28)"]
OWN = "strong = l2(0.1)"


def flat(text: str) -> str:
    """A text without what may break it."""
    return re.sub(r"[\s\u200b]+", "", text)


@pytest.fixture(scope="module")
def shown() -> dict[str, str]:
    """Where arms are shown → what stands there."""
    given = of(ARMS)
    summaries = analysis.summarize(given)
    terminal = io.StringIO()
    Comparison(given).show(Console(file=terminal, width=100))
    with figures.style():
        drawn = {
            kind: written(draw(given, summaries))
            for kind, draw in figures.FIGURES.items()
            if kind != "alternatives"  # which shows only arms that have some
        }
    twice = Comparisons([Comparison(given), Comparison(of(ARMS, name="wine"))])
    return {
        **drawn,
        "terminal": terminal.getvalue(),
        "page": Elements(page.render(given, summaries)).text,
        "fragment": Elements(page.fragment(given, summaries)).text,
        "overview": Elements(twice.to_html()).text,
        "repr": repr(Comparison(given)),
    }


@pytest.mark.parametrize("arm", [OWN, *PLAIN])
def test_every_place_shows_the_text(shown: dict[str, str], arm: str) -> None:
    for place, text in shown.items():
        assert flat(arm) in flat(text), place


def test_nowhere_is_an_arm_shown_by_less(shown: dict[str, str]) -> None:
    """Neither a technique without its strength, nor a name of one's own without its recipe."""
    for place, text in shown.items():
        assert not re.search(r"\b(dropout|elastic_distortion)\b(?!\()", text), place
        assert not re.search(r"strong(?!=l2\(0\.1\))", flat(text).replace("strongevidence", "")
                             .replace("strong:p<0.01", "").replace("strong,p<0.01", "")), place  # fmt: skip


def test_sentences_name_arms_by_their_text() -> None:
    given = of(ARMS)
    said = headline(given, analysis.summarize(given))
    assert said.startswith(f"{OWN} is better than the baseline")


def test_the_ranks_are_of_texts() -> None:
    scores = np.arange(2)
    found = Comparisons([Comparison(of(ARMS, name=f"set {k}", seed=k)) for k in scores]).ranking
    assert set(found.arms) == {BASELINE, OWN, *PLAIN}
