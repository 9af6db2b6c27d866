"""The phase of geometry in a fit: neighbours are one map, read once; opaque ones stand between."""

import dataclasses

import keras
import numpy as np
import pytest
from keras import ops

import regkit
from regkit.core import moving
from regkit.core.errors import AttachError
from regkit.core.motion import ImageSizes, Motion
from regkit.core.options import DataFormat
from regkit.core.stages import Phase
from regkit.ops.geometry import Affine
from tests.techniques.distorting import through_fit

IMAGES = np.random.default_rng(0).random((4, 9, 9, 2)).astype("float32")


class Shift(regkit.Technique):
    """Move all images along x and y by whole pixels."""

    along, reading, size = (0.0, 0.0), ("bilinear", "constant", 0.0), None

    def geometry(self, images, context):
        x, y = self.along
        matrix = ops.tile(ops.convert_to_tensor([[[1.0, 0.0, x], [0.0, 1.0, y]]]),
                          (images.batch, 1, 1))  # fmt: skip
        return Motion(Affine(matrix, images.largest, self.size or images.largest), *self.reading)


def shift(name, x, y, **more):
    return type(name, (Shift,), {"along": (float(x), float(y)), **more})()


def rolled(images, x, y):
    out = np.zeros_like(images)
    height, width = images.shape[1:3]
    rows = slice(max(0, -y), height - max(0, y))
    columns = slice(max(0, -x), width - max(0, x))
    source_rows = slice(max(0, y), height + min(0, y))
    source_columns = slice(max(0, x), width + min(0, x))
    out[:, rows, columns] = images[:, source_rows, source_columns]
    return out


@pytest.fixture
def readings(monkeypatch):
    """How often images are read."""
    calls = []
    plain = moving.displaced

    def counted(images, *args):
        calls.append(tuple(images.shape))
        return plain(images, *args)

    monkeypatch.setattr(moving, "displaced", counted)
    return calls


def fitted(*techniques, x=IMAGES):
    """Return what a step trains on, by a callback list of several techniques."""
    recipe = regkit.Recipe(list(techniques))
    return through_fit(recipe, x, run_eagerly=True)


def test_neighbours_are_one_map_and_pixels_are_read_once(readings):
    """Out of the picture and back: as one map nothing is lost, read twice the border is."""
    out = fitted(shift("Away", 3, -2), shift("Back", -3, 2))
    np.testing.assert_allclose(out, IMAGES, atol=1e-5)
    assert len(readings) == 1


def test_a_map_is_the_later_motion_looked_up_in_the_earlier():
    out = fitted(shift("Right", 2, 0), shift("Down", 0, 1))
    np.testing.assert_allclose(out, rolled(IMAGES, 2, 1), atol=1e-5)


@pytest.mark.parametrize("kind", ["data", "reading"])
def test_what_cannot_be_composed_is_a_barrier(kind, readings):
    class Opaque(regkit.Technique):
        phases = (Phase.GEOMETRY,)

        def data(self, batch, context):
            return batch

    second = shift("Back", -3, 0)
    if kind == "data":
        parts = [shift("Away", 3, 0), Opaque(), second]
    else:
        second = shift("Back", -3, 0, reading=("nearest", "constant", 0.0))
        parts = [shift("Away", 3, 0), second]
    out = fitted(*parts)
    np.testing.assert_allclose(out, rolled(rolled(IMAGES, 3, 0), -3, 0), atol=1e-5)
    assert len(readings) == 2


def test_all_images_of_an_example_move_alike_by_one_map(readings):
    class Seen(regkit.Technique):
        phases = (Phase.ADVERSARIAL,)

        def data(self, batch, context):
            self.x = {name: ops.convert_to_numpy(x) for name, x in batch.x.items()}
            return batch

    large, small = IMAGES[:, :8, :8], np.ascontiguousarray(IMAGES[:, :4, :4])
    inputs = {"large": keras.Input((8, 8, 2)), "small": keras.Input((4, 4, 2))}
    flat = [keras.layers.Flatten()(x) for x in inputs.values()]
    model = keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Concatenate()(flat)))
    model.compile("sgd", "mse", run_eagerly=True)
    seen = Seen()
    model.fit({"large": large, "small": small}, np.zeros((4, 1)), batch_size=4, shuffle=False,
              verbose=0, callbacks=[shift("Right", 2, 0), shift("More", 2, 0), seen])  # fmt: skip
    np.testing.assert_allclose(seen.x["large"], rolled(large, 4, 0), atol=1e-5)
    np.testing.assert_allclose(seen.x["small"], rolled(small, 2, 0), atol=1e-5)
    assert sorted(readings) == [(4, 4, 4, 2), (4, 8, 8, 2)]


def test_a_random_motion_comes_first_wherever_the_list_has_it():
    """Distorted, then noisy: the noise is not smoothed by the interpolation."""
    noise = regkit.GaussianNoise(0.5, seed=1)
    elastic = regkit.ElasticDistortion(8.0, 2.0, seed=1)
    results = [fitted(*order) for order in ((noise, elastic), (elastic, noise))]
    np.testing.assert_array_equal(*results)


