"""Which examples the members of a boosted regression draw."""

import keras
import numpy as np
import pytest
from keras import layers

from tests.ensembles.boosted_numbers import adaboost, rounds_of

EXAMPLES = 20


def counting(input_shape):
    layer = layers.Dense(1, use_bias=False, kernel_initializer="zeros")
    model = keras.Sequential([keras.Input(input_shape), layer])
    model.compile(keras.optimizers.SGD(0.3 * EXAMPLES / 2), "mean_squared_error")
    return model


def counts_of(ensemble, y):
    kernels = np.stack([model.get_weights()[0][:, 0] for model in ensemble.estimators_])
    counts = kernels / (0.3 * y)
    np.testing.assert_allclose(counts, counts.round(), atol=1e-3)
    return counts.round()


@pytest.mark.backend_free
def test_a_member_draws_examples_in_proportion_to_their_weights():
    """Σ (count − n w)(w − 1/n) over rounds has the mean zero, and n Σ (w − 1/n)² if not weighted."""
    x = np.eye(EXAMPLES, dtype="float32")
    y = np.random.default_rng(0).exponential(size=EXAMPLES) + 0.05
    statistic = spread = strength = 0.0
    for state in range(8):
        given = {"epochs": 1, "batch_size": EXAMPLES, "random_state": state}
        ensemble = adaboost(counting, 4, **given).fit(x, y)
        counts = counts_of(ensemble, y)
        np.testing.assert_array_equal(counts.sum(axis=1), EXAMPLES)
        weights = np.full(EXAMPLES, 1 / EXAMPLES)
        for own, (error, _, w) in zip(
            counts, rounds_of(ensemble, x, y, weights, "linear", 1.0), strict=True
        ):
            assert error < 0.5
            lever = w - 1 / EXAMPLES
            statistic += ((own - EXAMPLES * w) * lever).sum()
            spread += EXAMPLES * ((w * lever**2).sum() - (w * lever).sum() ** 2)
            strength += EXAMPLES * (lever**2).sum()
    assert abs(statistic) < 4 * np.sqrt(spread)
    assert strength > 8 * np.sqrt(spread)  # else the test shows nothing


@pytest.mark.backend_free
def test_the_first_draw_follows_the_weights_that_are_given():
    x, y = np.eye(EXAMPLES, dtype="float32"), np.linspace(1, 0.1, EXAMPLES)
    weights = np.where(np.arange(EXAMPLES) < 8, 0.0, np.arange(EXAMPLES) - 7.0)
    total = np.zeros(EXAMPLES)
    for state in range(20):
        given = {"epochs": 1, "batch_size": EXAMPLES, "random_state": state}
        ensemble = adaboost(counting, 1, **given).fit(x, y, weights)
        total += counts_of(ensemble, y)[0]
    expected = 20 * EXAMPLES * weights / weights.sum()
    assert not total[:8].any()
    chi2 = ((total[8:] - expected[8:]) ** 2 / expected[8:]).sum()
    assert chi2 < 11 + 4 * np.sqrt(22)  # 11 degrees of freedom: mean 11, variance 22
    uniform = 20 * EXAMPLES / 12
    assert ((expected[8:] - uniform) ** 2 / uniform).sum() > 60  # what equal weights would give
