"""Mirrored and cut images: copies of pixels, each way as likely as it should be."""

import keras
import numpy as np
import pytest
from scipy import stats

import regkit
from regkit.core import moving
from regkit.core.errors import AttachError
from tests.techniques.distorting import once, through_fit

X = np.random.default_rng(0).random((800, 5, 6, 2)).astype("float32")


def same_as(found, x):
    return (found == x).all(axis=(1, 2, 3))


@pytest.mark.parametrize("dtype", ["float32", "uint8", "float16"])
def test_both_axes_flip_by_themselves(dtype):
    x = (200 * X).astype(dtype)
    found = once(regkit.Flip(vertical=True, probability=0.3, seed=1), x)
    ways = [same_as(found, x[:, ::a, ::b]) for a in (1, -1) for b in (1, -1)]
    assert (np.sum(ways, axis=0) == 1).all()
    expected = [0.49, 0.21, 0.21, 0.09]
    assert stats.chisquare([way.sum() for way in ways], np.multiply(expected, 800)).pvalue > 0.01


def test_one_axis():
    found = once(regkit.Flip(probability=1.0), X)
    np.testing.assert_array_equal(found, X[:, :, ::-1])
    found = once(regkit.Flip(horizontal=False, vertical=True, probability=1.0), X)
    np.testing.assert_array_equal(found, X[:, ::-1])
    assert regkit.Flip(horizontal=False).is_neutral()
    assert regkit.Flip(probability=0.0).is_neutral()


def test_numbers_that_are_none_stay_where_they_are():
    x = X[:2].copy()
    x[0, 1, 2, 0], x[1, 3, 3, 1] = np.nan, -np.inf
    found = once(regkit.Recipe("flip(probability=1) + random_crop(2, seed=1)")[0], x)
    np.testing.assert_array_equal(found, x[:, :, ::-1])


@pytest.mark.parametrize("fill_mode", ["constant", "nearest"])
def test_every_window_is_as_likely(fill_mode):
    found = once(regkit.RandomCrop(1, fill_mode=fill_mode, fill_value=0.5, seed=2), X)
    how = {"constant_values": 0.5} if fill_mode == "constant" else {}
    mode = {"nearest": "edge"}.get(fill_mode, fill_mode)
    padded = np.pad(X, ((0, 0), (1, 1), (1, 1), (0, 0)), mode, **how)
    ways = [
        same_as(found, padded[:, row : row + 5, column : column + 6])
        for row in range(3)
        for column in range(3)
    ]
    assert (np.sum(ways, axis=0) == 1).all()
    assert stats.chisquare([way.sum() for way in ways]).pvalue > 0.01


@pytest.mark.parametrize(("size", "shape"), [(3, (3, 3)), ((4, 2), (4, 2))])
def test_a_window_of_a_size(size, shape):
    found = once(regkit.RandomCrop(size=size, seed=2), X)
    rows, columns = 5 - shape[0] + 1, 6 - shape[1] + 1
    ways = [
        same_as(found, X[:, r : r + shape[0], c : c + shape[1]])
        for r in range(rows)
        for c in range(columns)
    ]
    assert (np.sum(ways, axis=0) == 1).all()
    assert stats.chisquare([way.sum() for way in ways]).pvalue > 0.01


def test_a_window_larger_than_the_image_is_refused():
    with pytest.raises(AttachError, match=r"windows of \(9, 9\) out of images of \(5, 6\)"):
        once(regkit.RandomCrop(size=9), X)
    assert once(regkit.RandomCrop(2, size=9), X).shape == (800, 9, 9, 2)


def test_in_one_recipe_pixels_are_copied_still(monkeypatch):
    def refused(*args):
        raise AssertionError("read between pixels")

    monkeypatch.setattr(moving, "displaced", refused)
    recipe = regkit.Recipe(
        "flip(vertical=True, seed=1) + random_crop(1, seed=2) + flip(seed=3)"
        " + random_crop(size=[3, 4], seed=4)"
    )
    x = X[:16]
    model = keras.Sequential([keras.Input((None, None, 2)), keras.layers.GlobalMaxPooling2D()])
    seen = []

    class Look(regkit.Technique):
        phases = (regkit.core.stages.Phase.ADVERSARIAL,)

        def data(self, batch, context):
            seen.append(keras.ops.convert_to_numpy(batch.x))
            return batch

    model.compile(keras.optimizers.SGD(0.0), "mse", run_eagerly=True)
    model.fit(x, np.zeros((16, 2)), batch_size=16, verbose=0, shuffle=False,
              callbacks=[recipe, Look()])  # fmt: skip
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    for found, image in zip(seen[0], padded, strict=True):
        windows = [
            image[r : r + 3, c : c + 4][::a, ::b]
            for r in range(5) for c in range(5) for a in (1, -1) for b in (1, -1)
        ]  # fmt: skip
        assert any(np.array_equal(found, window) for window in windows)


def test_in_a_fit_as_outside_of_one():
    for technique in (regkit.Flip(seed=3), regkit.RandomCrop(2, seed=3)):
        np.testing.assert_array_equal(through_fit(technique, X[:8]), once(technique, X[:8]))
