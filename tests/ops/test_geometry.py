"""Maps of places: composed as functions are, whatever their kind, and scaled in proportion."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops
from scipy import ndimage

from regkit.ops.geometry import Affine, Field, as_field, composed, scaled, scaled_size
from regkit.ops.interpolation import displaced

SIZE = (12, 16)


def array(x):
    return ops.convert_to_numpy(x)


def places(way):
    """Where each pixel of the output comes from, (x, y), of one example."""
    field = as_field(way)
    rows, columns = np.mgrid[: field.size[0], : field.size[1]]
    return np.stack([columns, rows], -1) + array(field.displacement)[0]


def affine(matrix, source=SIZE, size=SIZE):
    return Affine(ops.convert_to_tensor(np.array([matrix], "float32")), source, size)


def smooth(seed, source=SIZE, size=SIZE, amount=0.8):
    """A field that is linear between pixels, so that reading it between them is exact."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[: size[0], : size[1]] / 10.0
    a, b = random.uniform(-amount, amount, (2, 3))
    field = np.stack([a[0] + a[1] * rows + a[2] * columns, b[0] + b[1] * rows + b[2] * columns], -1)
    return Field(ops.convert_to_tensor(field[None].astype("float32")), source)


def at(way, points):
    """Evaluate a map between pixels by SciPy, away from the border."""
    return np.stack(
        [
            ndimage.map_coordinates(places(way)[..., k], [points[..., 1], points[..., 0]], order=1)
            for k in (0, 1)
        ],
        -1,
    )


matrices = st.lists(st.floats(-2, 2, width=32), min_size=6, max_size=6).map(
    lambda v: [v[:3], v[3:]]
)


@given(matrices, matrices)
def test_affine_maps_compose_as_their_matrices(first, then):
    """In homogeneous coordinates, from center to center; the sizes may differ."""
    whole = composed(affine(first, (9, 7), (5, 8)), affine(then, (5, 8), (6, 4)))
    as_3x3 = [np.vstack([m, [0, 0, 1]]) for m in (first, then)]
    np.testing.assert_allclose(array(whole.matrix)[0], (as_3x3[0] @ as_3x3[1])[:2], atol=1e-5)
    assert (whole.source, whole.size) == ((9, 7), (6, 4))


@pytest.mark.parametrize("kinds", ["affine field", "field affine", "field field", "affine affine"])
def test_composed_maps_are_functions_of_functions(kinds):
    turn = affine([[0.95, 0.1, 0.3], [-0.1, 0.95, -0.2]])
    made = {"affine": turn, "field": smooth(1)}
    first, then = (made[kind] for kind in kinds.split())
    if kinds == "field field":
        then = smooth(2)
    whole = places(composed(first, then))
    expected = at(first, places(then))
    inner = (slice(4, -4), slice(4, -4))
    np.testing.assert_allclose(whole[inner], expected[inner], atol=1e-4)


def test_one_reading_is_sharper_than_two_and_shows_the_same():
    """A ramp has no interpolation error: read once or twice it is the same picture."""
    rows, columns = np.mgrid[:12, :16].astype("float32")
    images = ops.convert_to_tensor(np.stack([columns, rows], -1)[None])
    first, then = smooth(3), affine([[1.0, 0.05, 0.4], [0.0, 1.0, -0.3]])
    twice = displaced(displaced(images, first.displacement), as_field(then).displacement)
    once = displaced(images, as_field(composed(first, then)).displacement)
    inner = (0, slice(4, -4), slice(4, -4))
    np.testing.assert_allclose(array(once)[inner], array(twice)[inner], atol=1e-4)


def test_the_output_may_have_another_size():
    """A map of a window is a crop."""
    images = np.random.default_rng(0).random((1, 12, 16, 3)).astype("float32")
    window = affine([[1, 0, 2.0], [0, 1, -1.0]], SIZE, (6, 8))
    out = array(displaced(ops.convert_to_tensor(images), as_field(window).displacement))
    np.testing.assert_allclose(out, images[:, 2:8, 6:14], atol=1e-5)


@pytest.mark.parametrize("source", [(24, 32), (6, 8), (12, 32)])
@pytest.mark.parametrize("kind", ["affine", "field"])
def test_scaled_maps_lead_to_the_same_places_in_proportion(source, kind):
    way = {"affine": affine([[0.9, 0.2, 1.0], [-0.2, 0.9, 0.5]]), "field": smooth(4)}[kind]
    other = scaled(way, source)
    assert other.size == scaled_size(way, source) == source
    share = (places(way) + 0.5) / np.array(SIZE[::-1])
    larger = (places(other) + 0.5) / np.array(source[::-1])
    rows, columns = (np.arange(n) for n in SIZE)
    middle = np.ix_(rows[3:-3], columns[3:-3])
    at_same = [
        ndimage.zoom(larger[..., k], [a / b for a, b in zip(SIZE, source, strict=True)], order=1,
                     grid_mode=True, mode="nearest")
        for k in (0, 1)
    ]  # fmt: skip
    np.testing.assert_allclose(share[middle], np.stack(at_same, -1)[middle], atol=0.02)
