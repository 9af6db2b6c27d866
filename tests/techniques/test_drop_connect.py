"""DropConnect against closed forms, NumPy loops over the same masks, and its own exact mask."""

import functools

import keras
import numpy as np
import pytest
from keras import layers, ops
from scipy import stats

import regkit
from regkit.core.draws import Draws, base_key
from regkit.core.errors import AttachError, ConflictError
from regkit.core.seam.sampling import Sampler
from regkit.core.stages import Stage
from regkit.ops import random as numbers
from regkit.techniques.dropout.masked_call import is_affine, matched_noise, safe_sqrt
from tests import models
from tests.techniques.dropping import (
    BATCH,
    IN,
    OUT,
    RATE,
    SAMPLES,
    close_in_standard_errors,
    drop,
    inputs,
    linear,
    masks,
    sampled,
)

MASKS = ("gaussian", "example", "batch")


@functools.cache
def samples_of_linear(mask, bias=False):
    """Outputs of the linear model, which several tests look at."""
    technique = drop(mask, weights=["kernel", "bias"]) if bias else drop(mask)
    return sampled(linear(), technique, inputs())


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("bias", [False, True])
def test_mean_and_variance_are_those_of_bernoulli_masks(mask, bias):
    x = inputs()
    kernel, b = models.values(linear())
    seen = samples_of_linear(mask, bias)
    mean = x @ kernel + b
    variance = RATE / (1 - RATE) * (x**2 @ kernel**2 + bias * b**2)
    close_in_standard_errors(seen.mean(0), mean, np.sqrt(variance / SAMPLES))
    kurtosis = stats.kurtosis(seen, axis=0, fisher=False)
    close_in_standard_errors(seen.var(0), variance, variance * np.sqrt((kurtosis - 1) / SAMPLES))


@pytest.mark.parametrize("mask", MASKS)
def test_examples_units_and_steps_draw_apart_or_together_as_the_mask_says(mask):
    x = inputs()
    kernel, b = models.values(linear())
    seen = samples_of_linear(mask) - (x @ kernel + b)
    flat = (seen / seen.std(0)).reshape(SAMPLES, -1)
    correlations = flat.T @ flat / SAMPLES
    expected = np.eye(BATCH * OUT)
    if mask == "batch":  # examples share the mask; units do not
        for unit in range(OUT):
            products = x * kernel[:, unit]
            norm = np.linalg.norm(products, axis=1)
            expected[unit::OUT, unit::OUT] = products @ products.T / np.outer(norm, norm)
    assert np.max(np.abs(correlations - expected)) < 5 / np.sqrt(SAMPLES)
    steps = np.mean(flat[1:] * flat[:-1], axis=0)
    assert np.max(np.abs(steps)) < 5 / np.sqrt(SAMPLES)


def test_the_normal_of_the_moments_is_normal():
    x = inputs()
    kernel, b = models.values(linear())
    seen = samples_of_linear("gaussian")
    scale = np.sqrt(RATE / (1 - RATE) * (x**2 @ kernel**2))
    standard = ((seen - (x @ kernel + b)) / scale).ravel()
    assert stats.kstest(standard, "norm").pvalue > 1e-3


def test_training_sees_the_variance_and_validation_does_not():
    """With SGD(0) and squared error to the clean output the loss is the variance of the masks."""
    x = inputs(shape=(64, IN))
    model = linear()
    models.compiled(model, optimizer=keras.optimizers.SGD(0.0), loss="mse")
    kernel, _ = models.values(model)
    y = model.predict(x, verbose=0)
    history = models.fit(model, x, y, [drop()], epochs=80, batch_size=64, validation_data=(x, y))
    variance = np.mean(RATE / (1 - RATE) * (x**2 @ kernel**2))
    losses = np.array(history.history["loss"])
    assert abs(losses.mean() - variance) < 4.5 * losses.std() / np.sqrt(80)
    assert max(history.history["val_loss"]) < 1e-10


@pytest.mark.parametrize("mask", ["batch", "example"])
def test_a_step_is_the_numpy_loop_over_the_same_masks(mask):
    """The gradient of a linear loss: Σ over examples of masked outer products."""
    x = inputs(shape=(5, IN))
    slope = inputs(2, (5, OUT))
    model = linear()
    kernel, b = models.values(model)

    def loss(y_true, y_pred):
        return ops.sum(y_true * y_pred, axis=-1)

    models.compiled(model, optimizer=keras.optimizers.SGD(1.0), loss=loss)
    models.fit(model, x, slope, [drop(mask)], epochs=1, batch_size=5)
    if mask == "batch":
        kept = np.broadcast_to(masks(kernel, RATE), (5, IN, OUT))
    else:
        kept = masks(kernel, RATE, counted=True, examples=5)
    gradient = np.zeros_like(kernel)
    for k in range(5):
        gradient += kept[k] * np.outer(x[k], slope[k]) / (1 - RATE) / 5
    np.testing.assert_allclose(models.values(model)[0], kernel - gradient, atol=1e-5)
    np.testing.assert_allclose(models.values(model)[1], b - slope.mean(0), atol=1e-5)


