"""ElasticDistortion in the step: its field as a distribution, its forms of input, its options."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops
from scipy import stats

import regkit
from regkit.core.draws import Draws, base_key
from regkit.core.errors import AttachError, OptionError
from regkit.core.stages import Batch, Rank
from regkit.ops.fields import displacement_deviation

STEPS = 3


class Seen(regkit.Technique):
    """Keeps the inputs of the last step, as the model got them."""

    rank = Rank.LAST

    def __init__(self) -> None:
        super().__init__()

    shape = ()

    def initial_state(self, context):
        return {"x": ops.zeros(type(self).shape)}

    def data(self, batch, context):
        context.state["x"] = batch.x
        return batch

    def on_train_end(self, logs=None):
        self.x = np.array(self.current_state()["x"])


def through_fit(technique, x, epochs=1, **options):
    """Return what the last step of a fit trained on."""
    Seen.shape = x.shape
    model = keras.Sequential(
        [keras.Input(x.shape[1:]), keras.layers.Flatten(), keras.layers.Dense(1)]
    )
    model.compile(keras.optimizers.SGD(0.0), "mse", **options)
    seen = Seen()
    model.fit(x, np.zeros((len(x), 1)), batch_size=len(x), epochs=epochs, verbose=0,
              shuffle=False, callbacks=[technique, seen])  # fmt: skip
    return seen.x


class Step:
    """The part of a step's context that DATA uses."""

    def __init__(self, step=0, seed=1):
        base = base_key(seed, "elastic_distortion", 0)
        self.draws = Draws(base, ops.convert_to_tensor(step, "int32"))

    def value(self, strength):
        return strength


def once(technique, x, step=0):
    batch = technique.data(Batch(ops.convert_to_tensor(x)), Step(step))
    return ops.convert_to_numpy(batch.x)


def ramps(batch, height, width):
    """Images whose two channels are the coordinates: distorted, they show the field."""
    rows, columns = np.mgrid[:height, :width].astype("float32")
    return np.tile(np.stack([columns, rows], -1), (batch, 1, 1, 1))


def field_of(technique, batch, side, step=0, margin=12):
    """Return the displacements (u, v) that a step uses, away from the border."""
    x = ramps(batch, side, side)
    field = once(technique, x, step) - x
    return field[:, margin:-margin, margin:-margin]


# -- the field -----------------------------------------------------------------------------------


def test_the_field_is_normal_with_simards_deviation_and_independent():
    technique = regkit.ElasticDistortion(20.0, 3.0, fill_mode="nearest")
    fields = np.stack([field_of(technique, 400, 33, step) for step in range(STEPS)])
    center = fields[:, :, 4, 4]  # steps, examples, components
    deviation = 20.0 / (3.0 * np.sqrt(12 * np.pi))
    assert stats.kstest(center.ravel() / deviation, "norm").pvalue > 1e-3
    limit = 4 / np.sqrt(400 * STEPS)
    assert abs(np.mean(center[..., 0] * center[..., 1])) / deviation**2 < limit  # u and v
    assert abs(np.mean(center[:, 1:] * center[:, :-1])) / deviation**2 < limit  # examples
    assert abs(np.mean(center[1:] * center[:-1])) / deviation**2 < limit  # steps
    for lag in (2, 5, 8):
        for other in (fields[:, :, 4 + lag - 4, 4], fields[:, :, 4, lag]):
            distance = abs(lag - 4)
            expected = np.exp(-(distance**2) / (4 * 3.0**2))
            products = (center * other).ravel() / deviation**2
            error = products.std() / np.sqrt(products.size)
            assert abs(products.mean() - expected) < 4 * error


