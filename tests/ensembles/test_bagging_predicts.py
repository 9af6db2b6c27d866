"""What a bagged classifier predicts: against the members' own models."""

import keras
import numpy as np
import pandas as pd
import pytest
from keras import layers
from scipy import special, stats

from tests.ensembles.small import blobs, build, classifier, outputs_of, seeds


def test_the_mean_of_the_members_or_their_votes_each_on_its_own_columns():
    x, y = blobs()
    ensemble = classifier(n_estimators=4, max_features=2, max_samples=0.5).fit(x, y)
    columns = ensemble.estimators_features_
    assert {len(own) for own in columns} == {2}
    assert len({tuple(own) for own in columns}) > 1
    unseen = blobs(50, seed=1)[0]
    outputs = outputs_of(ensemble, unseen)
    mean = sum(outputs) / 4
    np.testing.assert_allclose(ensemble.predict_proba(unseen), mean, rtol=1e-5)
    np.testing.assert_array_equal(ensemble.predict(unseen), mean.argmax(axis=1))
    ballots = np.zeros((50, 3))
    for own in outputs:
        ballots[np.arange(50), own.argmax(axis=1)] += 0.25
    voting = ensemble.set_params(combine="vote")
    np.testing.assert_allclose(voting.predict_proba(unseen), ballots)
    np.testing.assert_array_equal(voting.predict(unseen), ballots.argmax(axis=1))
    found = ensemble.uncertainty(unseen)
    np.testing.assert_allclose(found.entropy, stats.entropy(mean, axis=1), rtol=1e-4)
    each = np.mean([stats.entropy(own, axis=1) for own in outputs], axis=0)
    np.testing.assert_allclose(found.mutual_information, found.entropy - each, atol=1e-5)
    np.testing.assert_allclose(found.variance, outputs.var(axis=0), atol=1e-6)


@pytest.mark.backend_free
def test_labels_are_texts_and_inputs_a_dataframe():
    x, y = blobs()
    table = pd.DataFrame(x, columns=["a", "b", "c", "d"])
    names = np.array(["pear", "apple", "fig"])
    texts, numbers = classifier().fit(table, names[y]), classifier().fit(x, (y + 2) % 3)
    assert texts.classes_.tolist() == ["apple", "fig", "pear"]
    assert texts.feature_names_in_.tolist() == ["a", "b", "c", "d"]
    # apple is class 0, fig 1 and pear 2: what 1, 2 and 0 of the data become by (y + 2) % 3
    np.testing.assert_array_equal(texts.predict_proba(table), numbers.predict_proba(x))
    np.testing.assert_array_equal(texts.predict(table), texts.classes_[numbers.predict(x)])
    assert texts.score(table, names[y]) == np.mean(texts.predict(table) == names[y]) > 0.5


@pytest.mark.backend_free
@pytest.mark.parametrize(
    "labels", [np.array([7, -3, 40]), np.array([0.0, 2.0, 9.0]), np.array(["a", "b", "c"], object)]
)
def test_labels_come_back_as_they_were(labels):
    x, y = blobs(60, spread=0.1)
    ensemble = classifier(n_estimators=2, epochs=20).fit(x, labels[y])
    np.testing.assert_array_equal(ensemble.classes_, np.sort(labels))
    np.testing.assert_array_equal(ensemble.predict(x), labels[y])
    assert ensemble.predict(x).dtype == labels.dtype


def one_output(from_logits):
    def build_one(input_shape):
        last = layers.Dense(1, None if from_logits else "sigmoid")
        model = keras.Sequential([keras.Input(input_shape), layers.Dense(6, "tanh"), last])
        model.compile(
            keras.optimizers.SGD(0.2), keras.losses.BinaryCrossentropy(from_logits=from_logits)
        )
        return model

    return build_one


@pytest.mark.backend_free
@pytest.mark.parametrize("from_logits", [False, True])
def test_a_single_output_is_the_second_class(from_logits):
    x, y = blobs(spread=0.4)
    labels = np.where(y == 0, "yes", "no")
    ensemble = classifier(one_output(from_logits), epochs=5).fit(x, labels)
    outputs = outputs_of(ensemble, x)[..., 0]
    yes = np.mean(special.expit(outputs) if from_logits else outputs, axis=0)
    np.testing.assert_allclose(ensemble.predict_proba(x), np.stack([1 - yes, yes], 1), rtol=1e-5)
    assert ensemble.score(x, labels) > 0.9


