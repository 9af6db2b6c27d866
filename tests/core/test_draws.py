"""The draws: a pure function, never colliding, uniform, independent, the same on every backend."""

import hashlib
import itertools

import keras
import numpy as np
import pytest
from keras import ops
from scipy import stats

from regkit.core.draws import Draws, base_key, layer_draws
from regkit.ops import hashing
from regkit.ops import random as numbers

N = 200_000


def keys(seed=0, technique="dropout", occurrence=0, step=0, stage=0, draws=1, replica=0):
    draw = Draws(ops.convert_to_tensor(base_key(seed, technique, occurrence), "int32"),
                 ops.convert_to_tensor(step, "int32"), stage, replica)  # fmt: skip
    return [tuple(int(part) for part in draw.key()) for _ in range(draws)]


def sample(first, second, n=N):
    key = (ops.convert_to_tensor(first, "int32"), ops.convert_to_tensor(second, "int32"))
    return ops.convert_to_numpy(numbers.uniform(key, (n,)))


def test_no_two_draws_share_their_keys():
    seen = set()
    count = 0
    for seed, technique, occurrence in itertools.product(
        (0, 1, 2**40), ("dropout", "noise"), (0, 1)
    ):
        for step in (0, 1, 2, 10, 11, 2**31 - 1):
            for stage, replica in ((0, 0), (1, 0), (1, 1)):
                found = keys(seed, technique, occurrence, step, stage, 20, replica)
                count += len(found)
                seen.update(found)
    assert len(seen) == count


def test_one_integer_of_the_pair_is_already_different_for_every_step_and_for_every_draw():
    """The mixers are bijections: within a technique neither steps nor draws can ever meet."""
    steps = np.arange(1_000_000, dtype=np.int32)
    assert len(np.unique(ops.convert_to_numpy(hashing.mix(ops.convert_to_tensor(steps))))) == len(
        steps
    )
    assert len({second for _, second in keys(draws=5000)}) == 5000


def test_steps_whose_counters_overlap_draw_apart():
    """The first key is where a counter starts; two of many steps start near each other."""
    starts = np.array(sorted((hashing.mix_host(n), n) for n in range(20_000)), np.int64)
    near = np.argmin(np.diff(starts[:, 0]))
    lag = int(starts[near + 1, 0] - starts[near, 0])
    assert lag < N // 4
    early, late = (sample(*keys(step=int(starts[k, 1]))[0]) for k in (near, near + 1))
    assert np.mean(early[lag:] == late[: N - lag]) < 1e-4


def test_a_place_has_a_draw_of_its_own_however_often_it_is_made():
    draw = Draws(base_key(0, "mask", 0), 3)
    counted = [draw.key() for _ in range(5)]
    assert draw.key_at(2) == draw.key_at(2)
    assert len({*counted, *(draw.key_at(k) for k in range(5))}) == 10
    with pytest.raises(RuntimeError, match="place"):
        draw.key_at(-1)


def test_layers_of_neighboring_seeds_and_of_other_kinds_draw_apart():
    """Seed 1 with draw 3 and seed 2 with draw 0 would meet if seeds went in as they are."""
    seen, count = set(), 0
    for seed, counter, kind in itertools.product(range(8), range(3), ("drop_connect", "elastic")):
        draw = layer_draws(ops.convert_to_tensor([seed, counter], "uint32"), kind)
        seen |= {tuple(int(part) for part in draw.key()) for _ in range(8)}
        count += 8
    assert len(seen) == count


def test_mix_on_tensors_is_mix_on_the_host():
    values = np.array([0, 1, -1, 2**31 - 1, -(2**31), 123456789], dtype=np.int32)
    tensors = ops.convert_to_numpy(hashing.mix(ops.convert_to_tensor(values)))
    assert [hashing.mix_host(int(v)) for v in values] == tensors.tolist()


def test_the_bits_are_the_same_on_every_backend():
    """A digest of what NumPy computes, in uint32, independently of keras.ops."""
    first, second = keys(5, "elastic", 1, 42)[0]
    x = np.arange(4096, dtype=np.uint32) + np.uint32(first & 0xFFFFFFFF)
    x = (x ^ (x >> 17)) * np.uint32(0xED5AD4BB)
    x = (x ^ (x >> 11)) + np.uint32(second & 0xFFFFFFFF)
    x = x * np.uint32(0xAC4C1B51)
    x = (x ^ (x >> 15)) * np.uint32(0x31848BAB)
    x = x ^ (x >> 14)
    ours = hashing.bits(
        ops.convert_to_tensor(first, "int32"), ops.convert_to_tensor(second, "int32"), 4096
    )
    np.testing.assert_array_equal(ops.convert_to_numpy(ours).view(np.uint32), x)
    uniform = ((x >> 9).astype(np.float32) + np.float32(0.5)) * np.float32(2**-23)
    np.testing.assert_array_equal(sample(first, second, 4096), uniform)
    digest = hashlib.sha256(x.tobytes()).hexdigest()
    assert digest.startswith("3481b375a8823c06")


@pytest.mark.parametrize("every_bit", [0, -1])
def test_the_ends_of_the_interval_are_never_reached(monkeypatch, every_bit):
    """The largest number must not round to 1: its normal number would be infinite."""
    size = 17 - every_bit  # of which nothing else has compiled a step
    monkeypatch.setattr(hashing, "bits", lambda *_: ops.full((size,), every_bit, dtype="int32"))
    key = (ops.zeros((), "int32"), ops.zeros((), "int32"))
    u = ops.convert_to_numpy(numbers.uniform(key, (size,)))
    assert 0 < u.min() <= u.max() < 1
    assert np.isfinite(ops.convert_to_numpy(numbers.normal(key, (size,)))).all()


