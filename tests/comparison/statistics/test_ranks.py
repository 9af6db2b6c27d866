"""Ranks over data sets against the worked example of Demšar (2006), and other libraries."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from regkit.comparison.statistics.ranks import Ranking, cliques, rank, smallest_p

pytestmark = pytest.mark.backend_free

# Demšar, JMLR 7 (2006), table 6: AUC of C4.5 with m and cf chosen by cross-validation or not. On
# voting cf and m+cf are both printed as .975 and ranked 2 and 3: therefore .9751.
DEMSAR = {
    "C4.5": [.763, .599, .954, .628, .882, .936, .661, .583, .775, 1.0, .940, .619, .972, .957],
    "m": [.768, .591, .971, .661, .888, .931, .668, .583, .838, 1.0, .962, .666, .981, .978],
    "cf": [.771, .590, .968, .654, .886, .916, .609, .563, .866, 1.0, .965, .614, .9751, .946],
    "m+cf": [.798, .569, .967, .657, .898, .931, .685, .625, .875, 1.0, .962, .669, .975, .970],
}  # fmt: skip
tables = st.integers(2, 5).flatmap(
    lambda k: st.lists(
        st.lists(st.integers(0, 6).map(lambda v: v / 8), min_size=k, max_size=k),
        min_size=1,
        max_size=7,
    )
)


def named(rows) -> dict[str, list[float]]:
    """Return a table (data sets, arms) as scores of arms "0", "1", …."""
    return {str(arm): list(column) for arm, column in enumerate(zip(*rows, strict=True))}


def test_the_example_of_demsar() -> None:
    found = rank(DEMSAR, baseline="C4.5")
    assert list(found.mean_ranks.values()) == pytest.approx([3.143, 2.0, 2.893, 1.964], abs=5e-4)
    assert found.critical_difference == pytest.approx(1.25, abs=0.005)
    assert rank(DEMSAR, "C4.5", alpha=0.1).critical_difference == pytest.approx(1.12, abs=0.005)
    # χ² 9.28 and F 3.69 are printed there, without the correction for ties that SciPy makes.
    squares = sum(value**2 for value in found.mean_ranks.values())
    chi2 = 12 * 14 / (4 * 5) * (squares - 4 * 5**2 / 4)
    f = 13 * chi2 / (14 * 3 - chi2)
    assert (chi2, f) == pytest.approx((9.28, 3.69), abs=0.005)
    assert found.friedman_p is not None
    assert 0.01 < found.friedman_p < stats.f.sf(f, 3, 39) < 0.05
    # "the difference between the best and the worst is already smaller": Nemenyi finds nothing
    assert cliques(found) == [("m+cf", "m", "cf", "C4.5")]


def test_wilcoxon_of_demsars_example() -> None:
    pair = {arm: DEMSAR[arm] for arm in ("C4.5", "m")}
    # C4.5 and m: T = 12 of 14 pairs is significant at 0.05 (his section 3.1.3)
    found = rank(pair, baseline="C4.5")
    assert found.verdicts == {"m": "better"}
    assert rank(pair, baseline="m").verdicts == {"C4.5": "worse"}
    assert found.friedman_p is None


def test_friedman_is_the_analysis_of_variance_of_the_ranks() -> None:
    """Iman and Davenport's F with the correction for ties is that of a two-way layout."""
    scores = np.random.default_rng(0).integers(0, 5, (12, 4)).astype(float)
    ranks = stats.rankdata(-scores, axis=1)
    between = 12 * ((ranks.mean(axis=0) - 2.5) ** 2).sum()
    rest = ((ranks - 2.5) ** 2).sum() - between
    f = (between / 3) / (rest / 33)
    found = rank(named(scores), baseline="0")
    assert found.friedman_p == pytest.approx(stats.f.sf(f, 3, 33))


def test_friedman_of_few_data_sets_is_exact() -> None:
    # Tables of χ² for k = 3, n = 3: 6 (perfect agreement) 0.028, 4.667 0.194
    agree, nearly = [[3, 2, 1]] * 3, [[3, 2, 1], [3, 2, 1], [3, 1, 2]]
    assert rank(named(agree), baseline="0").friedman_p == pytest.approx(6 / 216)
    assert rank(named(nearly), baseline="0").friedman_p == pytest.approx(0.194, abs=5e-4)


def test_wilcoxon_is_exact_and_corrected() -> None:
    random = np.random.default_rng(1)
    base = random.normal(0, 1, 10)
    scores = {
        "base": base,
        "a": base + random.normal(1, 1, 10),
        "b": base + random.normal(0, 1, 10),
    }
    found = rank({arm: list(row) for arm, row in scores.items()}, baseline="base")
    raw = [stats.wilcoxon(scores[arm], base, method="exact").pvalue for arm in ("a", "b")]
    assert raw[0] < raw[1]
    assert found.wilcoxon_p == pytest.approx({"a": 2 * raw[0], "b": max(2 * raw[0], raw[1])})


@pytest.mark.parametrize("n", [12, 25])
def test_wilcoxon_with_ties_is_scipys(n: int) -> None:
    gain = np.random.default_rng(n).integers(-2, 5, n).astype(float)
    found = rank({"none": [0.0] * n, "l2": list(gain)}, baseline="none")
    assert found.wilcoxon_p["l2"] == pytest.approx(stats.wilcoxon(gain[gain != 0]).pvalue)


