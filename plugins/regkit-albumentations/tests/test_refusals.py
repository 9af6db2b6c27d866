"""What the technique refuses, and in which words."""

import keras
import numpy as np
import pytest

import regkit
from regkit_albumentations import Albumentations
from regkit_albumentations.images import Images
from regkit_albumentations.sampling import Sampler
from tests.small import A, batches_of, images, viewer

FLIP = "HorizontalFlip(p=1.0)"


def refused(technique, x, message, dtype=None):
    model = viewer(x.shape[1:], len(x), dtype or x.dtype.name)
    with pytest.raises(regkit.RegkitError, match=message):
        batches_of(model, x, [technique])


def test_inputs_that_are_no_images():
    model = keras.Sequential([keras.Input((192,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(regkit.RegkitError, match=r"needs images, .*\(None, 192\)|\(16, 192\)"):
        batches_of(model, images(dtype="float32").reshape(16, -1), [Albumentations(FLIP)])


@pytest.mark.parametrize("dtype", ["int32", "int16"])
def test_other_types(dtype):
    refused(Albumentations(FLIP), images().astype(dtype), rf"are {dtype}\. Convert them by")


def test_a_transform_that_changes_the_shape():
    message = (
        r"image of shape \(4, 4, 3\) and type float32 from an image of \(8, 8, 3\).*End it with"
    )
    refused(Albumentations("RandomCrop(4, 4)"), images(dtype="float32"), message)


def test_a_transform_that_changes_the_type():
    message = r"type float32 from an image of \(8, 8, 3\) and uint8.*normalize in the model"
    refused(Albumentations("Normalize()"), images(), message)


def test_a_transform_that_fails():
    message = r"fails on an image of shape \(8, 8, 3\) and type uint8: ValueError: MaskDropout"
    refused(Albumentations("MaskDropout(p=1.0)"), images(), message)


def test_values_out_of_range_end_the_fit_with_the_range_to_give():
    x = 255 * images(dtype="float32")
    with pytest.raises(Exception, match=r"outside of value_range=\(0, 1\), to which"):
        batches_of(viewer(x.shape[1:], 16), x, [Albumentations(FLIP)])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"transform": 3}, r"transform must be a transform or a Compose.*received transform=3"),
        ({"transform": ""}, r"transform must be a transform or a Compose"),
        ({"probability": 1.5}, r"probability must be a number in \[0, 1\]"),
        ({"value_range": (1, 0)}, r"value_range must be a range \(low, high\) with low < high"),
        ({"data_format": "first"}, r"data_format must be 'channels_last' or"),
        ({"seed": -1}, r"seed must be"),
        ({"probabilty": 0.5}, r"did you mean 'probability'"),
    ],
)
def test_impossible_options(options, message):
    with pytest.raises(regkit.core.errors.OptionError, match=message):
        Albumentations(**{"transform": FLIP, **options})


# -- batches of images by NumPy ------------------------------------------------------------------


def test_the_shape_is_held_also_where_it_was_not_known_before():
    whole = Images(Sampler(A.RandomCrop(4, 4)))
    with pytest.raises(regkit.RegkitError, match=r"shape \(4, 4, 3\)"):
        whole(images(2), 1, 2)


def test_a_little_outside_of_the_range_is_taken_and_more_is_not():
    """Half of its length: interpolation and noise overshoot, a forgotten scale is far away."""
    whole, x = Images(Sampler(A.NoOp()), (0.0, 2.0)), np.zeros((1, 2, 2, 1), "float32")
    for value in (-1.0, 3.0):
        assert whole(x + np.float32(value), 1, 2).shape == x.shape
    for value in (-1.01, 3.01):
        with pytest.raises(regkit.RegkitError, match=r"outside of value_range=\(0, 2\)"):
            whole(x + np.float32(value), 1, 2)


def test_an_empty_batch_is_empty():
    assert Images(Sampler(A.HorizontalFlip()))(images(0), 1, 2).shape == (0, 8, 8, 3)


def test_a_channel_that_was_left_out_comes_back():
    class Squeezed(A.ImageOnlyTransform):
        def apply(self, img, **params):
            return img[..., 0]

    x = images(2, channels=1)
    np.testing.assert_array_equal(Images(Sampler(Squeezed(p=1.0)))(x, 1, 2), x)


def test_keys_are_words_of_32_bits_signed_or_not():
    whole, x = Images(Sampler(A.GaussNoise(p=1.0))), images(2)
    np.testing.assert_array_equal(whole(x, -1, -2), whole(x, 2**32 - 1, 2**32 - 2))
    assert (whole(x, 1, 2) != whole(x, 2, 1)).any()
    assert (whole(x, 0, 2) != whole(x, -1, 2)).any()


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_only_the_images_that_are_hit_are_transformed_and_others_are_exact(dtype):
    x, hits = images(8, dtype=dtype), np.arange(8) % 3 == 0
    found = Images(Sampler(A.InvertImg(p=1.0)), (-0.1, 1.3))(x, 1, 2, hits)
    total = 255 if dtype == "uint8" else np.float32(1.2)
    np.testing.assert_allclose(found[hits], total - x[hits], rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(found[~hits], x[~hits])
