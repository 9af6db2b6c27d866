"""`regkit.compare` where a fit fails, diverges or is interrupted on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import pytest

from regkit.comparison.fits import worker
from regkit.comparison.report import Comparison
from regkit.comparison.run import compare
from tests.comparison.small import BY_THEMSELVES as QUICK
from tests.comparison.small import DATA, network


def failing_in(monkeypatch: pytest.MonkeyPatch, arm: str, split: int, error: BaseException) -> None:
    plain = worker.fit_arm

    def fit_arm(models: Any, task: Any, *others: Any) -> Any:
        if task.arm == arm and task.repeat.split == split:
            raise error
        return plain(models, task, *others)

    monkeypatch.setattr(worker, "fit_arm", fit_arm)


def test_a_failed_arm_is_named_and_the_rest_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    failing_in(monkeypatch, "l1(1e-4)", 1, RuntimeError("out of luck"))
    found = compare(network, DATA, ["l1", "l2"], **QUICK)
    assert found.record.failures == {"l1(1e-4)": "RuntimeError: out of luck (split 2)"}
    assert len(found.record.of("l2(1e-4)")) == 6
    assert len(found.record.of("l1(1e-4)")) == 2
    assert found.summaries[1].verdicts == {"accuracy": "failed", "NLL": "failed"}
    said = "RK001: l1(1e-4) failed and is taken out, 2 fits were done: RuntimeError: out of luck"
    assert said in found.text


def test_a_failed_arm_does_not_count_for_the_correction(monkeypatch: pytest.MonkeyPatch) -> None:
    failing_in(monkeypatch, "l1(1e-4)", 0, RuntimeError("at once"))
    found = compare(network, DATA, ["l1", "l2"], **QUICK)
    assert [one.arm for one in found.summaries] == ["baseline", "l2(1e-4)"]
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
    failing_in(monkeypatch, "l2(1e-4)", 2, KeyboardInterrupt())
    found = compare(network, DATA, ["l2"], output=tmp_path, **QUICK)
    assert found.record.stopped == "interrupted"
    assert "Stopped early (interrupted)" in found.text
    assert len(Comparison.load(tmp_path / "results.json").record.of("l2(1e-4)")) == 4


def test_an_interrupt_before_anything_is_an_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    failing_in(monkeypatch, "l2(1e-4)", 0, KeyboardInterrupt())
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


def test_one_diverges_one_errs_one_is_interrupted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    failing_in(monkeypatch, "l1(1e-4)", 2, KeyboardInterrupt())
    recipes = {
        "wild": "gaussian_noise(1e38)",
        "lost": "dropout(layers='nowhere')",
        "l1(1e-4)": "l1(1e-4)",
        "l2(1e-4)": "l2(1e-4)",
    }
    found = compare(network, DATA, recipes, output=tmp_path / "out", **QUICK)
    record = found.record
    assert record.stopped == "interrupted"
    assert record.diverged == ("wild",)
    assert set(record.failures) == {"wild", "lost"}
    assert {one.arm for one in found.summaries} == {"baseline", "l1(1e-4)", "l2(1e-4)"}
    assert all(len(record.of(arm)) >= 4 for arm in ("baseline", "l1(1e-4)", "l2(1e-4)"))
    said = " ".join(found.text.split())
    assert (
        "RK001: wild = gaussian_noise(1e38) diverged and is taken out, 0 fits were done: the loss became"
        in said
    )
    assert "RK001: lost = dropout(0.5, layers='nowhere') failed and is taken out" in said
    assert "nowhere" in said
    assert "RK002: Stopped early (interrupted)" in said
    page = (tmp_path / "out" / "report.html").read_text()
    assert "wild = gaussian_noise(1e38) diverged" in page
