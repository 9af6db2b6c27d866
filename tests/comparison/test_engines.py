"""Fits that are members of one computation are the fits that each by itself would be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import regkit
from regkit.comparison.fits import member_fits
from regkit.comparison.record.results import Record
from regkit.comparison.report import Comparison
from regkit.comparison.run import compare
from regkit.core.members import room
from tests.comparison.small import BY_THEMSELVES, DATA, QUICK, TOGETHER, VALUES, network

RECIPES = {
    "weak": "l2(0.01)",
    "strong": "l2(0.1)",
    "several": "dropout(0.2) + label_smoothing",
    "stopped": "gaussian_noise(0.3) + early_stopping(min_delta=0.1, patience=1)",
}
LONGER = {"epochs": 6}


def arms_at_once(record: Record) -> set[str]:
    return {fit.arm for fit in record.fits if fit.engine == "vectorized"}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Comparison, Comparison]:
    folder = tmp_path_factory.mktemp("engines")
    options = {"label_noise": 0.2, **LONGER}
    return (
        compare(network, DATA, RECIPES, output=folder / "together", **TOGETHER | options),
        compare(network, DATA, RECIPES, output=folder / "alone", **BY_THEMSELVES | options),
    )


def test_the_record_says_which_engine_made_each_fit(both: tuple[Comparison, Comparison]) -> None:
    together, alone = (comparison.record for comparison in both)
    assert {fit.engine for fit in together.fits} == {"vectorized"}
    assert {fit.engine for fit in alone.fits} == {"sequential"}
    assert together.settings["engine"] == "vectorized"
    assert together.settings["group_size"] == 6
    assert (alone.settings["engine"], alone.settings["group_size"]) == ("sequential", None)


def test_the_fits_are_the_same(both: tuple[Comparison, Comparison]) -> None:
    """Same splits, order, initial weights and draws: the same numbers but for rounding."""
    together, alone = (comparison.record.fits for comparison in both)
    assert len(together) == len(alone) == 30
    for mine, other in zip(together, alone, strict=True):
        assert (mine.arm, mine.split, mine.seed) == (other.arm, other.split, other.seed)
        assert (mine.epochs, mine.best_epoch) == (other.epochs, other.best_epoch)
        assert mine.curves.keys() == other.curves.keys()
        for name in mine.curves:
            assert mine.curves[name] == pytest.approx(other.curves[name], rel=1e-3, abs=1e-5)
        for part in ("test", "train", "validation"):
            assert getattr(mine, part) == pytest.approx(getattr(other, part), rel=1e-3, abs=1e-5)
        assert np.allclose(mine.reliability, other.reliability, atol=1e-4)
    assert any(fit.epochs < 6 for fit in together if fit.arm == "stopped")


def test_what_is_said_of_it(both: tuple[Comparison, Comparison]) -> None:
    said = [" ".join(comparison.text.split()) for comparison in both]
    sentence = "The fits were trained 6 at a time, as members of one computation."
    assert sentence in said[0]
    assert "computation" not in said[1]
    page = both[0].to_html()
    assert sentence in page
    assert "--engine vectorized --group-size 6" in both[0].record.environment["command"] or (
        "engine='vectorized'" in both[0].record.environment["command"]
    )
    assert "group_size" not in both[1].record.environment["command"]


def test_the_cost_is_that_of_one_fit_by_itself(both: tuple[Comparison, Comparison]) -> None:
    """Measured once an arm: all fits of an arm have it."""
    record = both[0].record
    for arm in record.arms:
        seconds = {fit.epoch_seconds for fit in record.of(arm)}
        assert len(seconds) == 1
        assert seconds.pop() > 0
        assert len({fit.peak_memory for fit in record.of(arm)}) == 1
    costs = [summary.cost for summary in both[0].summaries]
    assert costs[0] == 1
    assert all(cost > 0 for cost in costs)


def test_a_regression() -> None:
    together = compare(network, VALUES, ["l2(0.01)"], **TOGETHER).record
    alone = compare(network, VALUES, ["l2(0.01)"], **BY_THEMSELVES).record
    assert arms_at_once(together) == {"baseline", "l2(0.01)"}
    for mine, other in zip(together.fits, alone.fits, strict=True):
        assert mine.test == pytest.approx(other.test, rel=1e-4)
        assert mine.best_epoch == other.best_epoch


def test_a_fixed_test_part(tmp_path: Path) -> None:
    x, y = DATA
    path = tmp_path / "parts.npz"
    np.savez(path, x_train=x[:90], y_train=y[:90], x_test=x[90:], y_test=y[90:])
    together, alone = (
        compare(network, path, ["l2(0.1)"], **options).record
        for options in (TOGETHER, BY_THEMSELVES)
    )
    for mine, other in zip(together.fits, alone.fits, strict=True):
        assert mine.test == pytest.approx(other.test, rel=1e-4)


@pytest.mark.parametrize("size", [2, 4])
def test_the_size_of_groups_changes_rounding_alone(
    both: tuple[Comparison, Comparison], size: int
) -> None:
    """Six repeats in groups of four: the last is padded, and the padding is thrown away."""
    options = TOGETHER | LONGER | {"group_size": size, "label_noise": 0.2}
    record = compare(network, DATA, {"weak": "l2(0.01)", "strong": "l2(0.1)"}, **options).record
    wanted = [fit for fit in both[0].record.fits if fit.arm in record.arms]
    key = lambda fit: (fit.split, fit.seed, fit.arm)  # noqa: E731
    for mine, other in zip(sorted(record.fits, key=key), sorted(wanted, key=key), strict=True):
        assert key(mine) == key(other)
        assert mine.test == pytest.approx(other.test, rel=1e-3, abs=1e-5)


# -- one by itself -----------------------------------------------------------------------------


def convolutional(input_shape: tuple[int, ...], n_classes: int) -> keras.Model:
    layers = [
        keras.Input(input_shape),
        keras.layers.Reshape((*input_shape, 1)),
        keras.layers.Conv1D(2, 3),
        keras.layers.Flatten(),
        keras.layers.Dense(n_classes),
    ]
    model = keras.Sequential(layers)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def test_what_cannot_be_stacked_is_trained_as_before_and_it_is_said_once(
    capfd: pytest.CaptureFixture[str],
) -> None:
    options = QUICK | {"splits": 2, "seeds": 1, "epochs": 1, "progress": True}
    found = compare(convolutional, DATA, ["l2"], **options)
    assert not arms_at_once(found.record)
    why = "because a stack of convolutions (conv1d) is slower than one after the other"
    assert f"All arms: fits one after the other, {why}." in " ".join(found.text.split())
    assert " ".join(capfd.readouterr().err.split()).count(why) == 1
    assert found.record.by_themselves.keys() == {"baseline", "l2(1e-4)"}


class Watching(regkit.Technique):
    """Works by the events of one fit, and is no decision alone."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.epochs = epoch + 1


