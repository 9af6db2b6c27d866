"""Names in narrow columns."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from regkit.comparison.report import Comparison
from regkit.comparison.words.folding import fold
from tests.comparison.records import record

pytestmark = pytest.mark.backend_free

LONG = "my-plugin:smoothed_gradient + l2"


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (40, [LONG]),
        (20, ["my-plugin:", "smoothed_gradient +", "l2"]),
        (10, ["my-plugin:", "smoothed_", "gradient +", "l2"]),
        (7, ["my-plug", "in:", "smoothe", "d_", "gradien", "t + l2"]),
    ],
)
def test_a_name_is_broken_where_its_parts_end(width: int, lines: list[str]) -> None:
    assert fold(LONG, width) == lines


def test_alternatives_are_broken_between_them() -> None:
    assert fold("l2(1e-5|3.2e-5|1e-4)", 12) == ["l2(1e-5|", "3.2e-5|1e-4)"]


def test_every_name_is_whole_and_fits() -> None:
    for width in range(1, 40):
        lines = fold(LONG, width)
        assert "".join(lines).replace(" ", "") == LONG.replace(" ", "")
        assert max(map(len, lines)) <= width


@pytest.mark.parametrize("width", [80, 100])
def test_a_table_breaks_no_word(width: int) -> None:
    buffer = io.StringIO()
    Comparison(record(arms=[LONG], n_splits=3)).show(Console(file=buffer, width=width))
    words = [word for word in buffer.getvalue().split() if "gra" in word]
    assert len(words) >= 3
    assert all(word.rstrip(".,").endswith("gradient") for word in words)
