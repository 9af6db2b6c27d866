"""What paths and decompositions say, draw and write: on numbers that were never trained."""

import json
import math

import numpy as np
import pytest

from regkit.comparison.statistics.decomposition import Quadratic, ZeroOne
from regkit.comparison.strengths.error_parts import BiasVariance
from regkit.comparison.strengths.path_measures import path_measure
from regkit.comparison.strengths.path_result import Curve, RegularizationPath
from regkit.comparison.strengths.strength_grid import strength_grid
from regkit.core.errors import RegkitError
from tests.comparison.drawn import written

pytestmark = pytest.mark.backend_free

STRENGTHS = "l2(1e-3|0.01|0.1)"
BOWL = [[0.50, 0.40, 0.43, 0.90], [0.60, 0.50, 0.51, 0.90], [0.70, 0.60, 0.62, 0.90]]
NAN, INF = math.nan, math.inf


def followed(values, recipe=STRENGTHS, measure="nll"):
    values = np.array(values)
    kept = path_measure(measure, "classification")
    settings = {"data": "digits", "model": "mlp", "seed": 0}
    grid = strength_grid(recipe, "path")
    return RegularizationPath(
        grid, kept, Curve(values), Curve(values / 2), settings, "vectorized", None
    )


def parts(errors, option="l2.strength", measure="brier", diverged=None):
    grid = strength_grid(STRENGTHS, "bias_variance")
    return BiasVariance(
        option=option,
        strengths=grid.strengths if option else (),
        recipes=grid.recipes if option else ("l2(0.1)",),
        measure=measure,
        parts=tuple(errors),
        diverged=diverged or {},
        settings={"data": "digits", "model": "mlp", "replicates": 20, "n_test": 360, "seed": 0},
        engine="vectorized",
        reason=None,
    )


QUADRATIC = [Quadratic(b + v, b, v) for b, v in [(0.1, 0.3), (0.12, 0.2), (0.15, 0.1), (0.5, 0.0)]]


def test_the_strongest_within_one_standard_error_is_to_be_used():
    path = followed(BOWL)
    assert (path.best, path.chosen, path.recipe) == (0.001, 0.01, "l2(0.01)")
    assert str(path).splitlines() == [
        "NLL against l2.strength, mean ± standard error over 3 repeats (digits, mlp)",
        "strength  validation       training",
        "none      0.6000 ± 0.0577  0.3000 ± 0.0289",
        "1e-3      0.5000 ± 0.0577  0.2500 ± 0.0289  best",
        "0.01      0.5200 ± 0.0551  0.2600 ± 0.0275  use",
        "0.1       0.9000 ± 0.0000  0.4500 ± 0.0000",
        "Use l2(0.01): the strongest whose validation NLL, 0.5200 ± 0.0551, is within one standard "
        "error of the best, 0.5000 ± 0.0577 with l2(1e-3).",
    ]
    assert repr(path) == str(path)


@pytest.mark.parametrize(
    ("values", "recipe", "measure", "said"),
    [
        (
            [[0.5, 0.4, 0.9, 0.9], [0.5, 0.4, 0.9, 0.9]],
            STRENGTHS,
            "nll",
            "Use l2(1e-3): its validation NLL is best, 0.4000 ± 0.0000, and none that is stronger",
        ),
        (
            [[0.1, 0.4, 0.9, 0.9]] * 2,
            STRENGTHS,
            "nll",
            "Use no l2: its validation NLL is best",
        ),
        (
            [[0.1, 0.4, 0.9, 0.9]] * 2,
            f"{STRENGTHS} + dropout(0.5)",
            "nll",
            "Use dropout(0.5) without l2: its validation NLL is best",
        ),
        (
            [[90.0, 91.0, 95.0, 96.0]] * 2,
            STRENGTHS,
            "accuracy",
            "It is the strongest that was tried; a larger one may do better.",
        ),
        (
            [[0.5, 0.4, 0.4, 0.9]],
            STRENGTHS,
            "nll",
            "Use l2(0.01): its validation NLL is best, 0.4000. One repeat has no standard error; "
            "give repeats=5 or more",
        ),
        (
            [[0.5, 0.4, 0.9, NAN], [0.5, 0.4, 0.9, 0.9], [0.5, 0.4, 0.9, INF]],
            STRENGTHS,
            "nll",
            "Left out: l2(0.1), which diverged in repeats 0 and 2 (counted from 0).",
        ),
    ],
)
def test_what_is_said(values, recipe, measure, said):
    assert said in str(followed(values, recipe, measure))


def test_what_diverges_is_neither_best_nor_used():
    path = followed([[0.5, 0.4, 0.41, -9.0], [0.5, 0.5, 0.41, NAN]])
    assert path.diverged == {0.1: [1]}
    assert path.best == 0.01 == path.chosen
    assert "0.1       diverged" in str(path)
    with pytest.raises(RegkitError, match="without l2 too"):
        followed([[NAN] * 4, [0.1] * 4])
    with pytest.raises(RegkitError, match="without l2 too"):
        followed([[NAN] * 4])
    alone = followed([[0.5, 0.4, 0.9, NAN]])
    assert (alone.best, alone.rule) == (0.001, "best")


