"""What to do next: one sentence, never a worse arm, and numbers that keep what they promise."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regkit.comparison.record.results import Fit, Record
from regkit.comparison.statistics.analysis import summarize
from regkit.comparison.words.recommendation import recommendation
from tests.comparison.records import record

pytestmark = pytest.mark.backend_free


def advice(given: Record) -> str:
    return recommendation(given, summarize(given))


def trained(given: Record, arm: str, accuracy: float) -> Record:
    """The record with an arm's accuracy on its training examples."""

    def changed(fit: Fit) -> Fit:
        same = fit.arm != arm
        return fit if same else dataclasses.replace(fit, train=fit.train | {"accuracy": accuracy})

    return dataclasses.replace(given, fits=tuple(map(changed, given.fits)))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"arms": {"dropout(0.5)": (0.03, 0.1, 1.3)}},
            r"Add dropout\(0\.5\): accuracy \+[\d.]+ points \(\+[\d.]+ to \+[\d.]+\), "
            r"1\.\d\d times the time of an epoch\.",
        ),
        (  # the best of those that are by no measure worse
            {"arms": {"a": (0.05, -0.4, 1.0), "b": (0.03, 0.1, 1.0), "c": (0.02, 0.1, 1.0)}},
            r"Add b: accuracy .*",
        ),
        (
            {"arms": {"a": (0.0, 0.2, 1.0)}},
            r"Add a: NLL −[\d.]+ nats \(−[\d.]+ to −[\d.]+\), .*",
        ),
        (
            {"arms": {"a": (0.04, -0.3, 1.0)}, "noise": 0.003},
            r"Add a only if accuracy matters more to you than NLL, as the measures disagree: "
            r"accuracy \+.* points .*, but NLL \+.* nats .*, .* times the time of an epoch\.",
        ),
        (
            {"arms": {"a": (0.3, 0.3, 1.0)}, "task": "regression"},
            r"Add a: RMSE −[\d.]+ \(.*",
        ),
        (
            {
                "arms": {"a": (0.015, 0.0, 1.0)},
                "n_splits": 4,
                "n_seeds": 3,
                "noise": 0.01,
                "seed": 1,
            },
            r"Run \d+ more splits, --splits \d+ with --resume: a difference like that of a, "
            r"\+[\d.]+ points, is then found four times in five\.",
        ),
        (
            {"arms": {"a": (0.015, 0.0, 1.0)}, "noise": 0.01, "seed": 1},
            r"Run 3 seeds a split, --seeds 3 with --resume: a difference like that of a, .* points, is "
            r"then found four times in five at best, and not by more splits alone\.",
        ),
        (  # what seeds differ by was measured
            {"arms": {"a": (0.02, 0.0, 1.0)}, "n_seeds": 3, "noise": 0.03, "seed": 2},
            r"Run 10 seeds a split, --seeds 10 with --resume: .* is then found four times in five, .*",
        ),
        (
            {"arms": {"a": (0.01, 0.0, 1.0)}, "noise": 0.02, "seed": 1},
            r"Compare a on more data: neither 100 splits nor 20 seeds a split surely find .*",
        ),
        (
            {"arms": {"a": (0.01, 0.0, 1.0), "b": (-0.1, -0.5, 1.0)}, "noise": 0.02, "seed": 9},
            r"Compare a alone, or on more data: .*",
        ),
        (
            {"arms": {"a": (0.0, 0.0, 1.0)}, "n_splits": 1},
            r"Run more splits, --splits 10 with --resume: one pair does not tell effect from "
            r"chance\.",
        ),
        (
            {"arms": {"a": (0.0, 0.0, 1.0)}, "noise": 0.0, "n_splits": 10},
            r"Keep the baseline: by accuracy and NLL it makes no difference that matters what is "
            r"added\.",
        ),
        (
            {"arms": ["l2"], "without": ["l2"], "diverged": ("l2",)},
            r"Try l2 with a smaller strength or learning rate: its training diverged\.",
        ),
        ({"arms": ["l2"], "without": ["l2"]}, r"Repair what made the arms fail, .*"),
        (
            {"arms": {"a": (0.03, 0.1, 1.0)}, "stopped": "interrupted"},
            r"Finish the comparison with --resume before you decide: 16 of 16 fits are done\.",
        ),
        (
            {"arms": ["l2"], "stopped": "no", "failures": {"baseline": "late"}},
            r"Repair the baseline first: .*",
        ),
    ],
)
def test_what_is_said(given: dict[str, Any], said: str) -> None:
    assert re.fullmatch(said, advice(record(**given)))


