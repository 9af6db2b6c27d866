"""Sampling between pixels, against SciPy, Keras, OpenCV and a loop over Keys' formula."""

import keras
import numpy as np
import pytest
from keras import ops
from scipy import ndimage

from regkit.ops.interpolation import BORDERS, KERNELS, displaced

SHAPE = (3, 9, 7, 2)
SCIPY = {"constant": "grid-constant", "wrap": "grid-wrap"}


def images(dtype="float32", high=1.0):
    return (np.random.default_rng(0).random(SHAPE) * high).astype(dtype)


def shifts(stddev=5.0):  # far beyond the border, and twice around
    return np.random.default_rng(1).normal(size=(*SHAPE[:3], 2), scale=stddev).astype("float32")


def ours(x, field, *options):
    x, field = ops.convert_to_tensor(x), ops.convert_to_tensor(field)
    return ops.convert_to_numpy(displaced(x, field, *options))


def each_plane(function, x, field):
    """Return `function(plane, row places, column places)` for every example and channel."""
    rows, columns = np.mgrid[: x.shape[1], : x.shape[2]]
    out = np.empty(x.shape)
    for b in range(len(x)):
        places = rows + field[b, ..., 1].astype("float64"), columns + field[b, ..., 0]
        for c in range(x.shape[-1]):
            out[b, ..., c] = function(x[b, ..., c], *places)
    return out


@pytest.mark.parametrize("fill_mode", BORDERS)
def test_bilinear_is_scipys_order_1(fill_mode):
    mode = SCIPY.get(fill_mode, fill_mode)
    expected = each_plane(
        lambda plane, *at: ndimage.map_coordinates(
            plane.astype("float64"), at, order=1, mode=mode, cval=0.3
        ),
        images(), shifts(),
    )  # fmt: skip
    found = ours(images(), shifts(), "bilinear", fill_mode, 0.3)
    np.testing.assert_allclose(found, expected, atol=2e-6)


@pytest.mark.parametrize("fill_mode", BORDERS)
@pytest.mark.parametrize(("interpolation", "order"), [("nearest", 0), ("bilinear", 1)])
def test_the_borders_are_those_of_keras_map_coordinates(interpolation, order, fill_mode, backend):
    if backend == "tensorflow" and fill_mode in ("mirror", "reflect"):
        pytest.skip("Keras folds once only on TensorFlow, and reads beyond the image in between")
    expected = each_plane(
        lambda plane, *at: ops.convert_to_numpy(
            ops.image.map_coordinates(plane, np.stack(at).astype("float32"), order, fill_mode, 0.3)
        ),
        images(), shifts(),
    )  # fmt: skip
    found = ours(images(), shifts(), interpolation, fill_mode, 0.3)
    np.testing.assert_allclose(found, expected, atol=3e-6)


def fold(i, n, fill_mode):
    """The pixel at place i, by stepping: a definition, not a formula."""
    if fill_mode == "nearest":
        return min(max(i, 0), n - 1)
    line = {"wrap": [*range(n)], "reflect": [*range(n), *range(n)[::-1]],
            "mirror": [*range(n), *range(n)[-2:0:-1]]}[fill_mode]  # fmt: skip
    while i < 0:
        i += len(line)
    while i >= len(line):
        i -= len(line)
    return line[i]


def keys(d, a=-0.75):
    d = abs(d)
    if d <= 1:
        return (a + 2) * d**3 - (a + 3) * d**2 + 1
    return a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a if d < 2 else 0.0


def by_loops(plane, rows, columns, fill_mode, fill_value):
    out = np.zeros(rows.shape)
    height, width = plane.shape
    for place in np.ndindex(*rows.shape):
        y, x = rows[place], columns[place]
        for i in range(int(np.floor(y)) - 1, int(np.floor(y)) + 3):
            for j in range(int(np.floor(x)) - 1, int(np.floor(x)) + 3):
                if fill_mode == "constant":
                    inside = 0 <= i < height and 0 <= j < width
                    value = plane[i, j] if inside else fill_value
                else:
                    value = plane[fold(i, height, fill_mode), fold(j, width, fill_mode)]
                out[place] += keys(y - i) * keys(x - j) * value
    return out


@pytest.mark.parametrize("fill_mode", BORDERS)
def test_bicubic_is_keys_convolution(fill_mode):
    expected = each_plane(
        lambda plane, *at: by_loops(plane, *at, fill_mode, 0.3), images(), shifts()
    )
    found = ours(images(), shifts(), "bicubic", fill_mode, 0.3)
    np.testing.assert_allclose(found, expected, atol=5e-6)


