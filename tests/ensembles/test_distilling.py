"""Distillation: the loss and its gradient in closed form, and students that learn their teacher."""

import keras
import numpy as np
import pytest
from keras import layers
from scipy.special import rel_entr

import regkit
from regkit import ensembles
from tests.ensembles.boosted import softmax
from tests.ensembles.small import blobs, classifier, line, regressor

SPARSE = keras.losses.SparseCategoricalCrossentropy


def student_of(input_shape, n_classes, units=None, last="softmax", rate=0.05):
    hidden = [layers.Dense(units, "relu")] if units else []
    model = keras.Sequential([keras.Input(input_shape), *hidden, layers.Dense(n_classes, last)])
    model.compile(
        keras.optimizers.Adam(rate), SPARSE(from_logits=last is None), metrics=["accuracy"]
    )
    return model


def linear_student(input_shape, n_classes):
    return student_of(input_shape, n_classes)


def teacher(random_state=0):
    """An ensemble of one linear model whose weights are known."""
    x, y = blobs(60)
    model = student_of((4,), 3)
    kernel = np.random.default_rng(random_state).normal(size=(4, 3))
    model.set_weights([kernel, np.array([0.1, -0.2, 0.3])])
    return ensembles.VotingEnsemble([model]).fit(x, y), kernel


def divergence(ensemble, student, x, meaning=lambda outputs: outputs):
    p = meaning(student.predict(x, verbose=0).astype(float))
    return rel_entr(ensemble.predict_proba(x), p).sum(axis=1).mean()


@pytest.mark.parametrize("temperature", [
    2.0,
    pytest.param(5.0, marks=pytest.mark.backend_free),
])  # fmt: skip
def test_a_student_of_the_teachers_form_becomes_the_teacher(temperature):
    """Softmax forgets a shift of all logits: kernels agree but for their mean over the classes."""
    ensemble, kernel = teacher()
    x = np.random.default_rng(8).normal(size=(100, 4)).astype("float32")  # that no label ever had
    given = {"temperature": temperature, "random_state": 0}
    first = divergence(ensemble, ensemble.distill(linear_student, x, epochs=1, **given), x)
    student = ensemble.distill(linear_student, x, epochs=25, **given)
    assert divergence(ensemble, student, x) < 1e-3 < 0.1 < first
    found = student.get_weights()[0]
    np.testing.assert_allclose(
        found - found.mean(axis=1, keepdims=True),
        kernel - kernel.mean(axis=1, keepdims=True),
        atol=0.1,
    )


@pytest.mark.backend_free
@pytest.mark.parametrize(("combine", "last"), [("mean", "softmax"), ("vote", None)])
def test_a_student_with_enough_capacity_comes_near_its_teacher(combine, last):
    x, y = blobs(90)
    ensemble = classifier(combine=combine, epochs=4).fit(x, y)

    def build(input_shape, n_classes):
        return student_of(input_shape, n_classes, 16, last)

    meaning = softmax if last is None else lambda outputs: outputs
    student = ensemble.distill(build, x, epochs=1, random_state=0)
    first = divergence(ensemble, student, x, meaning)
    student = ensemble.distill(build, x, epochs=25, random_state=0)
    assert divergence(ensemble, student, x, meaning) < 0.3 * first
    p = meaning(student.predict(x, verbose=0).astype(float))
    assert np.mean(p.argmax(axis=1) == ensemble.predict(x)) > 0.9


@pytest.mark.backend_free
@pytest.mark.parametrize("last", ["sigmoid", None])
def test_a_student_of_a_single_output(last):
    x, y = blobs(90)
    y = np.minimum(y, 1)

    def build(input_shape):
        model = keras.Sequential([keras.Input(input_shape), layers.Dense(1, last)])
        loss = keras.losses.BinaryCrossentropy(from_logits=last is None)
        model.compile(keras.optimizers.Adam(0.1), loss)
        return model

    ensemble = classifier(build, epochs=4).fit(x, y)
    student = ensemble.distill(build, x, epochs=25, random_state=0)
    output = student.predict(x, verbose=0).astype(float)[:, 0]
    second = 1 / (1 + np.exp(-output)) if last is None else output
    np.testing.assert_allclose(second, ensemble.predict_proba(x)[:, 1], atol=0.05)


