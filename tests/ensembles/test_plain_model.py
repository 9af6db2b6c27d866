"""An ensemble as one plain Keras model: the same predictions, also where there is no regkit."""

import keras
import numpy as np
import pytest
from keras import layers

from regkit.ensembles.class_outputs import ClassOutputs
from regkit.ensembles.combining import weighted_median
from regkit.ensembles.plain_model import Beside, plain_classifier, plain_regressor
from tests.ensembles.boosted import ballots_of, softmax
from tests.ensembles.small import blobs, classifier, line, outputs_of, regressor

SPARSE = keras.losses.SparseCategoricalCrossentropy


def compiled(stack, loss, rate=0.1):
    model = keras.Sequential(stack)
    model.compile(keras.optimizers.SGD(rate), loss)
    return model


def of_probabilities(input_shape, n_classes):
    stack = [keras.Input(input_shape), layers.Dense(n_classes, "softmax")]
    return compiled(stack, "sparse_categorical_crossentropy")


def of_logits(input_shape, n_classes):
    stack = [keras.Input(input_shape), layers.Dense(5, "relu"), layers.Dense(n_classes)]
    return compiled(stack, SPARSE(from_logits=True))


def of_a_sigmoid(input_shape):
    stack = [keras.Input(input_shape), layers.Dense(1, "sigmoid")]
    return compiled(stack, "binary_crossentropy")


def of_a_logit(input_shape):
    stack = [keras.Input(input_shape), layers.Dense(1)]
    return compiled(stack, keras.losses.BinaryCrossentropy(from_logits=True))


MEANINGS = {
    of_probabilities: lambda outputs: outputs,
    of_logits: softmax,
    of_a_sigmoid: lambda outputs: np.concatenate([1 - outputs, outputs], axis=-1),
    of_a_logit: lambda outputs: softmax(np.concatenate([0 * outputs, outputs], axis=-1)),
}
CASES = [
    (build, combine, features)
    for place, build in enumerate(MEANINGS)
    for combine, features in zip(("mean", "vote"), (1.0, 0.5)[:: (1, -1)[place % 2]], strict=True)
]
EVERYWHERE = [(of_logits, "mean", 0.5), (of_a_sigmoid, "vote", 1.0)]


@pytest.mark.parametrize(("build", "combine", "features"), [
    case if case in EVERYWHERE else pytest.param(*case, marks=pytest.mark.backend_free)
    for case in CASES
])  # fmt: skip
def test_a_classifier_predicts_the_same(build, combine, features):
    x, y = blobs(60)
    y = y if build in (of_probabilities, of_logits) else np.minimum(y, 1)
    ensemble = classifier(build, combine=combine, max_features=features, epochs=1).fit(x, y)
    p = MEANINGS[build](outputs_of(ensemble, x).astype(float))
    ballots = p if combine == "mean" else ballots_of(p)
    found = ensemble.to_keras().predict(x, verbose=0)
    np.testing.assert_allclose(found, ballots.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(found, ensemble.predict_proba(x), atol=1e-6)


@pytest.mark.parametrize(("combine", "targets"), [
    ("median", 2),
    pytest.param("mean", 2, marks=pytest.mark.backend_free),
    pytest.param("mean", None, marks=pytest.mark.backend_free),
    pytest.param("median", None, marks=pytest.mark.backend_free),
])  # fmt: skip
def test_a_regression_predicts_the_same(combine, targets):
    x, y = line(60, targets=targets)

    def build(input_shape):
        stack = [keras.Input(input_shape), layers.Dense(targets or 1)]
        return compiled(stack, "mean_squared_error", 0.05)

    ensemble = regressor(build, 4, combine=combine, max_features=0.5, epochs=1).fit(x, y)
    outputs = outputs_of(ensemble, x)
    expected = np.mean(outputs, axis=0) if combine == "mean" else np.median(outputs, axis=0)
    found = ensemble.to_keras().predict(x, verbose=0)
    assert found.shape == (60, targets or 1)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found.reshape(y.shape), ensemble.predict(x), rtol=1e-5, atol=1e-6)


def straight(slope, shift=0.0):
    stack = [keras.Input((1,)), layers.Dense(1)]
    model = compiled(stack, "mean_squared_error")
    model.set_weights([np.array([[slope]]), np.array([shift])])
    return model


