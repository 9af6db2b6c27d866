"""The parts of the report's page: cells of tables, paths and numbers of drawings."""

from __future__ import annotations

import pytest

from regkit.comparison import figures
from regkit.comparison.page import report_tables, svg
from regkit.comparison.statistics import analysis
from tests.comparison.pages import FEW, pages
from tests.comparison.records import record

pytestmark = pytest.mark.backend_free


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (report_tables._p(0.0001), "< 0.001"),
        (report_tables._p(0.0456), "0.046"),
        (report_tables._p(None), ""),
        (report_tables._share(0.9999), "> 0.99"),
        (report_tables._share(0.001), "< 0.01"),
        (report_tables._share(0.5), "0.50"),
    ],
)
def test_cells(cell: report_tables.Cell, said: str) -> None:
    assert cell.text == said


def test_permutation_is_a_column_where_it_is_valid() -> None:
    assert "p (permutation)" not in pages(record(arms=FEW, n_splits=2, epochs=2))
    assert "p (permutation)" in pages(record(arms=FEW, n_splits=6, epochs=2, fixed_test=True))


def test_small_paths_draw_the_same() -> None:
    assert svg._path("M 0 1 \nL 2 3 \nL 4 5 \nz\n") == "M0 1 2 3 4 5 z"
    assert svg._path("M 0 1 C 1 2 3 4 5 6 C 1 2 3 4 5 6 L 1 2") == (
        "M0 1 C1 2 3 4 5 6 1 2 3 4 5 6 L1 2"
    )


def test_numbers_in_text_are_left_alone() -> None:
    given = record(arms=["l2(1.2345e-4)"])
    with figures.style():
        figure = figures.forest_plot(given, analysis.summarize(given), width=figures.NARROW)
    assert "l2(1.2345e-4)</text>" in svg.inline(figure, "a-", "")
