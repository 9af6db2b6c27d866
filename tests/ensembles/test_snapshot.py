"""Snapshot ensembles as an estimator: what members say together, files, forms, bad input."""

import pickle

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import regkit
from tests.ensembles.boosted import ballots_of, softmax, three
from tests.ensembles.cycling import (
    RATE,
    check_against_numpy,
    in_numpy,
    initial,
    linear,
    snapshots,
)
from tests.ensembles.small import same_bits


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