def test_five_data_sets_cannot_conclude_however_clear_they_are() -> None:
    for n, verdict in ((5, "cannot conclude"), (6, "better")):
        found = rank({"none": [0.0] * n, "l2": list(range(1, n + 1))}, baseline="none")
        assert found.wilcoxon_p == {"l2": found.smallest_p} == {"l2": 2 / 2**n}
        assert found.verdicts == {"l2": verdict}
    assert smallest_p(8, arms=7) == 7 / 128  # nor can eight, with seven arms


def test_less_is_better_turns_the_ranks() -> None:
    more, less = rank(DEMSAR, baseline="C4.5"), rank(DEMSAR, baseline="C4.5", sign=-1)
    assert {arm: 5 - place for arm, place in less.mean_ranks.items()} == pytest.approx(
        more.mean_ranks
    )
    assert less.wilcoxon_p == more.wilcoxon_p
    assert less.friedman_p == more.friedman_p


def test_arithmetic_breaks_no_tie() -> None:
    found = rank({"a": [0.1 + 0.2, 0.7], "b": [0.3, 0.7]}, baseline="a")
    assert found.mean_ranks == {"a": 1.5, "b": 1.5}
    assert found.wilcoxon_p == {"b": 1.0}


def test_one_arm_and_one_data_set_are_no_error() -> None:
    alone = rank({"none": [0.5, 0.6]}, baseline="none")
    assert (alone.friedman_p, alone.critical_difference) == (None, math.inf)
    assert (alone.mean_ranks, alone.verdicts, cliques(alone)) == ({"none": 1.0}, {}, [])
    single = rank({"a": [1.0], "b": [2.0], "c": [3.0]}, baseline="a")
    assert (single.friedman_p, single.critical_difference) == (None, math.inf)
    assert single.wilcoxon_p == {"b": 1.0, "c": 1.0}
    assert cliques(single) == [("c", "b", "a")]
    equal = rank({"a": [1.0, 2.0], "b": [1.0, 2.0], "c": [1.0, 2.0]}, baseline="a")
    assert (equal.friedman_p, equal.wilcoxon_p) == (1.0, {"b": 1.0, "c": 1.0})


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ({"a": [1.0, 2.0], "b": [1.0]}, "one score a data set"),
        ({"a": [], "b": []}, "one score a data set"),
        ({"b": [1.0]}, "not among the arms"),
        ({"a": [1.0], "b": [math.nan]}, "finite"),
    ],
)
def test_what_is_no_table_is_refused(scores, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rank(scores, baseline="a")


@given(tables)
def test_ranks_add_up_and_nothing_is_below_what_is_possible(rows) -> None:
    found = rank(named(rows), baseline="0")
    k = len(rows[0])
    assert sum(found.mean_ranks.values()) == pytest.approx(k * (k + 1) / 2)
    assert all(found.smallest_p <= p <= 1 for p in found.wilcoxon_p.values())
    assert found.friedman_p is None or 0 <= found.friedman_p <= 1


def placed(critical_difference: float, **mean_ranks: float) -> Ranking:
    arms = tuple(mean_ranks)
    return Ranking(arms, arms[0], 10, mean_ranks, 0.01, critical_difference, {}, 0.1, {})


def test_cliques_by_hand() -> None:
    assert cliques(placed(1.0, d=4.9, a=1.0, b=1.5, c=2.2)) == [("a", "b"), ("b", "c")]
    assert cliques(placed(1.25, a=1.0, b=1.5, c=2.2)) == [("a", "b", "c")]
    assert cliques(placed(0.5, a=1.0, b=1.5, c=2.2)) == [], "as far apart as that is different"


@given(st.lists(st.floats(1, 8), min_size=2, max_size=8), st.floats(0.1, 8))
def test_cliques_are_all_that_does_not_differ(places: list[float], distance: float) -> None:
    ranking = placed(distance, **{f"arm{i}": place for i, place in enumerate(places)})
    groups = [set(group) for group in cliques(ranking)]
    for one, a in ranking.mean_ranks.items():
        for other, b in ranking.mean_ranks.items():
            if one < other:
                together = any({one, other} <= group for group in groups)
                assert together == (abs(a - b) < distance)
    assert not any(a < b for a in groups for b in groups), "none within another"


# -- other libraries, where they are installed -------------------------------------------------


def test_nemenyi_as_in_scikit_posthocs() -> None:
    posthocs = pytest.importorskip("scikit_posthocs")
    scores = np.random.default_rng(2).normal(0, 1, (12, 5)) + np.arange(5)
    found = rank(named(scores), baseline="0")
    p = np.asarray(posthocs.posthoc_nemenyi_friedman(scores))
    places = np.array(list(found.mean_ranks.values()))
    apart = np.abs(places[:, None] - places) >= found.critical_difference
    assert 0 < apart.sum() < apart.size
    assert (apart == (p < 0.05)).all()


def test_ranks_as_in_autorank() -> None:
    autorank = pytest.importorskip("autorank")
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(DEMSAR)
    theirs = autorank.autorank(frame, alpha=0.05, verbose=False, force_mode="nonparametric")
    found = rank(DEMSAR, baseline="C4.5")
    assert theirs.rankdf["meanrank"].to_dict() == pytest.approx(found.mean_ranks)
    assert theirs.cd == pytest.approx(found.critical_difference, abs=1e-3)
