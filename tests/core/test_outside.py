"""The mathematics of a technique runs outside of any fit, and is the same there."""

import numpy as np
import pytest
from keras import ops

import regkit
from regkit.core.draws import Draws
from regkit.core.errors import AttachError
from regkit.core.outside import changed_batch, context_outside
from regkit.core.stages import Batch, Stage
from tests.techniques.distorting import through_fit
from tests.techniques_of_tests import FastGradientSign, KernelNoise

IMAGES = np.random.default_rng(0).random((4, 9, 9, 1)).astype("float32")


@pytest.mark.parametrize(
    "make",
    [
        lambda: regkit.GaussianNoise(0.3, seed=1),
        lambda: regkit.ElasticDistortion(8.0, 2.0, seed=1),
    ],
    ids=["noise", "elastic"],
)
@pytest.mark.parametrize("step", [0, 2])
def test_a_batch_is_changed_as_in_that_step_of_a_fit(make, step):
    inside = through_fit(make(), IMAGES, epochs=step + 1)
    outside = changed_batch(make(), Batch(IMAGES), step=step).x
    np.testing.assert_allclose(ops.convert_to_numpy(outside), inside, atol=1e-6)


def test_the_seed_counts_where_the_technique_has_none():
    plain = regkit.GaussianNoise(0.3)
    one, same, other = (changed_batch(plain, Batch(IMAGES), seed=seed).x for seed in (1, 1, 2))
    np.testing.assert_array_equal(ops.convert_to_numpy(one), ops.convert_to_numpy(same))
    assert not np.allclose(ops.convert_to_numpy(one), ops.convert_to_numpy(other))


def test_a_schedule_has_the_value_of_the_step():
    import keras

    falling = keras.optimizers.schedules.PolynomialDecay(1.0, 10, 0.0)
    context = context_outside(Draws(1, 0), step=5)
    assert float(context.value(falling)) == pytest.approx(0.5)


def test_what_only_a_fit_has_is_refused():
    with pytest.raises(AttachError, match=r"asks for gradients, which there is in model\.fit only"):
        changed_batch(FastGradientSign(0.1), Batch(IMAGES))
    context = context_outside(Draws(1, 0))
    for ask in (
        lambda: context.model,
        lambda: context.loss_fn(),
        lambda: context.outputs(),
        lambda: context.task_losses(),
        lambda: context.with_weights([], []),
        lambda: context.with_attribute(None, "name", str),
    ):
        with pytest.raises(AttachError, match="in model.fit only"):
            ask()


def test_a_technique_of_another_stage_is_refused():
    with pytest.raises(AttachError, match="does not act at DATA"):
        changed_batch(regkit.L2(0.1), Batch(IMAGES))
    assert Stage.FORWARD in KernelNoise().stages()
