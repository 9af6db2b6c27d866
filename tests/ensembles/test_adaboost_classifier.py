"""AdaBoost of Keras classifiers: scikit-learn's on the same weak learner, and rounds known by hand."""

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.ensemble import AdaBoostClassifier

import regkit
from tests.ensembles.boosted import (
    Soft,
    adaboost,
    fixed,
    linear,
    logits,
    once,
    shares_of_votes,
    three,
    weights_of_three,
)


@pytest.mark.parametrize(("rate", "weighted"), [once(1.0, False), (0.5, True)])
def test_it_is_scikit_learns_with_the_same_weak_learner(rate, weighted):
    x, y = three()
    weights = weights_of_three() if weighted else None
    theirs = AdaBoostClassifier(Soft(), n_estimators=4, learning_rate=rate)
    theirs.fit(x.astype("float64"), y, weights)
    ours = adaboost(learning_rate=rate).fit(x, y, weights)
    np.testing.assert_allclose(ours.estimator_errors_, theirs.estimator_errors_, rtol=1e-5)
    np.testing.assert_allclose(ours.estimator_weights_, theirs.estimator_weights_, rtol=1e-5)
    for model, soft in zip(ours.estimators_, theirs.estimators_, strict=True):
        kernel, bias = model.get_weights()
        np.testing.assert_allclose(kernel, soft.kernel, rtol=1e-3, atol=1e-5)
        np.testing.assert_allclose(bias, soft.bias, rtol=1e-3, atol=1e-5)
    np.testing.assert_array_equal(ours.predict(x), theirs.predict(x))
    for one, other in zip(ours.staged_predict(x), theirs.staged_predict(x), strict=True):
        np.testing.assert_array_equal(one, other)
    assert len(set(ours.estimator_errors_.round(3))) > 3  # rounds that differ


@pytest.mark.backend_free
def test_stages_are_votes_of_the_first_members():
    x, y = three()
    labels = np.array(["low", "middle", "high"])[y]
    ensemble = adaboost().fit(x, labels)
    assert ensemble.classes_.tolist() == ["high", "low", "middle"]
    stages = zip(
        ensemble.staged_predict(x),
        ensemble.staged_predict_proba(x),
        ensemble.staged_score(x, labels),
        strict=True,
    )
    for count, (predicted, p, score) in enumerate(stages, start=1):
        shares = shares_of_votes(ensemble, x, count)
        np.testing.assert_allclose(p, shares, atol=1e-12)
        np.testing.assert_array_equal(predicted, ensemble.classes_[shares.argmax(axis=1)])
        assert score == sum(a == b for a, b in zip(predicted, labels, strict=True)) / len(labels)
    assert count == 4
    np.testing.assert_array_equal(predicted, ensemble.predict(x))
    np.testing.assert_array_equal(p, ensemble.predict_proba(x))
    assert score == ensemble.score(x, labels)


def test_as_one_keras_model_it_predicts_the_same():
    x, y = three()
    ensemble = adaboost().fit(x, y)
    found = ensemble.to_keras().predict(x, verbose=0)
    np.testing.assert_allclose(found, shares_of_votes(ensemble, x), atol=1e-6)
    np.testing.assert_allclose(found, ensemble.predict_proba(x), atol=1e-6)


def one_sigmoid(input_shape):
    model = keras.Sequential([keras.Input(input_shape), layers.Dense(1, "sigmoid")])
    model.compile(keras.optimizers.SGD(0.5), "binary_crossentropy")
    return model


def test_two_architectures_with_outputs_of_their_own_take_turns():
    x, _ = three()
    y = (x[:, 0] + x[:, 1] ** 2 > 0.5).astype(int)
    ensemble = adaboost([one_sigmoid, logits], n_estimators=4, epochs=15).fit(x, y)
    assert [model.layers[-1].units for model in ensemble.estimators_] == [1, 2, 1, 2]
    votes, weights = np.zeros((len(x), 2)), np.full(len(x), 1 / len(x))
    for number, model in enumerate(ensemble.estimators_):
        output = model.predict(x, verbose=0)
        said = output[:, 0] > 0.5 if number % 2 == 0 else output.argmax(axis=1)
        error = weights[said != y].sum()
        importance = np.log((1 - error) / error)
        np.testing.assert_allclose(ensemble.estimator_errors_[number], error)
        np.testing.assert_allclose(ensemble.estimator_weights_[number], importance)
        votes[np.arange(len(x)), said.astype(int)] += importance
        weights = weights * np.exp(importance * (said != y))
        weights /= weights.sum()
    np.testing.assert_allclose(
        ensemble.predict_proba(x), votes / votes.sum(axis=1, keepdims=True), atol=1e-9
    )
    np.testing.assert_allclose(
        ensemble.to_keras().predict(x, verbose=0), ensemble.predict_proba(x), atol=1e-6
    )


# Numbers on a line, and members that tell a side of it: all is known by hand.
LINE = np.arange(10.0)[:, None] - 2.5
SIDES = (LINE[:, 0] > 0).astype(int)
RIGHT = ([[-9.0, 9.0]], [0.0, 0.0])  # the sign of x
FIRST, SECOND = ([[0.0, 0.0]], [1.0, 0.0]), ([[0.0, 0.0]], [0.0, 1.0])  # always this class


