"""What a member is depends on its own inputs, not on its place or on who else is in the group."""

import functools

import keras
import numpy as np
from keras import layers

from tests.core.members import small

# On TensorFlow the last numbers of an array are computed by other code than the rest, which goes by
# packets of 8 or 16: with as many members the last of them differ in no bit.
COUNT = 8 if keras.backend.backend() == "tensorflow" else 3
SEEDS = list(range(COUNT))


def build(broken=None, member=0):
    model = keras.Sequential(
        [
            keras.Input((2, 3, 1)),
            layers.Flatten(),
            layers.Dense(5, "tanh"),
            layers.BatchNormalization(),
            layers.Dense(3, "softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    if member == broken:
        model.layers[1].bias.assign(np.full(5, np.nan))
    return model


@functools.cache
def fitted(*seeds, broken=None):
    return small.members(
        lambda member: build(broken, member),
        n_members=COUNT,
        examples=13,
        seeds=seeds,
        recipe="gaussian_noise(0.1) + l2(1e-3) + label_smoothing(0.1)",
        engine="vectorized",
    )


def same_bits(one, place, other, elsewhere):
    left, right = one._states[place], other._states[elsewhere]
    return one.histories[place] == other.histories[elsewhere] and all(
        np.array_equal(mine, theirs)
        for part in ("trainable", "non_trainable", "optimizer")
        for mine, theirs in zip(left[part], right[part], strict=True)
    )


def test_the_order_of_members_changes_no_bit():
    forward, backward = fitted(*SEEDS), fitted(*SEEDS[::-1])
    assert all(same_bits(forward, k, backward, COUNT - 1 - k) for k in SEEDS)


def test_who_else_is_in_the_group_changes_no_bit():
    others = fitted(*[seed + 100 for seed in SEEDS[1:]], SEEDS[0])
    assert same_bits(fitted(*SEEDS), 0, others, COUNT - 1)


def test_a_member_without_numbers_leaves_the_others_alone():
    whole, broken = fitted(*SEEDS), fitted(*SEEDS, broken=1)
    assert np.isnan(broken.histories[1]["loss"]).all()
    assert all(same_bits(whole, k, broken, k) for k in SEEDS if k != 1)


def test_equal_seeds_are_equal_members():
    twins = fitted(*[7] * COUNT)
    assert all(same_bits(twins, 0, twins, k) for k in SEEDS)
