"""What a classifier's outputs mean, by its loss; and models whose loss cannot fit the labels."""

import keras
import numpy as np
import pytest
from keras import layers, losses
from scipy import special

import regkit
from regkit.ensembles.class_outputs import ClassOutputs, class_outputs, output_of

pytestmark = pytest.mark.backend_free
Z = np.array([[1.0, -2.0, 0.5], [30.0, 31.0, 800.0]])
X = np.zeros((2, 4), "float32")


def meaning_of(model, x, n_classes):
    return class_outputs(model, output_of(model, x).shape, n_classes)


def test_logits_of_all_classes():
    np.testing.assert_allclose(ClassOutputs(3, 3, "softmax")(Z), special.softmax(Z, axis=-1))


def test_a_logit_of_the_second_of_two():
    p = special.expit(Z[0])
    np.testing.assert_allclose(
        ClassOutputs(2, 1, "sigmoid")(Z[0][:, None]), np.stack([1 - p, p], -1)
    )


def test_a_probability_of_the_second_of_two():
    np.testing.assert_allclose(ClassOutputs(2, 1, None)([[0.3], [1.0]]), [[0.7, 0.3], [0.0, 1.0]])


def test_members_are_a_leading_axis():
    z = np.stack([Z, Z[::-1], -Z])
    found = ClassOutputs(3, 3, "softmax")(z)
    for own, p in zip(z, found, strict=True):
        np.testing.assert_allclose(p, special.softmax(own, axis=-1))


def test_probabilities_in_half_precision_sum_to_one():
    p = special.softmax(np.random.default_rng(0).normal(size=(50, 40)), axis=-1)
    found = ClassOutputs(40, 40, None)(p.astype("float16"))
    np.testing.assert_allclose(found.sum(axis=-1), 1, rtol=1e-12)
    np.testing.assert_allclose(found, p, atol=1e-3)


@pytest.mark.parametrize("outputs", [Z, [[0.5, 0.2]], [[-0.1, 1.1]], [[np.nan, np.nan]]])
def test_what_is_no_distribution_is_refused_in_words(outputs):
    with pytest.raises(regkit.RegkitError, match="outputs are no probabilities"):
        ClassOutputs(np.shape(outputs)[1], np.shape(outputs)[1], None)(outputs)


def model_of(units, loss):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(units)])
    model.compile("sgd", loss)
    return model


SPARSE, BINARY = losses.SparseCategoricalCrossentropy, losses.BinaryCrossentropy


class Own(losses.SparseCategoricalCrossentropy):
    pass


@pytest.mark.parametrize(("units", "classes", "loss", "activation"), [
    (3, 3, "sparse_categorical_crossentropy", None),
    (3, 3, losses.sparse_categorical_crossentropy, None),
    (3, 3, SPARSE(), None),
    (3, 3, SPARSE(from_logits=True), "softmax"),
    (3, 3, Own(from_logits=True), "softmax"),
    (2, 2, SPARSE(from_logits=True), "softmax"),
    (1, 2, "binary_crossentropy", None),
    (1, 2, BINARY(), None),
    (1, 2, BINARY(from_logits=True), "sigmoid"),
    (1, 2, losses.BinaryFocalCrossentropy(from_logits=True), "sigmoid"),
    (1, 2, "mse", None),
    (1, 2, losses.Huber(), None),
    (3, 3, lambda y, p: losses.sparse_categorical_crossentropy(y, p), None),
])  # fmt: skip
def test_the_loss_tells_what_outputs_are(units, classes, loss, activation):
    found = meaning_of(model_of(units, loss), X, classes)
    assert (found.n_outputs, found.activation) == (units, activation)


@pytest.mark.parametrize(("units", "classes", "loss", "match"), [
    (3, 3, "categorical_crossentropy", "categorical_crossentropy does not fit labels 0…2"),
    (3, 3, losses.CategoricalCrossentropy(), "Compile it with sparse_categorical_crossentropy$"),
    (3, 3, "mse", "mean_squared_error does not fit labels 0…2 and 3 outputs"),
    (2, 2, "binary_crossentropy", "or binary_crossentropy for a single output"),
    (1, 2, "sparse_categorical_crossentropy", "does not fit labels 0…1 and 1 outputs"),
    (1, 2, "hinge", "hinge does not fit"),
    (2, 3, "sparse_categorical_crossentropy", r"shape \(2,\) for 3 classes; it needs 3 outputs"),
    (4, 3, "sparse_categorical_crossentropy", "n_classes in its signature tells how many"),
    (1, 3, "binary_crossentropy", r"\(1,\) for 3 classes"),
    (3, 2, "sparse_categorical_crossentropy", "it needs 2 outputs, or a single one"),
])  # fmt: skip
def test_a_loss_or_outputs_that_do_not_fit_are_refused_in_words(units, classes, loss, match):
    with pytest.raises(regkit.RegkitError, match=match):
        meaning_of(model_of(units, loss), X, classes)


def test_outputs_with_another_axis_are_refused_in_words():
    model = keras.Sequential([keras.Input((5, 4)), layers.Dense(3, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(regkit.RegkitError, match=r"shape \(5, 3\) for 3 classes"):
        meaning_of(model, np.zeros((2, 5, 4), "float32"), 3)


def test_several_outputs_are_refused_in_words():
    entry = keras.Input((4,))
    model = keras.Model(entry, [layers.Dense(3)(entry), layers.Dense(3)(entry)])
    model.compile("sgd", [SPARSE(), SPARSE()])
    with pytest.raises(regkit.RegkitError, match="have one output; .* has 2"):
        meaning_of(model, X, 3)