LINES = [(1.0, 0.0), (-2.0, 1.0), (0.5, 0.0), (0.0, 0.25), (1.0, 0.0)]


@pytest.mark.parametrize("weights", [[0.1, 0.5, 0.3, 0.4, 0.2], [3, 1, 1, 1, 2], [1, 1, 0, 0, 2]])
def test_a_weighted_median_is_that_of_a_loop_also_where_members_agree(weights):
    x = np.linspace(-2, 2, 33)[:, None].astype("float32")
    plain = plain_regressor(Beside([straight(*own) for own in LINES], None, (1,)), "median",
                            np.array(weights, float))  # fmt: skip
    outputs = np.stack([slope * x[:, 0] + shift for slope, shift in LINES])
    expected = []
    for column in outputs.T:
        reached = 0.0
        for output, own in sorted(zip(column, weights, strict=True)):
            reached += own
            if reached >= 0.5 * sum(weights) - 1e-12:
                expected.append(output)
                break
    found = plain.predict(x, verbose=0)[:, 0]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_allclose(weighted_median(outputs, np.array(weights, float)), expected)


@pytest.mark.backend_free
@pytest.mark.parametrize("way", ["mean", "vote"])
def test_members_of_other_outputs_count_by_their_weights(way):
    x, _ = blobs(30)
    models = [of_a_sigmoid((4,)), of_logits((4,), 2)]
    meanings = [ClassOutputs(2, 1, None), ClassOutputs(2, 2, "softmax")]
    one, two = (model.predict(x, verbose=0).astype(float) for model in models)
    p = np.stack([np.concatenate([1 - one, one], axis=1), softmax(two)])
    ballots = p if way == "mean" else ballots_of(p)
    plain = plain_classifier(Beside(models, None, (4,)), meanings, way, np.array([1.0, 3.0]))
    expected = 0.25 * ballots[0] + 0.75 * ballots[1]
    np.testing.assert_allclose(plain.predict(x, verbose=0), expected, atol=1e-6)


@pytest.mark.backend_free
@pytest.mark.parametrize("combine", ["mean", "vote"])
def test_an_ensemble_of_one(combine):
    x, y = blobs(40)
    ensemble = classifier(of_logits, 1, combine=combine).fit(x, y)
    found = ensemble.to_keras().predict(x, verbose=0)
    np.testing.assert_allclose(found, ensemble.predict_proba(x), atol=1e-6)
    assert (np.isin(found, [0, 1]).all()) == (combine == "vote")


def of_words(input_shape, n_classes):
    entry = keras.Input(input_shape, dtype="int32")
    stack = [entry, layers.Embedding(9, 4), layers.Flatten(), layers.Dense(n_classes, "softmax")]
    return compiled(stack, "sparse_categorical_crossentropy")


def words(examples=40):
    random = np.random.default_rng(0)
    return random.integers(0, 9, size=(examples, 4)), np.arange(examples) % 3


@pytest.mark.backend_free
@pytest.mark.parametrize("features", [1.0, 0.5])
def test_whole_numbers_through_an_embedding(features):
    x, y = words()
    ensemble = classifier(of_words, max_features=features).fit(x, y)
    plain = ensemble.to_keras()
    assert plain.inputs[0].dtype == "int32"
    expected = outputs_of(ensemble, x).mean(axis=0)
    np.testing.assert_allclose(plain.predict(x, verbose=0), expected, atol=1e-6)
    np.testing.assert_allclose(ensemble.predict_proba(x), expected, atol=1e-6)


def of_images(input_shape, n_classes):
    stack = [keras.Input(input_shape), layers.Conv2D(2, 3, activation="relu"),
             layers.GlobalAveragePooling2D(), layers.Dense(n_classes, "softmax")]  # fmt: skip
    return compiled(stack, "sparse_categorical_crossentropy")


@pytest.mark.backend_free
def test_images():
    images = np.random.default_rng(0).normal(size=(30, 5, 6, 2)).astype("float32")
    ensemble = classifier(of_images).fit(images, np.arange(30) % 3)
    plain = ensemble.to_keras()
    assert plain.input_shape == (None, 5, 6, 2)
    expected = np.mean([m.predict(images, verbose=0) for m in ensemble.estimators_], axis=0)
    np.testing.assert_allclose(plain.predict(images, verbose=0), expected, atol=1e-6)