def test_the_numbers_as_json():
    path = followed([[0.5, 0.4, 0.9, NAN], [0.6, 0.5, 0.9, 0.9]])
    plain = json.loads(json.dumps(path.to_dict(), allow_nan=False))
    assert plain["validation"]["values"] == [[0.5, 0.4, 0.9, None], [0.6, 0.5, 0.9, 0.9]]
    assert plain["strengths"] == [0, 0.001, 0.01, 0.1]
    assert plain["recipes"] == ["", "l2(1e-3)", "l2(0.01)", "l2(0.1)"]
    assert (plain["best"], plain["chosen"], plain["recipe"]) == (0.001, 0.001, "l2(1e-3)")
    assert plain["diverged"] == [{"strength": 0.1, "repeats": [0]}]
    assert followed([[0.5, 0.4, 0.9, 1]]).to_dict()["limit"] is None


@pytest.mark.parametrize("width", [6.4, 3.7])
def test_the_figure_of_a_path(width):
    figure = followed([[0.5, 0.4, 0.41, NAN], [0.6, 0.5, 0.52, 0.9]]).figure(width)
    text = written(figure)
    for word in ("validation", "training", "best: 1e-3", "to use: 0.01", "diverged", "none", "NLL"):
        assert word in text
    (axes,) = figure.axes
    places = [line.get_xdata()[0] for line in axes.lines if "to use" in line.get_label()]
    assert places == [-2]
    low, high = axes.get_ylim()
    assert low < 0.2 < 0.61 < high, "both lines with their bands are shown"


def test_a_figure_of_one_repeat_or_one_strength():
    text = written(followed([[0.5, 0.4, 0.9, 0.9]]).figure())
    assert "best: 1e-3" in text
    assert "to use" not in text
    followed([[0.5, 0.4, 0.3]] * 2, "l2(0|1e-3|1)").figure()
    followed([[0.5, 0.5]] * 2, "l2(0|1e-3)").figure()


def test_files(tmp_path):
    path = followed(BOWL)
    for name in ("a.svg", "a.png", "a.json"):
        assert path.save(tmp_path / name).stat().st_size > 500
    assert path.save(tmp_path / "b.svg").read_bytes() == (tmp_path / "a.svg").read_bytes()
    assert json.loads((tmp_path / "a.json").read_text()) == path.to_dict()
    with pytest.raises(RegkitError, match=r"as .svg or .png, the numbers as .json; received"):
        path.save(tmp_path / "a.txt")


def test_parts_against_strength():
    found = parts(QUADRATIC)
    assert str(found).splitlines() == [
        "Brier score against l2.strength, over 20 bootstrap replicates, on 360 test examples "
        "(digits, mlp)",
        "strength  error   bias²   variance",
        "none      0.4000  0.1000  0.3000",
        "1e-3      0.3200  0.1200  0.2000",
        "0.01      0.2500  0.1500  0.1000    least",
        "0.1       0.5000  0.5000  0.0000",
        "The Brier score is least with l2(0.01), 0.2500 = bias² 0.1500 + variance 0.1000; without "
        "l2 it is 0.4000 = bias² 0.1000 + variance 0.3000.",
    ]
    text = written(found.figure())
    for word in ("error", "bias²", "variance", "least: 0.01", "Brier score"):
        assert word in text
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert plain["variance"] == [0.3, 0.2, 0.1, 0.0]
    assert plain["recipes"][plain["least"]] == "l2(0.01)"


def test_parts_of_one_recipe(tmp_path):
    found = parts([ZeroOne(0.25, 0.125, 0.25, 0.125)], option=None, measure="zero_one")
    assert "Rate of errors 0.2500 = bias 0.1250 + variance 0.1250." in str(found)
    assert found.to_dict()["zero_one"] == [{"unbiased_variance": 0.25, "biased_variance": 0.125}]
    text = written(found.figure())
    for word in ("error", "bias", "variance", "0.125"):
        assert word in text
    assert found.save(tmp_path / "parts.png").exists()


def test_parts_where_replicates_diverged():
    diverged = {"l2(0.01)": [3], "l2(0.1)": [*range(19)]}
    found = parts([*QUADRATIC[:3], None], diverged=diverged)
    assert found.recipes[found.least] == "l2(1e-3)", "what diverges is not least"
    assert "Left out: replicate 3 (counted from 0) of l2(0.01), which diverged." in str(found)
    assert "0.1       diverged" in str(found)
    assert found.to_dict()["error"][3] is None
    assert "diverged" in written(found.figure())
    least_without = parts([QUADRATIC[2], *QUADRATIC[:2], QUADRATIC[3]])
    assert "The Brier score is least without l2, 0.2500 =" in str(least_without)
    with pytest.raises(RegkitError, match="in all replicates but at most one"):
        parts([None] * 4)
