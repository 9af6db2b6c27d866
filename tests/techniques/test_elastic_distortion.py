"""The fields of ElasticDistortion against SciPy, NumPy and the closed form; strength and probability."""

import keras
import numpy as np
import pytest
from keras import ops
from scipy import stats

import regkit
from regkit.core.draws import Draws, base_key
from regkit.ops.fields import displacement_deviation
from tests.techniques.distorting import STEPS, field_of, once, through_fit


def test_the_field_is_normal_with_simards_deviation_and_independent():
    technique = regkit.ElasticDistortion(20.0, 3.0, fill_mode="nearest")
    fields = np.stack([field_of(technique, 400, 33, step) for step in range(STEPS)])
    center = fields[:, :, 4, 4]  # steps, examples, components
    deviation = 20.0 / (3.0 * np.sqrt(12 * np.pi))
    assert stats.kstest(center.ravel() / deviation, "norm").pvalue > 1e-3
    limit = 4 / np.sqrt(400 * STEPS)
    assert abs(np.mean(center[..., 0] * center[..., 1])) / deviation**2 < limit  # u and v
    assert abs(np.mean(center[:, 1:] * center[:, :-1])) / deviation**2 < limit  # examples
    assert abs(np.mean(center[1:] * center[:-1])) / deviation**2 < limit  # steps
    for lag in (2, 5, 8):
        for other in (fields[:, :, 4 + lag - 4, 4], fields[:, :, 4, lag]):
            distance = abs(lag - 4)
            expected = np.exp(-(distance**2) / (4 * 3.0**2))
            products = (center * other).ravel() / deviation**2
            error = products.std() / np.sqrt(products.size)
            assert abs(products.mean() - expected) < 4 * error


def numpys_field(seed, step, batch, side, alpha, sigma):
    """The whole chain again in NumPy: keys, counter, mixer, normal numbers, Gaussians."""

    def shift(x, places):
        return x >> np.uint32(places)

    key = Draws(base_key(seed, "elastic_distortion", 0), step).key()
    first, second = (np.uint32(int(ops.convert_to_numpy(k)) & 0xFFFFFFFF) for k in key)
    spacing, nodes = sigma, int(np.ceil((side - 1) / sigma + 5)) + 1
    with np.errstate(over="ignore"):
        x = np.arange(nodes * batch * 2 * nodes, dtype=np.uint32) + first
        x = (x ^ shift(x, 17)) * np.uint32(0xED5AD4BB)
        x = ((x ^ shift(x, 11)) + second) * np.uint32(0xAC4C1B51)
        x = (x ^ shift(x, 15)) * np.uint32(0x31848BAB)
        x = x ^ shift(x, 14)
    normal = stats.norm.ppf((shift(x, 9).astype("float64") + 0.5) / 2**23)
    z = normal.reshape(nodes, batch, 2, nodes)
    places = (side - 1) / 2 + spacing * (np.arange(nodes) - (nodes - 1) / 2)
    out = np.zeros((batch, side, side, 2))
    for row, column in np.ndindex(side, side):
        down, across = (np.exp(-((at - places) ** 2) / (2 * sigma**2)) for at in (row, column))
        weight = np.outer(down, across) / (np.linalg.norm(down) * np.linalg.norm(across))
        out[:, row, column] = np.einsum("yx,ybcx->bc", weight, z)
    return out * alpha / (sigma * np.sqrt(12 * np.pi))


def test_the_same_seed_is_the_same_field_on_every_backend():
    """Each backend's field is that of one independent computation in NumPy."""
    technique = regkit.ElasticDistortion(8.0, 2.0, fill_mode="nearest")
    found = field_of(technique, 3, 16, step=7, margin=5)
    expected = numpys_field(1, 7, 3, 16, 8.0, 2.0)[:, 5:-5, 5:-5]
    np.testing.assert_allclose(found, expected, atol=1e-4)
    again = field_of(technique, 3, 16, step=7, margin=5)
    np.testing.assert_array_equal(found, again)


