"""AdaBoost of Keras regressions: rounds by hand, the distribution of draws, the weighted median."""

import pickle

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.base import clone
from sklearn.metrics import r2_score

import regkit
from regkit import ensembles
from tests.ensembles.boosted_numbers import adaboost, bent, linear, rounds_of
from tests.ensembles.small import same_bits


@pytest.mark.backend_free
@pytest.mark.parametrize(
    ("loss", "rate"), [("linear", 1.0), ("linear", 0.5), ("square", 0.5), ("exponential", 1.0)]
)
def test_rounds_are_those_of_a_loop(loss, rate):
    x, y = bent()
    ensemble = adaboost(loss=loss, learning_rate=rate).fit(x, y)
    found = rounds_of(ensemble, x, y, np.full(80, 1 / 80), loss, rate)
    errors, importances, _ = zip(*found, strict=True)
    np.testing.assert_allclose(ensemble.estimator_errors_, errors, rtol=1e-5)
    np.testing.assert_allclose(ensemble.estimator_weights_, importances, rtol=1e-5)
    assert len(errors) >= 2


def median_of(outputs, weights):
    """The least output of an example at which half of the weight is reached."""
    found = []
    for column in outputs.T:
        reached = 0.0
        for output, own in sorted(zip(column, weights, strict=True)):
            reached += own
            if reached >= 0.5 * sum(weights):
                found.append(output)
                break
    return np.array(found)


