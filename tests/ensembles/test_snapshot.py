"""Snapshot ensembles: the paper's schedule, and the weights of a NumPy loop with it."""

import pickle
from itertools import pairwise

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import layers
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import regkit
from regkit import ensembles
from regkit.ensembles.snapshot import cosine_rate
from tests.ensembles.boosted import ballots_of, softmax, three
from tests.ensembles.small import same_bits


def paper(t, total, cycles, rate):
    """Equation 2, with t from 1."""
    length = int(np.ceil(total / cycles))
    return rate / 2 * (np.cos(np.pi * ((t - 1) % length) / length) + 1)


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


RATE = 0.4


def linear(input_shape, n_classes, optimizer=None):
    model = keras.Sequential([keras.Input(input_shape), layers.Dense(n_classes, "softmax")])
    model.compile(optimizer or keras.optimizers.SGD(RATE), "sparse_categorical_crossentropy")
    return model


def snapshots(build_model=linear, n_estimators=2, **options):
    given = {"epochs": 4, "batch_size": 32, "shuffle": False, "random_state": 0, **options}
    return ensembles.SnapshotEnsemble(build_model, n_estimators, **given)


def initial(ensemble, x, y):
    """The weights with which the fit begins: those of one whose steps are of no length."""
    still = clone(ensemble).set_params(learning_rate=1e-30, n_estimators=1, epochs=1)
    return still.fit(x, y).estimators_[0].get_weights()


