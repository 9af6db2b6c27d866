"""Several data sets at once: each compared, the arms ranked over all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from regkit.comparison.run import compare
from regkit.comparison.several import Comparisons
from regkit.comparison.words.headline import over_data_sets
from regkit.data import from_arrays
from tests.comparison.small import DATA, QUICK, VALUES, network

pytestmark = pytest.mark.backend_free

OPTIONS = QUICK | {"splits": 2, "seeds": 1, "epochs": 1}
SETS = [
    from_arrays(np.asarray(DATA[0]) * scale, DATA[1], f"set {scale}") for scale in (1.0, 0.5, 0.1)
]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Comparisons, Path]:
    folder = tmp_path_factory.mktemp("several") / "out"
    found = compare(network, SETS, ["l2(0.01)", "dropout(0.5)"], output=folder, **OPTIONS)
    assert isinstance(found, Comparisons)
    return found, folder


def test_each_is_a_comparison_of_its_own(done: tuple[Comparisons, Path]) -> None:
    assert [one.record.data["name"] for one in done[0]] == ["set 1.0", "set 0.5", "set 0.1"]
    alone = compare(network, SETS[1], ["l2(0.01)", "dropout(0.5)"], **OPTIONS)
    assert [one.test for one in done[0][1].record.fits] == [one.test for one in alone.record.fits]


def test_the_ranks_are_of_the_mean_scores(done: tuple[Comparisons, Path]) -> None:
    ranking = done[0].ranking
    assert ranking.n == 3
    assert sum(ranking.mean_ranks.values()) == pytest.approx(6)  # 1 + 2 + 3
    assert "3 data sets" in over_data_sets(ranking)
    assert "needed" in over_data_sets(ranking)  # three can never conclude


def test_what_it_writes_and_prints(done: tuple[Comparisons, Path]) -> None:
    found, folder = done
    assert {path.name for path in folder.iterdir()} == {
        "report.html",
        "set_1.0",
        "set_0.5",
        "set_0.1",
    }
    overview = (folder / "report.html").read_text("utf-8")
    for name in ("set_1.0", "set_0.5", "set_0.1"):
        assert f'href="{name}/report.html"' in overview
        assert (folder / name / "report.html").is_file()
    assert "mean rank" in str(found)
    assert "set 0.5" in repr(found)


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        ([SETS[0], SETS[0]], "two data sets are called 'set_1.0'"),
        ([SETS[0], from_arrays(*VALUES, "values")], "all have classes, or all values"),
    ],
)
def test_sets_that_cannot_be_ranked_together(sets: list[object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        compare(network, sets, ["l2(0.01)"], **OPTIONS)
