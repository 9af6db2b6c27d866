"""A bagged classifier among scikit-learn's tools, in files, and with options of a fit."""

import pickle
from pathlib import Path

import joblib
import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import regkit
from tests.ensembles.small import (
    blobs,
    build,
    classifier,
    regressor,
    same_bits,
    same_weights,
)

pytestmark = pytest.mark.backend_free


def test_a_clone_has_the_options_and_nothing_learned():
    x, y = blobs()
    ensemble = classifier(callbacks=[regkit.L2(0.1)], max_features=0.5).fit(x, y)
    twin = clone(ensemble)
    given, copied = (one.get_params() | {"callbacks": None} for one in (ensemble, twin))
    assert given == copied
    with pytest.raises(NotFittedError):
        twin.predict(x)
    same_bits(twin.fit(x, y), ensemble)


@pytest.mark.parametrize("what", ["predict", "predict_proba", "uncertainty"])
def test_what_is_not_fitted_predicts_nothing(what):
    with pytest.raises(NotFittedError):
        getattr(classifier(), what)(blobs()[0])


def test_options_of_a_fit_are_over_those_of_the_constructor():
    x, y = blobs()
    given = {"epochs": 3, "batch_size": 30, "shuffle": False, "callbacks": "l2(0.1)"}
    ensemble = classifier().fit(x, y, **given)
    same_bits(ensemble, classifier(**given).fit(x, y))
    assert len(ensemble.histories_[0]["l2_penalty"]) == 3
    assert (ensemble.epochs, ensemble.callbacks) == (2, None)
    same_bits(ensemble.fit(x, y), classifier().fit(x, y))


@pytest.mark.parametrize("given", [{}, {"batch_size": 45}, {"shuffle": False}, {"epochs": 3}])
def test_each_option_of_training_matters(given):
    x, y = blobs()
    plain, other = classifier().fit(x, y), classifier(**given).fit(x, y)
    assert bool(given) == bool(np.abs(plain.predict_proba(x) - other.predict_proba(x)).max() > 1e-4)


def test_unknown_options_of_a_fit_are_refused_in_words():
    x, y = blobs()
    with pytest.raises(regkit.RegkitError, match="no option 'epoch'; did you mean 'epochs'.*others "
                       "are given to BaggingClassifier"):  # fmt: skip
        classifier().fit(x, y, epoch=3)
    with pytest.raises(regkit.RegkitError, match="no option 'n_estimators'"):
        classifier().fit(x, y, n_estimators=3)
    with pytest.raises(regkit.RegkitError, match="epochs must be a whole number of at least 1"):
        classifier().fit(x, y, epochs=0)


def test_as_the_last_step_of_a_pipeline():
    x, y = blobs()
    x = 50 * x + 1000
    pipeline = make_pipeline(StandardScaler(), classifier(epochs=5))
    pipeline.fit(x, y, baggingclassifier__batch_size=8)
    scaled = StandardScaler().fit_transform(x)
    alone = classifier(epochs=5).fit(scaled, y, batch_size=8)
    np.testing.assert_array_equal(pipeline.predict_proba(x), alone.predict_proba(scaled))


def test_a_grid_search_over_members_and_epochs():
    x, y = blobs(60)
    folds = StratifiedKFold(2)
    grid = {"n_estimators": [1, 3], "epochs": [1, 4]}
    search = GridSearchCV(classifier(), grid, cv=folds).fit(x, y)
    for given, found in zip(
        search.cv_results_["params"], search.cv_results_["mean_test_score"], strict=True
    ):
        scores = []
        for train, test in folds.split(x, y):
            fitted = classifier(**given).fit(x[train], y[train])
            scores.append(np.mean(fitted.predict(x[test]) == y[test]))
        assert found == np.mean(scores)
    assert len(search.best_estimator_.estimators_) == search.best_params_["n_estimators"]


def test_cross_validation_splits_weights_too():
    x, y = blobs(60)
    weights = np.where(np.arange(60) < 40, 1.0, 0.0)
    found = cross_validate(
        classifier(), x, y, cv=2, params={"sample_weight": weights}, return_estimator=True,
        return_indices=True,
    )  # fmt: skip
    for ensemble, train in zip(found["estimator"], found["indices"]["train"], strict=True):
        same_bits(ensemble, classifier().fit(x[train], y[train], weights[train]))