def in_numpy(start, x, y, cycles, epochs, batch, rate, weights=None, strength=0.0):
    """SGD in a loop: the weights at the end of each cycle, and the loss of each epoch."""
    kernel, bias = (value.astype(float) for value in start)
    x, targets = x.astype(float), np.eye(3)[y]
    weights = np.ones(len(x)) if weights is None else weights * len(x) / weights.sum()
    total, step, ends, losses = epochs * -(-len(x) // batch), 0, [], []
    for epoch in range(epochs):
        summed = 0.0
        for begin in range(0, len(x), batch):
            part = slice(begin, begin + batch)
            step += 1
            p, own = softmax(x[part] @ kernel + bias), weights[part]
            each = own * -np.log((p * targets[part]).sum(axis=1))
            summed += len(own) * (each.mean() + strength * (kernel**2).sum())
            error = (p - targets[part]) * own[:, None] / len(own)
            now = paper(step, total, cycles, rate)
            gradient = x[part].T @ error + 2 * strength * kernel
            kernel, bias = kernel - now * gradient, bias - now * error.sum(axis=0)
        losses.append(summed / len(x))
        if (epoch + 1) % (epochs // cycles) == 0:
            ends.append((kernel, bias))
    return ends, losses


def check_against_numpy(ensemble, x, y, expected, rtol=1e-4):
    ends, losses = expected
    for model, own in zip(ensemble.estimators_, ends, strict=True):
        for found, value in zip(model.get_weights(), own, strict=True):
            np.testing.assert_allclose(found, value, rtol=rtol, atol=1e-5)
    found = [loss for history in ensemble.histories_ for loss in history["loss"]]
    np.testing.assert_allclose(found, losses, rtol=rtol)
    length = ensemble.epochs // ensemble.n_estimators
    assert [len(history["loss"]) for history in ensemble.histories_] == [length] * len(ends)


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


@pytest.mark.parametrize("combine", ["mean", pytest.param("vote", marks=pytest.mark.backend_free)])
def test_members_predict_together_also_as_one_keras_model(combine):
    x, y = three()
    names = np.array(["low", "middle", "high"])
    rate = 3.0  # so that members disagree
    ensemble = snapshots(n_estimators=3, epochs=3, learning_rate=rate, combine=combine)
    ensemble.fit(x, names[y])
    p = np.stack([model.predict(x, verbose=0) for model in ensemble.estimators_])
    assert len({tuple(row) for row in p.argmax(axis=2)}) == 3
    expected = (p if combine == "mean" else ballots_of(p)).mean(axis=0)
    np.testing.assert_allclose(ensemble.predict_proba(x), expected, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(ensemble.to_keras().predict(x, verbose=0), expected, atol=1e-6)
    assert ensemble.classes_.tolist() == ["high", "low", "middle"]
    found = ensemble.predict(x)
    np.testing.assert_array_equal(found, ensemble.classes_[expected.argmax(axis=1)])
    assert ensemble.score(x, names[y]) == np.mean(found == names[y])


@pytest.mark.backend_free
def test_what_comes_back_from_a_pickle_predicts_the_same_and_is_fitted_again():
    x, y = three()
    ensemble = snapshots(callbacks="gaussian_noise(0.1)", shuffle=True).fit(x, y)
    ensemble.predict(x)  # compiled by now, which does not pickle
    again = pickle.loads(pickle.dumps(ensemble))
    np.testing.assert_array_equal(again.predict_proba(x), ensemble.predict_proba(x))
    same_bits(again, ensemble)
    same_bits(again.fit(x, y), ensemble)
    same_bits(clone(ensemble).fit(x, y), ensemble)
    other = clone(ensemble).set_params(random_state=1).fit(x, y)
    assert np.abs(other.predict_proba(x) - ensemble.predict_proba(x)).max() > 1e-3


@pytest.mark.backend_free
def test_each_epoch_has_an_order_of_its_own_where_it_is_shuffled():
    x, y = three()
    kernels = [snapshots(shuffle=own).fit(x, y).estimators_[1].get_weights()[0]
               for own in (False, True)]  # fmt: skip
    assert 1e-4 < np.abs(kernels[0] - kernels[1]).max() < 0.3


@pytest.mark.backend_free
def test_validation_data_are_evaluated_in_each_cycle():
    x, y = three()
    ensemble = snapshots().fit(x[:80], y[:80], validation_data=(x[80:], y[80:]))
    for model, history in zip(ensemble.estimators_, ensemble.histories_, strict=True):
        p = model.predict(x[80:], verbose=0)[np.arange(40), y[80:]]
        np.testing.assert_allclose(history["val_loss"][-1], -np.log(p).mean(), rtol=1e-5)
        assert len(history["val_loss"]) == 2


@pytest.mark.backend_free
def test_logits_and_a_single_sigmoid():
    x, y = three()
    y = np.minimum(y, 1)

    def logits(input_shape, n_classes):
        model = keras.Sequential([keras.Input(input_shape), layers.Dense(n_classes)])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.SGD(0.5), loss)
        return model

    def one(input_shape):
        model = keras.Sequential([keras.Input(input_shape), layers.Dense(1, "sigmoid")])
        model.compile(keras.optimizers.SGD(0.5), "binary_crossentropy")
        return model

    for build in (logits, one):
        ensemble = snapshots(build).fit(x, y)
        z = np.stack([model.predict(x, verbose=0) for model in ensemble.estimators_])
        p = softmax(z) if build is logits else np.concatenate([1 - z, z], axis=2)
        np.testing.assert_allclose(ensemble.predict_proba(x), p.mean(axis=0), rtol=1e-5)
        found = ensemble.to_keras().predict(x, verbose=0)
        np.testing.assert_allclose(found, p.mean(axis=0), atol=1e-6)


@pytest.mark.backend_free
@pytest.mark.parametrize(("given", "match"), [
    ({"epochs": 5}, "epochs=5 make no 2 whole cycles; give a multiple of n_estimators, such as 6"),
    ({"n_estimators": 9}, "epochs=4 make no 9 whole cycles.*such as 9"),
    ({"learning_rate": 0.0}, "learning_rate must be"),
    ({"combine": "median"}, "combine must be 'mean' or 'vote'"),
    ({"build_model": None}, "build_model must be a function"),
])  # fmt: skip
def test_what_makes_no_sense_is_refused_in_words(given, match):
    ensemble = snapshots(**given)
    with pytest.raises(regkit.RegkitError, match=match):
        ensemble.fit(*three(20))
    with pytest.raises(NotFittedError):
        ensemble.predict(three(20)[0])


@pytest.mark.backend_free
def test_epochs_of_a_fit_make_the_cycles():
    x, y = three()
    ensemble = snapshots().fit(x, y, epochs=6)
    check_against_numpy(
        ensemble.set_params(epochs=6), x, y,
        in_numpy(initial(ensemble, x, y), x, y, 2, 6, 32, RATE),
    )  # fmt: skip
    with pytest.raises(regkit.RegkitError, match="epochs=7 make no 2 whole cycles"):
        snapshots().fit(x, y, epochs=7)


@pytest.mark.backend_free
def test_a_schedule_of_the_optimizers_own_is_refused_in_words():
    def build(input_shape, n_classes):
        schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
        return linear(input_shape, n_classes, keras.optimizers.SGD(schedule))

    with pytest.raises(regkit.RegkitError, match="an optimizer with a schedule of its own; cycles"):
        snapshots(build).fit(*three(20))


@pytest.mark.backend_free
def test_cycles_that_diverge_are_left_out():
    """At this rate the penalty multiplies weights by −2e25 in a step, twice is beyond a float."""
    x, y = three(32)

    def build(input_shape, n_classes):
        model = keras.Sequential([keras.Input(input_shape), layers.Dense(n_classes)])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.SGD(1.0), loss)
        return model

    given = {"n_estimators": 2, "epochs": 2, "callbacks": "l2(1.0)", "learning_rate": 1e25}
    with pytest.warns(UserWarning, match=r"members \[1\] diverged and are left out"):
        ensemble = snapshots(build, **given).fit(x, y)
    assert ensemble.diverged_ == [1]
    assert len(ensemble.estimators_) == len(ensemble.histories_) == 1
