"""The figures, on records that never ran: what they show, that all of it can be read."""

from __future__ import annotations

import dataclasses
import io
import itertools
import math
import re
import warnings
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text

from regkit.comparison import figures
from regkit.comparison.figures import look, reliability
from regkit.comparison.record.results import Record
from regkit.comparison.statistics import analysis
from regkit.comparison.words.verdict_text import deciding
from regkit.core.words import signed
from tests.comparison.drawn import LONG, RANKING, SIZES, ranks, texts, written
from tests.comparison.records import EFFECTS, record

pytestmark = pytest.mark.backend_free


def timeless(given: Record) -> Record:
    fits = tuple(dataclasses.replace(fit, epoch_seconds=math.nan) for fit in given.fits)
    return dataclasses.replace(given, fits=fits)


CASES = {
    "eight arms": record(),
    "one arm": record(arms=["dropout(0.5)"]),
    "fifteen arms": record(arms={f"l2({i / 1000})": (i / 999, 0.0, 1 + i / 60) for i in range(15)},
                          n_splits=3, epochs=4),
    "regression": record(task="regression"),
    "an arm without fits": record(without=["label_smoothing"]),
    "the baseline alone": record(arms=["l2"], without=["l2"]),
    "infinite intervals": record(n_splits=1),
    "no differences": record(arms={"l2": (0.0, 0.0, 1.0)}, noise=0.0),
    "unknown times": timeless(record()),
    "one epoch": record(epochs=1),
    "names of all kinds": record(arms=[LONG, "a$b$c", "<b>&amp;</b>", "x" * 200, "ключ 1 \n 2"]),
    "fixed test part": record(fixed_test=True, n_seeds=2),
}  # fmt: skip


def draw(kind: str, given: Record, width: float = figures.WIDE, **options: Any) -> Figure:
    with figures.style():
        return figures.FIGURES[kind](given, analysis.summarize(given), width=width, **options)


def svg(figure: Figure) -> str:
    buffer = io.StringIO()
    with figures.style():
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def possible(kind: str, given: Record) -> bool:
    if kind == "alternatives":
        return bool(given.trials)
    return kind != "reliability" or given.data["task"] == "classification"


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("kind", figures.FIGURES)
@pytest.mark.parametrize("case", CASES)
def test_all_of_it_can_be_read(case: str, kind: str, width: float) -> None:
    """Nothing warns, no text is under 8 points, and none leaves the figure."""
    if not possible(kind, CASES[case]):
        return
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "Glyph .* missing")  # of a font, not of ours
        figure = draw(kind, CASES[case], width)
        figure.draw_without_rendering()
    assert figure.get_figwidth() <= width
    frame = figure.bbox.padded(2)
    for one in texts(figure):
        assert one.get_fontsize() >= 8, one
        box = Text.get_window_extent(one)
        assert frame.x0 <= box.x0, one
        assert box.x1 <= frame.x1, one
        assert frame.y0 <= box.y0, one
        assert box.y1 <= frame.y1, one


@pytest.mark.parametrize("kind", figures.FIGURES)
def test_the_same_record_gives_the_same_figure(kind: str) -> None:
    assert svg(draw(kind, CASES["eight arms"])) == svg(draw(kind, record()))


@pytest.mark.parametrize("kind", [*figures.FIGURES, "ranks"])
def test_colours_are_of_the_palette(kind: str) -> None:
    """The page replaces these by variables: another colour would be lost in the dark."""
    drawn = svg(ranks(RANKING) if kind == "ranks" else draw(kind, CASES["eight arms"]))
    palette = {look.INK, look.MUTED, look.FAINT, look.GROUND, look.BETTER, look.WORSE,
               look.EQUAL}  # fmt: skip
    assert set(re.findall(r"#[0-9a-f]{6}\b(?!\")", drawn)) <= palette
    assert len(palette) == 7


def luminance(colour: str) -> float:
    parts = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("colour", [look.INK, look.MUTED, look.BETTER, look.WORSE, look.EQUAL])
def test_colours_stand_out_from_the_ground(colour: str) -> None:
    assert (1.0 + 0.05) / (luminance(colour) + 0.05) >= 4.5


def test_marks_differ_by_shape() -> None:
    assert len({shape for shape, _, _ in look.MARKS.values()}) == len(look.MARKS)


# -- what each of them says ------------------------------------------------------------------


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("case", ["eight arms", "regression"])
def test_the_forest_plot_has_every_number(case: str, width: float) -> None:
    given = CASES[case]
    said = written(draw("forest", given, width))
    for one in analysis.summarize(given)[1:]:
        assert look.wrap(one.arm) in said
    assert ("accuracy, points" in said) == (case == "eight arms")
    assert said.count("left is better") == 1


def test_the_forest_plot_says_verdicts_in_words_and_marks() -> None:
    given = CASES["eight arms"]
    figure = draw("forest", given)
    said = written(figure)
    for one in analysis.summarize(given)[1:]:
        for name, digits in (("accuracy", 1), ("NLL", 3)):
            outcome = one.outcomes[name]
            assert outcome.difference is not None
            d = outcome.difference
            numbers = [signed(value, digits) for value in (d.mean, d.low, d.high)]
            assert "{} [{}, {}]\n{}".format(*numbers, outcome.verdict) in said
    marks = [line.get_marker() for line in figure.axes[0].lines if len(line.get_xdata()) == 1]
    expected = [one.outcomes["accuracy"].verdict for one in analysis.summarize(given)[1:]]
    assert sorted(marks) == sorted(look.MARKS[verdict][0] for verdict in expected)