def test_all_worse_with_underfitting() -> None:
    given = record(arms={"l2(1.0)": (-0.05, -0.2, 1.0), "b": (-0.09, -0.3, 1.0)})
    assert re.fullmatch(
        r"Keep the baseline, or try a smaller strength than that of l2\(1.0\), which even on its "
        r"training examples is worse by [\d.]+ points\.",
        advice(trained(given, "l2(1.0)", 0.8)),
    )
    assert advice(trained(given, "l2(1.0)", 1.0)) == (
        "Keep the baseline: by accuracy and NLL no arm is better."
    )


def test_an_ensemble_alone_has_no_strength_to_be_larger() -> None:
    for arm, said in [("bagging(5)", False), ("bagging(5) + l2(0.1)", True)]:
        given = record(arms={arm: (0.001, 0.0, 1.0)}, noise=0.01, n_splits=5, seed=3)
        assert ("larger strength" in advice(given)) is said


def test_nothing_found_with_overfitting_left() -> None:
    given = record(arms={"a": (0.001, 0.0, 1.0)}, noise=0.01, n_splits=5, seed=3)
    assert re.fullmatch(
        r"Try a larger strength than that of a: training examples are still predicted better than "
        r"test examples by [\d.]+ points, without it by [\d.]+\.",
        advice(given),
    )


def test_an_own_name_stands_with_its_recipe() -> None:
    given = record(arms={"mine": (0.03, 0.1, 1.0)})
    given = dataclasses.replace(given, arms={"baseline": "", "mine": "l2(0.1)"})
    assert advice(given).startswith("Add mine = l2(0.1): accuracy")


EFFECT = st.tuples(
    st.sampled_from([-0.05, -0.01, 0.0, 0.005, 0.03]),
    st.sampled_from([-0.3, -0.05, 0.0, 0.1]),
    st.floats(0.5, 3),
)


@settings(max_examples=150, deadline=None)
@given(
    arms=st.dictionaries(
        st.sampled_from(["l2(0.1)", "dropout(0.5)", "my.name", "b"]), EFFECT, min_size=1
    ),
    n_splits=st.integers(1, 12),
    noise=st.sampled_from([0.0, 0.003, 0.02]),
    task=st.sampled_from(["classification", "regression"]),
    failed=st.integers(0, 2),
    more=st.fixed_dictionaries(
        {},
        optional={
            "stopped": st.just("interrupted"),
            "fixed_test": st.just(True),
            "n_seeds": st.just(2),
            "seed": st.integers(0, 5),
        },
    ),
)
def test_of_any_record(
    arms: dict[str, Any], n_splits: int, noise: float, task: str, failed: int, more: dict[str, Any]
) -> None:
    without = list(arms)[:failed]
    given = record(arms=arms, n_splits=n_splits, noise=noise, task=task, without=without, **more)
    found = summarize(given)
    said = recommendation(given, found)
    assert re.match(r"[A-Z]", said)
    assert said.endswith(".")
    assert ". " not in said
    assert "nan" not in said
    assert "inf" not in said
    assert "not known" not in said
    added = re.match(r"Add (.*?)( only if .*)?: ", said)
    if added:
        one = next(one for one in found if one.label == added[1])
        assert "better" in one.verdicts.values()
        assert ("worse" in one.verdicts.values()) == bool(added[2])
        assert one.arm not in given.failures
    elif not more.get("stopped"):
        assert not any("better" in one.verdicts.values() for one in found)
