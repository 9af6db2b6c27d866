"""Techniques of members, and what stops them."""

import keras
import numpy as np
import pytest
from keras import layers

import regkit
from tests.ensembles.small import (
    ENGINES,
    blobs,
    classifier,
    same_bits,
    same_weights,
    weights_of,
)


@pytest.mark.backend_free
def test_a_recipe_is_every_members():
    x, y = blobs()
    plain, decayed = (
        classifier(epochs=4).fit(x, y),
        classifier(epochs=4, callbacks="l2(0.1)").fit(x, y),
    )
    for free, held in zip(plain.estimators_, decayed.estimators_, strict=True):
        free, held = (model.layers[0].get_weights()[0] for model in (free, held))
        assert np.square(held).sum() < 0.8 * np.square(free).sum()
    same_bits(decayed, classifier(epochs=4, callbacks=[regkit.L2(0.1)]).fit(x, y))


@pytest.mark.backend_free
def test_a_function_of_the_member_gives_each_its_own_strength():
    x, y = blobs()
    strengths = [0.0, 0.02, 0.3]
    own = classifier(callbacks=lambda member: f"l2({strengths[member]})").fit(x, y)
    own_models = own.estimators_
    for member, strength in enumerate(strengths):
        all_alike = classifier(callbacks=f"l2({strength})").fit(x, y)
        model = all_alike.estimators_[member]
        for found, value in zip(own_models[member].get_weights(), model.get_weights(), strict=True):
            np.testing.assert_allclose(found, value, rtol=1e-4, atol=1e-6)


@pytest.mark.backend_free
def test_techniques_that_were_given_stay_as_they_were():
    x, y = blobs()
    given = [regkit.GaussianNoise(0.1), regkit.EarlyStopping("loss", verbose=0), regkit.L2(0.1)]
    before = [(repr(technique), dict(vars(technique))) for technique in given]
    ensemble = classifier(callbacks=given, epochs=3)
    ensemble.fit(x, y)
    assert ensemble.callbacks is given
    for technique, (text, held) in zip(given, before, strict=True):
        assert repr(technique) == text
        assert vars(technique).keys() == held.keys()
        assert all(vars(technique)[name] is value for name, value in held.items())


@pytest.mark.backend_free
def test_the_draws_of_techniques_follow_from_random_state():
    x, y = blobs()
    noisy = classifier(callbacks="gaussian_noise(0.5)")
    keras.utils.set_random_seed(1)
    one = noisy.fit(x, y).predict_proba(x)
    keras.utils.set_random_seed(2)
    np.testing.assert_array_equal(noisy.fit(x, y).predict_proba(x), one)
    other = noisy.set_params(random_state=1).fit(x, y).predict_proba(x)
    assert np.abs(other - one).max() > 1e-3


@pytest.mark.backend_free
def test_the_draws_of_kerass_own_layers_follow_from_random_state_in_turn():
    def dropping(input_shape, n_classes):
        entry = [keras.Input(input_shape), layers.Dropout(0.4)]
        model = keras.Sequential([*entry, layers.Dense(n_classes, "softmax")])
        model.compile("sgd", "sparse_categorical_crossentropy")
        return model

    x, y = blobs()
    dropped = classifier(dropping, engine="sequential")
    keras.utils.set_random_seed(1)
    one = dropped.fit(x, y).predict_proba(x)
    keras.utils.set_random_seed(2)
    np.testing.assert_array_equal(dropped.fit(x, y).predict_proba(x), one)


STOPPING = "early_stopping(patience=1, verbose=0)"


def slow_and_fast(input_shape, n_classes, member):
    model = keras.Sequential(
        [keras.Input(input_shape), layers.Dense(12, "relu"), layers.Dense(n_classes, "softmax")]
    )
    optimizer = keras.optimizers.SGD([0.02, 1.0, 3.0][member], momentum=0.9)
    model.compile(optimizer, "sparse_categorical_crossentropy")
    return model


@pytest.mark.parametrize("engine", ENGINES)
def test_each_member_stops_at_its_own_epoch_with_its_best_weights(engine):
    x, y = blobs(60, spread=2.0)
    held_out = blobs(60, seed=1, spread=2.0)
    ensemble = classifier(slow_and_fast, callbacks=STOPPING, epochs=9, engine=engine)
    ensemble.fit(x, y, validation_data=held_out)
    lengths = [len(history["val_loss"]) for history in ensemble.histories_]
    assert len(set(lengths)) > 1
    assert min(lengths) < 9
    for model, history in zip(ensemble.estimators_, ensemble.histories_, strict=True):
        losses = history["val_loss"]
        # patience=1: it stops at the first epoch that is no better than the best
        worse = [k for k in range(1, len(losses)) if losses[k] >= min(losses[:k])]
        assert worse == ([len(losses) - 1] if len(losses) < 9 else worse[:1])
        found = model.evaluate(*held_out, verbose=0)
        np.testing.assert_allclose(found, min(losses), rtol=1e-4)


@pytest.mark.backend_free
def test_held_out_examples_stop_members_as_given_ones_do():
    x, y = blobs(90, spread=2.0)
    options = {"callbacks": STOPPING, "epochs": 12, "n_estimators": 4, "bootstrap": False}
    weights = np.random.default_rng(0).uniform(0.5, 2, 90)
    ensemble = classifier(validation_fraction=0.3, **options).fit(x, y, weights)
    kept = ensemble.estimators_samples_[0]
    held_out = np.setdiff1d(np.arange(90), kept)
    assert len(held_out) == 27
    data = (x[held_out], y[held_out])
    given = classifier(**options).fit(x[kept], y[kept], weights[kept], validation_data=data)
    same_weights(ensemble, given, rtol=1e-5, atol=1e-7)
    assert all("val_loss" in history for history in ensemble.histories_)


@pytest.mark.backend_free
def test_labels_of_the_validation_are_turned_into_numbers():
    x, y = blobs()
    names = np.array(["pear", "apple", "fig"])
    held_x, held_y = blobs(30, seed=2)
    ensemble = classifier().fit(x, names[y], validation_data=[held_x, names[held_y].tolist()])
    numbers = np.searchsorted(ensemble.classes_, names[held_y])
    for model, history in zip(ensemble.estimators_, ensemble.histories_, strict=True):
        found = model.evaluate(held_x, numbers, verbose=0)
        np.testing.assert_allclose(history["val_loss"][-1], found, rtol=1e-5)


@pytest.mark.backend_free
def test_techniques_do_not_act_when_predicting():
    x, y = blobs()
    ensemble = classifier(callbacks="gaussian_noise(5.0) + drop_connect(0.9)").fit(x, y)
    np.testing.assert_array_equal(ensemble.predict_proba(x), ensemble.predict_proba(x))
    assert np.isfinite(np.concatenate([w.ravel() for w in weights_of(ensemble)])).all()
    by_hand = []
    for model in ensemble.estimators_:
        first, shift, last, bias = model.get_weights()
        z = np.maximum(x @ first + shift, 0) @ last + bias
        by_hand.append(np.exp(z) / np.exp(z).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(ensemble.predict_proba(x), np.mean(by_hand, axis=0), rtol=1e-4)
