"""What makes no sense is refused in words, before anything is trained."""

import keras
import numpy as np
import pytest
from keras import layers

import regkit
from regkit.ensembles import trainer
from tests.ensembles.small import blobs, build, classifier, line, regressor

pytestmark = pytest.mark.backend_free
X, Y = blobs(30)


@pytest.fixture(autouse=True)
def nothing_is_trained(monkeypatch):
    def trained(*given):
        raise AssertionError("a member was trained")

    monkeypatch.setattr(trainer, "train_together", trained)
    monkeypatch.setattr(trainer, "train_in_turn", trained)


BAD_OPTIONS = {
    "no members": ({"n_estimators": 0}, "BaggingClassifier: n_estimators must be a whole number "),
    "half a member": ({"n_estimators": 2.5}, "n_estimators must be a whole number of at least 1"),
    "an engine": ({"engine": "vectorised"}, "did you mean 'vectorized'"),
    "epochs": ({"epochs": 0}, "epochs must be a whole number of at least 1"),
    "a batch": ({"batch_size": -1}, "batch_size must be"),
    "shuffle": ({"shuffle": "batch"}, "shuffle must be True or False"),
    "bootstrap": ({"bootstrap": "yes"}, "bootstrap must be True or False"),
    "a way to combine": ({"combine": "median"}, "combine must be 'mean' or 'vote'"),
    "oob_score": ({"oob_score": 2}, "oob_score must be True or False"),
    "all held out": ({"validation_fraction": 1.0}, "validation_fraction must be"),
    "none held out": ({"validation_fraction": 0}, "validation_fraction must be"),
    "a group": ({"group_size": 0}, "group_size must be a whole number of at least 1"),
    "processes": ({"n_jobs": 1.5}, "n_jobs must be a whole number"),
    "verbose": ({"verbose": 3}, "verbose must be"),
    "too many examples": ({"max_samples": 31}, "max_samples=31 of 30 examples"),
    "no examples": ({"max_samples": 0}, "max_samples=0 of 30 examples"),
    "too many columns": ({"max_features": 5}, "max_features=5 of 4 columns of X"),
    "no columns": ({"max_features": 0.0}, "max_features=0.0 of 4 columns of X"),
    "a callback of Keras": (
        {"callbacks": [keras.callbacks.TerminateOnNaN()]},
        "TerminateOnNaN",
    ),
    "a technique that is none": ({"callbacks": "l3(0.1)"}, "l3"),
    "a technique of a member that is none": (
        {"callbacks": lambda member: ["l2(0.1)", "l3(0.1)", None][member]},
        "for member 1: .*l3",
    ),
}


@pytest.mark.parametrize("case", BAD_OPTIONS)
def test_options(case):
    options, match = BAD_OPTIONS[case]
    with pytest.raises(regkit.RegkitError, match=match):
        classifier(**options).fit(X, Y)


def not_compiled():
    return keras.Sequential([layers.Dense(3)])


def no_model():
    return "a model"


ONE = build((4,), 3)


BAD_MODELS = {
    "not compiled": (not_compiled, "a model that is not compiled; call model.compile"),
    "no model": (no_model, "must return a compiled keras.Model; it returned 'a model'"),
    "a model itself": (ONE, "build_model is the model .*; give a function"),
    "a number": (3, "build_model must be a function .*; received 3"),
    "an empty list": ([], "build_model is an empty list"),
    "a list with what is none": ([build, 3], "must be a function .*; received 3"),
    "parameters without a value": (lambda input_shape, units: None, "'units' has no value"),
    "other outputs": (lambda input_shape: build(input_shape, 2), r"\(2,\) for 3 classes"),
}


@pytest.mark.parametrize("engine", ["vectorized", "sequential"])
@pytest.mark.parametrize("case", BAD_MODELS)
def test_models(case, engine):
    given, match = BAD_MODELS[case]
    with pytest.raises(regkit.RegkitError, match=match):
        classifier(given, engine=engine).fit(X, Y)


