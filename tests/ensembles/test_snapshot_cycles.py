"""Snapshot ensembles: the paper's schedule, and the weights of a NumPy loop with it."""

from itertools import pairwise

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regkit.ensembles.snapshot import cosine_rate
from tests.ensembles.boosted import three
from tests.ensembles.cycling import (
    RATE,
    check_against_numpy,
    in_numpy,
    initial,
    linear,
    paper,
    snapshots,
)


@pytest.mark.backend_free
@pytest.mark.parametrize(("total", "cycles"), [(12, 3), (13, 3), (5, 5), (7, 1), (1, 1)])
def test_the_rate_is_that_of_the_paper(total, cycles):
    for t in range(1, total + 1):
        np.testing.assert_allclose(
            cosine_rate(t - 1, total, cycles, 0.2), paper(t, total, cycles, 0.2), atol=1e-15
        )


@pytest.mark.backend_free
@given(st.integers(1, 40), st.integers(1, 6), st.floats(1e-4, 10))
def test_each_cycle_begins_at_the_rate_and_falls_to_almost_zero(length, cycles, rate):
    rates = np.array(
        [cosine_rate(t, length * cycles, cycles, rate) for t in range(length * cycles)]
    )
    of_cycles = rates.reshape(cycles, length)
    np.testing.assert_allclose(of_cycles, np.tile(of_cycles[0], (cycles, 1)))
    assert of_cycles[0, 0] == rate
    assert (np.diff(of_cycles[0]) < 0).all()
    assert (of_cycles > 0).all()
    assert of_cycles[0, -1] <= rate * (np.pi / length) ** 2 / 4 + 1e-12 or length == 1


@pytest.mark.parametrize("rate", [pytest.param(None, marks=pytest.mark.backend_free), 1.5])
def test_weights_at_the_end_of_each_cycle_are_those_of_a_numpy_loop(rate):
    """Of 120 examples in batches of 32 the last has 24."""
    x, y = three()
    ensemble = snapshots(n_estimators=3, epochs=6, learning_rate=rate).fit(x, y)
    start = initial(ensemble, x, y)
    expected = in_numpy(start, x, y, 3, 6, 32, rate or RATE)
    check_against_numpy(ensemble, x, y, expected)
    kernels = [model.get_weights()[0] for model in ensemble.estimators_]
    assert all(np.abs(one - other).max() > 0.02 for one, other in pairwise(kernels))


@pytest.mark.backend_free
def test_examples_count_by_their_weights():
    x, y = three()
    weights = np.random.default_rng(2).exponential(size=120)
    ensemble = snapshots().fit(x, y, weights)
    check_against_numpy(
        ensemble, x, y, in_numpy(initial(ensemble, x, y), x, y, 2, 4, 32, RATE, weights)
    )


def test_a_technique_takes_part_in_every_step():
    x, y = three()
    ensemble = snapshots(callbacks="l2(1e-2)").fit(x, y)
    start = initial(snapshots(), x, y)
    check_against_numpy(ensemble, x, y, in_numpy(start, x, y, 2, 4, 32, RATE, strength=1e-2))
    assert [len(history["l2_penalty"]) for history in ensemble.histories_] == [2, 2]


@pytest.mark.backend_free
def test_batches_beyond_the_data_and_a_single_cycle_of_a_single_epoch():
    x, y = three()
    ensemble = snapshots(n_estimators=1, epochs=1, batch_size=1000).fit(x, y)
    start = initial(ensemble, x, y)
    check_against_numpy(ensemble, x, y, in_numpy(start, x, y, 1, 1, 1000, RATE))


@pytest.mark.backend_free
@pytest.mark.parametrize("optimizer", ["Adam", "RMSprop", "AdamW", "Nadam"])
def test_other_optimizers_step_by_the_rate_too(optimizer):
    """At the lowest rate, the last step of a cycle of two, half of the first one's is left."""
    x, y = three(32)

    def build(input_shape, n_classes):
        return linear(input_shape, n_classes, getattr(keras.optimizers, optimizer)(0.1))

    ensemble = snapshots(build, n_estimators=1, epochs=2).fit(x, y)
    model = build((3,), 3)
    model.set_weights(initial(ensemble, x, y))
    for rate in (0.1, 0.05):
        model.optimizer.learning_rate = rate
        model.train_on_batch(x, y)
    for found, value in zip(
        ensemble.estimators_[0].get_weights(), model.get_weights(), strict=True
    ):
        np.testing.assert_allclose(found, value, rtol=1e-4, atol=1e-6)


@pytest.mark.backend_free
def test_in_half_precision_the_rate_is_the_same():
    x, y = three()

    def build(input_shape, n_classes):
        inner = keras.optimizers.SGD(RATE)
        # A scale that no gradient exceeds in half precision, so that no step is left out.
        scaled = keras.optimizers.LossScaleOptimizer(inner, initial_scale=16.0)
        return linear(input_shape, n_classes, scaled)

    keras.config.set_dtype_policy("mixed_float16")
    ensemble = snapshots(build).fit(x, y)
    start = initial(ensemble, x, y)
    ends, _ = in_numpy(start, x, y, 2, 4, 32, RATE)
    for model, own in zip(ensemble.estimators_, ends, strict=True):
        assert type(model.optimizer).__name__ == "LossScaleOptimizer"
        for found, value in zip(model.get_weights(), own, strict=True):
            np.testing.assert_allclose(found, value, atol=5e-3)
