"""Points and boxes go where the pixels go that they mark."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops

from regkit.ops.boxes import corners, from_corners, moved_boxes
from regkit.ops.geometry import Affine, Field, Pixels
from regkit.ops.points import moved_points

SIZE = (20, 24)
FORMATS = ("xyxy", "yxyx", "xywh", "center_xywh", "rel_xyxy", "rel_yxyx")


def affine(a, b, c, d, x=0.0, y=0.0, size=SIZE):
    return Affine(ops.convert_to_tensor(np.array([[[a, b, x], [c, d, y]]], "float32")), SIZE, size)


@given(st.lists(st.floats(-0.4, 0.4), min_size=4, max_size=4), st.floats(-5, 5), st.floats(-5, 5))
def test_a_matrix_is_inverted(off, x, y):
    a, b, c, d = np.eye(2).ravel() + off
    there = np.random.default_rng(0).uniform(0, 20, (1, 7, 2))  # in the output
    inner = there - [(SIZE[1] - 1) / 2, (SIZE[0] - 1) / 2]
    source = inner @ np.array([[a, b], [c, d]]).T + [x, y] + [11.5, 9.5]
    found = moved_points(affine(a, b, c, d, x, y), ops.convert_to_tensor(source.astype("float32")))
    np.testing.assert_allclose(ops.convert_to_numpy(found), there, atol=2e-3)


def test_in_a_field_the_place_is_found_that_leads_to_the_point():
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    field = np.stack([2 * np.sin(rows / 6), 1.5 * np.cos(columns / 5)], -1)[None]  # strain 0.33
    points = np.random.default_rng(0).uniform(4, 15, (1, 9, 2))
    way = Field(ops.convert_to_tensor(field.astype("float32")), SIZE)
    found = ops.convert_to_numpy(moved_points(way, ops.convert_to_tensor(points)))
    from scipy import ndimage

    there = [
        ndimage.map_coordinates(field[0, ..., k], [found[0, :, 1], found[0, :, 0]], order=1)
        for k in (0, 1)
    ]
    np.testing.assert_allclose(found[0] + np.stack(there, -1), points[0], atol=1e-4)


@given(st.sampled_from(FORMATS), st.lists(st.floats(0.5, 9), min_size=4, max_size=4))
def test_formats_are_each_others_inverse(box_format, numbers):
    left, top, width, height = numbers
    box = ops.convert_to_tensor(np.array([[left, top, left + width, top + height]], "float32"))
    again = corners(from_corners(box, box_format, SIZE), box_format, SIZE)
    np.testing.assert_allclose(ops.convert_to_numpy(again), ops.convert_to_numpy(box), rtol=1e-5)


def test_formats_are_those_of_keras():
    from keras.utils.bounding_boxes import convert_format

    box = np.array([[[3.0, 2.0, 9.0, 12.0]]], "float32")
    for box_format in FORMATS:
        theirs = convert_format(box, "xyxy", box_format, height=SIZE[0], width=SIZE[1])
        ours = from_corners(ops.convert_to_tensor(box), box_format, SIZE)
        np.testing.assert_allclose(
            ops.convert_to_numpy(ours), ops.convert_to_numpy(theirs), rtol=1e-6
        )


@pytest.mark.parametrize("box_format", FORMATS)
def test_a_box_is_around_what_it_was_around(box_format):
    """Turned by a quarter, the sides change places: a point that is in stays in."""
    square = (20, 20)
    turn = Affine(ops.convert_to_tensor(np.array([[[0, -1, 0], [1, 0, 0]]], "float32")), square,
                  square)  # fmt: skip
    box = ops.convert_to_tensor(np.array([[[12.0, 2.0, 15.0, 7.0]]], "float32"))
    moved = moved_boxes(turn, from_corners(box, box_format, square), box_format)
    found = ops.convert_to_numpy(corners(moved, box_format, square))[0, 0]
    image = np.zeros((20, 20))
    image[2:7, 12:15] = 1
    rows, columns = np.nonzero(np.rot90(image))
    np.testing.assert_allclose(
        found, [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], atol=1e-4
    )


@pytest.mark.parametrize("dtype", ["float32", "int32"])
@pytest.mark.parametrize("box_format", ["xyxy", "xywh", "rel_yxyx"])
def test_padding_stays_and_what_has_left_is_marked(box_format, dtype):
    if dtype == "int32" and box_format.startswith("rel"):
        pytest.skip("relative numbers are none of whole")
    away = Pixels(None, ops.convert_to_tensor(np.array([[10, 0]], "int32")), SIZE, SIZE)
    inside = ops.convert_to_tensor(np.array([[2.0, 2.0, 6.0, 6.0], [8, 3, 14, 9]], "float32"))
    given_boxes = ops.convert_to_numpy(from_corners(inside, box_format, SIZE))
    boxes = np.concatenate([given_boxes, -np.ones((1, 4))])[None].astype(dtype)
    found = moved_boxes(away, ops.convert_to_tensor(boxes), box_format)
    found = ops.convert_to_numpy(found)[0]
    assert found.dtype == dtype
    np.testing.assert_array_equal(found[[0, 2]], -np.ones((2, 4)))
    left = ops.convert_to_tensor(found[1].astype("float32"))
    np.testing.assert_allclose(
        ops.convert_to_numpy(corners(left, box_format, SIZE)), [0, 3, 4, 9], atol=1e-5
    )


def test_whole_points_are_rounded():
    """(3, 2) turns by 30° about (4.5, 4.5): to the nearest pixel, not to the one below."""
    turn = np.deg2rad(30.0)
    matrix = [[np.cos(turn), -np.sin(turn), 0.0], [np.sin(turn), np.cos(turn), 0.0]]
    by = Affine(ops.convert_to_tensor(np.array([matrix], "float32")), (10, 10), (10, 10))
    points = np.array([[[3, 2], [7, 8], [1, 5]]], "int32")
    exact = moved_points(by, ops.convert_to_tensor(points.astype("float32")))
    found = moved_points(by, ops.convert_to_tensor(points))
    np.testing.assert_array_equal(
        ops.convert_to_numpy(found), np.round(ops.convert_to_numpy(exact)).astype("int32")
    )
    assert (ops.convert_to_numpy(found) != np.trunc(ops.convert_to_numpy(exact))).any()
