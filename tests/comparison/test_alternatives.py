"""Arms with alternatives: the choice is made by validation within each split, and by nothing else."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.model_selection import GridSearchCV, PredefinedSplit

from regkit.comparison.design.networks import resolve
from regkit.comparison.design.seeds import for_trials
from regkit.comparison.design.study import Study, Task
from regkit.comparison.fits import member_fits
from regkit.comparison.fits.fitting import fit_arm
from regkit.comparison.fits.model_pool import ModelPool
from regkit.comparison.report import Comparison
from regkit.comparison.run import compare
from regkit.comparison.study_run import completed
from regkit.data.sources import load
from tests.comparison.small import BY_THEMSELVES, DATA, QUICK, TOGETHER, network

ARM = "gaussian_noise(0.1|2|5)"
RATES = (0.1, 2, 5)
RECIPES = [f"gaussian_noise({rate})" for rate in RATES]
# Which fits are missing, and what they are chosen by, does not depend on the backend.
once = pytest.mark.backend_free
OPTIONS = {"splits": 3, "seeds": 2, "epochs": 3, "measure": "nll"}


@pytest.fixture(scope="module")
def chosen() -> Comparison:
    return compare(network, DATA, [ARM, "l2(0.01)"], **TOGETHER | OPTIONS)


def test_an_arm_has_one_fit_a_seed_of_what_was_chosen(chosen: Comparison) -> None:
    record = chosen.record
    assert len(record.trials) == 3 * 3 * 2
    for split in range(3):
        means = {
            recipe: np.mean(
                [
                    t.validation["nll"]
                    for t in record.trials
                    if (t.recipe, t.split) == (recipe, split)
                ]
            )
            for recipe in RECIPES
        }
        own = [fit for fit in record.of(ARM) if fit.split == split]
        assert [fit.seed for fit in own] == [0, 1]
        assert {fit.recipe for fit in own} == {min(means, key=lambda recipe: means[recipe])}
    assert record.alternatives[ARM] == {
        recipe: {"gaussian_noise.stddev": rate} for recipe, rate in zip(RECIPES, RATES, strict=True)
    }
    assert {fit.recipe for fit in record.of("l2(0.01)")} == {"l2(0.01)"}
    assert {*record.alternatives} == {ARM}


def test_what_was_chosen_is_trained_as_an_arm_of_that_recipe_alone(chosen: Comparison) -> None:
    """From the same weights, on the same examples, in the same order, with the same draws."""
    alone = compare(network, DATA, RECIPES, **TOGETHER | OPTIONS).record
    for fit in chosen.record.of(ARM):
        (same,) = [f for f in alone.of(fit.recipe) if (f.split, f.seed) == (fit.split, fit.seed)]
        assert fit.test == pytest.approx(same.test, rel=1e-3)


def test_a_trial_is_another_fit_than_that_of_what_was_chosen(chosen: Comparison) -> None:
    """So that the luck of the best trial does not count for it."""
    record = chosen.record
    for fit in record.of(ARM):
        (trial,) = [
            t
            for t in record.trials
            if (t.recipe, t.split, t.seed) == (fit.recipe, fit.split, fit.seed)
        ]
        assert trial.validation["nll"] != pytest.approx(fit.validation["nll"], rel=1e-6)


class Fitted(BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """One fit of a study as scikit-learn sees it."""

    def __init__(self, recipe: str = "", study: Any = None, repeat: Any = None) -> None:
        self.recipe, self.study, self.repeat = recipe, study, repeat

    def fit(self, x: Any, y: Any) -> Fitted:
        parts = self.study.parts(self.repeat)
        assert np.array_equal(x, parts.x_train)
        models = ModelPool(self.study.build, x.shape[1:], 3)
        task = Task("arm", self.recipe, self.repeat)
        self.fitted_ = fit_arm(models, task, parts, self.study.settings)
        return self

    def score(self, x: Any, y: Any) -> float:
        assert np.array_equal(x, self.study.parts(self.repeat).x_val)
        return -self.fitted_.validation["nll"]


@once
def test_the_choice_is_that_of_a_nested_grid_search() -> None:
    """scikit-learn's, over the same splits: an inner split for the choice, an outer for the test."""
    settings = {**QUICK, **OPTIONS, "seeds": 1, "engine": "sequential"}
    found = compare(network, DATA, [ARM], **settings).record
    build, model = resolve(network)
    study, _ = completed({"baseline": "", ARM: ARM}, load(DATA), build, model, {**found.settings})
    for task in study.tasks():
        if task.recipe != ARM:
            continue
        parts, repeat = study.parts(task.repeat), task.repeat
        x = np.concatenate([parts.x_train, parts.x_val])
        y = np.concatenate([parts.y_noisy, parts.y_val])
        inner = PredefinedSplit([-1] * len(parts.x_train) + [0] * len(parts.x_val))
        tried = Fitted(study=study, repeat=for_trials(repeat, root=0))
        search = GridSearchCV(tried, {"recipe": RECIPES}, cv=inner, refit=False).fit(x, y)
        best = Fitted(search.best_params_["recipe"], study, repeat)
        (fit,) = [f for f in found.of(ARM) if f.split == repeat.split]
        assert fit.recipe == best.recipe
        assert fit.test == pytest.approx(best.fit(parts.x_train, parts.y_noisy).fitted_.test)