def numpys_field(seed, step, batch, side, alpha, sigma):
    """The whole chain again in NumPy: keys, counter, mixer, normal numbers, Gaussians."""

    def shift(x, places):
        return x >> np.uint32(places)

    key = Step(step, seed).draws.key()
    first, second = (np.uint32(int(ops.convert_to_numpy(k)) & 0xFFFFFFFF) for k in key)
    spacing, nodes = sigma, int(np.ceil((side - 1) / sigma + 5)) + 1
    with np.errstate(over="ignore"):
        x = np.arange(nodes * batch * 2 * nodes, dtype=np.uint32) + first
        x = (x ^ shift(x, 17)) * np.uint32(0xED5AD4BB)
        x = ((x ^ shift(x, 11)) + second) * np.uint32(0xAC4C1B51)
        x = (x ^ shift(x, 15)) * np.uint32(0x31848BAB)
        x = x ^ shift(x, 14)
    normal = stats.norm.ppf((shift(x, 9).astype("float64") + 0.5) / 2**23)
    z = normal.reshape(nodes, batch, 2, nodes)
    places = (side - 1) / 2 + spacing * (np.arange(nodes) - (nodes - 1) / 2)
    out = np.zeros((batch, side, side, 2))
    for row, column in np.ndindex(side, side):
        down, across = (np.exp(-((at - places) ** 2) / (2 * sigma**2)) for at in (row, column))
        weight = np.outer(down, across) / (np.linalg.norm(down) * np.linalg.norm(across))
        out[:, row, column] = np.einsum("yx,ybcx->bc", weight, z)
    return out * alpha / (sigma * np.sqrt(12 * np.pi))


def test_the_same_seed_is_the_same_field_on_every_backend():
    """Each backend's field is that of one independent computation in NumPy."""
    technique = regkit.ElasticDistortion(8.0, 2.0, fill_mode="nearest")
    found = field_of(technique, 3, 16, step=7, margin=5)
    expected = numpys_field(1, 7, 3, 16, 8.0, 2.0)[:, 5:-5, 5:-5]
    np.testing.assert_allclose(found, expected, atol=1e-4)
    again = field_of(technique, 3, 16, step=7, margin=5)
    np.testing.assert_array_equal(found, again)


HOW = {"compiled": {"jit_compile": True}, "graph": {"jit_compile": False},
       "eager": {"run_eagerly": True}}  # fmt: skip


@pytest.mark.parametrize("how", HOW)
def test_in_a_fit_however_it_is_compiled(how, backend):
    if backend == "torch" and how == "compiled":
        pytest.skip("PyTorch's inductor takes a minute, and Keras does not choose it by itself")
    x = np.random.default_rng(0).random((8, 12, 10, 3)).astype("float32")
    technique = regkit.ElasticDistortion((5.0, 9.0), 2.0, probability=0.7, seed=1)
    found = through_fit(technique, x, **HOW[how])
    np.testing.assert_allclose(found, once(technique, x), atol=2e-5)


def test_relative_to_scales_sigma_and_displacements_by_the_shorter_side():
    x = np.random.default_rng(0).random((4, 14, 20, 1)).astype("float32")
    relative = regkit.ElasticDistortion(34.0, 4.0, relative_to=28)
    absolute = regkit.ElasticDistortion(34.0 / 4, 2.0)
    np.testing.assert_allclose(once(relative, x), once(absolute, x), atol=1e-6)


