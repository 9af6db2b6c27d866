"""`regkit.compare` from end to end, on data small enough for seconds."""

from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from regkit.comparison.design import seeds
from regkit.comparison.record import results
from regkit.comparison.report import Comparison
from regkit.comparison.run import compare
from regkit.comparison.statistics import analysis
from regkit.core.recipe import Recipe
from tests.comparison.small import DATA, QUICK, VALUES, network


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Comparison, Path]:
    folder = tmp_path_factory.mktemp("out") / "new"
    recipes = ["l2(0.01)", Recipe("dropout(0.2) + label_smoothing")]
    return compare(network, DATA, recipes, label_noise=0.2, output=folder, **QUICK), folder


def test_every_arm_has_every_fit(done: tuple[Comparison, Path]) -> None:
    record = done[0].record
    assert list(record.arms.values()) == [
        "",
        "l2(0.01)",
        "dropout(0.2) + label_smoothing(0.1)",
    ]
    for arm in record.arms:
        assert sorted((fit.split, fit.seed) for fit in record.of(arm)) == [
            (split, seed) for split in range(3) for seed in range(2)
        ]


def test_arms_take_turns(done: tuple[Comparison, Path]) -> None:
    """Interleaved in time, in an order drawn anew for each repeat."""
    record = done[0].record
    names = list(record.arms)
    expected = [
        names[index]
        for repeat in seeds.repeats(3, 2, root=0)
        for index in seeds.arm_order(repeat, 3)
    ]
    assert [fit.arm for fit in record.fits] == expected
    assert len({tuple(expected[i : i + 3]) for i in range(0, 18, 3)}) > 1


def test_what_it_says(done: tuple[Comparison, Path]) -> None:
    said = str(done[0])
    for part in ("20 % of the training labels were redrawn", "3 splits × 2 seeds", "Holm", "l2"):
        assert part in " ".join(said.split())
    assert "cannot conclude" in repr(done[0])


def test_what_is_measured(done: tuple[Comparison, Path]) -> None:
    for fit in done[0].record.fits:
        assert set(fit.test) == {
            "accuracy", "balanced_accuracy", "nll", "brier", "calibration_error",
        }  # fmt: skip
        assert set(fit.train) == set(fit.validation) == set(fit.test)
        assert sum(count for _, _, count in fit.reliability) == 30
        assert fit.sparsity == 0
        assert fit.peak_memory is None or fit.peak_memory > 50


def test_a_regression(tmp_path: Path) -> None:
    found = compare(network, VALUES, ["l2(0.01)"], output=tmp_path / "out", **QUICK)
    record = found.record
    assert record.data["task"] == "regression"
    assert [set(fit.test) for fit in record.fits] == [{"rmse", "mae"}] * 12
    deviation = VALUES[1].std()
    assert record.data["target_scale"] == pytest.approx(deviation, rel=0.1)
    # in the target's own unit: the network has learnt, and predicts better than the mean
    assert 0 < np.mean([fit.test["rmse"] for fit in record.fits]) < deviation
    assert "By RMSE" in found.text
    assert " gap " in str(found)
    assert set(found.summaries[1].verdicts) == {"RMSE"}


def test_frames_are_data_as_arrays_are() -> None:
    frame = pd.DataFrame(DATA[0], columns=list("abcd"))
    options = {**QUICK, "splits": 2, "seeds": 1, "epochs": 1}
    labels = pd.Series(DATA[1], name="kind")
    pair = compare(network, (frame, labels), ["l2"], **options)
    whole = compare(network, frame.assign(kind=labels), ["l2"], target="kind", **options)
    assert pair.record.data == whole.record.data
    assert "labels from column 'kind'" in whole.record.data["note"]


def test_penalties_are_in_the_curves(done: tuple[Comparison, Path]) -> None:
    curves = done[0].record.of("l2(0.01)")[0].curves
    assert {"loss", "data_loss", "l2_penalty", "val_accuracy", "val_nll"} <= set(curves)
    assert all(len(values) == 3 for values in curves.values())


def test_files(done: tuple[Comparison, Path]) -> None:
    folder = done[1]
    assert {path.name for path in folder.iterdir()} == {*results.FILES, results.JOURNAL}
    assert all((folder / name).stat().st_size > 5000 for name in results.FILES)
    assert "<svg" in (folder / "forest.svg").read_text()
    document = json.loads((folder / "results.json").read_text())
    assert document["schema"] == results.SCHEMA
    assert document["data"]["sha256"]
    assert document["environment"]["versions"]["keras"] == keras.__version__
    assert [one["arm"] for one in document["analysis"]] == list(document["arms"])


def test_results_are_read_back(done: tuple[Comparison, Path]) -> None:
    again = Comparison.load(done[1] / "results.json")
    assert str(again) == str(done[0])


@pytest.mark.parametrize(
    ("text", "said"),
    [("no json", "no readable"), ('{"schema": 99}', "schema 99"), ("[]", "schema None")],
)
def test_results_that_cannot_be_read(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "results.json").write_text(text)
    with pytest.raises(ValueError, match=said):
        Comparison.load(tmp_path / "results.json")


def test_the_same_seed_gives_the_same_numbers(done: tuple[Comparison, Path]) -> None:
    again = compare(network, DATA, ["l2(0.01)"], label_noise=0.2, **QUICK).record
    first = {(f.arm, f.split, f.seed): f.test for f in done[0].record.fits}
    for fit in again.fits:
        assert fit.test == first[fit.arm, fit.split, fit.seed]


def test_an_identical_arm_has_no_difference() -> None:
    found = compare(network, DATA, ["l2(0.0)"], **{**QUICK, "splits": 8, "seeds": 1, "epochs": 2})
    outcome = found.summaries[1].outcomes["NLL"]
    assert outcome.difference is not None
    assert (outcome.difference.low, outcome.difference.high) == (0.0, 0.0)
    assert outcome.verdict == "equivalent"


def test_a_fixed_test_part_is_compared_without_overlap(tmp_path: Path) -> None:
    x, y = DATA
    path = tmp_path / "parts.npz"
    np.savez(path, x_train=x[:90], y_train=y[:90], x_test=x[90:], y_test=y[90:])
    found = compare(network, path, ["l2(0.1)"], train_size=30, **QUICK)
    assert analysis.overlap(found.record) == 0.0
    assert (found.record.data["n_train"], found.record.data["n_test"]) == (30, 60)
    assert "for this one test set" in " ".join(found.text.split())
