"""Turned, shifted, slanted and scaled images: the matrices as drawn, the pixels as SciPy has them."""

import numpy as np
import pytest
from keras import ops
from scipy import ndimage, stats

import regkit
from regkit.core.draws import Draws
from regkit.core.motion import ImageSizes
from regkit.core.outside import context_outside
from tests.techniques.distorting import once, through_fit

SIZE = (10, 14)
MANY = 2000
TECHNIQUES = {
    "rotation": regkit.Rotation(40.0, seed=2),
    "translation": regkit.Translation(0.2, seed=2),
    "shear": regkit.Shear(30.0, seed=2),
    "scale_crop": regkit.ScaleCrop((0.7, 1.5), seed=2),
}


def matrices(technique, batch=MANY, size=SIZE):
    sizes = ImageSizes(batch, (size,), 0)
    return ops.convert_to_numpy(technique.matrices(sizes, context_outside(Draws(7, 3))))


def uniform(values, low, high):
    """By Kolmogorov and Smirnov's test; the draws are fixed."""
    assert stats.kstest(values, stats.uniform(low, high - low).cdf).pvalue > 0.01


def uncorrelated(a, b):
    assert abs(np.corrcoef(a, b)[0, 1]) < 4 / np.sqrt(len(a))


def test_rotations_are_uniform():
    found = matrices(regkit.Rotation(40.0))
    angles = np.degrees(np.arctan2(found[:, 1, 0], found[:, 0, 0]))
    uniform(angles, -40, 40)
    np.testing.assert_allclose(np.linalg.det(found[:, :, :2]), 1, atol=1e-5)
    np.testing.assert_array_equal(found[:, :, 2], 0)
    uniform(np.degrees(np.arcsin(matrices(regkit.Rotation((10, 30)))[:, 1, 0])), 10, 30)


def test_translations_are_uniform_shares_of_the_sides():
    found = matrices(regkit.Translation(0.2))
    uniform(found[:, 0, 2], -0.2 * 14, 0.2 * 14)
    uniform(found[:, 1, 2], -0.2 * 10, 0.2 * 10)
    uncorrelated(found[:, 0, 2], found[:, 1, 2])
    assert (found[:, :, :2] == np.eye(2)).all()
    assert (matrices(regkit.Translation(0.2, "horizontal"))[:, 1, 2] == 0).all()
    assert (matrices(regkit.Translation(0.2, "vertical"))[:, 0, 2] == 0).all()


def test_shears_are_uniform_angles():
    found = matrices(regkit.Shear(30.0))
    for row, column in ((0, 1), (1, 0)):
        uniform(np.degrees(np.arctan(found[:, row, column])), -30, 30)
    uncorrelated(found[:, 0, 1], found[:, 1, 0])
    assert (found[:, [0, 1], [0, 1]] == 1).all()
    assert (matrices(regkit.Shear(30.0, "horizontal"))[:, 1, 0] == 0).all()
    assert (matrices(regkit.Shear(30.0, "vertical"))[:, 0, 1] == 0).all()


@pytest.mark.parametrize("scale", [(1.0, 2.0), (0.5, 1.0)])
def test_scaled_images_lie_anywhere_within_the_picture_or_around_it(scale):
    found = matrices(regkit.ScaleCrop(scale))
    factor = 1 / found[:, 0, 0]
    uniform(factor, *scale)
    np.testing.assert_array_equal(found[:, 0, 0], found[:, 1, 1])
    for row, side in ((0, 14), (1, 10)):
        free = np.abs(1 - 1 / factor) / 2 * side
        uniform(found[:, row, 2] / free, -1, 1)
    uncorrelated(found[:, 0, 2] / (14 * (1 - 1 / factor)), found[:, 1, 2])


def test_scale_crop_keeps_within_the_picture():
    """Nothing of beyond the border is seen where images grow, and all of them where they shrink."""
    ones = np.ones((64, *SIZE, 1), "float32")
    grown = once(regkit.ScaleCrop(2.0, seed=1), ones)
    assert (grown[:, 1:-1, 1:-1] > 0.999).all()
    shrunk = once(regkit.ScaleCrop((0.5, 0.9), seed=1), ones)
    for image in shrunk:
        area = image.sum() / (SIZE[0] * SIZE[1])
        assert 0.24 < area < 0.82
        # A shrunk picture lies whole in it: its mass is that of a rectangle of like proportion.
        sides = [(image[..., 0].sum(axis=axis) > 0.5).sum() for axis in (0, 1)]
        assert abs(sides[0] / 14 - sides[1] / 10) < 0.2


@pytest.mark.parametrize("name", TECHNIQUES)
@pytest.mark.parametrize("fill_mode", ["constant", "nearest"])
def test_pixels_are_those_of_scipy(name, fill_mode):
    x = np.random.default_rng(0).random((5, *SIZE, 2)).astype("float32")
    technique = type(TECHNIQUES[name])(
        **{**TECHNIQUES[name].get_config(), "fill_mode": fill_mode, "fill_value": 0.25}
    )
    found = once(technique, x)
    from regkit.core.draws import base_key

    draws = Draws(base_key(2, technique.word(), 0), 0)
    sizes = ImageSizes(5, (SIZE,), 0)
    for image, moved, matrix in zip(
        x,
        found,
        ops.convert_to_numpy(technique.matrices(sizes, context_outside(draws))),
        strict=True,
    ):
        turn = matrix[::-1, 1::-1]  # rows and columns as SciPy has them
        center = (np.array(SIZE) - 1) / 2
        offset = center + matrix[::-1, 2] - turn @ center
        mode = {"constant": "grid-constant"}.get(fill_mode, fill_mode)
        for channel in range(2):
            theirs = ndimage.affine_transform(
                image[..., channel], turn, offset, order=1, mode=mode, cval=0.25
            )
            np.testing.assert_allclose(moved[..., channel], theirs, atol=3e-4)


def test_a_positive_angle_turns_counterclockwise():
    x = np.random.default_rng(0).random((2, 9, 9, 1)).astype("float32")
    found = once(regkit.Rotation((89.999, 90.001)), x)
    np.testing.assert_allclose(found, np.rot90(x, axes=(1, 2)), atol=2e-3)


def test_some_examples_stay_bit_for_bit():
    x = np.random.default_rng(0).random((400, 6, 6, 1)).astype("float32")
    same = (once(regkit.Rotation((20, 40), probability=0.3, seed=5), x) == x).all(axis=(1, 2, 3))
    assert abs(same.mean() - 0.7) < 4 * np.sqrt(0.21 / 400)


@pytest.mark.parametrize("name", TECHNIQUES)
def test_in_a_fit_as_outside_of_one(name):
    x = np.random.default_rng(0).random((4, *SIZE, 1)).astype("float32")
    np.testing.assert_allclose(
        through_fit(TECHNIQUES[name], x), once(TECHNIQUES[name], x), atol=1e-5
    )
