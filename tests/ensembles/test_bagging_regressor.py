"""Bagged regressions: against the members' own models and loops."""

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.metrics import r2_score

import regkit
from tests.ensembles.small import (
    line,
    outputs_of,
    regression,
    regressor,
    same_bits,
    seeds,
)


def test_the_mean_or_the_median_of_the_members():
    x, y = line()
    ensemble = regressor(n_estimators=4, max_features=3).fit(x, y)
    unseen = line(40, seed=1)[0]
    outputs = outputs_of(ensemble, unseen)[..., 0]
    assert ensemble.predict(unseen).shape == (40,)
    np.testing.assert_allclose(ensemble.predict(unseen), outputs.mean(axis=0), atol=1e-5)
    found = ensemble.uncertainty(unseen)
    np.testing.assert_allclose(found.mean, outputs.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(found.variance, outputs.var(axis=0), atol=1e-5)
    by_hand = [np.sort(column)[1:3].mean() for column in outputs.T]
    ensemble.set_params(combine="median")
    np.testing.assert_allclose(ensemble.predict(unseen), by_hand, atol=1e-5)


@pytest.mark.backend_free
def test_several_targets():
    x, y = line(targets=3)
    ensemble = regressor(lambda input_shape: regression(input_shape, 3), epochs=6).fit(x, y)
    outputs = outputs_of(ensemble, x)
    np.testing.assert_allclose(ensemble.predict(x), outputs.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(ensemble.uncertainty(x).variance, outputs.var(axis=0), atol=1e-5)
    assert ensemble.score(x, y) == r2_score(y, ensemble.predict(x)) > 0.5


def test_members_are_those_of_fit_members():
    x, y = line()
    weights = np.random.default_rng(0).uniform(0, 2, 90)
    ensemble = regressor(bootstrap=False).fit(x, y, weights)
    members = regkit.fit_members(
        regression, x, y, n_members=3, seeds=seeds(3), sample_weight=weights, epochs=2,
        batch_size=16,
    )  # fmt: skip
    expected = members.predict(x)[..., 0].mean(axis=0)
    np.testing.assert_allclose(ensemble.predict(x), expected, atol=1e-5)


@pytest.mark.backend_free
def test_a_single_member_is_plain_fit_of_keras():
    """Targets of shape (n,) must not be spread over outputs of shape (n, 1)."""
    x, y = line()
    ensemble = regressor(n_estimators=1, bootstrap=False, shuffle=False, epochs=3).fit(x, y)
    keras.utils.set_random_seed(seeds(1)[0])
    model = regression((4,))
    model.fit(x, y[:, None].astype("float32"), batch_size=16, epochs=3, shuffle=False, verbose=0)
    np.testing.assert_allclose(ensemble.predict(x), model.predict(x, verbose=0)[:, 0], rtol=1e-4)


@pytest.mark.backend_free
@pytest.mark.parametrize("targets", [None, 2])
def test_the_out_of_bag_score_is_r2_of_a_loop(targets):
    x, y = line(60, targets=targets)
    ensemble = regressor(
        lambda input_shape: regression(input_shape, targets or 1),
        n_estimators=8, epochs=5, oob_score=True,
    ).fit(x, y)  # fmt: skip
    outputs = outputs_of(ensemble, x).reshape(8, *y.shape)
    rows, predicted = [], []
    for example in range(60):
        unseen = [
            own[example]
            for own, samples in zip(outputs, ensemble.estimators_samples_, strict=True)
            if example not in samples
        ]
        if unseen:
            rows.append(example)
            predicted.append(np.mean(unseen, axis=0))
    np.testing.assert_allclose(ensemble.oob_prediction_[rows], predicted, atol=1e-5)
    truth, predicted = y[rows].reshape(len(rows), -1), np.reshape(predicted, (len(rows), -1))
    error = ((truth - predicted) ** 2).sum(axis=0)
    total = ((truth - truth.mean(axis=0)) ** 2).sum(axis=0)
    np.testing.assert_allclose(ensemble.oob_score_, np.mean(1 - error / total), rtol=1e-5)
    assert len(rows) > 30


@pytest.mark.backend_free
def test_the_out_of_bag_score_is_near_that_of_new_examples():
    x, y = line(400)
    ensemble = regressor(n_estimators=12, epochs=12, oob_score=True).fit(x, y)
    new, truth = line(2000, seed=1)
    squares = (truth - ensemble.predict(new)) ** 2
    found = (1 - ensemble.oob_score_) * y.var()
    # the mean of 400 squares and that of 2000 are apart by their standard errors
    assert abs(found - squares.mean()) < 4 * squares.std() * np.sqrt(1 / 400 + 1 / 2000)
    assert ensemble.oob_score_ > 0.8


@pytest.mark.backend_free
def test_targets_are_whole_numbers_or_in_a_column():
    x, y = line(40)
    whole = np.round(5 * y).astype(int)
    same_bits(regressor().fit(x, whole), regressor().fit(x, whole.astype(float)))
    column = regressor().fit(x, whole[:, None])
    assert column.predict(x).shape == (40, 1)
    np.testing.assert_allclose(column.predict(x)[:, 0], regressor().fit(x, whole).predict(x))


@pytest.mark.backend_free
def test_held_out_targets_are_evaluated():
    x, y = line()
    held_x, held_y = line(30, seed=1)
    ensemble = regressor().fit(x, y, validation_data=(held_x, held_y))
    for output, history in zip(outputs_of(ensemble, held_x), ensemble.histories_, strict=True):
        error = np.mean((output[:, 0] - held_y) ** 2)
        np.testing.assert_allclose(history["val_loss"][-1], error, rtol=1e-4)


@pytest.mark.backend_free
def test_a_model_with_outputs_without_an_axis():
    def flat(input_shape):
        model = keras.Sequential([keras.Input(input_shape), layers.Dense(1), layers.Reshape(())])
        model.compile(keras.optimizers.SGD(0.05), "mse")
        return model

    x, y = line()
    ensemble = regressor(flat, epochs=5).fit(x, y)
    np.testing.assert_allclose(ensemble.predict(x), outputs_of(ensemble, x).mean(axis=0), atol=1e-5)
    assert ensemble.score(x, y) > 0.5


@pytest.mark.backend_free
@pytest.mark.parametrize(("units", "targets"), [(1, 3)])
def test_another_number_of_outputs_is_refused_before_training(units, targets):
    x, y = line(targets=targets)
    with pytest.raises(
        regkit.RegkitError, match=rf"shape \({units},\); the targets have \({targets or ''}"
    ):
        regressor(lambda input_shape: regression(input_shape, units)).fit(x, y)