LAYERS = {
    "dense_on_a_sequence": (lambda: layers.Dense(3, name="out"), (4, 5)),
    "einsum": (lambda: layers.EinsumDense("abc,cd->abd", (None, 3), bias_axes="d", name="out"), (4, 5)),
    "conv_1d": (lambda: layers.Conv1D(3, 2, padding="causal", name="out"), (6, 2)),
    "conv_2d": (lambda: layers.Conv2D(3, 2, padding="same", name="out"), (4, 4, 2)),
    "conv_3d": (lambda: layers.Conv3D(2, 2, name="out"), (3, 3, 3, 2)),
    "depthwise": (lambda: layers.DepthwiseConv2D(2, name="out"), (4, 4, 2)),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYERS)
def test_moments_of_every_affine_layer_are_those_of_its_exact_masks(name):
    make, shape = LAYERS[name]
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input(shape), make()])
    x = inputs(4, (2, *shape))
    assert is_affine(model.layers[-1])
    count = 400
    clean = model.predict(x, verbose=0)
    matched, exact = (sampled(model, drop(mask), x, count) for mask in ("gaussian", "example"))
    deviation = exact.std(0)
    for seen in (matched, exact):
        close_in_standard_errors(seen.mean(0), clean, deviation / np.sqrt(count) + 1e-6, 5.5)
    ratio = np.log((matched.var(0) + 1e-9) / (exact.var(0) + 1e-9))
    spread = np.sqrt(2 * 2 / count)
    assert abs(ratio.mean()) < 5 * spread / np.sqrt(3 * len(x))
    assert np.abs(ratio).max() < 9 * spread


@pytest.mark.parametrize("cell", ["lstm", "gru", "bidirectional"])
@pytest.mark.parametrize("mask", ["gaussian", "batch"])
def test_a_recurrent_kernel_keeps_one_mask_over_the_sequence(cell, mask):
    keras.utils.set_random_seed(0)
    kinds = {"lstm": layers.LSTM(3, name="out"), "gru": layers.GRU(3, name="out"),
             "bidirectional": layers.Bidirectional(layers.LSTM(2), name="out")}  # fmt: skip
    model = keras.Sequential([keras.Input((5, 2)), kinds[cell]])
    x = inputs(5, (4, 5, 2))
    seen = sampled(model, drop(mask, weights="recurrent_kernel"), x, 1)[0]
    place = 0
    for variable in model.weights:
        if variable.name == "recurrent_kernel":
            value = ops.convert_to_numpy(variable.value)
            kept = masks(value, RATE, place=place, stage=len(Stage) + Stage.FORWARD)
            variable.assign(value * kept / (1 - RATE))
            place += 1
    np.testing.assert_allclose(seen, model.predict(x, verbose=0), atol=1e-5)


def test_a_shared_layer_has_one_mask_a_step():
    shared = layers.Dense(OUT, use_bias=False, name="out")
    a, b = keras.Input((IN,)), keras.Input((IN,))
    model = keras.Model([a, b], layers.Subtract()([shared(a), shared(b)]))
    x = inputs()
    sampler = Sampler(model, [drop("batch")], seed=0)
    same = ops.convert_to_numpy(sampler.predict([ops.convert_to_tensor(x)] * 2, 0, 0))
    np.testing.assert_array_equal(same, 0.0)
    model.compile(keras.optimizers.SGD(0.0), "mse")
    history = models.fit(model, [x, x], np.zeros((BATCH, OUT)), [drop("batch")])
    assert history.history["loss"] == [0.0, 0.0]


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("policy", ["float32", "mixed_float16", "mixed_bfloat16"])
def test_gradients_are_finite_at_rate_zero_and_at_dead_units(mask, policy):
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(policy)
    try:
        model = keras.Sequential([keras.Input((IN,)), layers.Dense(8, "relu", name="hidden"),
                                  layers.Dense(8, "relu", name="dead"),
                                  layers.Dense(3, "softmax", dtype="float32")])  # fmt: skip
    finally:
        keras.config.set_dtype_policy("float32")
    kernel, bias = model.get_layer("dead").get_weights()
    model.get_layer("dead").set_weights([kernel * 0, bias - 1])
    x = inputs(shape=(8, IN))
    x[0] = 0  # no variance at all
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([1, 2], [0.0, 0.5, 1.0])
    models.compiled(model, optimizer=keras.optimizers.SGD(0.1))
    models.fit(model, x, np.arange(8) % 3, [regkit.DropConnect(schedule, mask, seed=1)], epochs=4)
    assert all(np.isfinite(value).all() for value in models.values(model))


