"""`regkit.compare` from end to end, on data small enough for seconds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from regkit.comparison import analysis, design, results, study
from regkit.comparison.report import Comparison
from regkit.comparison.run import compare
from regkit.core.recipe import Recipe
from regkit.core.technique import Technique
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
        "l2(strength=0.01)",
        "dropout(rate=0.2) + label_smoothing",
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
        for repeat in design.repeats(3, 2, root=0)
        for index in design.arm_order(repeat, 3)
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
        assert set(fit.test) == {"accuracy", "nll", "brier", "calibration_error"}
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


def test_penalties_are_in_the_curves(done: tuple[Comparison, Path]) -> None:
    curves = done[0].record.of("l2(strength=0.01)")[0].curves
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


# -- what goes wrong on the way ----------------------------------------------------------------


def failing_in(monkeypatch: pytest.MonkeyPatch, arm: str, split: int, error: BaseException) -> None:
    plain = study.fit_arm

    def fit_arm(
        workbench: Any, name: str, recipe: str, parts: Any, repeat: Any, **options: Any
    ) -> Any:
        if name == arm and repeat.split == split:
            raise error
        return plain(workbench, name, recipe, parts, repeat, **options)

    monkeypatch.setattr(study, "fit_arm", fit_arm)


def test_a_failed_arm_is_named_and_the_rest_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    failing_in(monkeypatch, "l1", 1, RuntimeError("out of luck"))
    found = compare(network, DATA, ["l1", "l2"], **QUICK)
    assert found.record.failures == {"l1": "RuntimeError: out of luck (split 2)"}
    assert len(found.record.of("l2")) == 6
    assert len(found.record.of("l1")) == 2
    assert found.summaries[1].verdicts == {"accuracy": "failed", "NLL": "failed"}
    said = "RK001: l1 failed and is taken out, 2 fits were done: RuntimeError: out of luck"
    assert said in found.text


def test_a_failed_arm_does_not_count_for_the_correction(monkeypatch: pytest.MonkeyPatch) -> None:
    failing_in(monkeypatch, "l1", 0, RuntimeError("at once"))
    found = compare(network, DATA, ["l1", "l2"], **QUICK)
    assert [one.arm for one in found.summaries] == ["baseline", "l2"]
    assert "failed" in str(found)


def test_a_failed_baseline_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    failing_in(monkeypatch, "baseline", 0, RuntimeError("no luck at all"))
    with pytest.raises(ValueError, match=r"baseline gave no result.*no luck at all"):
        compare(network, DATA, ["l2"], **QUICK)


def test_a_baseline_that_fails_later_leaves_what_was_done(monkeypatch: pytest.MonkeyPatch) -> None:
    failing_in(monkeypatch, "baseline", 2, RuntimeError("late"))
    found = compare(network, DATA, ["l2"], **QUICK)
    assert len(found.record.of("baseline")) == 4
    assert "Stopped early (the baseline failed" in found.text


def test_an_interrupt_keeps_what_is_done(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    failing_in(monkeypatch, "l2", 2, KeyboardInterrupt())
    found = compare(network, DATA, ["l2"], output=tmp_path, **QUICK)
    assert found.record.stopped == "interrupted"
    assert "Stopped early (interrupted)" in found.text
    assert len(Comparison.load(tmp_path / "results.json").record.of("l2")) == 4


def test_an_interrupt_before_anything_is_an_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    failing_in(monkeypatch, "l2", 0, KeyboardInterrupt())
    failing_in(monkeypatch, "baseline", 0, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        compare(network, DATA, ["l2"], **QUICK)


def test_a_model_that_diverges_is_no_result() -> None:
    def wild(input_shape: tuple[int, ...], n_classes: int) -> keras.Model:
        model = network(input_shape, n_classes)
        model.optimizer.learning_rate = float("nan")
        return model

    with pytest.raises(ValueError, match=r"baseline gave no result.*split 1"):
        compare(wild, DATA, ["l2"], **QUICK)


# -- what is refused before anything is trained ------------------------------------------------


@pytest.fixture
def untrained(monkeypatch: pytest.MonkeyPatch) -> None:
    def fit_arm(*args: Any, **options: Any) -> None:
        raise AssertionError("trained before the options were checked")

    monkeypatch.setattr(study, "fit_arm", fit_arm)


@pytest.mark.usefixtures("untrained")
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"splits": 1}, "splits must be an integer of 2 or more.*received 1"),
        ({"splits": 2.5}, "splits must be"),
        ({"seeds": 0}, "seeds must be an integer of 1 or more"),
        ({"epochs": True}, "epochs must be an integer"),
        ({"batch_size": -3}, "batch_size must be .* received -3"),
        ({"label_noise": 1.5}, "label_noise must be a fraction from 0 to 1; received 1.5"),
        ({"label_noise": float("nan")}, "label_noise must be"),
        ({"test_size": 0}, "test_size must be a fraction between 0 and 1"),
        ({"validation_size": "a"}, "validation_size must be"),
        ({"seed": -1}, "seed must be an integer of 0 or more"),
        ({"train_size": 0}, "train_size must be an integer of 1 or more"),
        ({"train_size": 500}, "train_size"),
        ({"jobs": 0}, "jobs must be an integer of 1 or more"),
        ({"resume": True}, "resume=True needs output"),
        ({"task": "regresion"}, "did you mean 'regression'"),
        ({"test_size": 0.99}, "leaves no training example"),
    ],
)
def test_impossible_options(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        compare(network, DATA, ["l2"], **{**QUICK, **options})


@pytest.mark.usefixtures("untrained")
@pytest.mark.parametrize(
    ("recipes", "said"),
    [
        ([], "no recipes to compare; name some, such as l2"),
        (["l2", "l2()"], "'l2' is given twice"),
        (["baseline"], "is the baseline, which is always there"),
        ([""], "is the baseline"),
        ([[]], "is the baseline"),
        (["dropuot"], "did you mean 'dropout'"),
        (["l2(-1)"], "strength"),
        (["l2(nan=1)"], "nan"),
        (["l2 +"], r"\^"),
    ],
)
def test_impossible_recipes(recipes: list[str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        compare(network, DATA, recipes, **QUICK)


@pytest.mark.usefixtures("untrained")
def test_a_technique_without_text_form_says_so() -> None:
    class Own(Technique):
        def penalty(self, context: Any) -> Any:
            return 0.0

    with pytest.raises(ValueError, match="has no text form"):
        compare(network, DATA, [[Own()]], **QUICK)


@pytest.mark.usefixtures("untrained")
def test_a_model_that_does_not_fit_the_labels() -> None:
    with pytest.raises(ValueError, match=r"3 classes need \(None, 3\)"):
        compare(lambda shape, k: network(shape, k + 1), DATA, ["l2"], **QUICK)


@pytest.mark.usefixtures("untrained")
def test_nothing_is_overwritten_unless_forced(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text("precious")
    with pytest.raises(ValueError, match=r"already holds results.json; name another folder"):
        compare(network, DATA, ["l2"], output=tmp_path, **QUICK)
    assert (tmp_path / "results.json").read_text() == "precious"
    with pytest.raises(ValueError, match="is a file; name a folder"):
        compare(network, DATA, ["l2"], output=tmp_path / "results.json", **QUICK)


def test_forced_it_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text("worthless")
    (tmp_path / "mine.txt").write_text("precious")
    options = {**QUICK, "splits": 2, "seeds": 1, "epochs": 1}
    compare(network, DATA, ["l2"], output=tmp_path, force=True, **options)
    assert json.loads((tmp_path / "results.json").read_text())["schema"] == results.SCHEMA
    assert (tmp_path / "mine.txt").read_text() == "precious"


def test_one_diverges_one_errs_one_is_interrupted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    failing_in(monkeypatch, "l1", 2, KeyboardInterrupt())
    recipes = {
        "wild": "gaussian_noise(1e38)",
        "lost": "dropout(layers='nowhere')",
        "l1": "l1",
        "l2": "l2",
    }
    found = compare(network, DATA, recipes, output=tmp_path / "out", **QUICK)
    record = found.record
    assert record.stopped == "interrupted"
    assert record.diverged == ("wild",)
    assert set(record.failures) == {"wild", "lost"}
    assert {one.arm for one in found.summaries} == {"baseline", "l1", "l2"}
    assert all(len(record.of(arm)) >= 4 for arm in ("baseline", "l1", "l2"))
    said = " ".join(found.text.split())
    assert "RK001: wild diverged and is taken out, 0 fits were done: the loss became" in said
    assert "RK001: lost failed and is taken out" in said
    assert "nowhere" in said
    assert "RK002: Stopped early (interrupted)" in said
    page = (tmp_path / "out" / "report.html").read_text()
    assert "wild diverged" in page