def test_a_student_of_a_regression_becomes_the_least_squares_of_its_teacher():
    x, y = line(64)

    def build(input_shape):
        model = keras.Sequential([keras.Input(input_shape), layers.Dense(1)])
        model.compile(keras.optimizers.SGD(0.3), "mean_squared_error")
        return model

    ensemble = regressor(n_estimators=2, epochs=1).fit(x, y)  # of two layers
    student = ensemble.distill(build, x, epochs=60, batch_size=64, random_state=0)
    columns = np.concatenate([x, np.ones((64, 1))], axis=1)
    expected, *_ = np.linalg.lstsq(columns, ensemble.predict(x), rcond=None)
    np.testing.assert_allclose(student.get_weights()[0][:, 0], expected[:4], atol=1e-3)
    np.testing.assert_allclose(student.get_weights()[1], expected[4:], atol=1e-3)
    assert student.loss == "mean_squared_error"


@pytest.mark.backend_free
def test_several_targets_are_learned_too():
    x, y = line(64, targets=2)

    def build(input_shape):
        model = keras.Sequential([keras.Input(input_shape), layers.Dense(2)])
        model.compile(keras.optimizers.SGD(0.3), "mean_squared_error")
        return model

    ensemble = regressor(build, combine="median").fit(x, y)
    student = ensemble.distill(build, x, epochs=50, batch_size=1000, random_state=0)
    assert np.abs(student.predict(x, verbose=0) - ensemble.predict(x)).mean() < 0.05


# -- what a student is -----------------------------------------------------------------------------


def test_a_student_is_compiled_as_it_was_built():
    ensemble, _ = teacher()
    x, y = blobs(60)
    student = ensemble.distill(linear_student, x, epochs=2, random_state=0)
    assert type(student) is keras.Sequential
    assert isinstance(student.loss, SPARSE)
    assert isinstance(student.optimizer, keras.optimizers.Adam)
    p = student.predict(x, verbose=0)
    found = student.evaluate(x, y, verbose=0, return_dict=True)
    np.testing.assert_allclose(found["loss"], -np.log(p[np.arange(60), y]).mean(), rtol=1e-4)
    np.testing.assert_allclose(found["accuracy"], np.mean(p.argmax(axis=1) == y), rtol=1e-6)
    history = student.fit(x, y, epochs=2, verbose=0).history
    assert history["loss"][1] < found["loss"]


def test_the_same_random_state_gives_the_same_bits():
    ensemble, _ = teacher()
    x, _ = blobs(60)
    given = {"epochs": 2, "callbacks": "gaussian_noise(0.1)"}
    one, other, another = (
        ensemble.distill(linear_student, x, random_state=state, **given) for state in (1, 1, 2)
    )
    for left, right in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(left, right)
    assert np.abs(one.get_weights()[0] - another.get_weights()[0]).max() > 1e-2


@pytest.mark.backend_free
def test_techniques_take_part_in_the_lesson():
    """A strong penalty leaves a kernel near zero, so that the student tells the classes' shares."""
    ensemble, _ = teacher()
    x, _ = blobs(60)
    student = ensemble.distill(linear_student, x, callbacks="l2(10.0)", epochs=40, random_state=0)
    assert np.abs(student.get_weights()[0]).max() < 0.1
    free = ensemble.distill(linear_student, x, epochs=40, random_state=0)
    assert np.abs(free.get_weights()[0]).max() > 0.5


@pytest.mark.backend_free
def test_dropout_of_the_student_acts_in_the_lesson_only():
    ensemble, _ = teacher()
    x, _ = blobs(60)

    def build(input_shape, n_classes, rate):
        stack = [keras.Input(input_shape), layers.Dropout(rate, seed=1)]
        model = keras.Sequential([*stack, layers.Dense(n_classes, "softmax")])
        model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
        return model

    kernels = []
    for rate in (0.0, 0.8):
        student = ensemble.distill(
            lambda input_shape, n_classes, own=rate: build(input_shape, n_classes, own),
            x, epochs=3, random_state=0,
        )  # fmt: skip
        kernel, bias = student.get_weights()
        np.testing.assert_allclose(
            student.predict(x, verbose=0), softmax(x @ kernel + bias), rtol=1e-4, atol=1e-6
        )
        kernels.append(kernel)
    assert np.abs(kernels[0] - kernels[1]).max() > 1e-2


