"""Operations on pixel values, against Pillow's, level by level."""

import numpy as np
import pytest
from keras import ops
from PIL import Image, ImageEnhance, ImageOps

from regkit.ops import photometric
from regkit.techniques.augmentation import operations

RANDOM = np.random.default_rng(0)
# Of every level; of few; dark; of one value; of two.
IMAGES = np.stack(
    [
        RANDOM.integers(0, 256, (32, 24, 3)),
        RANDOM.choice([3, 40, 200], (32, 24, 3)),
        (RANDOM.random((32, 24, 3)) ** 4 * 90).astype(int),
        np.full((32, 24, 3), 77),
        RANDOM.choice([0, 255], (32, 24, 3)),
    ]
).astype("uint8")
UNIT = (IMAGES / 255.0).astype("float32")
TENSOR = ops.convert_to_tensor(UNIT)


def levels(images):
    return ops.convert_to_numpy(images) * 255.0


def of_pillow(function):
    return np.stack([np.asarray(function(Image.fromarray(one))) for one in IMAGES]).astype("float")


def per_image(value):
    return ops.full((len(UNIT), 1, 1, 1), value)


def test_equalized():
    right = of_pillow(ImageOps.equalize)
    np.testing.assert_allclose(levels(photometric.equalized(TENSOR)), right, atol=1e-3)


def test_auto_contrasted():
    right = of_pillow(ImageOps.autocontrast)  # it cuts off to whole levels
    np.testing.assert_allclose(levels(photometric.auto_contrasted(TENSOR)), right, atol=1.0)


@pytest.mark.parametrize("bits", [1, 2, 4, 7, 8])
def test_posterized(bits):
    right = of_pillow(lambda image: ImageOps.posterize(image, bits))
    found = photometric.posterized(TENSOR, per_image(float(bits)))
    np.testing.assert_allclose(levels(found), right, atol=1e-3)


@pytest.mark.parametrize("magnitude", [0.0, 0.25, 0.5, 1.0])
def test_solarized_from_no_level_to_all(magnitude):
    right = of_pillow(lambda image: ImageOps.solarize(image, 256 * (1 - magnitude)))
    found = only("solarize", magnitude)
    np.testing.assert_allclose(levels(found), right, atol=1e-3)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("name", "enhance"),
    [
        ("colour", ImageEnhance.Color),
        ("contrast", ImageEnhance.Contrast),
        ("brightness", ImageEnhance.Brightness),
        ("sharpness", ImageEnhance.Sharpness),
    ],
)
def test_blends(name, enhance, sign):
    right = of_pillow(lambda image: enhance(image).enhance(1 + sign * 0.5))
    found = only(name, 0.5, sign)
    # Pillow rounds the other image to whole levels, the mean too, and cuts off what it returns.
    np.testing.assert_allclose(levels(found), right, atol=1.6)
    assert np.abs(levels(found) - right).mean() < 0.8


REACH = operations.Reach(shear=0.3, shift=0.45, degrees=30.0, blend=1.0, bits=4.0)


def only(name, magnitude, sign=1.0):
    """One operation, alone, on every image."""
    ones = np.ones(len(UNIT), "float32")
    pick = operations.Pick(
        ops.zeros(len(UNIT), "int32"),
        ops.convert_to_tensor(ones * magnitude),
        ops.convert_to_tensor(ones * sign),
    )
    return operations.recoloured(ops.convert_to_tensor(UNIT), [pick], (name,), REACH, (0.0, 1.0))


@pytest.mark.parametrize("name", operations.RECOLOURINGS)
def test_what_is_no_number_stays_in_its_image(name):
    broken = UNIT.copy()
    broken[0, 3, 3, 0] = np.nan
    pick = operations.Pick(ops.zeros(len(UNIT), "int32"), ops.ones(len(UNIT)), ops.ones(len(UNIT)))
    found = operations.recoloured(ops.convert_to_tensor(broken), [pick], (name,), REACH, (0.0, 1.0))
    assert np.isfinite(ops.convert_to_numpy(found)[1:]).all()


def test_grey_images_have_no_colour():
    grey = ops.convert_to_tensor(UNIT[..., :1])
    np.testing.assert_array_equal(
        ops.convert_to_numpy(photometric.grey(grey)), ops.convert_to_numpy(grey)
    )
