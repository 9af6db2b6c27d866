"""The verdict in a sentence, of arms and of ranks."""

from __future__ import annotations

import re
from typing import Any

import pytest

from regkit.comparison.statistics import analysis
from regkit.comparison.statistics.ranks import rank
from regkit.comparison.words import headline
from tests.comparison.records import record

pytestmark = pytest.mark.backend_free


def sentence(**given: Any) -> str:
    made = record(**given)
    return headline.headline(made, analysis.summarize(made))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"arms": {"dropout(0.5)": (0.03, 0.0, 1.0)}, "noise": 0.003},
            r"dropout\(0.5\) is better than the baseline by accuracy: \+[\d.]+ points "
            r"\(95 % interval \+[\d.]+ to \+[\d.]+\)\.",
        ),
        (
            {"arms": {"a": (0.03, 0.1, 1.0), "b": (0.02, 0.1, 1.0), "c": (-0.03, -0.2, 1.0)}},
            r"a is better .*; b is better too; c is worse by accuracy and NLL\.",
        ),
        (
            {"arms": {"a": (0.03, 0.1, 1.0), "b": (0.0, 0.1, 1.0)}, "noise": 0.004},
            r"a is better than the baseline by accuracy: .*; b is better by NLL\.",
        ),
        (
            {"arms": {"a": (0.03, -0.2, 1.0)}},
            r"a is better than the baseline by accuracy: .*\), but worse by NLL\.",
        ),
        (
            {"arms": {"a": (0.0, 0.2, 1.0)}},
            r"a is better than the baseline by NLL: −0.\d\d\d nats \(95 % interval −0.\d+ to −0.\d+\)\.",
        ),
        (
            {"arms": {"a": (0.005, 0.01, 1.0)}, "n_splits": 3, "noise": 0.02, "seed": 1},
            r"Nothing can be concluded for a: accuracy: .* points \(95 % interval .*\)\.",
        ),
        (
            {"arms": {"a": (-0.05, -0.2, 1.0), "b": (-0.05, -0.2, 1.0)}},
            r"No arm is shown to be better than the baseline; 2 arms are worse\.",
        ),
        (
            {"arms": {"a": (0.0, 0.0, 1.0)}, "noise": 0.0},
            r"No arm is shown to be better than the baseline; a is equivalent by accuracy and NLL\.",
        ),
        (
            {"arms": {"a": (0.0, -0.2, 1.0), "b": (0.0, -0.2, 1.0)}, "noise": 0.002},
            r"No arm is shown to be better than the baseline; 2 arms are worse by NLL\.",
        ),
        (
            {"arms": {"a": (0.03, 0.1, 1.0), "b": (0, 0, 1.0)}, "without": ["b"]},
            r"a is better .*; b failed\.",
        ),
        (
            {"arms": ["l2"], "without": ["l2"]},
            r"l2 failed\.",
        ),
        (
            {"arms": {"a": (0.0, 0.0, 1.0)}, "n_splits": 1},
            r"Nothing can be concluded for a: .* from one pair\.",
        ),
        (
            {"arms": {"a": (0.3, 0.3, 1.0)}, "task": "regression"},
            r"a is better than the baseline by RMSE: −[\d.]+ \(95 % interval −[\d.]+ to −[\d.]+\)\.",
        ),
    ],
)  # fmt: skip
def test_the_verdict_in_a_sentence(given: dict[str, Any], said: str) -> None:
    assert re.fullmatch(said, sentence(**given))


def test_ranks_in_a_sentence() -> None:
    scores = {"baseline": [0.5] * 9, "l2": [0.6 + k / 100 for k in range(9)]}
    assert headline.over_data_sets(rank(scores, "baseline")) == (
        "Over 9 data sets, l2 is better than the baseline (Wilcoxon's test, after Holm)."
    )
    equal = {"baseline": [0.5] * 9, "l2": [0.5 + (-1) ** k * k / 100 for k in range(9)]}
    assert "no arm is shown" in headline.over_data_sets(rank(equal, "baseline"))
