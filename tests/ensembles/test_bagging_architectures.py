"""Members of several architectures: by a list of functions, or a function of the member."""

import keras
import numpy as np
import pytest
from keras import layers

from tests.ensembles.small import ENGINES, blobs, build, classifier, outputs_of


def mlp(shape, classes, units=6, activation="relu", last="softmax", rate=0.2):
    model = keras.Sequential(
        [keras.Input(shape), layers.Dense(units, activation), layers.Dense(classes, last)]
    )
    model.compile(keras.optimizers.SGD(rate), "sparse_categorical_crossentropy")
    return model


def linear(input_shape, n_classes):
    model = keras.Sequential([keras.Input(input_shape), layers.Dense(n_classes, "softmax")])
    model.compile(keras.optimizers.Adam(0.05), "sparse_categorical_crossentropy")
    return model


def predicted_by(ensemble, x, activations):
    """The mean of what members of these activations say with the weights they have, in NumPy."""
    total = 0
    for model, activation in zip(ensemble.estimators_, activations, strict=True):
        first, shift, last, bias = model.get_weights()
        z = activation(x @ first + shift) @ last + bias
        total += np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    return total / len(activations)


def relu(values):
    return np.maximum(values, 0)


@pytest.mark.parametrize("engine", ENGINES)
def test_functions_of_a_list_are_taken_in_turn(engine):
    x, y = blobs()
    ensemble = classifier([build, linear], n_estimators=5, engine=engine, epochs=4).fit(x, y)
    assert [len(model.layers) for model in ensemble.estimators_] == [2, 1, 2, 1, 2]
    np.testing.assert_allclose(
        ensemble.predict_proba(x), outputs_of(ensemble, x).mean(axis=0), rtol=1e-5
    )
    assert ensemble.score(x, y) > 0.6


@pytest.mark.backend_free
def test_a_member_of_a_list_is_the_one_of_its_function_alone():
    x, y = blobs()
    both = classifier([build, linear], n_estimators=4, engine="sequential").fit(x, y)
    for function, places in ((build, [0, 2]), (linear, [1, 3])):
        alone = classifier(function, n_estimators=4, engine="sequential").fit(x, y)
        for place in places:
            one, other = (ensemble.estimators_[place] for ensemble in (both, alone))
            for found, value in zip(one.get_weights(), other.get_weights(), strict=True):
                np.testing.assert_array_equal(found, value)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_function_of_the_member_may_build_other_architectures(engine):
    def own(input_shape, n_classes, member):
        return mlp(input_shape, n_classes, units=[3, 5][member % 2])

    x, y = blobs()
    ensemble = classifier(own, n_estimators=4, engine=engine).fit(x, y)
    units = [model.layers[0].units for model in ensemble.estimators_]
    assert units == [3, 5, 3, 5]
    found = ensemble.predict_proba(x)
    np.testing.assert_allclose(found, outputs_of(ensemble, x).mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(found, predicted_by(ensemble, x, [relu] * 4), rtol=1e-4)


@pytest.mark.backend_free
@pytest.mark.parametrize("engine", ["vectorized", "sequential"])
def test_members_that_differ_in_their_activation_only_predict_by_their_own(engine):
    def own(input_shape, n_classes, member):
        return mlp(input_shape, n_classes, activation=["relu", "tanh"][member % 2])

    x, y = blobs()
    ensemble = classifier(own, n_estimators=4, engine=engine).fit(x, y)
    expected = predicted_by(ensemble, x, [relu, np.tanh] * 2)
    np.testing.assert_allclose(ensemble.predict_proba(x), expected, rtol=1e-4)
    names = [model.layers[0].activation.__name__ for model in ensemble.estimators_]
    assert names == ["relu", "tanh", "relu", "tanh"]


@pytest.mark.backend_free
def test_each_of_several_architectures_is_trained_as_it_is():
    """Members of two activations have the weights of ensembles of either one."""

    def own(input_shape, n_classes, member):
        return mlp(input_shape, n_classes, activation=["relu", "tanh"][member % 2])

    x, y = blobs()
    both = classifier(own, n_estimators=4).fit(x, y)
    for place, activation in enumerate(["relu", "tanh"]):
        alone = classifier(
            lambda shape, classes, kind=activation: mlp(shape, classes, activation=kind),
            n_estimators=4,
            engine="sequential",
        ).fit(x, y)
        for member in (place, place + 2):
            one, other = (ensemble.estimators_[member] for ensemble in (both, alone))
            for found, value in zip(one.get_weights(), other.get_weights(), strict=True):
                np.testing.assert_array_equal(found, value)


@pytest.mark.backend_free
def test_a_function_of_the_member_may_set_its_learning_rate():
    def own(input_shape, n_classes, member):
        return mlp(input_shape, n_classes, rate=[1e-12, 0.3][member])

    def fixed(input_shape, n_classes):
        return mlp(input_shape, n_classes, rate=0.3)

    x, y = blobs()
    ensemble, fast = (classifier(one, n_estimators=2).fit(x, y) for one in (own, fixed))
    assert [group.engine for group in ensemble._groups] == ["vectorized"]
    still = ensemble.histories_[0]["loss"]
    np.testing.assert_allclose(still[0], still[1], rtol=1e-5)
    for found, value in zip(
        ensemble.estimators_[1].get_weights(), fast.estimators_[1].get_weights(), strict=True
    ):
        np.testing.assert_allclose(found, value, rtol=1e-5, atol=1e-6)


@pytest.mark.backend_free
@pytest.mark.parametrize("first", [True, False])
def test_outputs_of_each_architecture_are_what_its_own_loss_says(first):
    def own(input_shape, n_classes, member):
        from_logits = first == (member == 0)
        model = mlp(input_shape, n_classes, last=None if from_logits else "softmax")
        model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=from_logits))
        return model

    x, y = blobs(60)
    ensemble = classifier(own, n_estimators=2, epochs=5).fit(x, y)
    expected = predicted_by(ensemble, x, [relu, relu])
    np.testing.assert_allclose(ensemble.predict_proba(x), expected, rtol=1e-4)


@pytest.mark.backend_free
def test_a_subclassed_model_with_columns_of_its_own():
    class Net(keras.Model):
        def __init__(self, classes):
            super().__init__()
            self.last = layers.Dense(classes, "softmax")

        def call(self, x):
            return self.last(keras.ops.relu(x))

    def own(n_classes):
        model = Net(n_classes)
        model.compile(keras.optimizers.SGD(0.2), "sparse_categorical_crossentropy")
        return model

    x, y = blobs()
    ensemble = classifier(own, max_features=2).fit(x, y)
    total = 0
    for model, columns in zip(ensemble.estimators_, ensemble.estimators_features_, strict=True):
        kernel, bias = model.get_weights()
        z = relu(x[:, columns]) @ kernel + bias
        total += np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(ensemble.predict_proba(x), total / 3, rtol=1e-5)
