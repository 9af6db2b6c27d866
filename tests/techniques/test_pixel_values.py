"""Lighter, darker, of other contrast, erased: as formulas, as distributions, in every type."""

import numpy as np
import pytest
from scipy import stats

import regkit
from tests.techniques.distorting import once, through_fit

X = np.random.default_rng(0).uniform(0.4, 0.6, (900, 6, 8, 2)).astype("float32")


def uniform(values, low, high):
    assert stats.kstest(values, stats.uniform(low, high - low).cdf).pvalue > 0.01


def test_brightness_adds_a_uniform_share_of_the_range():
    found = once(regkit.Brightness(0.3, value_range=(-1.0, 3.0), seed=1), X)
    added = (found - X).reshape(len(X), -1)
    np.testing.assert_allclose(added, added[:, :1].repeat(added.shape[1], 1), atol=1e-6)
    uniform(added[:, 0], -1.2, 1.2)
    found = once(regkit.Brightness((0.1, 0.2), value_range=(-1.0, 3.0), seed=1), X)
    uniform((found - X)[:, 0, 0, 0], 0.4, 0.8)


def test_contrast_is_about_the_mean_of_each_channel():
    found = once(regkit.Contrast(0.5, value_range=(-9.0, 9.0), seed=1), X)
    mean = X.mean(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(found.mean(axis=(1, 2), keepdims=True), mean, atol=1e-5)
    factors = (found - mean)[:, 0, 0, 0] / (X - mean)[:, 0, 0, 0]
    np.testing.assert_allclose(found - mean, factors[:, None, None, None] * (X - mean), atol=1e-3)
    uniform(factors, 0.5, 1.5)


@pytest.mark.parametrize(
    "technique", [regkit.Brightness(0.9, seed=1), regkit.Contrast(3.0, seed=1)]
)
def test_values_keep_within_their_range(technique):
    found = once(technique, X)
    assert found.min() == X.min()
    assert found.max() == X.max()
    whole = (255 * X).astype("uint8")
    found = once(technique, whole)
    assert found.dtype == "uint8"
    assert found.min() < whole.min()
    assert found.max() > whole.max()


def test_a_number_that_is_none_spoils_its_own_image_only():
    x = X[:4].copy()
    x[1, 2, 2, 0] = np.nan
    for technique in (regkit.Brightness(0.2, seed=1), regkit.Contrast(0.2, seed=1),
                      regkit.RandomErasing(1.0, seed=1)):  # fmt: skip
        found = once(technique, x)
        assert np.isfinite(found[[0, 2, 3]]).all()


def erased_part(found, x):
    return (found != x).any(axis=-1)


def rectangle(part):
    """Return top, left, bottom and right of what is erased, which fills all between."""
    rows, columns = np.nonzero(part)
    box = rows.min(), columns.min(), rows.max() + 1, columns.max() + 1
    assert part[box[0] : box[2], box[1] : box[3]].all()
    return box


def test_cutout_is_a_square_around_a_uniform_pixel():
    found = once(regkit.Cutout(3, fill_value=-1.0, seed=1), X)
    counts = np.zeros((6, 8))
    expected = np.zeros((6, 8))
    for part in erased_part(found, X):
        top, left, bottom, right = rectangle(part)
        assert bottom - top <= 3
        assert right - left <= 3
        counts[top:bottom, left:right] += 1
    for row in range(6):
        for column in range(8):
            expected[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2] += 1 / 48
    deviation = np.sqrt(len(X) * expected * (1 - expected))
    assert (np.abs(counts - len(X) * expected) < 4.5 * deviation).all()
    assert (found[erased_part(found, X)] == -1).all()


def test_erased_rectangles_have_the_areas_and_proportions_that_were_asked():
    x = np.random.default_rng(0).uniform(size=(700, 60, 60, 1)).astype("float32")
    found = once(regkit.RandomErasing(1.0, area=(0.05, 0.2), ratio=(0.5, 2.0), seed=1), x)
    boxes = np.array([rectangle(part) for part in erased_part(found, x)])
    heights, widths = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    areas, ratios = heights * widths / 3600, np.log(heights / widths)
    # Rounded to whole pixels: 2 % of a side of 25.
    assert stats.kstest(areas, stats.uniform(0.05, 0.15).cdf).statistic < 0.07
    assert stats.kstest(ratios, stats.uniform(-np.log(2), 2 * np.log(2)).cdf).statistic < 0.07
    places = boxes[:, 0] / np.maximum(60 - heights, 1)
    assert stats.kstest(places, stats.uniform.cdf).statistic < 0.07
    noise = found[erased_part(found, x)]
    assert stats.kstest(noise[::50], stats.uniform.cdf).pvalue > 0.01


@pytest.mark.parametrize(
    "technique",
    [
        regkit.Brightness(0.3, probability=0.3, seed=4),
        regkit.Contrast((0.5, 0.9), probability=0.3, seed=4),
        regkit.Cutout(3, probability=0.3, seed=4),
        regkit.RandomErasing(0.3, seed=4),
    ],
)
def test_some_examples_stay_bit_for_bit(technique):
    same = (once(technique, X) == X).all(axis=(1, 2, 3)).mean()
    assert abs(same - 0.7) < 4 * np.sqrt(0.21 / len(X))
    # Compiled as one, sums are rounded in another order.
    np.testing.assert_allclose(through_fit(technique, X[:8]), once(technique, X[:8]), atol=1e-6)


def test_all_images_of_an_example_lose_the_same_part():
    x = {"large": X[:20, :, :6], "small": X[:20, ::2, :6:2]}
    from regkit.core.outside import changed_batch
    from regkit.core.stages import Batch

    after = changed_batch(regkit.Cutout(2, fill_value=9.0, seed=2), Batch(x)).x
    large, small = (np.asarray(erased_part(np.array(after[k]), x[k])) for k in ("large", "small"))
    for one, other in zip(large, small, strict=True):
        top, left, bottom, right = rectangle(one)
        half = np.round(np.array([top, left, bottom, right]) / 2).astype(int)
        expected = np.zeros((3, 3), bool)
        expected[half[0] : half[2], half[1] : half[3]] = True
        assert np.abs(expected.sum() - other.sum()) <= 2