def test_one_arm_that_cannot_be_a_member_leaves_the_others_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = member_fits.techniques_of

    def techniques_of(recipe: str) -> list[regkit.Technique]:
        return [*plain(recipe), *([Watching()] if recipe == "l2(0.1)" else [])]

    monkeypatch.setattr(member_fits, "techniques_of", techniques_of)
    options = TOGETHER | {"splits": 2, "seeds": 1}
    found = compare(network, DATA, ["l2(0.01)", "l2(0.1)"], **options)
    assert arms_at_once(found.record) == {"baseline", "l2(0.01)"}
    said = " ".join(found.text.split())
    assert "4 of 6 fits were trained 6 at a time" in said
    assert "l2(0.1): fits one after the other, because Watching() works by the events" in said


def test_a_group_that_fails_as_such_is_trained_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise TypeError("this cannot be mapped")

    monkeypatch.setattr(member_fits.Group, "epoch", fail)
    found = compare(network, DATA, ["l2(0.01)"], **TOGETHER)
    alone = compare(network, DATA, ["l2(0.01)"], **BY_THEMSELVES)
    assert [fit.test for fit in found.record.fits] == [fit.test for fit in alone.record.fits]
    assert {fit.engine for fit in found.record.fits} == {"sequential"}
    said = "because together they failed with TypeError: this cannot be mapped"
    assert said in " ".join(found.text.split())