@pytest.mark.parametrize(
    ("fill_mode", "border"),
    [("constant", "BORDER_CONSTANT"), ("nearest", "BORDER_REPLICATE"),
     ("mirror", "BORDER_REFLECT_101"), ("reflect", "BORDER_REFLECT"), ("wrap", "BORDER_WRAP")],
)  # fmt: skip
def test_bicubic_is_opencvs_remap(fill_mode, border):
    cv2 = pytest.importorskip("cv2", reason="opencv-python-headless is not installed")
    field = np.round(shifts(2.0) * 32) / 32  # OpenCV 4 rounds coordinates to 1/32 pixel
    expected = each_plane(
        lambda plane, rows, columns: cv2.remap(
            plane, columns.astype("float32"), rows.astype("float32"), cv2.INTER_CUBIC,
            borderMode=getattr(cv2, border), borderValue=0.3,
        ),
        images(), field,
    )  # fmt: skip
    np.testing.assert_allclose(
        ours(images(), field, "bicubic", fill_mode, 0.3), expected, atol=1e-4
    )


@pytest.mark.parametrize("interpolation", KERNELS)
@pytest.mark.parametrize("fill_mode", BORDERS)
def test_no_displacement_is_the_image(interpolation, fill_mode):
    found = ours(images(), np.zeros((*SHAPE[:3], 2), "float32"), interpolation, fill_mode)
    np.testing.assert_allclose(found, images(), atol=2e-6)


@pytest.mark.parametrize("fill_mode", BORDERS)
@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (2, 1, 5, 1), (1, 4, 1, 3), (1, 2, 2, 1)])
def test_the_smallest_images(shape, fill_mode):
    x = np.random.default_rng(0).random(shape).astype("float32")
    field = np.random.default_rng(1).normal(size=(*shape[:3], 2), scale=2).astype("float32")
    found = ours(x, field, "bilinear", fill_mode)
    mode = SCIPY.get(fill_mode, fill_mode)
    expected = each_plane(
        lambda plane, *at: ndimage.map_coordinates(plane.astype("float64"), at, order=1, mode=mode),
        x, field,
    )  # fmt: skip
    np.testing.assert_allclose(found, expected, atol=2e-6)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float16", "bfloat16"])
@pytest.mark.parametrize("interpolation", KERNELS)
def test_every_type_keeps_its_type(dtype, interpolation):
    """Computed in float32; whole numbers are rounded, and do not run over where bicubic would."""
    x = images(high=255.0)
    x = np.where(x > 127, 255.0, 0.0) if dtype == "uint8" else np.round(x)  # steep, exact in all
    field = shifts(2.0)
    exact = ours(x.astype("float32"), field, interpolation, "nearest")
    given = ops.cast(ops.convert_to_tensor(x.astype("float32")), dtype)
    out = displaced(given, ops.convert_to_tensor(field), interpolation, "nearest")
    assert keras.backend.standardize_dtype(out.dtype) == dtype
    found = ops.convert_to_numpy(ops.cast(out, "float32"))
    if dtype == "uint8":
        exact = np.clip(exact, 0, 255)
    error = {"uint8": 0.501, "int16": 0.501, "float16": 0.13, "bfloat16": 1.01}[dtype]
    assert np.abs(found - exact).max() <= error


def test_the_gradient_is_the_transposed_sampling(backend):
    """⟨g, S x⟩ = ⟨Sᵀ g, x⟩ for the gradient Sᵀ g: it exists, for adversarial inputs say."""
    x, field = images(), ops.convert_to_tensor(shifts(2.0))
    g = np.random.default_rng(2).normal(size=SHAPE).astype("float32")
    if backend == "tensorflow":
        import tensorflow as tf

        variable = tf.Variable(x)
        with tf.GradientTape() as tape:
            out = tf.reduce_sum(displaced(variable, field) * g)
        slope = tape.gradient(out, variable).numpy()
    elif backend == "jax":
        import jax

        slope = jax.grad(lambda x: (displaced(x, field) * g).sum())(x)
    else:
        import torch

        variable = torch.tensor(x, requires_grad=True)
        (displaced(variable, field) * torch.from_numpy(g)).sum().backward()
        slope = variable.grad.numpy()
    expected = np.sum(g * ours(x, shifts(2.0)))
    np.testing.assert_allclose(np.sum(np.asarray(slope) * x), expected, rtol=1e-4)