def test_a_model_that_is_the_same_each_time():
    with pytest.raises(regkit.RegkitError, match="gave member 1 the same model as member 0"):
        classifier(lambda: ONE).fit(X, Y)


@pytest.mark.parametrize("label", [0, "fig", True])
def test_a_single_class(label):
    with pytest.raises(regkit.RegkitError, match=f"y has one class only, .*{label}"):
        classifier().fit(X, np.full(30, label))


@pytest.mark.parametrize(("weights", "match"), [
    (np.zeros(30), "at least 0, and not all of them zero"),
    (0.0, "not all of them zero"),
    (np.where(np.arange(30) == 3, -1.0, 1.0), "finite numbers of at least 0"),
    (np.full(30, np.nan), "finite numbers of at least 0"),
    (np.full(30, np.inf), "finite numbers of at least 0"),
    (np.ones(29), r"shape must be \(30,\).*received \(29,\)"),
    (np.ones((30, 1)), r"received \(30, 1\)"),
])  # fmt: skip
@pytest.mark.parametrize("bootstrap", [True, False])
def test_weights(weights, match, bootstrap):
    with pytest.raises(regkit.RegkitError, match=match):
        classifier(bootstrap=bootstrap).fit(X, Y, weights)


def test_weights_that_are_zero_on_all_that_a_member_has_drawn():
    weights = np.where(np.arange(30) == 3, 1.0, 0.0)
    with pytest.raises(regkit.RegkitError, match="that member . has drawn are all zero"):
        classifier(bootstrap=False, max_samples=2).fit(X, Y, weights)


@pytest.mark.parametrize(("validation", "match"), [
    ((X, np.where(Y == 0, 7, Y)), r"labels that the training examples do not have: \[7\]"),
    ((X, Y, np.ones(30)), r"must be \(X, y\); received tuple"),
    ((X,), r"must be \(X, y\)"),
    (X, r"must be \(X, y\); received ndarray"),
    ("ab", r"must be \(X, y\); received str"),
    ((X, Y[:5]), r"they hold \[30, 5\]"),
])  # fmt: skip
def test_validation(validation, match):
    with pytest.raises(regkit.RegkitError, match=match):
        classifier().fit(X, Y, validation_data=validation)


def test_validation_with_other_columns_is_refused_as_scikit_learn_does():
    with pytest.raises(ValueError, match="X has 3 features.*expecting 4 features"):
        classifier().fit(X, Y, validation_data=(X[:, :3], Y))


@pytest.mark.parametrize(("x", "y", "match"), [
    (X, np.where(Y == 0, np.nan, Y), "y contains NaN"),
    (np.where(X > 0, np.nan, X), Y, "X contains NaN"),
    (X[:, 0], Y, "Expected 2D array"),
    (X[:20], Y, "inconsistent numbers of samples"),
    (X, X[:, 0], "Unknown label type"),
    (X, np.eye(3)[Y], "Unknown label type|y should be a 1d array"),
    (np.full((30, 2), "a"), Y, "not compatible with arrays of bytes/strings"),
    (X[:0], Y[:0], "0 sample"),
])  # fmt: skip
def test_data_are_refused_as_scikit_learn_does(x, y, match):
    with pytest.raises(ValueError, match=match):
        classifier().fit(x, y)


def test_an_out_of_bag_score_where_all_members_see_all():
    with pytest.raises(regkit.RegkitError, match="oob_score"):
        classifier(bootstrap=False, oob_score=True).fit(X, Y)


def test_columns_of_images():
    with pytest.raises(regkit.RegkitError, match="X has examples of another form"):
        classifier(max_features=0.5).fit(np.zeros((30, 2, 2, 1)), Y)


def test_a_regression():
    x, y = line(30)
    with pytest.raises(regkit.RegkitError, match="BaggingRegressor: combine must be 'mean' or 'm"):
        regressor(combine="vote").fit(x, y)
    with pytest.raises(regkit.RegkitError, match=r"validation_data must be \(X, y\)"):
        regressor().fit(x, y, validation_data=[x])
    with pytest.raises(ValueError, match="could not convert|Unable to convert"):
        regressor().fit(x, np.full(30, "a"))
