"""Fairness: every arm gets the same, nothing leaks, and one root seed decides everything."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regkit.comparison.design import Parts, arm_order, parts, repeats
from regkit.data import DataError, Dataset, from_arrays

SIZES = {"root": 0, "test_size": 0.2, "validation_size": 0.25}


def table(n: int = 100, **test: object) -> Dataset:
    x = np.arange(n, dtype=np.float32)[:, None, None, None]  # an "image" is not rescaled
    return from_arrays(x, np.arange(n) % 3, **test)


def members(one: Parts) -> list[set[float]]:
    return [set(x.ravel().tolist()) for x in (one.x_train, one.x_val, one.x_test)]


@given(st.integers(0, 1000), st.integers(20, 120))
def test_parts_share_nothing_and_miss_nothing(root: int, n: int) -> None:
    data = table(n)
    train, val, test = members(parts(data, repeats(1, 1, root)[0], **{**SIZES, "root": root}))
    assert len(train | val | test) == len(train) + len(val) + len(test) == n


def test_every_class_is_in_every_part() -> None:
    data = from_arrays(np.arange(60.0)[:, None], [0] * 54 + [1] * 6)
    for repeat in repeats(20, 1, root=3):
        one = parts(data, repeat, **SIZES)
        for y in (one.y_train, one.y_val, one.y_test):
            assert set(y.tolist()) == {0, 1}


def test_seeds_share_the_split_and_redraw_the_labels() -> None:
    data, (one, two) = table(), repeats(1, 2, root=0)
    first, second = (parts(data, repeat, label_noise=0.5, **SIZES) for repeat in (one, two))
    assert members(first) == members(second)
    assert (first.y_noisy != second.y_noisy).any()
    assert one.init_seed != two.init_seed
    assert one.order_seed != two.order_seed


def test_splits_differ() -> None:
    data = table()
    seen = [members(parts(data, repeat, **SIZES))[2] for repeat in repeats(10, 1, root=0)]
    assert len({frozenset(one) for one in seen}) == 10


def test_noise_touches_training_labels_only() -> None:
    data, repeat = table(), repeats(1, 1, root=0)[0]
    clean, noisy = (parts(data, repeat, label_noise=noise, **SIZES) for noise in (0.0, 0.9))
    assert (noisy.y_noisy != noisy.y_train).any()
    assert (clean.y_noisy == clean.y_train).all()
    for name in ("x_train", "y_train", "x_val", "y_val", "x_test", "y_test"):
        assert np.array_equal(getattr(clean, name), getattr(noisy, name))


def test_a_repeat_is_a_function_of_the_root_seed() -> None:
    assert repeats(3, 2, root=5) == repeats(3, 2, root=5)
    assert repeats(3, 2, root=5) == repeats(4, 2, root=5)[:6]
    assert repeats(3, 2, root=5) != repeats(3, 2, root=6)


def test_no_seed_is_used_twice() -> None:
    spawned = [
        seed
        for one in repeats(50, 4, root=0)
        for seed in (one.init_seed, one.order_seed, one.noise_seed, one.turn_seed)
    ]
    assert len(set(spawned)) == len(spawned)


def test_a_fixed_test_part_stays() -> None:
    data = table(60, x_test=np.full((9, 1, 1, 1), -1.0), y_test=np.arange(9) % 3)
    for repeat in repeats(3, 1, root=0):
        one = parts(data, repeat, train_size=20, **SIZES)
        assert members(one)[2] == {-1.0}
        assert len(one.y_train) == 20
        assert len(one.y_val) == 15


def test_features_are_scaled_by_the_training_part_alone() -> None:
    x = np.random.default_rng(0).normal(5, 3, (200, 2))
    x[:, 1] = 7.0  # constant
    one = parts(from_arrays(x, np.arange(200) % 2), repeats(1, 1, root=0)[0], **SIZES)
    assert one.x_train.mean(axis=0) == pytest.approx([0, 0], abs=1e-5)
    assert one.x_train[:, 0].std() == pytest.approx(1, abs=1e-5)
    assert abs(one.x_test[:, 0].mean()) > 1e-4
    assert (one.x_test[:, 1] == 0).all()


def test_too_large_a_part_is_refused() -> None:
    data = from_arrays(np.zeros((10, 1)), [0, 1] * 5)
    with pytest.raises(DataError, match=r"test_size=0.95 leaves no training example of class 0"):
        parts(data, repeats(1, 1, 0)[0], root=0, test_size=0.95, validation_size=0.2)


def test_every_arm_takes_every_turn_about_equally_often() -> None:
    turns = np.array([arm_order(repeat, 4) for repeat in repeats(400, 1, root=0)])
    assert (np.sort(turns, axis=1) == np.arange(4)).all()
    for turn in range(4):
        assert np.bincount(turns[:, turn]) == pytest.approx(np.full(4, 100), abs=35)
