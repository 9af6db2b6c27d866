"""FGSM against closed forms on linear models, and its promises."""

import keras
import numpy as np
import pytest

import regkit
from regkit_adversarial import FGSM
from tests.small import (
    INPUTS,
    RATE,
    N,
    data,
    fit,
    fit_with_moving_statistics,
    linear,
    same,
    values,
)


def squared(w, b, x, y):
    """Return the gradients of the mean squared error by w, b and x."""
    error = 2 * (x @ w + b - y) / len(x)
    return x.T @ error, error.sum(0), error @ w.T


@pytest.mark.parametrize(("epsilon", "weight"), [(0.1, 0.5), (0.3, 1.0), (0.05, 0.2)])
def test_a_step_on_a_linear_model_is_the_papers(epsilon, weight):
    """The direction is the sign of the error times the sign of the weights."""
    x, y = data()[0], np.random.default_rng(1).normal(size=(N, 1)).astype("float32")
    model = linear()
    w, b = values(model)
    fit(model, x, y, [FGSM(epsilon, weight)])
    clean = squared(w, b, x, y)
    assert (np.sign(clean[2]) == np.sign(x @ w + b - y) * np.sign(w.T)).all()
    worst = squared(w, b, x + epsilon * np.sign(clean[2]), y)
    mixed = [(1 - weight) * one + weight * other for one, other in zip(clean, worst, strict=True)]
    same(values(model), [w - RATE * mixed[0], b - RATE * mixed[1]])


def test_logistic_regression_trains_on_the_loss_with_the_norm_inside():
    """Section 5 of the paper: mean softplus(ε‖w‖₁ − t·(w·x + b)), t = ±1, and its gradient."""
    x, t = data()[0], np.where(data()[1] > 0, 1.0, -1.0)[:, None]
    model = linear(loss=keras.losses.BinaryCrossentropy(from_logits=True))
    w, b = values(model)
    fit(model, x, (t > 0).astype("float32"), [FGSM(0.2, weight=1.0)])
    slope = 1 / (1 + np.exp(t * (x @ w + b) - 0.2 * np.abs(w).sum()))
    by_w = (slope * (0.2 * np.sign(w.T) - t * x)).mean(0)[:, None]
    by_b = -(slope * t).mean(0)
    same(values(model), [w - RATE * by_w, b - RATE * by_b])


def test_penalties_of_other_techniques_count_once():
    x, y = data()[0], np.random.default_rng(1).normal(size=(N, 1)).astype("float32")
    model = linear()
    w, b = values(model)
    fit(model, x, y, [FGSM(0.1), regkit.L2(0.3)])
    clean = squared(w, b, x, y)
    worst = squared(w, b, x + 0.1 * np.sign(clean[2]), y)
    same(values(model)[:1], [w - RATE * (0.5 * (clean[0] + worst[0]) + 0.6 * w)])


def test_history_metrics_and_moving_statistics_are_of_the_clean_batch():
    plain, moving = fit_with_moving_statistics()
    found, moved = fit_with_moving_statistics(FGSM(0.5, weight=1.0))
    for name, numbers in plain.items():
        np.testing.assert_allclose(found[name], numbers, rtol=1e-6)
    same(moved, moving)


def test_a_schedule_acts_as_its_values():
    x, y = data()[0], np.random.default_rng(1).normal(size=(N, 1)).astype("float32")
    models = [linear(), linear(), linear()]
    step = keras.optimizers.schedules.PiecewiseConstantDecay([0], [0.0, 0.3])
    fit(models[0], x, y, [FGSM(step, weight=0.5)], epochs=2)
    for epsilon, model in ((0.0, models[1]), (0.3, models[1]), (0.0, models[2]), (0.0, models[2])):
        fit(model, x, y, [FGSM(epsilon)])
    same(values(models[0]), values(models[1]))
    assert not np.allclose(values(models[0])[0], values(models[2])[0])


@pytest.mark.parametrize("options", [{"epsilon": 0.0}, {"weight": 0.0}])
def test_zero_is_a_plain_fit(options):
    x, y = data()[0], np.zeros((N, 1))
    plain, found = linear(), linear()
    fit(plain, x, y, [])
    fit(found, x, y, [FGSM(**options)])
    for one, other in zip(values(plain), values(found), strict=True):
        assert (one == other).all()


def two_inputs():
    token, real = keras.Input((2,), dtype="int32", name="token"), keras.Input((3,), name="real")
    embedded = keras.layers.Flatten()(keras.layers.Embedding(5, 2)(token))
    out = keras.layers.Dense(1, name="d")(keras.layers.Concatenate()([embedded, real]))
    model = keras.Model({"token": token, "real": real}, out)
    model.compile(keras.optimizers.SGD(RATE), "mse")
    return model


def test_of_several_inputs_those_of_floating_type_are_moved():
    random = np.random.default_rng(0)
    x = {"token": random.integers(0, 5, (N, 2)), "real": random.normal(size=(N, 3))}
    y = random.normal(size=(N, 1)).astype("float32")
    model = two_inputs()
    table, w, b = values(model)
    fit(model, x, y, [FGSM(0.2, weight=1.0)])
    joined = np.concatenate([table[x["token"]].reshape(N, -1), x["real"]], 1)
    slope = squared(w, b, joined, y)[2]
    slope[:, :4] = 0
    by_w = squared(w, b, joined + 0.2 * np.sign(slope), y)[0]
    same([values(model)[1]], [w - RATE * by_w], 1e-5)


def test_inputs_of_whole_numbers_are_refused_before_the_first_step():
    words = [keras.Input((2,), dtype="int32"), keras.layers.Embedding(5, 2), keras.layers.Flatten()]
    model = keras.Sequential([*words, keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(regkit.RegkitError, match=r"needs an input of floating type; .* are int32"):
        fit(model, np.ones((N, 2), "int32"), np.zeros((N, 1)), [FGSM()])


def test_images_of_bytes_are_refused():
    model = linear()
    with pytest.raises(regkit.RegkitError, match=r"are uint8\. Convert images by"):
        fit(model, np.ones((N, INPUTS), "uint8"), np.zeros((N, 1)), [FGSM()])


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_in_mixed_precision_the_direction_is_the_same(policy):
    x, y = data()[0], np.random.default_rng(1).normal(size=(N, 1)).astype("float32")
    models = []
    for one in ("float32", policy):
        keras.config.set_dtype_policy(one)
        models.append(linear())
        if one == "mixed_float16":  # at Keras' own scale the first steps overflow, and are skipped
            inner = keras.optimizers.SGD(RATE)
            scaled = keras.optimizers.LossScaleOptimizer(inner, initial_scale=256)
            models[-1].compile(scaled, "mse")
        fit(models[-1], x, y, [FGSM(0.3, weight=1.0)], epochs=3)
    same(values(models[0]), values(models[1]), 0.02)


def test_options_are_refused_by_name():
    with pytest.raises(ValueError, match=r"weight must be a number in \[0, 1\].*received weight=2"):
        FGSM(weight=2)
    with pytest.raises(ValueError, match="did you mean 'epsilon'"):
        FGSM(epsilom=0.1)
