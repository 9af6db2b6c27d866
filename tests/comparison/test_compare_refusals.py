"""`regkit.compare`: what is refused before anything is trained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from regkit.comparison.design.settings import OPTIONS, Option
from regkit.comparison.fits import worker
from regkit.comparison.record import results
from regkit.comparison.run import compare
from regkit.core.errors import OptionError, RegkitError
from regkit.core.technique import Technique
from tests.comparison.small import DATA, QUICK, network


@pytest.fixture
def untrained(monkeypatch: pytest.MonkeyPatch) -> None:
    def fit_arm(*args: Any, **options: Any) -> None:
        raise AssertionError("trained before the options were checked")

    monkeypatch.setattr(worker, "fit_arm", fit_arm)


@pytest.mark.usefixtures("untrained")
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"splits": 1}, "compare: splits must be a whole number of at least 2; received splits=1"),
        ({"splits": 2.5}, "splits must be"),
        ({"seeds": 0}, "seeds must be a whole number of at least 1"),
        ({"epochs": True}, "epochs must be a whole number"),
        ({"batch_size": -3}, "batch_size must be .* received batch_size=-3"),
        (
            {"label_noise": 1.5},
            r"label_noise must be a number in \[0, 1\]; received label_noise=1.5",
        ),
        ({"label_noise": float("nan")}, "label_noise must be"),
        ({"test_size": 0}, r"test_size must be a number in \(0, 1\)"),
        ({"validation_size": "a"}, "validation_size must be"),
        ({"seed": -1}, "seed must be a whole number of at least 0"),
        ({"train_size": 0}, "train_size must be a whole number of at least 1 or None"),
        ({"train_size": 500}, "train_size"),
        ({"jobs": 0}, "jobs must be a whole number of at least 1"),
        ({"resume": True}, "resume=True needs output"),
        ({"task": "regresion"}, "did you mean 'regression'"),
        ({"test_size": 0.99}, "leaves no training example"),
        ({"output": 5}, "output must be the path of a folder or None; received output=5"),
        ({"force": "yes"}, "force must be True or False; received force='yes'"),
        ({"resume": 1}, "resume must be True or False; received resume=1"),
        ({"progress": None}, "progress must be True or False"),
        ({"spilts": 3}, "compare has no option 'spilts'; did you mean 'splits'"),
    ],
)
def test_impossible_options(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        compare(network, DATA, ["l2"], **{**QUICK, **options})


@pytest.mark.usefixtures("untrained")
@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_every_bad_value_of_an_option_is_refused_by_name(option: Option) -> None:
    for value in option.bounds.bad_values():
        with pytest.raises(OptionError, match=f"{option.name} must be .* received {option.name}="):
            compare(network, DATA, ["l2"], **{**QUICK, option.name: value})


@pytest.mark.usefixtures("untrained")
@pytest.mark.parametrize(
    ("recipes", "said"),
    [
        ([], "no recipes to compare; name some, such as l2"),
        (["l2", "l2()"], r"'l2\(1e-4\)' is given twice"),
        (["baseline"], "is the baseline, which is always there"),
        ([""], "is the baseline"),
        ([[]], "is the baseline"),
        (["dropuot"], "did you mean 'dropout'"),
        (["l2(-1)"], "strength"),
        (["l2(nan=1)"], "nan"),
        (["l2 +"], r"\^"),
        (5, "recipes must be a recipe, a list of them or a mapping.*received 5"),
        ([5], "a recipe is a text.*received 5"),
    ],
)
def test_impossible_recipes(recipes: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        compare(network, DATA, recipes, **QUICK)


@pytest.mark.usefixtures("untrained")
def test_what_is_no_model() -> None:
    with pytest.raises(RegkitError, match=r"a model is mlp, cnn, path.py:function .*received 5"):
        compare(5, DATA, ["l2"], **QUICK)  # type: ignore[arg-type]


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
def test_a_function_that_needs_more_than_it_can_get() -> None:
    with pytest.raises(RegkitError, match=r"its parameter 'units' has no value"):
        compare(lambda input_shape, units: network(input_shape, units), DATA, ["l2"], **QUICK)


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