@pytest.mark.parametrize("side", [28, 112])
def test_relative_to_keeps_the_deviation_relative_to_the_side(side):
    technique = regkit.ElasticDistortion(34.0, 4.0, relative_to=28, fill_mode="nearest")
    center = field_of(technique, 500, side, margin=side // 2 - 2)[:, 1, 1].ravel()
    expected = 34 * displacement_deviation(4.0) * side / 28
    assert np.std(center) == pytest.approx(expected, abs=4 * expected / np.sqrt(2 * center.size))


# -- strength and probability ----------------------------------------------------------------------


def test_alpha_zero_leaves_the_step_and_a_schedule_at_zero_the_images():
    assert regkit.ElasticDistortion(0.0).is_neutral()
    assert regkit.ElasticDistortion(probability=0.0).is_neutral()
    assert not regkit.ElasticDistortion((0.0, 1.0)).is_neutral()
    x = np.random.default_rng(0).random((4, 9, 9, 2)).astype("float32")
    zero = keras.optimizers.schedules.PiecewiseConstantDecay([100], [0.0, 1.0])
    for interpolation in ("bilinear", "bicubic", "nearest"):
        technique = regkit.ElasticDistortion(zero, 2.0, interpolation)
        np.testing.assert_array_equal(through_fit(technique, x), x)


def test_a_schedule_is_followed_step_by_step():
    x = np.random.default_rng(0).random((4, 9, 9, 2)).astype("float32")
    second = keras.optimizers.schedules.PiecewiseConstantDecay([0], [0.0, 6.0])
    found = through_fit(regkit.ElasticDistortion(second, 2.0, seed=1), x, epochs=2)
    np.testing.assert_allclose(found, once(regkit.ElasticDistortion(6.0, 2.0), x, 1), atol=1e-5)


def test_the_probability_is_that_of_each_example():
    x = np.random.default_rng(0).random((600, 8, 8, 1)).astype("float32")
    technique = regkit.ElasticDistortion(10.0, 2.0, probability=0.3)
    moved = np.concatenate([(once(technique, x, k) != x).any((1, 2, 3)) for k in range(STEPS)])
    assert stats.binomtest(int(moved.sum()), moved.size, 0.3).pvalue > 1e-3


def test_a_range_of_alpha_is_drawn_uniformly_for_each_example():
    fixed = regkit.ElasticDistortion(1.0, 3.0, fill_mode="nearest")
    ranged = regkit.ElasticDistortion((0.0, 30.0), 3.0, fill_mode="nearest")
    # The noise is the first draw of the step, so both have the same fields but for α.
    a, b = (field_of(one, 600, 31, margin=13).reshape(600, -1) for one in (fixed, ranged))
    alphas = np.sum(a * b, 1) / np.sum(a * a, 1)
    np.testing.assert_allclose(b, alphas[:, None] * a, atol=2e-4)
    assert stats.kstest(alphas / 30.0, "uniform").pvalue > 1e-3


# -- what it takes -----------------------------------------------------------------------------------


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
    out = regkit.ElasticDistortion(8.0, 2.0, fill_mode="nearest").data(Batch(half), Step()).x
    found = ops.convert_to_numpy(ops.cast(out, "float32"))
    np.testing.assert_allclose(found, exact, atol=2**-7)  # of the values, not the places


def test_inputs_that_are_no_images_pass_through():
    random = np.random.default_rng(0)
    x = {"image": random.random((4, 9, 9, 1)).astype("float32"),
         "series": random.random((4, 9, 9)).astype("float32"),
         "table": random.random((4, 9)).astype("float32"), "none": None}  # fmt: skip
    technique = regkit.ElasticDistortion(8.0, 2.0)
    inputs = {k: v if v is None else ops.convert_to_tensor(v) for k, v in x.items()}
    found = technique.data(Batch(inputs, y="labels"), Step())
    assert found.y == "labels"
    assert found.x["none"] is None
    for name in ("series", "table"):
        np.testing.assert_array_equal(ops.convert_to_numpy(found.x[name]), x[name])
    assert not np.allclose(ops.convert_to_numpy(found.x["image"]), x["image"], atol=1e-3)


def test_two_image_inputs_get_fields_of_their_own():
    x = np.random.default_rng(0).random((4, 9, 9, 1)).astype("float32")
    pair = [ops.convert_to_tensor(x), ops.convert_to_tensor(x)]
    a, b = regkit.ElasticDistortion(8.0, 2.0).data(Batch(pair), Step()).x
    assert not np.allclose(ops.convert_to_numpy(a), ops.convert_to_numpy(b), atol=1e-3)


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
            lambda x: technique.data(Batch(x), Step()).x,
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
        lambda x: regkit.ElasticDistortion().data(Batch(x), Step()).x,
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
