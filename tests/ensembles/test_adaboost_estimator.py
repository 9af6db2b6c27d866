"""AdaBoost of Keras classifiers as an estimator: chance, weights, files, forms of data, bad input."""

import pickle
import warnings
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, StratifiedKFold

import regkit
from regkit import ensembles
from tests.ensembles.boosted import (
    Soft,
    adaboost,
    linear,
    logits,
    once,
    three,
    weights_of_three,
)
from tests.ensembles.small import same_bits


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
