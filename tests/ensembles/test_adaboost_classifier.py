"""AdaBoost of Keras classifiers: scikit-learn's on the same weak learner, and rounds known by hand."""

import pickle
import warnings
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.base import clone
from sklearn.ensemble import AdaBoostClassifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, StratifiedKFold

import regkit
from regkit import ensembles
from tests.ensembles.boosted import Soft, adaboost, fixed, linear, three
from tests.ensembles.small import same_bits


def once(*values):
    return pytest.param(*values, marks=pytest.mark.backend_free)


def weights_of_three():
    return np.random.default_rng(5).exponential(size=120)


def shares_of_votes(ensemble, x, count=None):
    """What the first members vote, member by member and example by example."""
    shares = np.zeros((len(x), len(ensemble.classes_)))
    pairs = [*zip(ensemble.estimators_, ensemble.estimator_weights_, strict=True)]
    for model, own in pairs[:count]:
        for row, p in zip(shares, model.predict(x, verbose=0), strict=True):
            row[p.argmax()] += own
    return shares / shares.sum(axis=1, keepdims=True)


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


def logits(input_shape, n_classes):
    model = keras.Sequential(
        [keras.Input(input_shape), layers.Dense(5, "tanh"), layers.Dense(n_classes)]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.5), loss)
    return model


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


def random_net(input_shape, n_classes):
    model = keras.Sequential(
        [keras.Input(input_shape), layers.Dense(4, "relu"), layers.Dense(n_classes, "softmax")]
    )
    model.compile(keras.optimizers.Adam(0.05), "sparse_categorical_crossentropy")
    return model


SHUFFLED = {"epochs": 3, "batch_size": 16, "shuffle": True, "n_estimators": 3}


@pytest.mark.parametrize("techniques", [once(None), "gaussian_noise(0.1) + l2(1e-3)"])
def test_the_same_random_state_gives_the_same_bits(techniques):
    x, y = three()
    options = {**SHUFFLED, "n_estimators": 2, "epochs": 2, "callbacks": techniques}
    one, other = (adaboost(random_net, **options).fit(x, y) for _ in range(2))
    same_bits(one, other)
    np.testing.assert_array_equal(one.estimator_errors_, other.estimator_errors_)


@pytest.mark.backend_free
def test_another_random_state_gives_other_members():
    x, y = three()
    one, other = (
        adaboost(random_net, **SHUFFLED, random_state=state).fit(x, y) for state in (3, 4)
    )
    assert not np.array_equal(one.estimator_errors_, other.estimator_errors_)
    weights = [ensemble.estimators_[0].get_weights()[0] for ensemble in (one, other)]
    assert not np.allclose(*weights, atol=1e-3)


@pytest.mark.backend_free
def test_members_of_one_ensemble_begin_with_other_weights_and_orders():
    x, y = three()
    ensemble = adaboost(random_net, **SHUFFLED).fit(x, y)
    first, second = (model.get_weights()[0] for model in ensemble.estimators_[:2])
    assert not np.allclose(first, second, atol=1e-2)
    assert len({history["loss"][0] for history in ensemble.histories_}) == 3


@pytest.mark.backend_free
def test_an_example_of_weight_two_is_two_examples_and_one_of_zero_is_none():
    x, y = three()
    weights = np.random.default_rng(1).integers(0, 3, len(y))
    repeated = np.repeat(np.arange(len(y)), weights)
    weighted, plain = adaboost().fit(x, y, weights), adaboost().fit(x[repeated], y[repeated])
    np.testing.assert_allclose(weighted.estimator_errors_, plain.estimator_errors_, rtol=1e-5)
    np.testing.assert_allclose(weighted.estimator_weights_, plain.estimator_weights_, rtol=1e-5)
    np.testing.assert_allclose(weighted.predict_proba(x), plain.predict_proba(x), rtol=1e-5)
    scaled = adaboost().fit(x, y, 1000 * weights)
    np.testing.assert_allclose(weighted.estimator_errors_, scaled.estimator_errors_, rtol=1e-5)


@pytest.mark.backend_free
def test_the_loss_is_weighted_by_the_weights_of_its_round():
    """The first epoch's loss is that of weights at zero, ln 3, in every round: they sum to one."""
    x, y = three()
    ensemble = adaboost().fit(x, y, weights_of_three())
    for history in ensemble.histories_:
        np.testing.assert_allclose(history["loss"][0], np.log(3), rtol=1e-5)
        assert history["loss"][-1] < history["loss"][0]
    assert [len(history["loss"]) for history in ensemble.histories_] == [6] * 4