def test_a_window_changes_the_size_that_the_next_one_sees():
    seen = []

    class Window(Shift):
        size = (5, 7)

    class Next(Shift):
        def geometry(self, images, context):
            seen.append(images.each)
            return super().geometry(images, context)

    class Last(regkit.Technique):
        phases = (Phase.ADVERSARIAL,)

        def data(self, batch, context):
            seen.append(tuple(batch.x.shape[1:3]))
            return batch

    inputs = keras.Input((None, None, 2))
    pooled = keras.layers.GlobalAveragePooling2D()(inputs)
    model = keras.Model(inputs, keras.layers.Dense(1)(pooled))
    model.compile("sgd", "mse", run_eagerly=True)
    model.fit(IMAGES, np.zeros((4, 1)), verbose=0, callbacks=[Window(), Next(), Last()])
    assert seen == [((5, 7),), (5, 7)]


def test_an_example_that_stays_as_it_is_moves_with_the_others_motion_only(readings):
    """One stands still in the first motion, another in the second."""

    class Some(Shift):
        still = (False,)

        def geometry(self, images, context):
            motion = super().geometry(images, context)
            return dataclasses.replace(motion, still=ops.convert_to_tensor(list(self.still)))

    def some(name, x, still):
        return type(name, (Some,), {"along": (float(x), 0.0), "still": still})()

    first = some("First", 2, (True, False, True, False))
    then = some("Then", 1, (True, True, False, False))
    out = fitted(first, then)
    for example, shifted in enumerate((0, 2, 1, 3)):
        one = IMAGES[example : example + 1]
        np.testing.assert_allclose(out[example : example + 1], rolled(one, shifted, 0), atol=1e-5)
    np.testing.assert_array_equal(out[0], IMAGES[0])
    assert len(readings) == 1


def test_still_with_another_size_is_refused():
    matrix = ops.ones((1, 2, 3))
    with pytest.raises(ValueError, match=r"cannot stay as they are .still=."):
        Motion(Affine(matrix, (4, 4), (2, 2)), still=ops.convert_to_tensor([True]))


@pytest.mark.parametrize("border", ["wrap", "mirror", "reflect"])
def test_fields_are_read_one_after_the_other_where_the_border_folds(border, readings):
    elastic = {"sigma": 2.0, "fill_mode": border}
    fitted(regkit.ElasticDistortion(8.0, seed=1, **elastic),
           regkit.ElasticDistortion(6.0, seed=2, **elastic))  # fmt: skip
    assert len(readings) == 2


def test_one_map_may_serve_all_examples():
    class Once(Shift):
        def geometry(self, images, context):
            matrix = ops.convert_to_tensor([[[1.0, 0.0, 2.0], [0.0, 1.0, 0.0]]])
            return Motion(Affine(matrix, images.largest, images.largest))

    np.testing.assert_allclose(fitted(Once()), rolled(IMAGES, 2, 0), atol=1e-5)


def test_a_map_for_another_size_is_refused():
    class Wrong(Shift):
        def geometry(self, images, context):
            return Motion(Affine(ops.ones((1, 2, 3)), (3, 3), (3, 3)))

    with pytest.raises(
        AttachError, match=r"size images\.largest, \(9, 9\); its source is \(3, 3\)"
    ):
        fitted(Wrong())


def test_the_reference_stays_the_same_image_when_sizes_change():
    sizes = ImageSizes(1, ((5, 4), (4, 6)), 1)
    crop = Motion(Affine(ops.ones((1, 2, 3)), (4, 6), (3, 4)))
    assert sizes.largest == (4, 6)
    assert sizes.after(crop).largest == (3, 4)


def test_what_follows_at_target_waits_until_its_motion_is_applied():
    """Another technique asks for the loss between a technique's geometry and its data."""

    class Both(Shift):
        phases = (Phase.NOISE, Phase.MIX)

        def data(self, batch, context):
            context.memo["there"] = True
            return batch

        def target(self, target, context):
            assert context.memo["there"]
            return target

    class Asks(regkit.Technique):
        phases = (Phase.COLOUR,)

        def data(self, batch, context):
            context.loss_fn()
            return batch

    fitted(Both(), Asks())


def test_what_a_geometry_returns_is_checked():
    class Nothing(regkit.Technique):
        def geometry(self, images, context):
            return None

    with pytest.raises(AttachError, match=r"Nothing\.geometry must return a Motion"):
        fitted(Nothing())


@pytest.mark.parametrize(("order", "count"), [("channels_last", 1), ("channels_first", 2)])
def test_only_techniques_of_one_order_of_axes_compose(order, count, readings):
    """None is Keras' setting, channels last here."""

    class First(Shift):
        def __init__(self, data_format: DataFormat = None) -> None:
            super().__init__()

    fitted(First(order), shift("Second", 1, 0))
    assert len(readings) == count


@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8", "bfloat16"])
def test_maps_compose_in_a_compiled_step_too(dtype, backend):
    """A field of one type and an affine map of another; the batch of unknown size on TensorFlow."""
    images = (IMAGES * 255).astype("uint8") if dtype == "uint8" else IMAGES
    if dtype == "float64":
        images = images.astype(dtype)
        keras.config.set_floatx("float64")
    elif dtype == "bfloat16":
        keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        recipe = [regkit.ElasticDistortion(4.0, 2.0, seed=1), shift("Right", 2, 0)]
        compiled = through_fit(regkit.Recipe(recipe), images)
        eager = through_fit(regkit.Recipe(recipe), images, run_eagerly=True)
    finally:
        keras.config.set_floatx("float32")
    assert compiled.shape == images.shape
    np.testing.assert_allclose(compiled, eager, atol=1.0 if dtype == "uint8" else 1e-5)
    assert not np.allclose(compiled, images, atol=1e-2)
