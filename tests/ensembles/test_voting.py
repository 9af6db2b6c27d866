"""Voting of trained models: against loops over models, and SciPy's optimum of the weights."""

import pickle

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import layers
from scipy.optimize import minimize
from scipy.special import entr
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import regkit
from regkit.ensembles import VotingEnsemble
from regkit.ensembles.voting import log_odds, mixture_weights
from tests.ensembles.boosted import ballots_of, softmax, three

SPARSE = keras.losses.SparseCategoricalCrossentropy


def model_of(*hidden, last="softmax", outputs=3, loss="sparse_categorical_crossentropy", name=None):
    stack = [keras.Input((3,)), *hidden, layers.Dense(outputs, last)]
    model = keras.Sequential(stack, name=name)
    model.compile(keras.optimizers.SGD(0.1), loss)
    return model


def soft_one():
    return model_of(name="soft")


def logits_one():
    return model_of(layers.Dense(5, "relu"), last=None, loss=SPARSE(from_logits=True))


def small_one():
    """A functional model with batch normalization, of another width."""
    entry = keras.Input((3,))
    inner = layers.BatchNormalization()(layers.Dense(4)(entry))
    model = keras.Model(entry, layers.Dense(3, "softmax")(layers.Concatenate()([entry, inner])))
    model.compile("adam", SPARSE())
    return model


def three_models(seed=0):
    """Models of three kinds as chance makes them: none learns, but all of them differ."""
    keras.utils.set_random_seed(seed)
    models = [soft_one(), logits_one(), small_one()]
    random = np.random.default_rng(seed)
    for model in models:
        model.set_weights([
            np.abs(random.normal(size=value.shape)) if "variance" in name
            else 1.5 * random.normal(size=value.shape)
            for name, value in zip([v.path for v in model.weights], model.get_weights(), strict=True)
        ])  # fmt: skip
    return models


def probabilities(models, x):
    p = np.stack([model.predict(x, verbose=0) for model in models]).astype(float)
    p[1] = softmax(p[1])
    return p


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


def loss_of(weights, likelihoods):
    return -np.log(np.asarray(weights) @ likelihoods).mean()


def by_scipy(likelihoods):
    """Minimize the same on the simplex, by sequential quadratic programming."""
    count = len(likelihoods)
    found = minimize(
        loss_of,
        np.full(count, 1 / count),
        args=(likelihoods,),
        jac=lambda w, p: -(p / (w @ p)).mean(axis=1),
        method="SLSQP",
        bounds=[(0, 1)] * count,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        options={"ftol": 1e-14, "maxiter": 500},
    )
    assert found.success
    return found.x


def held_out(seed, models=4, examples=60, classes=3):
    """Models of other skills, and labels."""
    random = np.random.default_rng(seed)
    labels = random.integers(classes, size=examples)
    skill = np.linspace(0, 2, models)[:, None, None] * np.eye(classes)[labels]
    return softmax(random.normal(size=(models, examples, classes)) + skill), labels


@pytest.mark.backend_free
@pytest.mark.parametrize("seed", range(6))
def test_weights_of_a_mixture_are_the_optimum_that_scipy_finds(seed):
    p, labels = held_out(seed)
    likelihoods = p[:, np.arange(60), labels]
    found, optimum = mixture_weights(p, labels), by_scipy(likelihoods)
    assert loss_of(found, likelihoods) < loss_of(optimum, likelihoods) + 1e-6
    np.testing.assert_allclose(found, optimum, atol=1e-3)
    np.testing.assert_allclose(found.sum(), 1)


@pytest.mark.backend_free
@given(st.integers(0, 1000), st.integers(1, 5), st.integers(1, 12))
def test_a_mixture_is_no_worse_than_any_of_its_models(seed, models, examples):
    p, labels = held_out(seed, models, examples)
    likelihoods, found = p[:, np.arange(examples), labels], mixture_weights(p, labels)
    np.testing.assert_allclose(found.sum(), 1)
    assert (found >= 0).all()
    best = min(loss_of(own, likelihoods) for own in np.eye(models))
    equal = loss_of(np.full(models, 1 / models), likelihoods)
    assert loss_of(found, likelihoods) <= min(best, equal) + 1e-4


@pytest.mark.backend_free
def test_a_model_that_is_certain_and_wrong_once_does_not_count():
    p = np.array([[[1.0, 0.0]] * 4, [[0.6, 0.4]] * 4])
    np.testing.assert_allclose(mixture_weights(p, np.array([0, 0, 0, 1]))[0], 0.375, atol=1e-6)
    alone = mixture_weights(p, np.array([1, 1, 1, 1]))
    np.testing.assert_allclose(alone, [0, 1], atol=1e-6)


@pytest.mark.backend_free
@pytest.mark.parametrize("classes", [2, 3, 5])
def test_log_odds_are_those_of_the_closed_form(classes):
    p, labels = held_out(1, models=5, classes=classes)
    found = log_odds(p, labels)
    for own, weight in zip(p, found, strict=True):
        right = sum(row.argmax() == label for row, label in zip(own, labels, strict=True))
        odds = (right + 0.5) / (len(labels) - right + 0.5)
        assert weight == pytest.approx(max(np.log(odds * (classes - 1)), 0), abs=1e-12)
    assert found.max() > 0.5


@pytest.mark.backend_free
def test_a_voter_at_chance_counts_nothing_and_one_that_is_always_right_is_finite():
    labels = np.arange(8) % 2
    p = np.stack([np.eye(2)[labels], np.eye(2)[[0] * 8], np.eye(2)[1 - labels]])
    np.testing.assert_allclose(log_odds(p, labels), [np.log(17), 0, 0], atol=1e-12)


@pytest.mark.backend_free
@pytest.mark.parametrize("voting", ["soft", "hard"])
def test_fitted_weights_come_of_the_examples_of_the_fit(voting):
    x, y = three(120)
    models = three_models(5)
    for model in models[:2]:
        model.fit(x[60:], y[60:], epochs=8, verbose=0)
    ensemble = VotingEnsemble(models, voting=voting, weights="fitted").fit(x[:60], y[:60])
    p = probabilities(models, x[:60])
    if voting == "soft":
        expected = by_scipy(p[:, np.arange(60), y[:60]])
    else:
        right = (p.argmax(axis=2) == y[:60]).sum(axis=1)
        expected = np.maximum(np.log((right + 0.5) / (60.5 - right) * 2), 0)
        expected = expected / expected.sum()
    np.testing.assert_allclose(ensemble.weights_, expected, atol=2e-3)
    assert np.ptp(expected) > 0.1
    p = probabilities(models, x)
    ballots = p if voting == "soft" else ballots_of(p)
    np.testing.assert_allclose(
        ensemble.predict_proba(x), np.einsum("m,mec->ec", ensemble.weights_, ballots), rtol=1e-5
    )


# -- labels ----------------------------------------------------------------------------------------


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
