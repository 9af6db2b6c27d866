"""Motions by whole pixels: copies, exact to the bit, composed as they would act one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops

from regkit.ops.geometry import Pixels, as_affine, as_field, composed, scaled
from regkit.ops.interpolation import displaced
from regkit.ops.pixels import picked

SIZES = st.sampled_from([(1, 3), (4, 5), (6, 2)])  # few, for JAX compiles for each
BORDERS = {"constant": "constant", "nearest": "edge", "wrap": "wrap", "reflect": "symmetric"}


def pixels(mirrored, shift, source, size):
    flags = None if mirrored is None else ops.convert_to_tensor(np.array(mirrored))
    begin = None if shift is None else ops.convert_to_tensor(np.array(shift, "int32"))
    return Pixels(flags, begin, source, size)


def images(size, seed=0, batch=3, channels=2):
    return np.random.default_rng(seed).random((batch, *size, channels)).astype("float32")


def windows(x, motion, pad_mode="constant", pad=12):
    """The same by NumPy: padded, cut, mirrored."""
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)), pad_mode)
    shift = np.zeros((1, 2), int) if motion.shift is None else ops.convert_to_numpy(motion.shift)
    flags = None if motion.mirrored is None else ops.convert_to_numpy(motion.mirrored)
    out = []
    for k, image in enumerate(padded):
        column, row = shift[k % len(shift)] + pad
        cut = image[row : row + motion.size[0], column : column + motion.size[1]]
        if flags is not None:
            across, down = flags[k % len(flags)]
            cut = cut[:: -1 if down else 1, :: -1 if across else 1]
        out.append(cut)
    return np.stack(out)


@st.composite
def motions(draw, source=None):
    source = source or draw(SIZES)
    size = draw(SIZES) if draw(st.booleans()) else source
    rows = st.tuples(st.integers(-4, 4), st.integers(-4, 4))
    moved = draw(st.booleans()) or size != source
    flags = draw(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=3, max_size=3))
    shift = draw(st.lists(rows, min_size=3, max_size=3)) if moved else None
    return pixels(flags if draw(st.booleans()) else None, shift, source, size)


@given(motions(), st.sampled_from(sorted(BORDERS)))
def test_windows_are_those_of_padded_images(motion, fill_mode):
    x = images(motion.source)
    found = ops.convert_to_numpy(picked(ops.convert_to_tensor(x), motion, fill_mode))
    if motion.mirrored is None and motion.shift is None:
        np.testing.assert_array_equal(found, x)
    else:
        np.testing.assert_array_equal(found, windows(x, motion, BORDERS[fill_mode]))


@given(st.data())
def test_two_are_one(data):
    first = data.draw(motions())
    then = data.draw(motions(first.size))
    both = composed(first, then)
    assert isinstance(both, Pixels)
    height, width = first.source
    numbered = np.tile(np.arange(height * width).reshape(1, height, width, 1), (3, 1, 1, 1))
    numbered = numbered.astype("int32")
    once = ops.convert_to_numpy(picked(ops.convert_to_tensor(numbered), both, "constant", -1))
    inner = picked(ops.convert_to_tensor(numbered), first, "constant", -1)
    twice = ops.convert_to_numpy(picked(inner, then, "constant", -1))
    assert once.shape == twice.shape
    seen = twice >= 0  # what the first has moved out of the picture may come back in the joint one
    np.testing.assert_array_equal(once[seen], twice[seen])


@given(motions())
def test_it_is_the_same_map_as_its_matrix(motion):
    x = ops.convert_to_tensor(images(motion.source))
    field = as_field(as_affine(motion)).displacement
    field = ops.broadcast_to(field, (3, *field.shape[1:])) if field.shape[0] == 1 else field
    np.testing.assert_allclose(
        ops.convert_to_numpy(picked(x, motion)),
        ops.convert_to_numpy(displaced(x, field)),
        atol=2e-5,
    )


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float16", "float32", "bool"])
def test_pixels_are_copied_in_every_type(dtype):
    x = (255 * images((4, 5))).astype(dtype)
    if "float" in dtype:
        x[0, 1, 1, 0], x[1, 0, 0, 1] = np.nan, np.inf
    motion = pixels([[True, False]] * 3, [[1, -1], [0, 2], [-2, 0]], (4, 5), (3, 4))
    found = picked(ops.convert_to_tensor(x), motion, "nearest")
    np.testing.assert_array_equal(ops.convert_to_numpy(found), windows(x, motion, "edge"))


def test_a_mirror_is_one_in_images_of_another_size():
    mirror = pixels([[True, True]], None, (4, 6), (4, 6))
    small = scaled(mirror, (2, 3))
    assert isinstance(small, Pixels)
    assert (small.source, small.size) == ((2, 3), (2, 3))
    assert not isinstance(scaled(pixels(None, [[1, 0]], (4, 6), (4, 6)), (2, 3)), Pixels)