@pytest.mark.backend_free
def test_a_member_without_error_is_the_last_one():
    ensemble = adaboost(fixed(RIGHT), n_estimators=5).fit(LINE, SIDES)
    assert ensemble.estimator_errors_.tolist() == [0.0]
    assert ensemble.estimator_weights_.tolist() == [1.0]
    assert ensemble.score(LINE, SIDES) == 1.0


@pytest.mark.backend_free
def test_a_later_member_that_is_no_better_than_chance_is_none_and_ends_it():
    y = SIDES.copy()
    y[9] = 0  # which the first member misses: an error of 1/10, so that it weighs 1/2 from then on
    ensemble = adaboost(fixed(RIGHT, SECOND), n_estimators=5).fit(LINE, y)
    np.testing.assert_allclose(ensemble.estimator_errors_, [0.1])
    np.testing.assert_allclose(ensemble.estimator_weights_, [np.log(9)])
    assert len(ensemble.estimators_) == 1


@pytest.mark.backend_free
def test_rounds_that_are_known_by_hand():
    """ε = 1/10 of 10 examples; then that one weighs 1/2, the other nine 1/18 each."""
    y = SIDES.copy()
    y[9] = 0
    ensemble = adaboost(fixed(RIGHT, FIRST, SECOND), n_estimators=3).fit(LINE, y)
    missed = 6 / 18  # the first class is wrong on six of those nine
    # The missed six weigh 1/12 each from then on, together 1/2; the other four weigh 1/2 as well,
    # and are those that the second class is wrong on: an error of one half, which ends it.
    np.testing.assert_allclose(ensemble.estimator_errors_, [0.1, missed])
    np.testing.assert_allclose(ensemble.estimator_weights_, [np.log(9), np.log(2)])
    first, second = np.array([np.log(9), np.log(2)]) / np.log(18)
    expected = np.where(LINE < 0, [first + second, 0], [second, first])
    np.testing.assert_allclose(ensemble.predict_proba(LINE), expected, atol=1e-12)


@pytest.mark.backend_free
@pytest.mark.parametrize("member", [FIRST, ([[9.0, -9.0]], [0.0, 0.0])])
def test_a_first_member_that_is_no_better_than_chance_is_refused_in_words(member):
    with pytest.raises(regkit.RegkitError, match=r"first member is no better than chance \(error "):
        adaboost(fixed(member)).fit(LINE[1:-2], np.arange(7) > 1)


def diverging(*numbers):
    """The weak learner, of which members of these numbers end in what is no number."""

    def build(input_shape, n_classes, member):
        model = linear(input_shape, n_classes)
        if member in numbers:
            model.optimizer.learning_rate = 1e39  # infinite in single precision
        return model

    return build


def test_a_round_that_diverges_is_left_out_and_the_next_has_the_same_weights():
    """As the weak learner draws nothing, the rounds are those of an ensemble without it."""
    x, y = three()
    with pytest.warns(UserWarning, match=r"members \[1\] diverged and are left out"):
        ensemble = adaboost(diverging(1), n_estimators=4).fit(x, y)
    plain = adaboost(n_estimators=3).fit(x, y)
    assert (ensemble.diverged_, plain.diverged_) == ([1], [])
    np.testing.assert_allclose(ensemble.estimator_errors_, plain.estimator_errors_, rtol=1e-6)
    np.testing.assert_allclose(ensemble.estimator_weights_, plain.estimator_weights_, rtol=1e-6)
    np.testing.assert_allclose(ensemble.predict_proba(x), plain.predict_proba(x), rtol=1e-6)
    assert len(ensemble.estimators_) == len(ensemble.histories_) == 3


@pytest.mark.backend_free
def test_if_all_rounds_diverge_that_is_said():
    x, y = three(40)
    with pytest.raises(regkit.RegkitError, match="all 2 members diverged.*learning rate"):
        adaboost(diverging(0, 1), n_estimators=2).fit(x, y)


@pytest.mark.backend_free
def test_a_run_that_is_broken_off_leaves_what_is_finished():
    def build(input_shape, n_classes, member):
        if member == 2:
            raise KeyboardInterrupt
        return linear(input_shape, n_classes)

    x, y = three()
    ensemble, whole = adaboost(build), adaboost(n_estimators=2).fit(x, y)
    with pytest.raises(KeyboardInterrupt) as caught:
        ensemble.fit(x, y)
    assert caught.value.__notes__ == [
        "2 of 4 members are finished; the ensemble predicts with these"
    ]
    assert len(ensemble.estimators_) == len(ensemble.estimator_weights_) == 2
    np.testing.assert_array_equal(ensemble.estimator_errors_, whole.estimator_errors_)
    np.testing.assert_array_equal(ensemble.predict_proba(x), whole.predict_proba(x))
    np.testing.assert_array_equal([*ensemble.staged_predict(x)][-1], ensemble.predict(x))
