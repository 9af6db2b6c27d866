"""Arms with alternatives: the choice is made by validation within each split, and by nothing else."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.model_selection import GridSearchCV, PredefinedSplit

from regkit.comparison.design.networks import resolve
from regkit.comparison.design.study import Study, Task
from regkit.comparison.fits import fitting, member_fits
from regkit.comparison.fits.fitting import fit_arm
from regkit.comparison.fits.model_pool import ModelPool
from regkit.comparison.record.results import JOURNAL, Record
from regkit.comparison.report import Comparison
from regkit.comparison.run import compare
from regkit.comparison.study_run import completed
from regkit.data.sources import load
from tests.comparison.small import BY_THEMSELVES, DATA, QUICK, TOGETHER, drawing_network, network

ARM = "gaussian_noise(0.1|2|5)"
RATES = (0.1, 2, 5)
OPTIONS = {"splits": 3, "seeds": 2, "epochs": 3, "measure": "nll"}


@pytest.fixture(scope="module")
def chosen() -> Comparison:
    return compare(network, DATA, [ARM, "l2(0.01)"], **TOGETHER | OPTIONS)


def facts(record: Record) -> list[tuple[Any, ...]]:
    """What a record says, without times."""
    return [(f.arm, f.recipe, f.split, f.seed, f.best_epoch, f.test) for f in record.fits]


def test_an_arm_has_one_fit_a_seed_and_all_alternatives_are_on_record(chosen: Comparison) -> None:
    record = chosen.record
    assert len(record.of(ARM)) == 6
    assert len(record.trials) == 9
    for split in range(3):
        recipes = {fit.recipe for fit in record.of(ARM) if fit.split == split}
        (trial,) = [t for t in record.trials if t.split == split and t.chosen]
        assert recipes == {trial.recipe}
        assert trial.options == {"gaussian_noise.stddev": float(trial.recipe[15:-1])}
    assert {fit.recipe for fit in record.of("l2(0.01)")} == {"l2(0.01)"}
    assert not record.tried("l2(0.01)")


def test_each_is_the_arm_of_that_recipe_alone(chosen: Comparison) -> None:
    """The same examples, weights, order and draws: what is chosen is a fit as any other."""
    recipes = [f"gaussian_noise({rate})" for rate in RATES]
    alone = compare(network, DATA, recipes, **TOGETHER | OPTIONS).record
    for fit in chosen.record.of(ARM):
        (same,) = [f for f in alone.of(fit.recipe) if (f.split, f.seed) == (fit.split, fit.seed)]
        assert fit.test == pytest.approx(same.test, rel=1e-3)
    for trial in chosen.record.trials:
        values = [f.validation["nll"] for f in alone.of(trial.recipe) if f.split == trial.split]
        assert trial.validation["nll"] == pytest.approx(np.mean(values), rel=1e-3)


class Fitted(BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """One fit of a study as scikit-learn sees it."""

    def __init__(self, recipe: str = "", study: Any = None, repeat: Any = None) -> None:
        self.recipe, self.study, self.repeat = recipe, study, repeat

    def fit(self, x: Any, y: Any) -> Fitted:
        parts = self.study.parts(self.repeat)
        assert np.array_equal(x, parts.x_train)
        models = ModelPool(self.study.build, x.shape[1:], 3)
        settings = self.study.settings
        self.fitted_ = fit_arm(
            models,
            Task("arm", self.recipe, self.repeat),
            parts,
            measure=settings["measure"],
            epochs=settings["epochs"],
            batch_size=settings["batch_size"],
        )
        return self

    def score(self, x: Any, y: Any) -> float:
        assert np.array_equal(x, self.study.parts(self.repeat).x_val)
        return -self.fitted_.validation["nll"]


def test_the_choice_is_that_of_a_nested_grid_search() -> None:
    """scikit-learn's, over the same splits: an inner split for the choice, an outer for the test."""
    settings = {**QUICK, **OPTIONS, "seeds": 1, "engine": "sequential"}
    found = compare(network, DATA, [ARM], **settings).record
    build, model = resolve(network)
    arms = {"baseline": "", ARM: ARM}
    study, _ = completed(arms, load(DATA), build, model, {**found.settings})
    recipes = [f"gaussian_noise({rate})" for rate in RATES]
    for task in study.tasks()[:: len(recipes) + 1]:
        parts = study.parts(task.repeat)
        x = np.concatenate([parts.x_train, parts.x_val])
        y = np.concatenate([parts.y_noisy, parts.y_val])
        inner = PredefinedSplit([-1] * len(parts.x_train) + [0] * len(parts.x_val))
        search = GridSearchCV(
            Fitted(study=study, repeat=task.repeat), {"recipe": recipes}, cv=inner, refit=False
        )
        search.fit(x, y)
        (fit,) = [f for f in found.of(ARM) if f.split == task.repeat.split]
        assert fit.recipe == search.best_params_["recipe"]
        assert -fit.validation["nll"] == pytest.approx(search.best_score_, rel=1e-4)


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