@pytest.mark.parametrize("scale", [1e-4, 3e2])
def test_half_precision_neither_underflows_nor_overflows(scale):
    """Squares of 1e-4 and 300 leave float16; the scaled ones do not."""
    x = inputs(shape=(2, IN)) * scale
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = linear(bias=0.0)
    finally:
        keras.config.set_dtype_policy("float32")
    kernel, _ = models.values(model)
    seen = sampled(model, drop(), x, 1500).astype("float64")
    variance = RATE / (1 - RATE) * (x.astype("float64") ** 2 @ kernel.astype("float64") ** 2)
    np.testing.assert_allclose(seen.var(0), variance, rtol=5 * np.sqrt(2 / 1500))


def test_the_same_seed_gives_the_same_masks_on_every_backend():
    """A reference in NumPy of one masked output, from the bits of the generator."""
    x, model = inputs(), linear()
    kernel, b = models.values(model)
    kept = masks(kernel, RATE, stage=len(Stage) + Stage.FORWARD)
    expected = x @ (kernel * kept / (1 - RATE)) + b
    np.testing.assert_allclose(sampled(model, drop("batch"), x, 1)[0], expected, atol=1e-5)
    draws = Draws(base_key(7, "drop_connect", 0), 0, len(Stage) + int(Stage.FORWARD))
    key = [int(part) for part in draws.key()]
    noise = ops.convert_to_numpy(
        numbers.normal(tuple(ops.convert_to_tensor(part, "int32") for part in key), (BATCH, OUT))
    )
    spread = np.sqrt(RATE / (1 - RATE) * (x**2 @ kernel**2))
    np.testing.assert_allclose(
        sampled(model, drop(), x, 1)[0], x @ kernel + b + spread * noise, atol=1e-4
    )


def test_default_layers_are_the_hidden_ones_and_frozen_layers_are_left_alone():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="a"), layers.Dense(3, name="b"),
                              layers.Dense(2, name="out")])  # fmt: skip
    assert [layer.name for layer in regkit.DropConnect().select_layers(model)] == ["a", "b"]
    model.get_layer("a").trainable = False
    assert [layer.name for layer in regkit.DropConnect().select_layers(model)] == ["b"]


@pytest.mark.parametrize("masks", [("gaussian", "batch"), ("example", "example")])
def test_two_on_one_layer_are_refused_before_the_first_step(masks):
    x, y = models.data()
    model = models.compiled(models.sequential())
    before = models.values(model)
    with pytest.raises(ConflictError, match="both mean layer 'hidden', which can have one mask"):
        models.fit(model, x, y, [regkit.DropConnect(0.5, mask, layers="hidden") for mask in masks])
    models.same(before, models.values(model))
    apart = [regkit.DropConnect(0.5, layers=name) for name in ("hidden", "out")]
    models.fit(model, x, y, apart)


def test_pure_functions():
    variance, noise = np.array([4.0, 0.0]), np.array([1.5, 1.5])
    found = matched_noise(ops.array(variance), ops.array(noise, "float32"), 0.2)
    np.testing.assert_allclose(ops.convert_to_numpy(found), np.sqrt(0.25 * variance) * noise)
    np.testing.assert_allclose(ops.convert_to_numpy(safe_sqrt(ops.array([0.5, 2.0]), 1.0)),
                               [0, np.sqrt(2)], rtol=1e-6)  # fmt: skip


def test_what_cannot_be_run_one_by_one_is_refused():
    model = keras.Sequential([keras.Input((5, 2)), layers.Masking(), layers.LSTM(3, name="out")])
    models.compiled(model, loss="mse")
    with pytest.raises(AttachError, match="mask or a state"):
        models.fit(model, inputs(0, (4, 5, 2)), np.zeros((4, 3)), [drop("example")])
    stateful = keras.Sequential(
        [keras.Input(batch_shape=(4, 5, 2)), layers.LSTM(3, stateful=True, name="out")]
    )
    models.compiled(stateful, loss="mse")
    with pytest.raises(AttachError, match="stateful=True"):
        models.fit(
            stateful, inputs(0, (4, 5, 2)), np.zeros((4, 3)), [drop("example")], batch_size=4
        )