def test_a_regression_is_cross_validated_by_r2():
    x = np.random.default_rng(0).normal(size=(60, 4))
    found = cross_validate(regressor(epochs=5), x, x[:, 0], cv=2, return_estimator=True,
                           return_indices=True)  # fmt: skip
    for ensemble, test, score in zip(
        found["estimator"], found["indices"]["test"], found["test_score"], strict=True
    ):
        y = x[test, 0]
        error = ((y - ensemble.predict(x[test])) ** 2).sum() / ((y - y.mean()) ** 2).sum()
        np.testing.assert_allclose(score, 1 - error)


LOADED = """
import pickle, sys
import joblib, numpy as np
x = np.load("x.npy")
with open("pickled", "rb") as file:
    pickled = pickle.load(file)
dumped = joblib.load("dumped")
np.savez("found.npz", pickled=pickled.predict_proba(x), dumped=dumped.predict_proba(x),
         weights=dumped.estimators_[1].get_weights()[0], labels=pickled.predict(x))
"""


def test_in_a_file_it_predicts_the_same_in_a_fresh_process(fresh, tmp_path):
    x, y = blobs()
    ensemble = classifier(max_features=3, callbacks="l2(0.01)").fit(x, np.array(["a", "b", "c"])[y])
    np.save(tmp_path / "x.npy", x)
    (tmp_path / "pickled").write_bytes(pickle.dumps(ensemble))
    joblib.dump(ensemble, tmp_path / "dumped")
    done = fresh.run(LOADED, folder=tmp_path, path=[Path(__file__).parents[2]])
    assert done.returncode == 0, done.stderr
    found = np.load(tmp_path / "found.npz")
    np.testing.assert_allclose(found["pickled"], ensemble.predict_proba(x), rtol=1e-6)
    np.testing.assert_allclose(found["dumped"], ensemble.predict_proba(x), rtol=1e-6)
    np.testing.assert_array_equal(found["labels"], ensemble.predict(x))
    np.testing.assert_array_equal(found["weights"], ensemble.estimators_[1].get_weights()[0])


def test_what_comes_back_from_a_pickle_has_all_it_had():
    x, y = blobs()
    ensemble = classifier(oob_score=True).fit(x, y)
    ensemble.predict(x)  # compiled by now, which does not pickle
    again = pickle.loads(pickle.dumps(ensemble))
    same_bits(again, ensemble)
    assert again.oob_score_ == ensemble.oob_score_
    same_bits(again.fit(x, y), ensemble)
    same_weights(clone(again).fit(x, y), ensemble, rtol=0)


WRITTEN = """
import pickle, sys
import keras, numpy as np
from regkit.ensembles import BaggingClassifier
if sys.argv[1] == "write":
    def build(input_shape, n_classes):
        model = keras.Sequential([keras.Input(input_shape), keras.layers.Dense(n_classes, "softmax")])
        model.compile("sgd", "sparse_categorical_crossentropy")
        return model
    x = np.random.default_rng(0).normal(size=(30, 3)).astype("float32")
    ensemble = BaggingClassifier(build, 2, epochs=1, callbacks=lambda member: f"l2({member})")
    ensemble.fit(x, np.arange(30) % 2)
    np.savez("held.npz", x=x, p=ensemble.predict_proba(x))
    pickle.dump(ensemble, open("pickled", "wb"))
else:
    held = np.load("held.npz")
    ensemble = pickle.load(open("pickled", "rb"))
    np.testing.assert_allclose(ensemble.predict_proba(held["x"]), held["p"], rtol=1e-6)
    assert ensemble.fit(held["x"], np.arange(30) % 2).callbacks(3) == "l2(3)"
"""


def test_functions_of_a_script_are_in_the_file(fresh, tmp_path):
    for what in ("write", "read"):
        done = fresh.run(WRITTEN, what, folder=tmp_path, path=[Path(__file__).parents[2]])
        assert done.returncode == 0, done.stderr


def test_members_are_plain_models_that_train_on():
    x, y = blobs()
    ensemble = classifier().fit(x, y)
    model = ensemble.estimators_[0]
    before = model.evaluate(x, y, verbose=0)
    model.fit(x, y, epochs=5, verbose=0)
    assert type(model) is keras.Sequential
    assert model.evaluate(x, y, verbose=0) < before


def test_a_fit_leaves_the_generators_as_they_were():
    x, y = blobs(40)
    drawn = []
    for fits in (False, True):
        keras.utils.set_random_seed(11)
        if fits:
            classifier(build, n_estimators=2, epochs=1).fit(x, y).predict(x)
        numbers = keras.ops.convert_to_numpy(keras.random.normal((3,)))
        drawn.append([*numbers, *np.random.normal(size=3)])
    np.testing.assert_array_equal(*drawn)
