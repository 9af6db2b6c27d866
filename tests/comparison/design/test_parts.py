"""Fairness: every arm gets the same, nothing leaks, and one root seed decides everything."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regkit.comparison.design.parts import Parts, _shares, parts
from regkit.comparison.design.seeds import arm_order, repeats
from regkit.comparison.record.description import describe_data
from regkit.data import Column, DataError, Dataset, from_arrays

pytestmark = pytest.mark.backend_free

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


# -- regression --------------------------------------------------------------------------------


def quantities(n: int = 40, **test: object) -> Dataset:
    x = np.arange(n, dtype=np.float32)[:, None, None, None]
    return from_arrays(x, 100 + 3.5 * np.arange(n), **test)


@given(st.integers(0, 1000), st.integers(10, 60))
def test_training_sees_standardized_targets(root: int, n: int) -> None:
    one = parts(quantities(n), repeats(1, 1, root)[0], **{**SIZES, "root": root})
    train, val, test = members(one)
    assert len(train | val | test) == len(train) + len(val) + len(test) == n
    for x, y in ((one.x_train, one.y_train), (one.x_val, one.y_val), (one.x_test, one.y_test)):
        assert y.tolist() == (100 + 3.5 * x.ravel()).tolist()
    assert one.y_noisy.mean() == pytest.approx(0, abs=1e-6)
    assert one.y_noisy.std() == pytest.approx(1, abs=1e-6)
    own = one.y_noisy * one.target_scale + one.target_mean
    assert own == pytest.approx(one.y_train, rel=1e-6)
    assert (one.task, one.y_noisy.dtype, one.y_train.dtype) == (
        "regression",
        np.float32,
        np.float32,
    )


def test_classes_are_not_rescaled() -> None:
    one = parts(table(), repeats(1, 1, 0)[0], **SIZES)
    assert (one.target_mean, one.target_scale, one.task) == (0.0, 1.0, "classification")
    assert one.y_train.dtype == one.y_noisy.dtype == np.int64


def test_targets_that_are_equal_in_training_have_scale_1() -> None:
    data = from_arrays(np.zeros((40, 1)), [0.1] * 39 + [9.5])
    scales = [parts(data, one, **SIZES) for one in repeats(20, 1, 0)]
    assert {one.target_scale == 1.0 for one in scales if 9.5 not in one.y_train} == {True}


def test_label_noise_is_for_classes() -> None:
    with pytest.raises(DataError, match=r"label_noise=0.1 redraws classes, and arrays is data for"):
        parts(quantities(), repeats(1, 1, 0)[0], label_noise=0.1, **SIZES)


def test_too_large_a_part_of_quantities_is_refused() -> None:
    with pytest.raises(DataError, match=r"test_size=0.99 leaves no training example of 40"):
        parts(quantities(), repeats(1, 1, 0)[0], **{**SIZES, "test_size": 0.99})


# -- fewer training examples -------------------------------------------------------------------


@given(st.integers(2, 60), st.integers(0, 100))
def test_fewer_training_examples_are_shares_of_every_class(size: int, root: int) -> None:
    data = from_arrays(np.arange(100.0)[:, None, None, None], [0] * 90 + [1] * 10)
    repeat, sizes = repeats(1, 1, root)[0], {**SIZES, "root": root}
    all_of_it = parts(data, repeat, **sizes)
    one = parts(data, repeat, train_size=size, **sizes)
    assert len(one.y_train) == size
    assert members(one)[0] <= members(all_of_it)[0]
    assert members(one)[1:] == members(all_of_it)[1:]
    assert (one.y_train == 1).sum() == pytest.approx(max(1, size / 10), abs=1)
    assert (one.y_train == 1).any()


@given(st.lists(st.integers(1, 50), min_size=1, max_size=12), st.floats(0, 1))
def test_shares_are_proportional_and_possible(counts: list[int], fraction: float) -> None:
    given_counts, total = np.array(counts), sum(counts)
    size = len(counts) + int(fraction * (total - len(counts)))
    shares = _shares(given_counts, size)
    assert shares.sum() == size
    assert (shares >= 1).all()
    assert (shares <= given_counts).all()
    exact = given_counts * size / total
    assert (shares[exact >= 1] <= exact[exact >= 1] + 1).all()


def test_fewer_examples_of_a_regression() -> None:
    one = parts(quantities(), repeats(1, 1, 0)[0], train_size=5, **SIZES)
    assert (len(one.y_train), len(one.y_val), len(one.y_test)) == (5, 8, 8)
    assert one.target_mean == pytest.approx(one.y_train.mean())


@pytest.mark.parametrize(
    ("data", "size", "said"),
    [
        (table(60), 37, "leave 36 examples to train on, of 3 classes; give 3 to 36"),
        (table(60), 2, "of 3 classes; give 3 to 36"),
        (quantities(), 25, "leave 24 examples to train on; give 1 to 24"),
        (table(60, x_test=np.zeros((3, 1, 1, 1)), y_test=[0, 1, 2]), 46, "give 3 to 45"),
    ],
)
def test_training_sizes_that_cannot_be(data: Dataset, size: int, said: str) -> None:
    with pytest.raises(DataError, match=f"train_size={size} cannot be: .*{said}"):
        parts(data, repeats(1, 1, 0)[0], train_size=size, **SIZES)


# -- tables and what the record says -----------------------------------------------------------

COLUMNS = (Column("a"), Column("b", ("x", "y", "z")))


def mixed(task: str = "classification") -> Dataset:
    random = np.random.default_rng(0)
    x = np.stack([random.normal(5, 3, 60), np.arange(60) % 3], axis=1)
    x[::7, 0] = np.nan
    y = np.arange(60) % 2 if task == "classification" else random.normal(size=60)
    return from_arrays(x, y, columns=COLUMNS, task=task)


def test_a_table_is_prepared_by_its_training_part() -> None:
    one = parts(mixed(), repeats(1, 1, 0)[0], **SIZES)
    for x in (one.x_train, one.x_val, one.x_test):
        assert x.shape[1] == 4
        assert np.isfinite(x).all()
    assert one.x_train[:, 0].mean() == pytest.approx(0, abs=1e-6)


def test_what_the_record_says_of_classes() -> None:
    data = mixed()
    said = describe_data(data, parts(data, repeats(1, 1, 0)[0], label_noise=0.5, **SIZES))
    assert said["task"] == "classification"
    assert said["test_counts"] == {"0": 6, "1": 6}
    assert (said["n_features"], said["shape"]) == (2, [4])
    assert said["columns"] == {"numbers": 1, "categories": 1, "with_missing": 1}
    assert 0 < said["labels_wrong"] < 0.5
    json.dumps(said)


def test_what_the_record_says_of_a_regression() -> None:
    data = mixed("regression")
    one = parts(data, repeats(1, 1, 0)[0], **SIZES)
    said = describe_data(data, one)
    assert (said["task"], said["classes"], said["test_counts"]) == ("regression", [], {})
    assert said["labels_wrong"] == 0.0
    assert said["target_mean"] == pytest.approx(one.y_train.mean(), rel=1e-5)
    assert said["target_scale"] == pytest.approx(one.y_train.std(), rel=1e-5)
    json.dumps(said)


def test_what_the_record_says_of_images() -> None:
    said = describe_data(table(), parts(table(), repeats(1, 1, 0)[0], **SIZES))
    assert (said["n_features"], said["columns"], said["duplicates"]) == (1, {}, 0)


def test_test_examples_that_were_trained_on_are_counted() -> None:
    x = np.repeat(np.arange(30.0), 2)[:, None]
    data = from_arrays(x, np.arange(60) % 2)
    one = parts(data, repeats(1, 1, 0)[0], **SIZES)
    trained = set(one.x_train.ravel().tolist())
    expected = sum(value in trained for value in one.x_test.ravel().tolist())
    assert describe_data(data, one)["duplicates"] == expected > 0