@pytest.mark.parametrize(("members", "size"), [(1, 1), (3, 3), (100, 6)])
def test_groups_are_as_large_as_memory_allows(
    monkeypatch: pytest.MonkeyPatch, members: int, size: int
) -> None:
    monkeypatch.setattr(member_fits, "FEW_STEPS", 0)
    needed: list[int] = []
    estimate = room.bytes_of_member

    def noted(*arguments: Any) -> int:
        needed.append(estimate(*arguments))
        return needed[-1]

    monkeypatch.setattr(member_fits, "bytes_of_member", noted)
    monkeypatch.setattr(room, "free_bytes", lambda: 2 * members * needed[-1])
    found = compare(network, DATA, ["l2(0.01)"], **QUICK | {"epochs": 1})
    assert found.record.settings["group_size"] == size
    assert {fit.engine for fit in found.record.fits} == {
        "sequential" if size == 1 else "vectorized"
    }
    assert ("no room in the free memory" in " ".join(found.text.split())) == (size == 1)


def test_few_steps_are_not_worth_compiling_a_group() -> None:
    found = compare(network, DATA, ["l2(0.01)"], **QUICK)
    compiles = keras.backend.backend() != "torch"
    assert bool(arms_at_once(found.record)) != compiles
    assert ("longer than their few steps" in " ".join(found.text.split())) == compiles


# -- a member that fails -----------------------------------------------------------------------


def one_wild_split(monkeypatch: pytest.MonkeyPatch, arm: str, split: int) -> None:
    """Let training of one member go to infinity: its targets are no numbers."""
    plain = member_fits.MemberFit.see

    def see(self: Any, epoch: int, steps: int, logs: Any, outputs: Any) -> bool:
        if (self.task.arm, self.task.repeat.split) == (arm, split) and epoch == 1:
            logs = {**logs, "loss": float("nan")}
        return plain(self, epoch, steps, logs, outputs)

    monkeypatch.setattr(member_fits.MemberFit, "see", see)


def test_a_member_that_diverges_takes_its_arm_out_and_leaves_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = compare(network, DATA, ["l2(0.01)", "l2(0.1)"], **TOGETHER).record
    one_wild_split(monkeypatch, "l2(0.1)", 1)
    found = compare(network, DATA, ["l2(0.01)", "l2(0.1)"], **TOGETHER)
    record = found.record
    assert record.diverged == ("l2(0.1)",)
    assert record.failures == {"l2(0.1)": "the loss became nan in epoch 2 (split 2)"}
    assert [fit.split for fit in record.of("l2(0.1)")] == [0, 0]
    for arm in ("baseline", "l2(0.01)"):
        assert [fit.test for fit in record.of(arm)] == [fit.test for fit in whole.of(arm)]
    assert "RK001: l2(0.1) diverged and is taken out, 2 fits were done" in found.text


def test_an_arm_whose_weights_become_nan() -> None:
    found = compare(network, DATA, {"wild": "gaussian_noise(1e38)", "tame": "l2"}, **TOGETHER)
    assert found.record.diverged == ("wild",)
    assert not found.record.of("wild")
    assert len(found.record.of("tame")) == 6


def test_a_baseline_that_diverges_later_leaves_what_was_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one_wild_split(monkeypatch, "baseline", 2)
    found = compare(network, DATA, ["l2(0.01)"], **TOGETHER)
    assert len(found.record.of("baseline")) == 4
    assert len(found.record.of("l2(0.01)")) >= 4
    assert "Stopped early (the baseline failed: the loss became nan" in found.text


def test_a_recipe_that_cannot_be_is_named_as_by_itself() -> None:
    recipes = {"lost": "dropout(layers='nowhere')", "fine": "l2"}
    found = compare(network, DATA, recipes, **TOGETHER)
    assert set(found.record.failures) == {"lost"}
    assert "nowhere" in found.record.failures["lost"]
    assert arms_at_once(found.record) == {"baseline", "fine"}
