"""What ElasticDistortion takes: images of every form and type, options."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops

import regkit
from regkit.core.errors import AttachError, OptionError
from regkit.core.outside import changed_batch
from regkit.core.stages import Batch
from tests.techniques.distorting import once, through_fit


def test_both_data_formats_and_grey_images_are_distorted_alike():
    x = np.random.default_rng(0).random((3, 10, 12, 1)).astype("float32")
    expected = once(regkit.ElasticDistortion(8.0, 2.0, data_format="channels_last"), x)
    first = once(
        regkit.ElasticDistortion(8.0, 2.0, data_format="channels_first"), x[:, None, ..., 0]
    )
    np.testing.assert_allclose(first[:, 0], expected[..., 0], atol=1e-6)
    grey = once(regkit.ElasticDistortion(8.0, 2.0), x[..., 0])
    np.testing.assert_allclose(grey, expected[..., 0], atol=1e-6)


def test_keras_setting_of_the_data_format_counts():
    x = np.random.default_rng(0).random((3, 2, 10, 12)).astype("float32")
    expected = once(regkit.ElasticDistortion(8.0, 2.0, data_format="channels_first"), x)
    keras.config.set_image_data_format("channels_first")
    try:
        found = once(regkit.ElasticDistortion(8.0, 2.0), x)
    finally:
        keras.config.set_image_data_format("channels_last")
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
def test_all_channels_move_alike(interpolation):
    x = np.repeat(np.random.default_rng(0).random((3, 10, 12, 1)).astype("float32"), 4, -1)
    found = once(regkit.ElasticDistortion(8.0, 2.0, interpolation), x)
    np.testing.assert_array_equal(found, np.repeat(found[..., :1], 4, -1))


@pytest.mark.parametrize("dtype", ["uint8", "float16"])
def test_the_type_stays(dtype):
    x = (np.random.default_rng(0).random((3, 10, 12, 3)) * 255).astype(dtype)
    found = once(regkit.ElasticDistortion(8.0, 2.0, "bicubic"), x)
    exact = once(regkit.ElasticDistortion(8.0, 2.0, "bicubic"), x.astype("float32"))
    assert found.dtype == x.dtype
    np.testing.assert_allclose(found.astype("float32"), np.clip(exact, 0, 255) if dtype == "uint8"
                               else exact, atol=0.51 if dtype == "uint8" else 0.13)  # fmt: skip


def test_eight_bit_images_train():
    x = (np.random.default_rng(0).random((8, 10, 12, 3)) * 255).astype("uint8")
    found = through_fit(regkit.ElasticDistortion(8.0, 2.0, seed=1), x)
    np.testing.assert_allclose(found, once(regkit.ElasticDistortion(8.0, 2.0), x), atol=1.0)
    assert (found == np.round(found)).all()


def test_coordinates_stay_exact_in_bfloat16():
    """Steps of bfloat16 above 128 are a pixel; the images of a wide picture still move finely."""
    x = np.tile(np.linspace(0, 1, 600, dtype="float32")[None, None, :, None], (2, 8, 1, 1))
    exact = once(regkit.ElasticDistortion(8.0, 2.0, fill_mode="nearest"), x)
    half = ops.cast(ops.convert_to_tensor(x), "bfloat16")
    out = changed_batch(
        regkit.ElasticDistortion(8.0, 2.0, fill_mode="nearest"), Batch(half), seed=1
    ).x
    found = ops.convert_to_numpy(ops.cast(out, "float32"))
    np.testing.assert_allclose(found, exact, atol=2**-7)  # of the values, not the places


def test_inputs_that_are_no_images_pass_through():
    random = np.random.default_rng(0)
    x = {"image": random.random((4, 9, 9, 1)).astype("float32"),
         "series": random.random((4, 9, 9)).astype("float32"),
         "table": random.random((4, 9)).astype("float32"), "none": None}  # fmt: skip
    technique = regkit.ElasticDistortion(8.0, 2.0)
    inputs = {k: v if v is None else ops.convert_to_tensor(v) for k, v in x.items()}
    found = changed_batch(technique, Batch(inputs, y="labels"), seed=1)
    assert found.y == "labels"
    assert found.x["none"] is None
    for name in ("series", "table"):
        np.testing.assert_array_equal(ops.convert_to_numpy(found.x[name]), x[name])
    assert not np.allclose(ops.convert_to_numpy(found.x["image"]), x["image"], atol=1e-3)


@pytest.mark.parametrize(
    "options",
    [{}, {"probability": 0.5}, {"relative_to": 28.0}, {"alpha": (2.0, 20.0)}],
    ids=["plain", "some", "relative", "range"],
)
def test_one_example_has_one_field_for_all_of_its_images(options):
    x = np.random.default_rng(0).random((6, 9, 9, 1)).astype("float32")
    pair = {"left": ops.convert_to_tensor(x), "right": ops.convert_to_tensor(x)}
    technique = regkit.ElasticDistortion(**{"alpha": 8.0, "sigma": 2.0} | options)
    found = changed_batch(technique, Batch(pair), seed=1).x
    left, right = (ops.convert_to_numpy(found[name]) for name in pair)
    np.testing.assert_array_equal(left, right)
    np.testing.assert_allclose(left, once(technique, x), atol=1e-6)
    assert not np.allclose(left, x, atol=1e-3)


@pytest.mark.parametrize("sides", [(48, 32), (24, 16), (36, 40)])
def test_images_of_other_sizes_follow_the_largest(sides):
    """A ramp along an axis reads off where its pixels come from: the same places, relatively."""

    def ramps(height, width):
        rows, columns = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
        places = np.stack([(columns + 0.5) / width, (rows + 0.5) / height], -1)
        return np.repeat(places[None], 3, 0).astype("float32")

    large, small = ramps(64, 64), ramps(*sides)
    technique = regkit.ElasticDistortion(40.0, 8.0, fill_mode="nearest")
    batch = Batch([ops.convert_to_tensor(small), ops.convert_to_tensor(large)])
    moved_small, moved_large = (
        ops.convert_to_numpy(one) for one in changed_batch(technique, batch, seed=1).x
    )
    moved_small, moved_large = moved_small - small, moved_large - large
    for place in [(0.25, 0.25), (0.5, 0.75), (0.6, 0.4)]:
        here, there = (
            tuple(int(share * side) for share, side in zip(place, shape, strict=True))
            for shape in (sides, (64, 64))
        )
        np.testing.assert_allclose(
            moved_small[:, *here], moved_large[:, *there], atol=0.006
        )  # of the side; a displacement has 1.4 px of 64
    assert np.abs(moved_large).max() > 0.02


def test_an_unknown_batch_size(backend):
    if backend != "tensorflow":
        pytest.skip("only TensorFlow traces with one")
    import tensorflow as tf

    technique = regkit.ElasticDistortion((5.0, 9.0), 2.0, probability=0.8)
    signature = [tf.TensorSpec((None, 10, 12, 3), tf.float32)]
    x = np.random.default_rng(0).random((6, 10, 12, 3)).astype("float32")
    expected = once(technique, x)
    for jit in (False, True):
        function = tf.function(
            lambda x: changed_batch(technique, Batch(x), seed=1).x,
            signature,
            jit_compile=jit,
            autograph=False,
        )
        np.testing.assert_allclose(function(x).numpy(), expected, atol=1e-5)
        assert function(x[:2]).shape == (2, 10, 12, 3)


def test_unknown_sides_are_refused(backend):
    if backend != "tensorflow":
        pytest.skip("only TensorFlow traces with them")
    import tensorflow as tf

    function = tf.function(
        lambda x: changed_batch(regkit.ElasticDistortion(), Batch(x), seed=1).x,
        [tf.TensorSpec((None, None, 12, 3), tf.float32)],
        autograph=False,
    )
    with pytest.raises(AttachError, match="known height, width and channels"):
        function(np.zeros((2, 10, 12, 3), "float32"))


def test_a_model_without_images_is_refused_before_it_trains():
    model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(AttachError, match=r"784\).*Reshape flat pixels"):
        model.fit(np.zeros((8, 784)), np.zeros((8, 1)), verbose=0,
                  callbacks=[regkit.ElasticDistortion()])  # fmt: skip


# -- options -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"sigma": -1}, r"sigma must be a number in \(0, inf\)"),
        ({"sigma": 0}, "sigma"),
        ({"alpha": -1.0}, "alpha must be a number in"),
        ({"alpha": (40, 20)}, r"range \(low, high\) with low < high"),
        ({"alpha": (1, 2, 3)}, "alpha"),
        ({"relative_to": 0}, "relative_to must be a number"),
        ({"interpolation": "cubic"}, "'bilinear' or 'bicubic'"),
        ({"probability": 1.5}, r"probability must be a number in \[0, 1\]"),
        ({"fill_mode": "zeros"}, "'constant' or 'nearest'"),
        ({"data_format": "nchw"}, "'channels_last' or 'channels_first' or None"),
        ({"fill_value": None}, "fill_value"),
        ({"sigm": 3}, "did you mean 'sigma'"),
    ],
)
def test_an_impossible_option_is_refused_by_name(options, named):
    for cls in (regkit.ElasticDistortion, regkit.layers.ElasticDistortion):
        if "sigm" in options and cls is not regkit.ElasticDistortion:
            continue  # Keras' own words for an unknown argument of a layer
        with pytest.raises(OptionError, match=named):
            cls(**options)


@given(
    st.tuples(st.floats(0, 1e6), st.floats(0, 1e6))
    | st.lists(st.floats(0, 9), min_size=2, max_size=2)
)
def test_any_range_is_either_taken_or_refused(pair):
    if pair[0] < pair[1]:
        technique = regkit.ElasticDistortion(pair)
        assert technique.alpha == tuple(pair)
        again = regkit.Recipe(str(regkit.Recipe([technique])))[0]
        assert again.alpha == technique.alpha
    else:
        with pytest.raises(OptionError):
            regkit.ElasticDistortion(pair)
