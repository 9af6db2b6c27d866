"""The figure of ranks over data sets: what it shows, that all of it can be read."""

from __future__ import annotations

import pytest
from matplotlib.text import Text

from regkit.comparison import figures
from regkit.comparison.figures import look
from regkit.comparison.statistics.ranks import Ranking, cliques, rank
from tests.comparison.drawn import RANKING, SIZES, ranks, texts, written

pytestmark = pytest.mark.backend_free


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize(
    "ranking",
    [
        RANKING,
        rank({"baseline": [0.1], "l2": [0.2]}, "baseline"),  # one data set: no critical difference
        rank({"baseline": [0.1, 0.2], "l2": [0.2, 0.3]}, "baseline"),
        rank({"baseline": [0.1, 0.2]}, "baseline"),
    ],
)
def test_ranks_can_be_read(ranking: Ranking, width: float) -> None:
    figure = ranks(ranking, width)
    figure.draw_without_rendering()
    frame = figure.bbox.padded(2)
    for one in texts(figure):
        box = Text.get_window_extent(one)
        assert one.get_fontsize() >= 8
        assert frame.x0 <= box.x0, one
        assert box.x1 <= frame.x1, one
    for arm, place in ranking.mean_ranks.items():
        assert f"{place:.2f}" in written(figure)
        assert look.wrap(arm, 24 if width == figures.WIDE else 21) in written(figure)


def test_the_bars_are_the_groups() -> None:
    axes = ranks(RANKING).axes[0]
    bars = [line.get_ydata() for line in axes.lines if line.get_linewidth() == 4]
    order = sorted(RANKING.arms, key=RANKING.mean_ranks.__getitem__)
    expected = [(order.index(g[0]) - 0.3, order.index(g[-1]) + 0.3) for g in cliques(RANKING)]
    assert [tuple(bar) for bar in bars] == expected
    assert len(bars) >= 2


def test_the_ruler_is_the_critical_difference() -> None:
    axes = ranks(RANKING).axes[0]
    ruler = next(line for line in axes.lines if list(line.get_ydata()) == [-0.75] * 2)
    start, end = ruler.get_xdata()
    assert end - start == pytest.approx(RANKING.critical_difference)