@pytest.mark.backend_free
def test_a_subclassed_model_and_batch_normalization_are_held_too():
    class Net(keras.Model):
        def __init__(self, classes):
            super().__init__()
            self.norm, self.last = layers.BatchNormalization(), layers.Dense(classes, "softmax")

        def call(self, x, training=False):
            return self.last(self.norm(x, training=training))

    def build(n_classes):
        model = Net(n_classes)
        model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
        return model

    x, y = blobs(40)
    ensemble = classifier(build).fit(x, y)
    found = ensemble.to_keras().predict(x, verbose=0)
    np.testing.assert_allclose(found, ensemble.predict_proba(x), atol=1e-6)


@pytest.mark.backend_free
def test_in_half_precision_it_is_the_same_to_its_rounding():
    x, y = blobs(40)
    keras.config.set_dtype_policy("mixed_float16")
    for combine in ("mean", "vote"):
        ensemble = classifier(of_logits, combine=combine).fit(x, y)
        found = ensemble.to_keras().predict(x, verbose=0)
        np.testing.assert_allclose(found, ensemble.predict_proba(x), atol=3e-3)


def test_training_it_leaves_the_ensemble_as_it_is():
    x, y = blobs(40)
    ensemble = classifier(of_probabilities, 2, engine="sequential", epochs=1).fit(x, y)
    names = [model.name for model in ensemble.estimators_]
    weights = [model.get_weights() for model in ensemble.estimators_]
    before = ensemble.predict_proba(x)
    plain, twin = ensemble.to_keras(), ensemble.to_keras()
    plain.compile(keras.optimizers.SGD(0.5), "sparse_categorical_crossentropy")
    first = plain.evaluate(x, y, verbose=0)
    plain.fit(x, y, epochs=2, verbose=0)
    assert plain.evaluate(x, y, verbose=0) < first
    np.testing.assert_array_equal(ensemble.predict_proba(x), before)
    np.testing.assert_allclose(twin.predict(x, verbose=0), before, atol=1e-6)
    assert [model.name for model in ensemble.estimators_] == names
    for model, own in zip(ensemble.estimators_, weights, strict=True):
        for found, value in zip(model.get_weights(), own, strict=True):
            np.testing.assert_array_equal(found, value)


SERVED = """
import sys
sys.modules["regkit"] = None
import keras, numpy as np
given = np.load("given.npz")
found = {}
for name in given.files:
    model = keras.saving.load_model(f"{name}.keras")
    found[name] = model.predict(given[name], verbose=0)
np.savez("found.npz", **found)
assert not [name for name in sys.modules if name.startswith("regkit.")]
"""


def test_it_is_saved_and_loaded_where_there_is_no_regkit(fresh, tmp_path):
    x, y = blobs(40)
    tokens, kinds = words()
    three = [straight(*own) for own in LINES]
    ensembles = {
        "bagging": (classifier(of_logits, 2, max_features=0.5, epochs=1), x, y),
        "words": (classifier(of_words, 2, combine="vote", epochs=1), tokens, kinds),
    }
    given, expected = {}, {}
    for name, (ensemble, inputs, labels) in ensembles.items():
        ensemble.fit(inputs, labels).to_keras().save(tmp_path / f"{name}.keras")
        given[name], expected[name] = inputs, ensemble.predict_proba(inputs)
    for name, weights in (("median", None), ("weighted", np.array([0.1, 0.5, 0.3, 0.4, 0.2]))):
        plain = plain_regressor(Beside([*map(copied, three)], None, (1,)), "median", weights)
        plain.save(tmp_path / f"{name}.keras")
        given[name] = np.linspace(-2, 2, 9)[:, None]
        outputs = np.stack([slope * given[name] + shift for slope, shift in LINES])
        expected[name] = weighted_median(outputs, weights)
    np.savez(tmp_path / "given.npz", **given)
    done = fresh.run(SERVED, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    found = np.load(tmp_path / "found.npz")
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, atol=1e-6, err_msg=name)


def copied(model):
    kernel, bias = model.get_weights()
    return straight(float(kernel[0, 0]), float(bias[0]))