@pytest.mark.backend_free
def test_logits_of_all_classes():
    def logits(input_shape, n_classes):
        model = keras.Sequential([keras.Input(input_shape), layers.Dense(n_classes)])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.SGD(0.2), loss)
        return model

    x, y = blobs()
    ensemble = classifier(logits, epochs=3).fit(x, y)
    p = special.softmax(outputs_of(ensemble, x), axis=-1)
    np.testing.assert_allclose(ensemble.predict_proba(x), p.mean(axis=0), rtol=1e-5)
    assert ensemble.score(x, y) > 0.6


@pytest.mark.parametrize("policy", [
    pytest.param("float16", marks=pytest.mark.backend_free),
    pytest.param("bfloat16", marks=pytest.mark.backend_free),
    "mixed_float16",
])  # fmt: skip
def test_members_in_half_precision(policy):
    keras.config.set_dtype_policy(policy)
    x, y = blobs(60, spread=0.3)
    ensemble = classifier(n_estimators=2, epochs=4).fit(x, y)
    p = ensemble.predict_proba(x)
    mean = outputs_of(ensemble, x).astype("float64").mean(axis=0)
    np.testing.assert_allclose(p, mean / mean.sum(axis=1, keepdims=True), atol=0.02)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-12)
    assert ensemble.score(x, y) > 0.8


@pytest.mark.backend_free
def test_whole_numbers_as_inputs_are_the_same_as_these_with_a_point():
    x, y = blobs()
    whole = np.round(3 * x).astype("int64")
    one, other = classifier().fit(whole, y), classifier().fit(whole.astype("float32"), y)
    np.testing.assert_allclose(one.predict_proba(whole), other.predict_proba(whole), rtol=1e-5)
    outputs = np.mean(outputs_of(one, whole), axis=0)
    np.testing.assert_allclose(one.predict_proba(whole), outputs, rtol=1e-5)


@pytest.mark.backend_free
@pytest.mark.parametrize("kind", [list, lambda x: x.astype(object), lambda x: x.astype("float64")])
def test_inputs_of_other_kinds_are_the_same_numbers(kind):
    x, y = blobs(40)
    one, other = classifier(epochs=1).fit(x, y), classifier(epochs=1).fit(kind(x), y)
    np.testing.assert_array_equal(one.predict_proba(x), other.predict_proba(kind(x)))


def images(input_shape, n_classes):
    entry = [keras.Input(input_shape), layers.Conv2D(3, 2, activation="relu"), layers.Flatten()]
    model = keras.Sequential([*entry, layers.Dense(n_classes, "softmax")])
    model.compile(keras.optimizers.SGD(0.2), "sparse_categorical_crossentropy")
    return model


def test_images_are_examples_too():
    rng = np.random.default_rng(0)
    y = rng.permutation(np.arange(60) % 3)
    x = rng.normal(size=(60, 4, 4, 1)).astype("float32")
    x[np.arange(60), y] += 2.0  # a bright row
    ensemble = classifier(images, n_estimators=2, epochs=6).fit(x, y)
    mean = np.mean([model.predict(x, verbose=0) for model in ensemble.estimators_], axis=0)
    np.testing.assert_allclose(ensemble.predict_proba(x), mean, rtol=1e-5)
    assert ensemble.score(x, y) > 0.8


@pytest.mark.backend_free
def test_a_class_that_a_sample_misses_has_its_column_all_the_same():
    x, y = blobs(60)
    rare = np.where(np.arange(60) == 0, 2, np.minimum(y, 1))
    ensemble = classifier(n_estimators=5, random_state=1).fit(x, rare)
    missed = [2 not in rare[own] for own in ensemble.estimators_samples_]
    assert any(missed)
    assert not all(missed)
    p = ensemble.predict_proba(x)
    assert p.shape == (60, 3)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    np.testing.assert_allclose(p, outputs_of(ensemble, x).mean(axis=0), rtol=1e-5)


@pytest.mark.backend_free
def test_one_member_and_a_batch_larger_than_the_data():
    x, y = blobs(30)
    ensemble = classifier(n_estimators=1, batch_size=1000, bootstrap=False, shuffle=False).fit(x, y)
    keras.utils.set_random_seed(seeds(1)[0])
    model = build((4,), 3)
    model.fit(x, y, batch_size=30, epochs=2, shuffle=False, verbose=0)
    np.testing.assert_allclose(ensemble.predict_proba(x), model.predict(x, verbose=0), rtol=1e-4)


@pytest.mark.backend_free
def test_many_examples_are_predicted_in_batches_as_one_by_one():
    x, y = blobs(40)
    ensemble = classifier(epochs=1).fit(x, y)
    many = blobs(600, seed=3)[0]
    parts = np.concatenate([ensemble.predict_proba(many[at : at + 37]) for at in range(0, 600, 37)])
    np.testing.assert_allclose(ensemble.predict_proba(many), parts, rtol=1e-5)