def test_the_best_arm_is_at_the_top() -> None:
    axes = draw("forest", CASES["eight arms"]).axes[0]
    assert axes.get_yticklabels()[-1].get_text().startswith("elastic_distortion")
    axes = draw("forest", CASES["regression"]).axes[0]
    assert axes.get_yticklabels()[-1].get_text().startswith("elastic_distortion")


def test_one_pair_has_no_interval() -> None:
    assert "one pair, no interval" in written(draw("forest", CASES["infinite intervals"]))


def test_without_a_pair_it_says_so() -> None:
    assert "no arm has a pair" in written(draw("forest", CASES["the baseline alone"]))


def test_there_is_a_dot_a_split() -> None:
    given = CASES["eight arms"]
    figure = draw("dots", given)
    for axes, measure in zip(figure.axes, deciding(given), strict=True):
        dots = [line for line in axes.lines if line.get_marker() == "o"]
        found = sorted(float(x) for line in dots for x in line.get_xdata())
        expected = sorted(v for arm in EFFECTS for v in analysis.pairs(given, arm, measure))
        assert found == pytest.approx(expected)
    values = analysis.pairs(given, "drop_connect(0.5)", deciding(given)[0])
    better = sum(value > 0 for value in values)
    assert f"{better} of {len(values)}\nbetter" in written(figure)


def test_curves_show_the_mean_and_the_best_epoch() -> None:
    given = record(arms=["dropout(0.5)"])
    axes = draw("curves", given).axes[0]
    lines = [line for line in axes.lines if len(line.get_xdata()) > 1]
    expected = np.mean([fit.curves["val_accuracy"] for fit in given.of("baseline")], axis=0)
    assert lines[0].get_ydata() == pytest.approx(100 * expected)
    dot = next(line for line in axes.lines if line.get_marker() == "o")
    assert dot.get_xdata()[0] == round(analysis.summarize(given)[0].best_epoch)


def test_curves_of_unequal_length_end_where_they_end() -> None:
    given = record(arms=["l2"], n_splits=2, epochs=6)
    first, *rest = given.fits
    short = dataclasses.replace(first, curves={k: v[:3] for k, v in first.curves.items()})
    axes = draw("curves", dataclasses.replace(given, fits=(short, *rest))).axes[0]
    longer = next(fit for fit in rest if fit.arm == "baseline").curves["val_accuracy"]
    assert axes.lines[0].get_ydata()[-1] == pytest.approx(100 * longer[-1])


def test_curves_that_were_left_out_are_left_out() -> None:
    fits = tuple(dataclasses.replace(fit, curves={}) for fit in record().fits)
    assert draw("curves", dataclasses.replace(record(), fits=fits)).axes


def test_pooled_bins_keep_every_example() -> None:
    given = record(arms=["l2"], n_splits=5)
    bins = np.array([one for fit in given.of("l2") for one in fit.reliability])
    points = reliability.pooled(given, "l2")
    assert points.shape == (10, 2)
    assert np.all(np.diff(points[:, 0]) > 0)
    assert points.mean(axis=0) == pytest.approx(np.average(bins[:, :2], axis=0, weights=bins[:, 2]))


def test_pooled_bins_by_hand() -> None:
    given = record(arms=["l2"], n_splits=1)
    bins = [(0.5, 0.4, 10), (0.9, 0.8, 30), (0.52, 0.8, 10)]
    fits = tuple(dataclasses.replace(fit, reliability=bins) for fit in given.fits)
    points = reliability.pooled(dataclasses.replace(given, fits=fits), "l2")
    assert points == pytest.approx(np.array([[0.5, 0.4], [0.52, 0.8], [0.9, 0.8]]))


def test_a_regression_has_no_reliability() -> None:
    with pytest.raises(ValueError, match="states no confidence"):
        draw("reliability", CASES["regression"])


@pytest.mark.parametrize("width", SIZES)
def test_labels_of_arms_of_equal_cost_do_not_cover_each_other(width: float) -> None:
    random = np.random.default_rng(3)
    arms = {
        f"technique_{i}(strength={i})": (g, g, 1.1)
        for i, g in enumerate(random.normal(0, 0.004, 9))
    }
    figure = draw("cost", record(arms=arms), width)
    figure.draw_without_rendering()
    notes = [one for one in figure.axes[0].findobj(Annotation) if one.get_text()]
    boxes = [Text.get_window_extent(one) for one in notes]
    assert len(boxes) >= 9
    for one, other in itertools.combinations(boxes, 2):
        width_, height = (
            min(one.x1, other.x1) - max(one.x0, other.x0),
            min(one.y1, other.y1) - max(one.y0, other.y0),
        )
        assert min(width_, height) < 1


def test_an_arm_of_unknown_cost_is_left_out() -> None:
    assert "dropout" not in written(draw("cost", CASES["unknown times"], title=False))


def test_less_is_better_is_up_in_a_regression() -> None:
    bottom, top = draw("cost", CASES["regression"]).axes[0].get_ylim()
    assert bottom > top
