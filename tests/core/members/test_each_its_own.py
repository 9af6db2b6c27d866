"""What each member has of its own: strengths, decisions, examples, weights, learning rate."""

import keras
import numpy as np
import pytest

import regkit
from tests.core.members import small
from tests.core.members.test_equal_to_the_loop import both, same

RNG = np.random.default_rng(0)


def build(member):
    model = small.build()
    model.optimizer.learning_rate = 0.2 * (1 + member)
    return model


def test_decisions():
    """Members stop in other epochs, and return to weights of others."""

    def recipe(member):
        return [regkit.EarlyStopping(patience=1 + member, restore_best_weights=member > 0)]

    together, in_turn = both(recipe, build_model=build, epochs=8)
    same(together, in_turn, 1e-4)
    for one, other in zip(together.techniques, in_turn.techniques, strict=True):
        for name in ("stopped_epoch", "stopped_step", "best_epoch", "best_step"):
            assert getattr(one[0], name) == pytest.approx(getattr(other[0], name), rel=1e-4)
    epochs = [len(history["loss"]) for history in together.histories]
    assert len({*epochs}) > 1
    assert min(epochs) < 8


def test_strengths():
    """Zero leaves a technique out, in another group; numbers and schedules share one."""
    decay = keras.optimizers.schedules.ExponentialDecay
    strengths = [0.0, 1e-2, 1e-1]

    def recipe(member):
        noise = decay(0.1 * (1 + member), 2, 0.5)
        return [regkit.L2(strengths[member]), regkit.GaussianNoise(noise)]

    together, in_turn = both(recipe)
    same(together, in_turn)
    without = small.members(
        recipe=lambda member: recipe(member)[1:], engine="vectorized", n_members=1
    )
    first = small.members(recipe=recipe, n_members=1, engine="vectorized")
    for mine, left_out in zip(
        first._states[0]["trainable"], without._states[0]["trainable"], strict=True
    ):
        np.testing.assert_array_equal(mine, left_out)


def test_examples_weights_and_learning_rates():
    """Examples of other numbers are other groups; a batch may have less than its size."""
    x, y = small.data(28)
    given = {
        "n_members": 3,
        "examples": [np.arange(5), RNG.integers(0, 28, 17), np.arange(5) + 20],
        "sample_weight": RNG.integers(1, 3, (3, 28)) / 2,
        "recipe": "l2(1e-3)",
        "batch_size": 8,
        "epochs": 2,
        "seeds": 0,
    }
    together, in_turn = (
        regkit.fit_members(build, x, y, engine=engine, **given)
        for engine in ("vectorized", "sequential")
    )
    same(together, in_turn)


@pytest.mark.parametrize("options", [{"batch_size": 100, "shuffle": False}, {"batch_size": 1}])
def test_sizes_of_batches(options):
    same(*both(None, n_members=1, epochs=1, **options))