@pytest.mark.parametrize("step", [0, 1, 1000])
def test_uniform_numbers_are_uniform(step):
    u = sample(*keys(step=step)[0])
    assert 0 < u.min() < u.max() < 1
    assert stats.kstest(u, "uniform").pvalue > 1e-3
    assert stats.chisquare(np.bincount((u * 256).astype(int), minlength=256)).pvalue > 1e-3


def test_numbers_of_one_draw_are_independent_at_every_lag():
    u = sample(*keys()[0])
    for lag in (1, 2, 3, 7, 28, 784, 1024):
        r = np.corrcoef(u[:-lag], u[lag:])[0, 1]
        assert abs(r) < 4 / np.sqrt(len(u) - lag)
    table = np.histogram2d(u[:-1], u[1:], bins=16, range=[[0, 1]] * 2)[0]
    assert stats.chisquare(table.ravel()).pvalue > 1e-3


def test_draws_that_differ_in_one_thing_are_independent():
    base = {"seed": 0, "technique": "dropout", "occurrence": 0, "step": 10, "stage": 1}
    reference = sample(*keys(**base)[0])
    others = {
        "seed": 1, "technique": "drop", "occurrence": 1, "step": 11, "stage": 2, "replica": 1,
    }  # fmt: skip
    samples = [sample(*keys(**base | {name: value})[0]) for name, value in others.items()]
    samples.append(sample(*keys(**base, draws=2)[1]))
    for other in samples:
        for lag in (0, 1, 5):  # also not one the other a little later
            r = np.corrcoef(reference[: len(other) - lag], other[lag:])[0, 1]
            assert abs(r) < 4.5 / np.sqrt(N)
        table = np.histogram2d(reference, other, bins=16, range=[[0, 1]] * 2)[0]
        assert stats.chisquare(table.ravel()).pvalue > 1e-4


def test_first_numbers_over_steps_are_uniform_and_independent():
    first = np.array([sample(*keys(step=step)[0], n=4) for step in range(3000)])
    for column in first.T:
        assert stats.kstest(column, "uniform").pvalue > 1e-3
        assert abs(np.corrcoef(column[:-1], column[1:])[0, 1]) < 4 / np.sqrt(3000)
    assert abs(np.corrcoef(first[:, 0], first[:, 1])[0, 1]) < 4 / np.sqrt(3000)


def test_every_bit_of_the_bits_is_fair():
    key = keys()[0]
    x = ops.convert_to_numpy(hashing.bits(*(ops.convert_to_tensor(k, "int32") for k in key), N))
    ones = [(x.view(np.uint32) >> bit & 1).mean() for bit in range(32)]
    assert np.abs(np.array(ones) - 0.5).max() < 4 * 0.5 / np.sqrt(N)


def draws(step=0):
    return Draws(
        ops.convert_to_tensor(base_key(0, "t", 0), "int32"), ops.convert_to_tensor(step, "int32")
    )


def test_normal_numbers_are_normal():
    z = ops.convert_to_numpy(draws().normal((N,)))
    assert stats.kstest(z, "norm").pvalue > 1e-3
    assert abs(stats.kurtosis(z)) < 4 * np.sqrt(24 / N)
    u = ops.convert_to_numpy(draws().uniform((N,)))
    np.testing.assert_allclose(z, stats.norm.ppf(u.astype(np.float64)), rtol=2e-4, atol=2e-5)


def test_bernoulli_integers_and_permutation():
    b = ops.convert_to_numpy(draws().bernoulli((N,), 0.3))
    assert abs(b.mean() - 0.3) < 4 * np.sqrt(0.21 / N)
    i = ops.convert_to_numpy(draws().integers((N,), -2, 5))
    assert set(i.tolist()) == set(range(-2, 5))
    assert stats.chisquare(np.bincount(i + 2)).pvalue > 1e-3
    orders = np.array([ops.convert_to_numpy(draws(step).permutation(4)) for step in range(2400)])
    _, counts = np.unique(orders, axis=0, return_counts=True)
    assert len(counts) == 24
    assert stats.chisquare(counts).pvalue > 1e-3


def test_a_size_that_is_only_known_in_the_graph():
    if keras.backend.backend() != "tensorflow":
        pytest.skip("only TensorFlow's graphs have unknown sizes")
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32)])
    def noise(x):
        return draws().normal(ops.shape(x))

    for size in (2, 1000):
        np.testing.assert_allclose(
            noise(np.zeros((size, 3), "float32")), draws().normal((size, 3)), atol=1e-6
        )


@pytest.mark.parametrize("kind", [int, "tensor"])
def test_replicas_and_parts_of_predictions_draw_apart_however_many(kind):
    def of(replica):
        replica = replica if kind is int else ops.convert_to_tensor(replica, "int32")
        return int(Draws(base_key(0, "mask", 0), 3, 1, replica).key()[1])

    replicas = [0, 1, 2, 2047, 2048, 4095, 4096, 4097, 8192, 100_000]
    keys = [of(replica) for replica in replicas]
    assert len(set(keys)) == len(replicas)
    assert keys == [
        int(Draws(base_key(0, "mask", 0), 3, 1, replica).key()[1]) for replica in replicas
    ]