HOW = {"compiled": {"jit_compile": True}, "graph": {"jit_compile": False},
       "eager": {"run_eagerly": True}}  # fmt: skip


@pytest.mark.parametrize("how", HOW)
def test_in_a_fit_however_it_is_compiled(how, backend):
    if backend == "torch" and how == "compiled":
        pytest.skip("PyTorch's inductor takes a minute, and Keras does not choose it by itself")
    x = np.random.default_rng(0).random((8, 12, 10, 3)).astype("float32")
    technique = regkit.ElasticDistortion((5.0, 9.0), 2.0, probability=0.7, seed=1)
    found = through_fit(technique, x, **HOW[how])
    np.testing.assert_allclose(found, once(technique, x), atol=2e-5)


def test_relative_to_scales_sigma_and_displacements_by_the_shorter_side():
    x = np.random.default_rng(0).random((4, 14, 20, 1)).astype("float32")
    relative = regkit.ElasticDistortion(34.0, 4.0, relative_to=28)
    absolute = regkit.ElasticDistortion(34.0 / 4, 2.0)
    np.testing.assert_allclose(once(relative, x), once(absolute, x), atol=1e-6)


@pytest.mark.parametrize("side", [28, 112])
def test_relative_to_keeps_the_deviation_relative_to_the_side(side):
    technique = regkit.ElasticDistortion(34.0, 4.0, relative_to=28, fill_mode="nearest")
    center = field_of(technique, 500, side, margin=side // 2 - 2)[:, 1, 1].ravel()
    expected = 34 * displacement_deviation(4.0) * side / 28
    assert np.std(center) == pytest.approx(expected, abs=4 * expected / np.sqrt(2 * center.size))


# -- strength and probability ----------------------------------------------------------------------


def test_alpha_zero_leaves_the_step_and_a_schedule_at_zero_the_images():
    assert regkit.ElasticDistortion(0.0).is_neutral()
    assert regkit.ElasticDistortion(probability=0.0).is_neutral()
    assert not regkit.ElasticDistortion((0.0, 1.0)).is_neutral()
    x = np.random.default_rng(0).random((4, 9, 9, 2)).astype("float32")
    zero = keras.optimizers.schedules.PiecewiseConstantDecay([100], [0.0, 1.0])
    for interpolation in ("bilinear", "bicubic", "nearest"):
        technique = regkit.ElasticDistortion(zero, 2.0, interpolation)
        np.testing.assert_array_equal(through_fit(technique, x), x)


def test_a_schedule_is_followed_step_by_step():
    x = np.random.default_rng(0).random((4, 9, 9, 2)).astype("float32")
    second = keras.optimizers.schedules.PiecewiseConstantDecay([0], [0.0, 6.0])
    found = through_fit(regkit.ElasticDistortion(second, 2.0, seed=1), x, epochs=2)
    np.testing.assert_allclose(found, once(regkit.ElasticDistortion(6.0, 2.0), x, 1), atol=1e-5)


def test_the_probability_is_that_of_each_example():
    x = np.random.default_rng(0).random((600, 8, 8, 1)).astype("float32")
    technique = regkit.ElasticDistortion(10.0, 2.0, probability=0.3)
    moved = np.concatenate([(once(technique, x, k) != x).any((1, 2, 3)) for k in range(STEPS)])
    assert stats.binomtest(int(moved.sum()), moved.size, 0.3).pvalue > 1e-3


def test_a_range_of_alpha_is_drawn_uniformly_for_each_example():
    fixed = regkit.ElasticDistortion(1.0, 3.0, fill_mode="nearest")
    ranged = regkit.ElasticDistortion((0.0, 30.0), 3.0, fill_mode="nearest")
    # The noise is the first draw of the step, so both have the same fields but for α.
    a, b = (field_of(one, 600, 31, margin=13).reshape(600, -1) for one in (fixed, ranged))
    alphas = np.sum(a * b, 1) / np.sum(a * a, 1)
    np.testing.assert_allclose(b, alphas[:, None] * a, atol=2e-4)
    assert stats.kstest(alphas / 30.0, "uniform").pvalue > 1e-3
