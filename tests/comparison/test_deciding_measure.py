"""What decides: asked for by name, chosen for the data, refused where it cannot be."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regkit.comparison.design.settings import MEASURES
from regkit.comparison.record.journal import Journal
from regkit.comparison.record.results import Record
from regkit.comparison.run import compare
from regkit.comparison.statistics import measures
from regkit.comparison.statistics.analysis import summarize
from regkit.comparison.words.cautions import cautions
from regkit.comparison.words.verdict_text import deciding
from tests.comparison.records import record
from tests.comparison.small import DATA, QUICK, VALUES, network

pytestmark = pytest.mark.backend_free

OPTIONS = QUICK | {"seeds": 1, "epochs": 2}
RANDOM = np.random.default_rng(3)
RARE = (np.arange(200) % 10 == 0).astype(int)  # one in ten
UNLIKE = (RANDOM.normal(0, 1, (200, 4)) + 1.5 * RARE[:, None], RARE)


def asked(name: str, **options: Any) -> Record:
    given = record(**options)
    return dataclasses.replace(given, settings=given.settings | {"measure": name})


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("accuracy", ["accuracy", "NLL"]),
        ("balanced_accuracy", ["balanced accuracy", "NLL"]),
        ("nll", ["NLL"]),
    ],
)
def test_it_decides_first_and_the_nll_beside_it(name: str, names: list[str]) -> None:
    given = asked(name)
    assert [one.name for one in deciding(given)] == names
    assert [one.name for one in measures.of_record(given)][: len(names)] == names
    assert set(summarize(given)[1].verdicts) == set(names)
    assert all(one.margin == 0 for one in measures.of_record(given) if not one.decides)


@pytest.mark.parametrize("name", MEASURES["regression"])
def test_of_a_regression_it_decides_alone(name: str) -> None:
    (one,) = deciding(asked(name, task="regression"))
    assert (one.key, one.margin) == (name, pytest.approx(0.02 * 77, rel=0.05))


@pytest.mark.parametrize("name", ["balanced_accuracy", "roc_auc", "nll"])
def test_from_end_to_end(name: str, tmp_path: Path) -> None:
    found = compare(network, UNLIKE, ["l2"], measure=name, output=tmp_path / "out", **OPTIONS)
    given = found.record
    assert given.settings["measure"] == name
    sign = measures.KNOWN[name].sign
    for fit in given.fits:
        curve = fit.curves[f"val_{name}"]
        assert fit.validation[name] == max(curve, key=lambda value: sign * value)
        assert {"roc_auc", "balanced_accuracy", "accuracy"} <= set(fit.test)
    assert f"best validation {measures.KNOWN[name].name}." in " ".join(found.text.split())
    assert "RK011" not in {one.code for one in cautions(given, found.summaries)}
    with pytest.raises(ValueError, match=f"measure was .*{name}"):
        compare(network, UNLIKE, ["l2"], output=tmp_path / "out", resume=True, **OPTIONS)


def test_accuracy_of_unlike_classes_is_warned_of() -> None:
    found = compare(network, UNLIKE, ["l2"], **OPTIONS)
    (said,) = [one.text for one in cautions(found.record, found.summaries) if one.code == "RK011"]
    assert "90.0 % of the test examples are of class 0 and 10.0 % of class 1" in said
    assert "ROC AUC" in [one.name for one in measures.of_record(found.record)]


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (
            DATA,
            "acuracy",
            "measure must be 'accuracy' or 'balanced_accuracy' or .* 'rmse' or 'mae' or None; "
            "received measure='acuracy'; did you mean 'accuracy'",
        ),
        (DATA, 3, "'rmse' or 'mae' or None; received measure=3"),
        (DATA, "rmse", "this is a classification; here it is accuracy, balanced_accuracy, nll"),
        (DATA, "roc_auc", r"needs test examples of two classes, and they have \[10, 10, 10\]"),
        (VALUES, "accuracy", "this is a regression; here it is rmse, mae"),
    ],
)
def test_what_cannot_decide(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, data: Any, name: Any, said: str
) -> None:
    monkeypatch.setattr(Journal, "begin", lambda self: pytest.fail("something was begun"))
    with pytest.raises(ValueError, match=said):
        compare(network, data, ["l2"], measure=name, output=tmp_path / "out", **OPTIONS)


def test_the_area_needs_both_classes_in_a_fixed_test_part(tmp_path: Path) -> None:
    """Where the test part has one class the area is not defined: it is left out, and refused."""
    x, y = UNLIKE
    order = np.argsort(y, kind="stable")
    parts = {"x_test": x[order[:40]], "y_test": y[order[:40]]}
    np.savez(tmp_path / "one.npz", x_train=x[order[40:]], y_train=y[order[40:]], **parts)
    found = compare(network, tmp_path / "one.npz", ["l2"], output=tmp_path / "out", **OPTIONS)
    assert "ROC AUC" not in [one.name for one in measures.of_record(found.record)]
    with pytest.raises(ValueError, match="needs test examples of two classes"):
        compare(network, tmp_path / "one.npz", ["l2"], measure="roc_auc", **OPTIONS)


@pytest.mark.parametrize(("name", "step"), [("accuracy", 1 / 40), ("balanced_accuracy", 1 / 8)])
def test_pairs_that_happen_to_agree_are_no_certainty(name: str, step: float) -> None:
    """Three pairs that differ by one example of the smaller class, all the same."""
    given = record(arms={"a": (0.0, 0.0, 1.0)}, n_splits=3)
    counts = {"no": 36, "yes": 4}
    data = given.data | {"classes": list(counts), "test_counts": counts, "n_test": 40}
    base = {"accuracy": 0.9, "balanced_accuracy": 0.8, "roc_auc": 0.9}
    gained = {"accuracy": 0.9 + 1 / 40, "balanced_accuracy": 0.8 + 1 / 8, "roc_auc": 0.9}
    fits = tuple(
        dataclasses.replace(fit, test=fit.test | (gained if fit.arm == "a" else base))
        for fit in given.fits
    )
    settings = given.settings | {"measure": name}
    given = dataclasses.replace(given, fits=fits, data=data, settings=settings)
    first = measures.of_record(given)[0]
    assert measures.resolution(first, given) == pytest.approx(100 * step)
    outcome = summarize(given)[1].outcomes[first.name]
    assert outcome.difference is not None
    assert outcome.difference.mean == pytest.approx(100 * step)
    assert outcome.verdict == "cannot conclude"
