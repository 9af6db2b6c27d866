"""The smooth fields: their covariance in closed form, and against SciPy's recipe."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops
from scipy import ndimage

from regkit.ops import fields
from regkit.ops import random as numbers

SIGMAS = [1.0, 1.7, 4.0, 9.3, 32.0, 200.0]


def key(second):
    return ops.convert_to_tensor(5, "int32"), ops.convert_to_tensor(second, "int32")


def field(batch, side, sigma, second=1, strength=1.0):
    noise = numbers.normal(key(second), fields.coarse_shape(batch, side, side, sigma))
    return ops.convert_to_numpy(fields.smooth_field(noise, side, side, sigma, strength))


@pytest.mark.parametrize("sigma", SIGMAS)
@pytest.mark.parametrize("size", [5, 28, 61])
def test_the_covariance_is_the_closed_form(size, sigma):
    """G·Gᵀ is the exact covariance along one side; that of the field is the product of two."""
    weights = fields.gaussian_weights(size, sigma).astype("float64")
    lags = np.arange(size)[:, None] - np.arange(size)
    covariance = weights @ weights.T
    np.testing.assert_allclose(np.diag(covariance), 1.0, atol=1e-6)
    np.testing.assert_allclose(covariance, np.exp(-(lags**2) / (4 * sigma**2)), atol=3e-4)


@pytest.mark.parametrize("sigma", [0.2, 0.5, 0.9])
def test_below_a_pixel_the_covariance_is_that_of_smoothed_noise_on_pixels(sigma):
    impulse = np.zeros(41)
    impulse[20] = 1
    kernel = ndimage.gaussian_filter1d(impulse, sigma, truncate=12)
    expected = np.convolve(kernel, kernel[::-1], "same") / np.sum(kernel**2)
    weights = fields.gaussian_weights(6, sigma).astype("float64")
    np.testing.assert_allclose((weights @ weights.T)[0], expected[20:26], atol=1e-3)


@given(st.integers(1, 300), st.floats(1e-3, 1e3))
def test_weights_are_finite_with_few_nodes_for_any_size_and_sigma(size, sigma):
    weights = fields.gaussian_weights(size, sigma)
    assert np.isfinite(weights).all()
    assert weights.shape[1] <= size / max(sigma, 1) + 8
    np.testing.assert_allclose(weights, weights[::-1, ::-1], atol=1e-6)  # no side is preferred


@pytest.mark.parametrize("sigma", [0.3, 0.8, 1.0, 4.0, 11.0])
def test_the_deviation_of_simards_field(sigma):
    side = 2 * int(8 * sigma + 3) + 1
    impulse = np.zeros((side, side))
    impulse[side // 2, side // 2] = 1
    kernel = ndimage.gaussian_filter(impulse, sigma, truncate=8)
    deviation = np.sqrt(np.sum(kernel**2) / 3)  # of noise uniform on (−1, 1)
    assert fields.displacement_deviation(sigma) == pytest.approx(deviation, rel=1e-5)
    if sigma >= 1:
        assert deviation == pytest.approx(1 / (sigma * np.sqrt(12 * np.pi)), rel=2e-4)


def test_the_field_is_the_weighted_sum_of_the_nodes():
    """Two products in some order, laid out per backend, against one einsum."""
    height, width, sigma, batch = 9, 14, 2.5, 3
    down, across = (fields.gaussian_weights(n, sigma).astype("float64") for n in (height, width))
    shape = fields.coarse_shape(batch, height, width, sigma)
    noise = np.random.default_rng(0).normal(size=shape).astype("float32")
    nodes = noise.reshape(down.shape[1], batch, 2, across.shape[1])
    strength = np.array([0.0, 1.0, 2.5])
    expected = np.einsum("hy,ybcx,wx,b->bhwc", down, nodes, across, strength)
    for given_strength, scale in (
        (ops.convert_to_tensor(strength.astype("float32")), 1.0),
        (2.0, 2.0 / np.maximum(strength, 1e-9)[:, None, None, None]),
        (
            ops.convert_to_tensor(np.float32(2.0)),
            2.0 / np.maximum(strength, 1e-9)[:, None, None, None],
        ),
    ):
        found = fields.smooth_field(
            ops.convert_to_tensor(noise), height, width, sigma, given_strength
        )
        found, wanted = ops.convert_to_numpy(found), expected * scale
        np.testing.assert_allclose(found[1:], wanted[1:], atol=1e-5)
        if isinstance(scale, float):
            assert not found[0].any()


def scipys(batch, side, sigma):
    random = np.random.default_rng(3)
    noise = random.uniform(-1, 1, (batch, side + 40, side + 40, 2))
    smooth = ndimage.gaussian_filter(noise, (0, sigma, sigma, 0), truncate=6)
    return smooth[:, 20:-20, 20:-20]


def moments(one):
    """Variance, covariances at some lags, and of the two components; each with its error."""
    found = []
    centre = one[:, one.shape[1] // 2, one.shape[2] // 2]
    for dy, dx in ((0, 0), (0, 2), (3, 0), (4, 4), (0, 8)):
        other = one[:, one.shape[1] // 2 + dy, one.shape[2] // 2 + dx]
        found += [(centre * other)[:, 0], (centre * other)[:, 1]]
    found += [centre[:, 0] * centre[:, 1], centre[:-1, 0] * centre[1:, 0]]
    return np.array([(p.mean(), p.std() / np.sqrt(len(p))) for p in found])


def test_the_moments_are_those_of_scipys_recipe_and_of_the_closed_form():
    sigma, side, batch = 3.0, 21, 4000
    ours = field(batch, side, sigma, strength=fields.displacement_deviation(sigma))
    a, b = moments(ours.astype("float64")), moments(scipys(batch, side, sigma))
    assert np.all(np.abs(a[:, 0] - b[:, 0]) < 4 * np.hypot(a[:, 1], b[:, 1]))
    lags = np.array([0, 2, 3, np.sqrt(32), 8])
    variance = 1 / (12 * np.pi * sigma**2)
    closed = np.repeat(variance * np.exp(-(lags**2) / (4 * sigma**2)), 2)
    closed = np.concatenate([closed, [0, 0]])  # components, examples
    assert np.all(np.abs(a[:, 0] - closed) < 4 * a[:, 1])


def test_other_keys_are_other_fields():
    a, b = (field(500, 12, 2.0, second).reshape(500, -1) for second in (1, 2))
    correlation = np.mean(a[:, 70] * b[:, 70])
    assert abs(correlation) < 4 / np.sqrt(500)