def test_it_predicts_the_weighted_median_also_as_one_keras_model():
    x, y = bent()
    ensemble = adaboost().fit(x, y)
    outputs = np.stack([model.predict(x, verbose=0)[:, 0] for model in ensemble.estimators_])
    expected = median_of(outputs, ensemble.estimator_weights_)
    assert not np.allclose(expected, np.median(outputs, axis=0), atol=1e-3)
    np.testing.assert_allclose(ensemble.predict(x), expected, rtol=1e-5, atol=1e-6)
    found = ensemble.to_keras().predict(x, verbose=0)
    assert found.shape == (80, 1)
    np.testing.assert_allclose(found[:, 0], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.backend_free
def test_stages_are_those_of_the_first_members():
    x, y = bent()
    ensemble = adaboost().fit(x, y)
    outputs = np.stack([model.predict(x, verbose=0)[:, 0] for model in ensemble.estimators_])
    stages = [*ensemble.staged_predict(x)]
    for count, predicted in enumerate(stages, start=1):
        expected = median_of(outputs[:count], ensemble.estimator_weights_[:count])
        np.testing.assert_allclose(predicted, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(stages[-1], ensemble.predict(x))
    scores = [1 - ((y - own) ** 2).sum() / ((y - y.mean()) ** 2).sum() for own in stages]
    np.testing.assert_allclose([*ensemble.staged_score(x, y)], scores, rtol=1e-5)
    np.testing.assert_allclose(ensemble.score(x, y), r2_score(y, ensemble.predict(x)))


# With one column an example, and one step of SGD from zero, the weight of a column tells how often
# its example was drawn: 2 · rate · count · y / n.


def constant(*values):
    """What builds members that predict these numbers, and do not learn."""

    def build(input_shape, member):
        layer = layers.Dense(1, kernel_initializer="zeros")
        model = keras.Sequential([keras.Input(input_shape), layer])
        model.set_weights([np.zeros((1, 1)), np.array([values[min(member, len(values) - 1)]])])
        model.compile(keras.optimizers.SGD(0.0), "mean_squared_error")
        return model

    return build


ROWS = np.arange(5.0)[:, None]


@pytest.mark.backend_free
def test_rounds_that_are_known_by_hand():
    """Errors 0 0 0 0 1: a loss of 1/5, after which the last example weighs 1/2, the others 1/8."""
    y = np.array([0.0, 0.0, 0.0, 0.0, 1.0])
    ensemble = adaboost(constant(0.0, 0.25), 5, epochs=1).fit(ROWS, y)
    # The second errs by 1/4, and on the last example by 3/4: a loss of 1/3 / 2 + 1 / 2, no use.
    np.testing.assert_allclose(ensemble.estimator_errors_, [0.2], rtol=1e-6)
    np.testing.assert_allclose(ensemble.estimator_weights_, [np.log(4)], rtol=1e-6)
    assert ensemble.predict(ROWS).tolist() == [0.0] * 5


@pytest.mark.backend_free
def test_a_member_without_error_is_the_last_one():
    ensemble = adaboost(constant(3.0), 5, epochs=1).fit(ROWS, np.full(5, 3.0))
    assert ensemble.estimator_errors_.tolist() == [0.0]
    assert ensemble.estimator_weights_.tolist() == [1.0]
    assert ensemble.predict(ROWS).tolist() == [3.0] * 5


@pytest.mark.backend_free
def test_a_first_member_with_a_loss_of_one_half_is_refused_in_words():
    with pytest.raises(regkit.RegkitError, match=r"no better than chance \(error 1.000\)"):
        adaboost(constant(0.0), 5, epochs=1).fit(ROWS, np.ones(5))


@pytest.mark.backend_free
def test_several_targets_are_refused_in_words():
    x, y = bent()
    with pytest.raises(regkit.RegkitError, match=r"the shape \(80, 2\).*MultiOutputRegressor"):
        adaboost().fit(x, np.stack([y, y], axis=1))


@pytest.mark.backend_free
@pytest.mark.parametrize(("given", "match"), [
    ({"loss": "cubic"}, "loss must be 'linear' or 'square' or 'exponential'"),
    ({"learning_rate": -1.0}, "learning_rate must be"),
    ({"n_estimators": 0}, "n_estimators must be a whole number of at least 1"),
])  # fmt: skip
def test_what_makes_no_sense_is_refused_in_words(given, match):
    with pytest.raises(regkit.RegkitError, match=match):
        ensembles.AdaBoostRegressor(**{"build_model": linear, **given}).fit(*bent())


@pytest.mark.backend_free
def test_a_round_that_diverges_is_left_out():
    def build(input_shape, member):
        model = linear(input_shape)
        if member == 1:
            model.optimizer.learning_rate = 1e30
        return model

    x, y = bent()
    with pytest.warns(UserWarning, match=r"members \[1\] diverged and are left out"):
        ensemble = adaboost(build).fit(x, y)
    assert ensemble.diverged_ == [1]
    assert len(ensemble.estimators_) == len(ensemble.estimator_weights_) == 3
    # The weights of the round after it are those that it had.
    found = [own[0] for own in rounds_of(ensemble, x, y, np.full(80, 1 / 80), "linear", 1.0)]
    np.testing.assert_allclose(ensemble.estimator_errors_, found, rtol=1e-5)


@pytest.mark.backend_free
def test_a_run_that_is_broken_off_leaves_what_is_finished():
    def build(input_shape, member):
        if member == 2:
            raise KeyboardInterrupt
        return linear(input_shape)

    x, y = bent()
    ensemble, whole = adaboost(build), adaboost(n_estimators=2).fit(x, y)
    with pytest.raises(KeyboardInterrupt):
        ensemble.fit(x, y)
    assert len(ensemble.estimators_) == len(ensemble.estimator_weights_) == 2
    np.testing.assert_array_equal(ensemble.predict(x), whole.predict(x))


def test_the_same_random_state_gives_the_same_bits():
    x, y = bent()
    states = (3, np.random.RandomState(3))
    one, other = (adaboost(n_estimators=2, random_state=own).fit(x, y) for own in states)
    same_bits(one, other)
    np.testing.assert_array_equal(one.estimator_errors_, other.estimator_errors_)


@pytest.mark.backend_free
def test_another_random_state_gives_other_members():
    x, y = bent()
    one, other = (adaboost(n_estimators=2, random_state=own).fit(x, y) for own in (3, 4))
    assert not np.array_equal(one.estimator_errors_, other.estimator_errors_)
    weights = [ensemble.estimators_[0].get_weights()[0] for ensemble in (one, other)]
    assert not np.allclose(*weights, atol=1e-3)


@pytest.mark.backend_free
def test_what_comes_back_from_a_pickle_predicts_the_same_and_is_fitted_again():
    x, y = bent()
    ensemble = adaboost(callbacks="l2(0.01)").fit(x, y)
    again = pickle.loads(pickle.dumps(ensemble))
    np.testing.assert_array_equal(again.predict(x), ensemble.predict(x))
    same_bits(again.fit(x, y), ensemble)
    assert clone(ensemble).get_params() == ensemble.get_params()
    assert "l2_penalty" in ensemble.histories_[3]


@pytest.mark.backend_free
def test_whole_numbers_and_validation_data():
    x, y = bent()
    whole, targets = np.round(3 * x).astype(int), np.round(3 * y).astype(int)
    ensemble = adaboost(n_estimators=2, batch_size=1000).fit(
        whole[:60].tolist(), targets[:60].tolist(), validation_data=(whole[60:], targets[60:])
    )
    for model, history in zip(ensemble.estimators_, ensemble.histories_, strict=True):
        error = np.mean((model.predict(whole[60:], verbose=0)[:, 0] - targets[60:]) ** 2)
        np.testing.assert_allclose(history["val_loss"][-1], error, rtol=1e-5)


@pytest.mark.backend_free
def test_uncertainty_counts_members_by_their_importance():
    x, y = bent()
    ensemble = adaboost().fit(x, y)
    outputs = np.stack([model.predict(x, verbose=0)[:, 0] for model in ensemble.estimators_])
    shares = ensemble.estimator_weights_ / ensemble.estimator_weights_.sum()
    found, mean = ensemble.uncertainty(x), shares @ outputs
    np.testing.assert_allclose(found.mean, mean, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found.variance, shares @ (outputs - mean) ** 2, rtol=1e-3, atol=1e-8)
