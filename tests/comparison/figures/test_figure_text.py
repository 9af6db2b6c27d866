"""Text of the figures: wrapped, cut, with a sign."""

from __future__ import annotations

import math

import pytest

from regkit.comparison.figures import look
from regkit.core.words import signed
from tests.comparison.drawn import LONG
from tests.comparison.records import EFFECTS

pytestmark = pytest.mark.backend_free


@pytest.mark.parametrize("text", [*EFFECTS, LONG, "x" * 100, "", " ", "a b", "a_(_(", "é" * 30])
@pytest.mark.parametrize("width", [8, 24])
def test_wrapped_text_is_narrow_and_whole(text: str, width: int) -> None:
    lines = look.wrap(text, width, lines=99).split("\n")
    assert all(len(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_what_is_too_long_is_cut() -> None:
    assert look.wrap("x" * 100, 10, 2) == "x" * 10 + "\n" + "x" * 9 + "…"


@pytest.mark.parametrize(
    ("value", "said"), [(1.25, "+1.2"), (-0.04, "+0.0"), (-1.26, "−1.3"), (math.inf, "not known")]
)
def test_signed(value: float, said: str) -> None:
    assert signed(value, 1) == said