@once
def test_the_test_part_plays_no_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """With other test labels the same is chosen."""
    options = BY_THEMSELVES | OPTIONS | {"seeds": 1}
    before = compare(network, DATA, [ARM], **options).record
    plain = Study.parts

    def parts(self: Study, repeat: Any) -> Any:
        given = plain(self, repeat)
        return dataclasses.replace(given, y_test=(given.y_test + 1) % 3)

    monkeypatch.setattr(Study, "parts", parts)
    after = compare(network, DATA, [ARM], **options).record
    assert before.trials == after.trials
    assert [f.test for f in before.fits] != [f.test for f in after.fits]
    assert [f.recipe for f in before.fits] == [f.recipe for f in after.fits]


def test_by_both_engines_the_same() -> None:
    options = OPTIONS | {"seeds": 1}
    alone = compare(network, DATA, [ARM], **BY_THEMSELVES | options).record
    together = compare(network, DATA, [ARM], **TOGETHER | options).record
    assert [f.recipe for f in alone.fits] == [f.recipe for f in together.fits]
    for one, other in zip(alone.trials, together.trials, strict=True):
        assert one.validation == pytest.approx(other.validation, rel=1e-3, abs=1e-5)


def test_alternatives_that_share_their_step_share_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also with the baseline, where the strength is 0 and the technique has left the step."""
    units: list[Any] = []
    plain = member_fits.MemberFits.fit
    monkeypatch.setattr(
        member_fits.MemberFits, "fit", lambda self, unit: units.append(unit) or plain(self, unit)
    )
    compare(network, DATA, ["l2(0|0.01|0.1)"], **TOGETHER | OPTIONS | {"seeds": 1})
    kinds = [{(task.arm, task.recipe) for task in unit.tasks} for unit in units]
    assert {("baseline", ""), ("l2(0|0.01|0.1)", "l2(0)")} in kinds
    assert {("l2(0|0.01|0.1)", "l2(0.01)"), ("l2(0|0.01|0.1)", "l2(0.1)")} in kinds


def test_what_is_said_of_it(chosen: Comparison) -> None:
    said = " ".join(str(chosen).split())
    assert "alternatives by validation NLL" in said
    assert "An arm with alternatives tries each of them in each split" in said
    page = chosen.to_html()
    assert "Alternatives, by the validation examples of each split" in page
    assert "chosen in splits" in page
    assert ARM in page
