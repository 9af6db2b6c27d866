"""Voting of trained models: against loops over models, and SciPy's optimum of the weights."""

import pickle

import keras
import numpy as np
import pytest
from keras import layers
from scipy.special import entr
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import regkit
from regkit.ensembles import VotingEnsemble
from tests.ensembles.boosted import ballots_of, three
from tests.ensembles.voters import (
    by_scipy,
    logits_one,
    model_of,
    probabilities,
    soft_one,
    three_models,
)


@pytest.mark.parametrize(("voting", "weights"), [
    ("soft", [0.5, 2.0, 1.0]), ("hard", [0.5, 2.0, 1.0]),
    pytest.param("soft", None, marks=pytest.mark.backend_free),
    pytest.param("hard", None, marks=pytest.mark.backend_free),
    pytest.param("soft", np.array([0, 1, 0]), marks=pytest.mark.backend_free),
])  # fmt: skip
def test_models_vote_by_their_weights_also_as_one_keras_model(voting, weights):
    x, y = three(90)
    models = three_models()
    names = np.array(["low", "middle", "high"])
    ensemble = VotingEnsemble(models, voting=voting, weights=weights).fit(x, names[y])
    shares = np.full(3, 1 / 3) if weights is None else np.array(weights) / np.sum(weights)
    np.testing.assert_allclose(ensemble.weights_, shares)
    p = probabilities(models, x)
    expected = np.zeros((90, 3))
    for own, share in zip(p, shares, strict=True):
        for row, each in zip(expected, own, strict=True):
            row += share * (each if voting == "soft" else ballots_of(each))
    np.testing.assert_allclose(ensemble.predict_proba(x), expected, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(ensemble.to_keras().predict(x, verbose=0), expected, atol=1e-6)
    labels = np.array(["high", "low", "middle"])[expected.argmax(axis=1)]
    np.testing.assert_array_equal(ensemble.predict(x), labels)
    assert ensemble.score(x, names[y]) == np.mean(labels == names[y])
    assert ensemble.estimators_ == models


@pytest.mark.backend_free
def test_of_two_classes_a_single_sigmoid_votes_beside_two_outputs():
    x, y = three(90)
    y = np.minimum(y, 1)
    keras.utils.set_random_seed(3)
    models = [
        model_of(last="sigmoid", outputs=1, loss="binary_crossentropy"),
        model_of(last=None, outputs=1, loss=keras.losses.BinaryCrossentropy(from_logits=True)),
        model_of(outputs=2),
    ]
    one, logit, two = (model.predict(x, verbose=0).astype(float) for model in models)
    second = np.stack([one[:, 0], 1 / (1 + np.exp(-logit[:, 0])), two[:, 1]])
    for voting, ballots in (("soft", second), ("hard", second > 0.5)):
        ensemble = VotingEnsemble(models, voting=voting).fit(x, y)
        share = ballots.mean(axis=0)
        np.testing.assert_allclose(ensemble.predict_proba(x)[:, 1], share, rtol=1e-5, atol=1e-7)
        found = ensemble.to_keras().predict(x, verbose=0)
        np.testing.assert_allclose(found, np.stack([1 - share, share], axis=1), atol=1e-6)


# -- fitted weights --------------------------------------------------------------------------------


@pytest.mark.backend_free
def test_classes_name_the_outputs_in_their_order_also_those_that_no_example_has():
    x, y = three(90)
    models, classes = three_models(), ["low", "middle", "high"]
    some = y < 2
    ensemble = VotingEnsemble(models, weights="fitted", classes=classes)
    ensemble.fit(x[some], np.array(classes)[y[some]])
    assert ensemble.classes_.tolist() == classes
    plain = VotingEnsemble(models, weights=ensemble.weights_).fit(x, y)
    np.testing.assert_allclose(ensemble.predict_proba(x), plain.predict_proba(x), rtol=1e-9)
    np.testing.assert_array_equal(ensemble.predict(x), np.array(classes)[plain.predict(x)])
    p = probabilities(models, x[some])
    np.testing.assert_allclose(
        ensemble.weights_, by_scipy(p[:, np.arange(some.sum()), y[some]]), atol=2e-3
    )


@pytest.mark.backend_free
@pytest.mark.parametrize("classes", [[0, 1, 5], [0, 1], [0, 1, 1, 2]])
def test_classes_that_do_not_name_each_label_once_are_refused_in_words(classes):
    x, y = three(30)
    with pytest.raises(regkit.RegkitError, match=r"must name each label once; y has \[0, 1, 2\]"):
        VotingEnsemble(three_models(), classes=classes).fit(x, y)


# -- models are left as they are -------------------------------------------------------------------


def test_models_are_not_changed():
    x, y = three(40)
    models = three_models()
    names = [model.name for model in models]
    weights = [model.get_weights() for model in models]
    ensemble = VotingEnsemble(models, weights="fitted").fit(x, y)
    ensemble.predict(x)
    plain = ensemble.to_keras()
    plain.compile("sgd", "sparse_categorical_crossentropy")
    before = ensemble.predict_proba(x)
    plain.fit(x, y, verbose=0)
    assert [model.name for model in models] == names
    for model, own in zip(models, weights, strict=True):
        assert model.compiled
        for found, value in zip(model.get_weights(), own, strict=True):
            np.testing.assert_array_equal(found, value)
    np.testing.assert_array_equal(ensemble.predict_proba(x), before)
    assert np.abs(plain.predict(x, verbose=0) - before).max() > 1e-4
    models[0].fit(x, y, verbose=0)  # they train on, as what they are


@pytest.mark.backend_free
def test_a_clone_has_models_of_its_own_that_predict_the_same():
    x, y = three(40)
    ensemble = VotingEnsemble(three_models(), weights=[1, 2, 3]).fit(x, y)
    twin = clone(ensemble)
    with pytest.raises(NotFittedError):
        twin.predict(x)
    np.testing.assert_allclose(
        twin.fit(x, y).predict_proba(x), ensemble.predict_proba(x), rtol=1e-6
    )
    assert not {*map(id, twin.models)} & {*map(id, ensemble.models)}


@pytest.mark.backend_free
def test_what_comes_back_from_a_pickle_predicts_the_same():
    x, y = three(40)
    ensemble = VotingEnsemble(three_models(), voting="hard", weights="fitted").fit(x, y)
    again = pickle.loads(pickle.dumps(ensemble))
    np.testing.assert_array_equal(again.predict_proba(x), ensemble.predict_proba(x))
    np.testing.assert_array_equal(again.weights_, ensemble.weights_)
    np.testing.assert_allclose(again.fit(x, y).weights_, ensemble.weights_)


@pytest.mark.backend_free
def test_one_model_of_whole_numbers_and_a_tuple():
    x, y = three(40)
    whole = np.round(2 * x).astype(int)
    model = soft_one()
    ensemble = VotingEnsemble((model,), weights="fitted").fit(whole.tolist(), y.tolist())
    assert ensemble.weights_.tolist() == [1.0]
    expected = model.predict(whole, verbose=0)
    np.testing.assert_allclose(ensemble.predict_proba(whole), expected, rtol=1e-5)
    np.testing.assert_allclose(ensemble.to_keras().predict(whole, verbose=0), expected, rtol=1e-5)


@pytest.mark.backend_free
def test_in_half_precision_it_is_the_same_to_its_rounding():
    x, y = three(40)
    keras.config.set_dtype_policy("mixed_float16")
    models = three_models()
    ensemble = VotingEnsemble(models).fit(x, y)
    np.testing.assert_allclose(
        ensemble.predict_proba(x), probabilities(models, x).mean(axis=0), atol=2e-3
    )
    np.testing.assert_allclose(ensemble.predict_proba(x).sum(axis=1), 1)
    np.testing.assert_allclose(
        ensemble.to_keras().predict(x, verbose=0), ensemble.predict_proba(x), atol=3e-3
    )


@pytest.mark.backend_free
def test_uncertainty_counts_models_by_their_weights():
    x, y = three(40)
    models, shares = three_models(), np.array([0.2, 0.5, 0.3])
    found = VotingEnsemble(models, weights=shares).fit(x, y).uncertainty(x)
    p = probabilities(models, x)
    mean = np.einsum("m,mec->ec", shares, p)
    entropy, own = entr(mean).sum(axis=1), np.einsum("m,mec->e", shares, entr(p))
    np.testing.assert_allclose(found.entropy, entropy, rtol=1e-4)
    np.testing.assert_allclose(found.mutual_information, entropy - own, rtol=1e-4, atol=1e-6)


# -- what makes no sense ---------------------------------------------------------------------------


def uncompiled():
    return keras.Sequential([keras.Input((3,)), layers.Dense(3, "softmax")])


def twice():
    model = soft_one()
    return [model, logits_one(), model]


BAD_MODELS = {
    "no list": (soft_one, "models must be a list of trained Keras models"),
    "an empty list": (list, r"models must be a list of trained Keras models; received \[\]"),
    "a text": (lambda: "abc", "received 'abc'"),
    "no model": (lambda: [soft_one(), 3], r"models\[1\] is no keras.Model: 3"),
    "not compiled": (lambda: [uncompiled()], r"models\[0\] is not compiled.*Call model.compile"),
    "twice": (twice, r"models\[2\] is there twice; weights= lets a model count more"),
    "other classes": (lambda: [soft_one(), model_of(outputs=4)], r"shape \(4,\) for 3 classes"),
    "another loss": (lambda: [model_of(loss="hinge")], "the loss hinge does not fit"),
}


@pytest.mark.backend_free
@pytest.mark.parametrize("case", BAD_MODELS)
def test_models_that_do_not_fit_are_refused_in_words(case):
    models, match = BAD_MODELS[case]
    with pytest.raises(regkit.RegkitError, match=match):
        VotingEnsemble(models()).fit(*three(40))


@pytest.mark.backend_free
@pytest.mark.parametrize(("options", "match"), [
    ({"weights": [1, -1, 1]}, r"weights must be 3 finite numbers of at least 0.*received \[1, -1, 1\]"),
    ({"weights": [0, 0, 0]}, "not all of them zero"),
    ({"weights": [1, 1]}, "one for each model"),
    ({"weights": [1, np.nan, 1]}, "3 finite numbers"),
    ({"weights": [1, np.inf, 1]}, "3 finite numbers"),
    ({"weights": "fited"}, "weights must be numbers, None or 'fitted'; received weights='fited'"),
    ({"voting": "sof"}, "voting must be 'soft' or 'hard'.*did you mean 'soft'"),
    ({"voting": None}, "voting must be 'soft' or 'hard'"),
])  # fmt: skip
def test_options_that_make_no_sense_are_refused_in_words(options, match):
    with pytest.raises(regkit.RegkitError, match=match):
        VotingEnsemble(three_models(), **options).fit(*three(40))


@pytest.mark.backend_free
def test_outputs_that_are_no_probabilities_are_refused_in_words():
    model = model_of(last=None)
    with pytest.raises(regkit.RegkitError, match="no probabilities, though its loss takes them"):
        VotingEnsemble([model], weights="fitted").fit(*three(40))


@pytest.mark.backend_free
@pytest.mark.parametrize("what", ["predict", "predict_proba", "uncertainty", "to_keras"])
def test_what_is_not_fitted_predicts_nothing(what):
    given = () if what == "to_keras" else (three(5)[0],)
    with pytest.raises(NotFittedError):
        getattr(VotingEnsemble(three_models()), what)(*given)
