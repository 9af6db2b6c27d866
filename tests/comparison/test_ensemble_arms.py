"""Arms that are ensembles: their text, what they predict, what they cost."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from regkit.comparison.design.arms import named
from regkit.comparison.design.ensemble_arms import Ensemble, split_ensemble
from regkit.comparison.design.networks import resolve
from regkit.comparison.design.parts import Parts
from regkit.comparison.design.seeds import Repeat, for_member, repeats
from regkit.comparison.fits.fitting import batches_of, techniques_of, trained
from regkit.comparison.fits.observed_ensemble import resampled
from regkit.comparison.fits.observer import Observer
from regkit.comparison.run import compare
from regkit.comparison.statistics import measures, scores
from regkit.comparison.study_run import completed
from regkit.core.errors import RecipeError
from regkit.core.seam.generators import seed_all
from regkit.data.sources import load
from tests.comparison.small import DATA, QUICK, VALUES, network
from tests.comparison.test_resume import bits

TEXTS = {
    "bagging": "bagging(10)",
    "bagging()": "bagging(10)",
    "bagging( n_estimators = 4 )": "bagging(4)",
    "dropout(1e-1) + deep_ensemble(3)+l2": "deep_ensemble(3) + dropout(0.1) + l2(1e-4)",
    "bagging(2) + l2(1e-3|1e-2)": "bagging(2) + l2(1e-3|0.01)",
}


@pytest.mark.backend_free
@pytest.mark.parametrize("text", TEXTS)
def test_the_text_of_an_arm_shows_the_ensemble_and_makes_it_again(text: str) -> None:
    shown = TEXTS[text]
    assert named([text]) == named([shown]) == {"baseline": "", shown: shown}
    assert named([f"mine = {text}"]) == {"baseline": "", "mine": shown}


@pytest.mark.backend_free
def test_a_plus_within_options_parts_no_terms() -> None:
    text = "l2(strength=1e+1) + label_smoothing(0.1, spread='all') + bagging(2)"
    assert split_ensemble(text)[0] == Ensemble("bagging", 2)
    assert split_ensemble("plugin:x('bagging(2) + a')")[0] is None


@pytest.mark.backend_free
@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("bagging(1)", "at least 2"),
        ("bagging(0.5)", "at least 2"),
        ("bagging(5|10)", "at least 2"),
        ("bagging(k=3)", "at least 2"),
        ("bagging(3) + deep_ensemble(2)", r"two ensembles, bagging\(3\) and deep_ensemble\(2\)"),
    ],
)
def test_texts_that_make_no_sense_are_refused(text: str, match: str) -> None:
    with pytest.raises(RecipeError, match=match):
        named([text])


def by_hand(kind: str, parts: Any, repeat: Repeat, members: int) -> Any:
    """The mean probabilities of members that are trained one by one, each at its best epoch."""
    outputs = []
    for number in range(members):
        own_repeat = for_member(repeat, number)
        own = resampled(parts, own_repeat) if kind == "bagging" else parts
        seed_all(own_repeat.init_seed)
        keras.utils.clear_session(free_memory=False)
        model = network(own.x_train.shape[1:], 3)
        seed_all(own_repeat.init_seed)
        observer = Observer("accuracy", own)
        batches = batches_of(own, 32, 3, own_repeat.order_seed)
        trained(model, batches, [observer, *techniques_of("l2(0.01)")])
        observer.restore()
        outputs.append(scores.probabilities(model.predict(parts.x_test, verbose=0)))
    return np.mean(outputs, axis=0)


@pytest.mark.parametrize("kind", ["bagging", "deep_ensemble"])
def test_an_ensemble_predicts_the_mean_of_fits_of_its_own(kind: str) -> None:
    arm = f"{kind}(3) + l2(0.01)"
    found = compare(network, DATA, [arm], **QUICK | {"splits": 2, "seeds": 1})
    build, model = resolve(network)
    settings = {**found.record.settings, "batch_size": 32}
    study, parts = completed({"baseline": "", arm: arm}, load(DATA), build, model, settings)
    (fit, *_) = found.record.of(arm)
    expected = by_hand(kind, parts, study.tasks()[0].repeat, 3)
    truth = measures.of_outputs("classification", parts.y_test, expected)
    assert fit.test == pytest.approx(truth, rel=1e-4)


def test_an_ensemble_costs_its_members_and_is_resumed(tmp_path: Path) -> None:
    options = QUICK | {"splits": 2, "seeds": 1}
    arms = ["deep_ensemble(4)", "bagging(2) + l2(1e-3|1e-1)"]
    whole = compare(network, DATA, arms, **options)
    compare(network, DATA, arms[:1], output=tmp_path, **options)
    resumed = compare(network, DATA, arms, output=tmp_path, resume=True, **options)
    for mine, theirs in zip(bits(whole), bits(resumed), strict=True):
        assert dataclasses.replace(mine, curves={}) == dataclasses.replace(theirs, curves={})
    reason = resumed.record.by_themselves["deep_ensemble(4)"]
    assert "members of an ensemble" in reason
    assert len(whole.record.trials) == 2 * 2


def test_an_ensemble_of_a_regression_predicts_the_mean_of_values() -> None:
    found = compare(network, VALUES, ["deep_ensemble(3)"], **QUICK | {"splits": 2, "seeds": 1})
    ensemble, alone = found.record.of("deep_ensemble(3)"), found.record.of("baseline")
    assert all(np.isfinite(fit.test["rmse"]) for fit in ensemble)
    assert [fit.test for fit in ensemble] != [fit.test for fit in alone]


@pytest.mark.backend_free
def test_bootstrap_samples_leave_out_what_chance_does() -> None:
    count, left = 400, []
    x = np.arange(count, dtype="float32")[:, None]
    parts = Parts(x, x[:, 0], x[:, 0], x, x[:, 0], x, x[:, 0])
    for repeat in repeats(30, 1, root=0):
        rows = resampled(parts, for_member(repeat, 1)).x_train[:, 0]
        left.append(1 - len(np.unique(rows)) / count)
    expected = (1 - 1 / count) ** count
    assert abs(np.mean(left) - expected) < 4 * np.std(left) / np.sqrt(len(left))