def test_by_both_engines_and_in_processes_the_same(tmp_path: Path) -> None:
    options = OPTIONS | {"seeds": 1}
    alone = compare(network, DATA, [ARM], **BY_THEMSELVES | options).record
    together = compare(network, DATA, [ARM], **TOGETHER | options).record
    assert [t.chosen for t in alone.trials] == [t.chosen for t in together.trials]
    for one, other in zip(alone.trials, together.trials, strict=True):
        assert one.validation == pytest.approx(other.validation, rel=1e-3, abs=1e-5)


def test_resumed_it_ends_the_same(tmp_path: Path) -> None:
    options = BY_THEMSELVES | OPTIONS | {"seeds": 1}
    whole = compare(drawing_network, DATA, [ARM], output=tmp_path / "whole", **options)
    rows = (tmp_path / "whole" / JOURNAL).read_text().splitlines(keepends=True)
    assert len(rows) == 1 + 3 * 4
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / JOURNAL).write_text("".join(rows[:7]))
    resumed = compare(drawing_network, DATA, [ARM], output=tmp_path / "cut", resume=True, **options)
    assert facts(resumed.record) == facts(whole.record)
    assert resumed.record.trials == whole.record.trials
    again = Comparison.load(tmp_path / "whole" / "results.json").record
    assert [dataclasses.replace(t, validation={}) for t in again.trials] == [
        dataclasses.replace(t, validation={}) for t in whole.record.trials
    ]


def test_more_alternatives_of_a_named_arm_leave_those_that_are_done(tmp_path: Path) -> None:
    options = BY_THEMSELVES | OPTIONS | {"seeds": 1, "output": tmp_path / "out"}
    compare(network, DATA, {"noise": "gaussian_noise(0.1|2)"}, **options)
    compare(network, DATA, {"noise": ARM}, **options, resume=True)
    rows = (tmp_path / "out" / JOURNAL).read_text().splitlines()[1:]
    recipes = [json.loads(row)["fit"]["recipe"] for row in rows]
    assert sorted(recipes[-3:]) == ["gaussian_noise(5)"] * 3
    assert len(recipes) == 3 * 4


@pytest.mark.parametrize("options", [TOGETHER, BY_THEMSELVES], ids=["together", "alone"])
def test_one_that_diverges_is_not_chosen_and_its_arm_stays(options: dict[str, Any]) -> None:
    found = compare(network, DATA, ["gaussian_noise(0.1|1e38)"], **options | OPTIONS | {"seeds": 1})
    record = found.record
    assert not record.failures
    assert {fit.recipe for fit in record.of("gaussian_noise(0.1|1e38)")} == {"gaussian_noise(0.1)"}
    lost = [trial for trial in record.trials if not trial.validation]
    assert [trial.recipe for trial in lost] == ["gaussian_noise(1e38)"] * 3
    assert "gaussian_noise(1e38) diverged in 3" in " ".join(found.text.split())
    assert "diverged" in str(found)
    found.to_html()


@pytest.mark.parametrize("options", [TOGETHER, BY_THEMSELVES], ids=["together", "alone"])
def test_where_all_diverge_the_arm_has_failed(options: dict[str, Any]) -> None:
    arm = "gaussian_noise(1e37|1e38)"
    record = compare(network, DATA, [arm, "l2"], **options | OPTIONS | {"seeds": 1}).record
    assert record.diverged == (arm,)
    assert not record.of(arm)
    assert len(record.of("l2(1e-4)")) == 3


def test_a_mistake_in_one_ends_the_arm() -> None:
    arm = "dropout(0.2, layers='nowhere'|None)"
    record = compare(network, DATA, {"lost": arm}, **BY_THEMSELVES | OPTIONS).record
    assert "nowhere" in record.failures["lost"]
    assert not record.of("lost")


def test_stopped_before_all_of_a_split_are_done_nothing_is_chosen_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain, count = fitting.trained, [0]

    def trained(*arguments: Any) -> Any:
        count[0] += 1
        if count[0] > 6:
            raise KeyboardInterrupt
        return plain(*arguments)

    monkeypatch.setattr(fitting, "trained", trained)
    record = compare(network, DATA, [ARM], **BY_THEMSELVES | OPTIONS | {"seeds": 1}).record
    assert record.stopped == "interrupted"
    assert {trial.split for trial in record.trials} == {0}
    assert len(record.of(ARM)) == 1


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
    assert "In each split an arm with alternatives is the one of them" in said
    page = chosen.to_html()
    assert "Alternatives, by the validation examples of each split" in page
    assert "chosen in splits" in page
    assert ARM in page
