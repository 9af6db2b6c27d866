"""Images among the inputs of a model."""

import numpy as np
import pytest
from keras import ops

from regkit.core.errors import AttachError
from regkit.core.images import map_images
from regkit.core.stages import Batch

PHOTO = np.arange(2 * 4 * 5 * 3.0, dtype="float32").reshape(2, 4, 5, 3)
GREY = PHOTO[..., 0]
TABLE = PHOTO[:, 0, :, 0]


def upside_down(images):
    assert len(images.shape) == 4
    return ops.flip(images, 1)


def mapped(x, data_format=None):
    return map_images(upside_down, Batch(x, "y"), "Flipped()", data_format)


@pytest.mark.parametrize("setting", [None, "channels_last"])
def test_channels_come_last(setting):
    np.testing.assert_array_equal(mapped(PHOTO, setting).x, PHOTO[:, ::-1])


def test_channels_that_come_first_are_put_back():
    x = np.moveaxis(PHOTO, -1, 1)
    np.testing.assert_array_equal(mapped(x, "channels_first").x, x[:, :, ::-1])


@pytest.mark.parametrize("setting", ["channels_first", "channels_last"])
def test_grey_images_have_no_channel(setting):
    np.testing.assert_array_equal(mapped(GREY, setting).x, GREY[:, ::-1])


def test_beside_images_of_rank_4_those_of_rank_3_are_none():
    x = {"photo": PHOTO, "series": GREY, "rest": (TABLE, None)}
    found = mapped(x)
    np.testing.assert_array_equal(found.x["photo"], PHOTO[:, ::-1])
    assert found.x["series"] is GREY
    assert found.x["rest"] == (TABLE, None)
    assert found.y == "y"


def test_without_images_it_says_what_there_is():
    with pytest.raises(AttachError, match=r"Flipped\(\) needs images.*\(2, 5\).*Reshape"):
        mapped({"table": TABLE, "other": None})