@pytest.mark.backend_free
def test_validation_data_are_evaluated_after_each_epoch():
    x, y = three()
    labels = np.array(["a", "b", "c"])[y]
    ensemble = adaboost(n_estimators=2).fit(x[:80], labels[:80],
                                            validation_data=(x[80:], labels[80:]))  # fmt: skip
    for model, history in zip(ensemble.estimators_, ensemble.histories_, strict=True):
        p = model.predict(x[80:], verbose=0)[np.arange(40), y[80:]]
        np.testing.assert_allclose(history["val_loss"][-1], -np.log(p).mean(), rtol=1e-5)


@pytest.mark.backend_free
def test_a_grid_search_over_the_learning_rate():
    x, y = three(60)
    folds, rates = StratifiedKFold(2), [0.2, 1.0]
    search = GridSearchCV(adaboost(n_estimators=2), {"learning_rate": rates}, cv=folds).fit(x, y)
    for rate, found in zip(rates, search.cv_results_["mean_test_score"], strict=True):
        scores = []
        for train, test in folds.split(x, y):
            fitted = adaboost(n_estimators=2, learning_rate=rate).fit(x[train], y[train])
            scores.append(np.mean(fitted.predict(x[test]) == y[test]))
        assert found == np.mean(scores)
    best = search.best_estimator_
    weights = np.log((1 - best.estimator_errors_) / best.estimator_errors_) + np.log(2)
    np.testing.assert_allclose(best.estimator_weights_, best.learning_rate * weights)


LOADED = """
import pickle
import numpy as np
x = np.load("x.npy")
with open("pickled", "rb") as file:
    ensemble = pickle.load(file)
np.savez("found.npz", p=ensemble.predict_proba(x), labels=ensemble.predict(x),
         weights=ensemble.estimator_weights_, stage=list(ensemble.staged_predict_proba(x))[1])
"""


@pytest.mark.backend_free
def test_in_a_file_it_predicts_the_same_in_a_fresh_process(fresh, tmp_path):
    x, y = three()
    ensemble = adaboost([linear, logits], n_estimators=3).fit(x, np.array(["a", "b", "c"])[y])
    np.save(tmp_path / "x.npy", x)
    (tmp_path / "pickled").write_bytes(pickle.dumps(ensemble))
    done = fresh.run(LOADED, folder=tmp_path, path=[Path(regkit.__file__).parents[1]])
    assert done.returncode == 0, done.stderr
    found = np.load(tmp_path / "found.npz")
    np.testing.assert_allclose(found["p"], ensemble.predict_proba(x), rtol=1e-6)
    np.testing.assert_array_equal(found["labels"], ensemble.predict(x))
    np.testing.assert_array_equal(found["weights"], ensemble.estimator_weights_)
    np.testing.assert_allclose(found["stage"], [*ensemble.staged_predict_proba(x)][1], rtol=1e-6)


@pytest.mark.backend_free
def test_what_comes_back_from_a_pickle_is_fitted_again_as_before():
    x, y = three()
    ensemble = adaboost(random_net, **SHUFFLED).fit(x, y)
    again = pickle.loads(pickle.dumps(ensemble))
    same_bits(again, ensemble)
    same_bits(clone(again).fit(x, y), ensemble)


@pytest.mark.backend_free
def test_whole_numbers_and_a_single_round():
    x, y = three()
    whole = np.round(x).astype("int64")
    ensemble = adaboost(n_estimators=1).fit(whole.tolist(), y.tolist())
    soft = Soft().fit(whole.astype(float), y, np.ones(len(y)))
    np.testing.assert_array_equal(ensemble.predict(whole), soft.predict(whole.astype(float)))
    np.testing.assert_allclose(ensemble.estimator_errors_, [np.mean(soft.predict(whole) != y)])
    np.testing.assert_allclose(ensemble.to_keras().predict(whole, verbose=0),
                               ensemble.predict_proba(whole), atol=1e-6)  # fmt: skip


