"""Masked, peppered, noisy weights and gradients: as distributions and closed forms."""

import keras
import numpy as np
import pytest
from keras import ops
from scipy import stats

import regkit
from regkit.core.errors import AttachError
from regkit.core.outside import changed_batch
from regkit.core.stages import Batch
from regkit.techniques.noise.gradient_noise import noise_deviation
from tests.techniques.distorting import once

X = np.random.default_rng(0).uniform(1.0, 2.0, (400, 30)).astype("float32")


def test_masked_numbers_are_zero_and_the_others_stay():
    found = once(regkit.MaskingNoise(0.3, seed=1), X)
    assert stats.binomtest(int((found == 0).sum()), X.size, 0.3).pvalue > 0.01
    np.testing.assert_array_equal(found[found != 0], X[found != 0])
    np.testing.assert_array_equal(once(regkit.MaskingNoise(1.0), X), 0)


def test_salt_and_pepper_are_alike_in_number():
    found = once(regkit.SaltAndPepper(0.4, seed=1), X)
    salt, pepper = ((found == end) & (end != X) for end in (X.max(), X.min()))
    for part in (salt, pepper):
        assert stats.binomtest(int(part.sum()), X.size, 0.2).pvalue > 0.01
    rest = ~(salt | pepper)
    np.testing.assert_array_equal(found[rest], X[rest])


@pytest.mark.parametrize("technique", [regkit.MaskingNoise(), regkit.SaltAndPepper()])
def test_whole_numbers_stay(technique):
    with pytest.raises(AttachError, match="needs an input of floating type.*int32"):
        changed_batch(technique, Batch(np.ones((3, 2), "int32")))


def test_gradient_noise_fades_as_published():
    for step in (0, 9, 999):
        found = float(noise_deviation(0.3, 0.55, step))
        assert found == pytest.approx(np.sqrt(0.3 / (1 + step) ** 0.55), rel=1e-5)
    assert float(noise_deviation(0.0, 0.55, 3)) == 0.0


def test_the_update_is_the_gradient_with_noise_of_that_deviation():
    """Gradients of a constant loss are zero, so weights do a random walk of known variance."""
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4000, use_bias=False)])
    model.compile(keras.optimizers.SGD(1.0), lambda y, p: 0.0 * ops.mean(p))
    before = model.get_weights()[0]
    model.fit(np.ones((12, 3)), np.ones((12, 1)), batch_size=4, verbose=0,
              callbacks=[regkit.GradientNoise(0.3, gamma=1.0, seed=1)])  # fmt: skip
    walk = (model.get_weights()[0] - before).ravel()
    deviation = np.sqrt(0.3 * (1 + 1 / 2 + 1 / 3))
    assert stats.kstest(walk / deviation, stats.norm.cdf).pvalue > 0.01


def test_only_the_weights_that_are_named_get_noise():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(5), keras.layers.Dense(2)])
    model.compile(keras.optimizers.SGD(1.0), lambda y, p: 0.0 * ops.mean(p))
    before = model.get_weights()
    model.fit(np.ones((4, 3)), np.ones((4, 1)), verbose=0,
              callbacks=[regkit.GradientNoise(0.3, weights="bias")])  # fmt: skip
    moved = [bool((a != b).any()) for a, b in zip(before, model.get_weights(), strict=True)]
    assert moved == [False, True, False, True]


class Outputs(keras.layers.Layer):
    """Keeps the outputs of a training step in a variable."""

    def __init__(self, shape, **kwargs):
        super().__init__(**kwargs)
        self.seen = self.add_weight(shape=shape, initializer="zeros", trainable=False)

    def call(self, x, training=False):
        if training:
            self.seen.assign(x)
        return x


def noisy_outputs(technique, layer, x, calls=1):
    inputs = keras.Input(x.shape[1:])
    kept = [Outputs((len(x), layer.units)) for _ in range(calls)]
    model = keras.Model(inputs, [own(layer(inputs)) for own in kept])
    model.compile(keras.optimizers.SGD(0.0), ["mse"] * calls)
    y = [np.zeros((len(x), layer.units))] * calls
    weights = layer.get_weights()
    model.fit(x, y, batch_size=len(x), verbose=0, callbacks=[technique])
    for before, after in zip(weights, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    return [ops.convert_to_numpy(own.seen.value) for own in kept]


def test_noise_on_weights_is_normal_and_one_a_step():
    """With inputs of ones at one place the outputs are the weights themselves."""
    layer = keras.layers.Dense(6000, use_bias=False)
    first, second = noisy_outputs(
        regkit.WeightNoise(0.2, layers="*", seed=1), layer, np.eye(2, dtype="float32"), calls=2
    )
    np.testing.assert_array_equal(first, second)  # a layer used twice has one noise
    noise = first - layer.get_weights()[0]
    for row in noise:
        assert stats.kstest(row / 0.2, stats.norm.cdf).pvalue > 0.01
    assert abs(np.corrcoef(noise)[0, 1]) < 4 / np.sqrt(6000)


def test_biases_have_noise_where_they_are_named():
    layer = keras.layers.Dense(2000)
    (found,) = noisy_outputs(
        regkit.WeightNoise(0.2, weights="bias", layers="*", seed=1), layer,
        np.zeros((1, 3), "float32"),
    )  # fmt: skip
    assert stats.kstest(found[0] / 0.2, stats.norm.cdf).pvalue > 0.01


def test_the_gradient_is_that_at_the_noisy_weights():
    """Of the loss (w·x)²/2 at x = 1 the gradient is w + σ·ε: after a step −η·(w + σ·ε)."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(keras.optimizers.SGD(0.1), lambda y, p: ops.mean(ops.square(p)) / 2)
    steps = []
    for seed in range(60):
        model.set_weights([np.full((1, 1), 2.0)])
        model.fit(np.ones((1, 1)), np.zeros((1, 1)), verbose=0,
                  callbacks=[regkit.WeightNoise(0.5, layers="*", seed=seed)])  # fmt: skip
        steps.append(float((2.0 - model.get_weights()[0][0, 0]) / 0.1))
    assert stats.kstest((np.array(steps) - 2) / 0.5, stats.norm.cdf).pvalue > 0.01


@pytest.mark.parametrize("order", [1, -1])
def test_noise_and_a_mask_on_one_weight_are_both_there(order):
    """With inputs of ones at one place: mask · (w + ε)/(1 − rate), or noise on the masked ones."""
    layer = keras.layers.Dense(3000, use_bias=False)
    recipe = regkit.Recipe(
        [
            regkit.WeightNoise(0.2, layers="*", seed=1),
            regkit.DropConnect(0.5, mask="batch", layers="*", seed=1),
        ][::order]
    )
    (found,) = noisy_outputs(recipe, layer, np.eye(2, dtype="float32"))
    masked = (found == 0).mean()
    alone = found / 2 - layer.get_weights()[0]
    if order == -1:  # noise on what is masked: no number is 0 then
        assert masked == 0
        return
    assert abs(masked - 0.5) < 4 * np.sqrt(0.25 / 6000)
    assert abs(alone[found != 0].std() - 0.2) < 0.02
