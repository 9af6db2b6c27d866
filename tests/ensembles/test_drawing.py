"""What chance gives the members: distributions, with tolerances from the standard error."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import regkit
from regkit.ensembles.drawing import count_of, drawn

pytestmark = pytest.mark.backend_free


def counts(draws, n):
    """How often each member has drawn each example, (members, examples)."""
    return np.stack([np.bincount(draw.examples, minlength=n) for draw in draws])


def test_a_bootstrap_leaves_out_the_share_of_the_closed_form():
    """The number left out has the mean n q with q = (1 − 1/n)ⁿ, and a known variance."""
    n, members = 40, 2000
    left_out = (counts(drawn(7, members, n, None), n) == 0).sum(axis=1)
    q, both = (1 - 1 / n) ** n, (1 - 2 / n) ** n  # one is left out; two are
    variance = n * q + n * (n - 1) * both - (n * q) ** 2
    assert abs(left_out.mean() - n * q) < 4 * np.sqrt(variance / members)
    assert abs(left_out.var() / variance - 1) < 4 * np.sqrt(2 / members)


def test_how_often_an_example_is_drawn_is_binomial():
    n, members = 20, 2000
    found = counts(drawn(3, members, n, None), n)
    mean, variance = 1, 1 - 1 / n
    assert np.abs(found.mean(axis=0) - mean).max() < 4.5 * np.sqrt(variance / members)
    assert abs(found.var() / variance - 1) < 4.5 * np.sqrt(3 / (n * members))


def test_examples_are_drawn_in_proportion_to_their_weights():
    weights = np.array([0.0, 1.0, 2.0, 3.0, 0.0, 10.0])
    found = counts(drawn(5, 1000, 6, None, weights=weights, max_samples=6), 6).sum(axis=0)
    expected = 6000 * weights / weights.sum()
    assert not found[weights == 0].any()
    some = weights > 0
    chi2 = ((found[some] - expected[some]) ** 2 / expected[some]).sum()
    assert chi2 < 3 + 4 * np.sqrt(6)  # 3 degrees of freedom: mean 3, variance 6
    assert found.sum() == 6000


def test_weights_count_by_their_proportion_only():
    weights = np.array([1.0, 2.0, 3.0])
    one, other = (drawn(0, 4, 3, None, weights=w) for w in (weights, 1000 * weights))
    np.testing.assert_array_equal(counts(one, 3), counts(other, 3))


def test_columns_are_drawn_alike():
    n, columns, members = 6, 2, 1500
    draws = drawn(1, members, 5, n, max_features=columns)
    shares = np.mean([np.isin(np.arange(n), draw.features) for draw in draws], axis=0)
    p = columns / n
    assert np.abs(shares - p).max() < 4 * np.sqrt(p * (1 - p) / members)


NUMBERS = {
    "root": st.integers(0, 2**31 - 2),
    "n": st.integers(1, 12),
    "columns": st.integers(1, 6),
    "samples": st.floats(0.01, 1.0),
    "bootstrap": st.booleans(),
}


@given(**NUMBERS)
def test_a_draw_is_within_what_there_is(root, n, columns, samples, bootstrap):
    for draw in drawn(root, 3, n, columns, max_samples=samples, max_features=0.5,
                      bootstrap=bootstrap):  # fmt: skip
        assert draw.examples.size == max(1, int(samples * n))
        assert (np.diff(draw.examples) >= (0 if bootstrap else 1)).all()
        assert 0 <= draw.examples.min() <= draw.examples.max() < n
        if draw.features is None:
            assert columns == 1
        else:
            assert draw.features.size == max(1, columns // 2)
            assert (np.diff(draw.features) > 0).all()
            assert 0 <= draw.features.min() <= draw.features.max() < columns
        assert 0 <= draw.seed < 2**31


@given(root=NUMBERS["root"], members=st.integers(1, 6), bootstrap=st.booleans())
def test_a_draw_depends_on_the_root_and_its_own_number_only(root, members, bootstrap):
    options = {"max_samples": 5, "max_features": 2, "bootstrap": bootstrap}
    few, many = drawn(root, members, 9, 4, **options), drawn(root, members + 3, 9, 4, **options)
    for one, other in zip(few, many, strict=False):
        assert one.seed == other.seed
        np.testing.assert_array_equal(one.examples, other.examples)
        np.testing.assert_array_equal(one.features, other.features)
    assert len({draw.seed for draw in many}) == len(many)


@given(root=NUMBERS["root"], weights=st.lists(st.floats(0, 5), min_size=2, max_size=9))
def test_no_example_without_weight_is_drawn(root, weights):
    weights = np.array([1.0, *weights])
    for draw in drawn(root, 3, len(weights), None, weights=weights):
        assert (weights[draw.examples] > 0).all()


def test_without_replacement_all_examples_are_seen_once():
    for draw in drawn(0, 3, 11, None, bootstrap=False):
        np.testing.assert_array_equal(draw.examples, np.arange(11))


def test_a_whole_number_is_a_number_and_a_fraction_is_of_all():
    assert [count_of("max_samples", given, 7) for given in (1, 7, np.int64(3), 1.0, 0.5, 0.01)] == [
        1, 7, 3, 7, 3, 1,
    ]  # fmt: skip


@pytest.mark.parametrize("given", [0, 8, -1, 0.0, -0.5, 1.5, float("nan"), False])
@pytest.mark.parametrize(
    ("name", "of"), [("max_samples", "7 examples"), ("max_features", "7 columns of X")]
)
def test_a_count_that_makes_no_sense_is_refused_in_words(name, of, given):
    with pytest.raises(regkit.RegkitError, match=f"{name}={given!r} of {of}; give a whole number"):
        count_of(name, given, 7)


def test_columns_of_what_has_none_are_refused_in_words():
    with pytest.raises(regkit.RegkitError, match="max_features=0.5 chooses columns of a table"):
        drawn(0, 2, 5, None, max_features=0.5)