@pytest.mark.backend_free
def test_in_half_precision_it_is_the_same_to_its_rounding():
    x, y = three()
    plain = adaboost(n_estimators=3).fit(x, y)
    keras.config.set_dtype_policy("mixed_float16")
    half = adaboost(n_estimators=3).fit(x, y)
    np.testing.assert_allclose(half.estimator_errors_[0], plain.estimator_errors_[0], atol=0.02)
    kernels = [ensemble.estimators_[0].get_weights()[0] for ensemble in (half, plain)]
    np.testing.assert_allclose(*kernels, atol=1e-2)
    assert np.isfinite(half.estimator_weights_).all()
    np.testing.assert_allclose(
        half.to_keras().predict(x, verbose=0), half.predict_proba(x), atol=2e-3
    )


@pytest.mark.backend_free
def test_images_are_boosted_as_tables_of_their_points():
    def build(input_shape, n_classes):
        last = layers.Dense(n_classes, "softmax", kernel_initializer="zeros")
        model = keras.Sequential([keras.Input(input_shape), layers.Flatten(), last])
        model.compile(keras.optimizers.SGD(1.0), "sparse_categorical_crossentropy")
        return model

    x, y = three()
    images, table = x.reshape(len(y), 1, 3, 1), adaboost(n_estimators=3).fit(x, y)
    ensemble = adaboost(build, n_estimators=3).fit(images, y)
    assert ensemble.estimators_[0].input_shape == (None, 1, 3, 1)
    np.testing.assert_allclose(ensemble.estimator_weights_, table.estimator_weights_, rtol=1e-5)
    np.testing.assert_allclose(
        ensemble.predict_proba(images), table.predict_proba(x), rtol=1e-5, atol=1e-9
    )


@pytest.mark.backend_free
def test_uncertainty_counts_members_by_their_importance():
    x, y = three()
    ensemble = adaboost(n_estimators=3).fit(x, y)
    p = np.stack([model.predict(x, verbose=0) for model in ensemble.estimators_]).astype(float)
    shares = ensemble.estimator_weights_ / ensemble.estimator_weights_.sum()
    mean = np.einsum("m,mec->ec", shares, p)
    found = ensemble.uncertainty(x)
    np.testing.assert_allclose(found.entropy, -(mean * np.log(mean)).sum(axis=1), rtol=1e-5)
    variance = np.einsum("m,mec->ec", shares, (p - mean) ** 2)
    np.testing.assert_allclose(found.variance, variance, rtol=1e-4, atol=1e-9)


@pytest.mark.backend_free
@pytest.mark.parametrize("what", ["predict", "predict_proba", "uncertainty", "to_keras",
                                  "staged_predict", "staged_score"])  # fmt: skip
def test_what_is_not_fitted_predicts_nothing(what):
    x, y = three(5)
    given = {"to_keras": (), "staged_score": (x, y)}.get(what, (x,))
    with pytest.raises(NotFittedError):
        list(getattr(adaboost(), what)(*given))
    with pytest.raises(NotFittedError):
        _ = adaboost().estimator_weights_


BAD = {
    "no rounds": ({"n_estimators": 0}, {}, "n_estimators must be a whole number of at least 1"),
    "no rate": ({"learning_rate": 0.0}, {}, "learning_rate must be.*received learning_rate=0.0"),
    "epochs": ({"epochs": 1.5}, {}, "epochs must be a whole number"),
    "an option of a fit": ({}, {"epoch": 2}, "no option 'epoch'; did you mean 'epochs'"),
    "no function": ({"build_model": []}, {}, "build_model is an empty list"),
    "weights below zero": ({}, {"sample_weight": [-1.0] * 20}, "finite numbers of at least 0"),
    "weights of zero": ({}, {"sample_weight": [0.0] * 20}, "not all of them zero"),
    "other weights": ({}, {"sample_weight": [1.0] * 19}, r"must be \(20,\), one for each"),
    "labels that are new": (
        {},
        {"validation_data": (np.zeros((1, 3)), [9])},
        r"labels that the training examples do not have: \[9\]",
    ),
}


@pytest.mark.backend_free
@pytest.mark.parametrize("case", BAD)
def test_what_makes_no_sense_is_refused_in_words(case):
    options, of_fit, match = BAD[case]
    x, y = three(20)
    ensemble = ensembles.AdaBoostClassifier(**{"build_model": linear, **options})
    with pytest.raises(regkit.RegkitError, match=match):
        ensemble.fit(x, y, **of_fit)
    with pytest.raises(NotFittedError):
        ensemble.predict(x)


@pytest.mark.backend_free
def test_no_round_warns_of_anything():
    x, y = three()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", DeprecationWarning)  # Keras' own
        adaboost(n_estimators=2).fit(x, y).predict(x)