@pytest.mark.backend_free
def test_the_ensemble_is_left_as_it_is():
    x, y = blobs(60)
    ensemble = classifier().fit(x, y)
    before = ensemble.predict_proba(x)
    ensemble.distill(linear_student, x, epochs=2)
    np.testing.assert_array_equal(ensemble.predict_proba(x), before)


@pytest.mark.backend_free
def test_whole_numbers_of_few_examples_in_one_batch():
    ensemble, kernel = teacher()
    x = np.random.default_rng(0).integers(-2, 3, size=(10, 4))
    student = ensemble.distill(linear_student, x, epochs=80, batch_size=1000, random_state=0)
    assert divergence(ensemble, student, x) < 0.01
    assert kernel.shape == student.get_weights()[0].shape


@pytest.mark.backend_free
def test_in_half_precision_a_student_learns_too():
    x, _ = blobs(60)
    ensemble, _ = teacher()
    keras.config.set_dtype_policy("mixed_float16")

    def build(input_shape, n_classes):
        model = student_of(input_shape, n_classes)
        inner = keras.optimizers.Adam(0.05)
        scaled = keras.optimizers.LossScaleOptimizer(inner, initial_scale=16.0)
        model.compile(scaled, "sparse_categorical_crossentropy")
        return model

    student = ensemble.distill(build, x, epochs=25, random_state=0)
    assert type(student.optimizer).__name__ == "LossScaleOptimizer"
    assert student.optimizer.inner_optimizer.iterations.numpy() == 50
    assert divergence(ensemble, student, x) < 0.02


# -- what makes no sense ---------------------------------------------------------------------------


def wide(input_shape):
    return student_of(input_shape, 4)


def hinge(input_shape, n_classes):
    model = student_of(input_shape, n_classes)
    model.compile("sgd", "hinge")
    return model


def uncompiled(input_shape, n_classes):
    return keras.Sequential([keras.Input(input_shape), layers.Dense(n_classes)])


@pytest.mark.backend_free
@pytest.mark.parametrize(("options", "match"), [
    ({"temperature": 0.0}, "temperature must be.*received temperature=0.0"),
    ({"temperature": -1.0}, "temperature must be"),
    ({"temperature": "hot"}, "temperature must be"),
    ({"epochs": 0}, "epochs must be a whole number of at least 1"),
    ({"temprature": 2.0}, "no option 'temprature'; did you mean 'temperature'"),
    ({"build_student": wide}, r"output has the shape \(4,\) for 3 classes"),
    ({"build_student": hinge}, "the loss hinge does not fit"),
    ({"build_student": uncompiled}, "not compiled; call model.compile"),
    ({"build_student": None}, "must be a function that returns a compiled keras.Model"),
    ({"callbacks": "l2("}, "l2"),
])  # fmt: skip
def test_what_makes_no_sense_is_refused_in_words(options, match):
    ensemble, _ = teacher()
    with pytest.raises(regkit.RegkitError, match=match):
        ensemble.distill(**{"build_student": linear_student, "X": blobs(20)[0], **options})


@pytest.mark.backend_free
def test_a_student_of_a_regression_with_other_outputs_is_refused_in_words():
    def build(input_shape):
        model = keras.Sequential([keras.Input(input_shape), layers.Dense(2)])
        model.compile("sgd", "mean_squared_error")
        return model

    x, y = line(40)
    ensemble = regressor(n_estimators=1).fit(x, y)
    with pytest.raises(regkit.RegkitError, match=r"the shape \(2,\); the ensemble's has \(\)"):
        ensemble.distill(build, x)
    with pytest.raises(regkit.RegkitError, match="no option 'temperature'"):
        ensemble.distill(build, x, temperature=2.0)


@pytest.mark.backend_free
def test_inputs_of_other_columns_are_refused():
    ensemble, _ = teacher()
    with pytest.raises(ValueError, match="3 features.*4 features"):
        ensemble.distill(linear_student, blobs(20)[0][:, :3])
