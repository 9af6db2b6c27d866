"""What acts at DATA, on what nobody draws: no example, one pixel, a broken image, booleans."""

import numpy as np
import pytest
from keras import ops

from regkit.core.errors import AttachError
from regkit.core.outside import changed_batch
from regkit.core.stages import Batch, Stage
from regkit.ops.precision import in_type
from tests.registered import ALL

AT_DATA = sorted(name for name, make in ALL.items() if Stage.DATA in make().stages())
ALONE = [name for name in AT_DATA if name not in ("mix_up", "cut_mix")]  # those have partners


def after(name, x):
    batch = changed_batch(ALL[name](), Batch(ops.convert_to_tensor(x)), seed=3)
    return ops.convert_to_numpy(batch.x)


@pytest.mark.parametrize("name", AT_DATA)
def test_a_batch_without_an_example_stays_one(name):
    found = after(name, np.ones((0, 8, 8, 1), "float32"))
    assert found.shape[0] == 0


@pytest.mark.parametrize("name", AT_DATA)
def test_one_pixel_stays_one_number(name):
    found = after(name, np.full((3, 1, 1, 1), 0.5, "float32"))
    assert found.shape[0] == 3
    assert np.isfinite(found).all()


@pytest.mark.parametrize("name", ALONE)
def test_a_broken_image_breaks_no_other(name):
    x = np.random.default_rng(0).random((6, 8, 8, 1)).astype("float32")
    x[2, 3, 3], x[3, 0, 0] = np.nan, np.inf
    found = after(name, x)
    others = np.delete(found, [2, 3], axis=0)
    assert np.isfinite(others).all()
    assert np.abs(others).max() < 3


@pytest.mark.parametrize("name", AT_DATA)
def test_what_is_no_image_is_refused_or_changed_whole(name):
    """A video is not taken for images, nor a table."""
    video = np.random.default_rng(0).random((4, 3, 8, 8, 1)).astype("float32")
    try:
        found = after(name, video)
    except AttachError as error:
        assert "Videos and volumes are no images" in str(error)
    else:
        assert found.shape == video.shape


def test_booleans_are_true_from_a_half_on():
    values = ops.convert_to_tensor([0.0, 0.4, 0.5, 0.9])
    found = ops.convert_to_numpy(in_type(values, "bool"))
    np.testing.assert_array_equal(found, [False, False, True, True])


def test_a_disk_of_booleans_keeps_its_area_when_it_turns():
    y, x = np.mgrid[:21, :21] - 10
    disk = np.tile((x**2 + y**2 <= 49)[None, ..., None], (8, 1, 1, 1))
    areas = after("rotation", disk).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(areas, disk[0].sum(), rtol=0.06)
