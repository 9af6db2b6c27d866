"""What a reader found wrong in ensembles, each as a test that failed before it was mended."""

import os
import pickle
import random
import threading

import keras
import numpy as np
import pytest
from keras import layers
from scipy import special

import regkit
from regkit.ensembles import processes, trainer
from tests.ensembles.small import (
    blobs,
    build,
    classifier,
    line,
    outputs_of,
    regression,
    regressor,
    same_bits,
)

X, Y = blobs(60)


def mlp(shape, classes, activation="relu", last="softmax", logits=False):
    model = keras.Sequential(
        [
            keras.Input(shape),
            layers.Dense(6, activation),
            layers.Dense(classes, None if logits else last),
        ]
    )
    model.compile(
        keras.optimizers.SGD(0.2), keras.losses.SparseCategoricalCrossentropy(from_logits=logits)
    )
    return model


def test_a_list_of_functions_that_differ_in_activation_only():
    e = classifier(
        [
            lambda input_shape, n_classes: mlp(input_shape, n_classes, "relu"),
            lambda input_shape, n_classes: mlp(input_shape, n_classes, "tanh"),
        ],
        4,
    ).fit(X, Y)
    assert [m.layers[0].activation.__name__ for m in e.estimators_] == ["relu", "tanh"] * 2


@pytest.mark.parametrize("first", [True, False])
def test_architectures_whose_outputs_mean_different_things(first):
    def own(input_shape, n_classes, member):
        return mlp(input_shape, n_classes, logits=(member % 2 == 0) == first)

    e = classifier(own, 2, epochs=8).fit(X, Y)
    outs = outputs_of(e, X)
    p = [special.softmax(o, -1) if (k % 2 == 0) == first else o for k, o in enumerate(outs)]
    np.testing.assert_allclose(e.predict_proba(X), np.mean(p, axis=0), atol=1e-5)


@pytest.mark.parametrize("engine", ["vectorized", "sequential"])
def test_keras_dropout_follows_from_random_state(engine):
    def own(input_shape, n_classes):
        m = keras.Sequential(
            [keras.Input(input_shape), layers.Dropout(0.4), layers.Dense(n_classes, "softmax")]
        )
        m.compile("sgd", "sparse_categorical_crossentropy")
        return m

    found = []
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        found.append(classifier(own, engine=engine).fit(X, Y).predict_proba(X))
    np.testing.assert_array_equal(*found)


def test_what_another_thread_draws_from_pythons_generator_does_not_matter():
    """Dask's does, in a worker in which another thread trains."""

    def own(input_shape, n_classes):
        if disturbed:
            other = threading.Thread(target=random.random)
            other.start()
            other.join()
        return build(input_shape, n_classes)

    disturbed = False
    calm = classifier(own, engine="sequential").fit(X, Y)
    disturbed = True
    same_bits(classifier(own, engine="sequential").fit(X, Y), calm)


def test_each_process_has_an_accelerator_of_its_own(monkeypatch, tmp_path):
    here = os.getpid()

    def own(input_shape, n_classes):
        if os.getpid() != here:
            (tmp_path / str(os.getpid())).write_text(os.environ.get("CUDA_VISIBLE_DEVICES", "none"))
        return build(input_shape, n_classes)

    monkeypatch.setattr(processes, "_several_gpus", lambda: ("5", "6"))
    classifier(own, 6, engine="joblib", n_jobs=2).fit(X, Y)
    assert {p.read_text() for p in tmp_path.iterdir()} <= {"5", "6"}


def test_validation_data_and_a_fraction_are_refused_together():
    with pytest.raises(regkit.RegkitError, match="not both"):
        classifier(validation_fraction=0.5).fit(X, Y, validation_data=(X[:9], Y[:9]))


def test_validation_targets_of_another_number_are_refused():
    x, y = line()
    with pytest.raises(regkit.RegkitError):
        regressor().fit(x, y, validation_data=(x[:9], x[:9, :3]))


def test_an_interrupted_fit_has_the_samples_of_its_own_members(monkeypatch):
    true, calls = trainer.train_in_turn, []

    def interrupted(*given):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return true(*given)

    e = classifier(n_estimators=4, engine="sequential").fit(X, Y)
    monkeypatch.setattr(trainer, "train_in_turn", interrupted)
    with pytest.raises(KeyboardInterrupt):
        e.fit(X, Y)
    assert len(e.estimators_) == len(e.estimators_samples_) == 2


def test_a_model_whose_single_output_has_no_axis():
    def own(input_shape):
        m = keras.Sequential(
            [keras.Input(input_shape), layers.Dense(1, "sigmoid"), layers.Reshape(())]
        )
        m.compile("sgd", "binary_crossentropy")
        return m

    e = classifier(own).fit(X, Y > 0)
    assert e.predict_proba(X).shape == (60, 2)


def test_an_empty_kept_file_is_ignored(tmp_path):
    (tmp_path / "member-0000.npz").touch()
    classifier(engine="sequential", directory=tmp_path).fit(X, Y)


def test_members_in_bfloat16_are_kept(tmp_path):
    keras.config.set_dtype_policy("bfloat16")
    one = classifier(engine="sequential", directory=tmp_path).fit(X, Y)
    other = classifier(engine="sequential", directory=tmp_path).fit(X, Y)
    np.testing.assert_array_equal(one.predict_proba(X), other.predict_proba(X))


def test_an_out_of_bag_score_where_all_have_seen_all_is_refused_in_words():
    with pytest.raises(regkit.RegkitError):
        classifier(bootstrap=False, oob_score=True).fit(X, Y)


@pytest.mark.parametrize("loss", ["categorical_crossentropy"])
def test_a_loss_that_does_not_fit_is_refused_in_words_by_fit(loss):
    def own(input_shape, n_classes):
        m = keras.Sequential([keras.Input(input_shape), layers.Dense(n_classes, "softmax")])
        m.compile("sgd", loss)
        return m

    with pytest.raises(regkit.RegkitError, match="does not fit labels"):
        classifier(own).fit(X, Y)


def test_several_outputs_are_refused_in_words_by_fit():
    def own(input_shape):
        e = keras.Input(input_shape)
        m = keras.Model(e, [layers.Dense(1)(e), layers.Dense(1)(e)])
        m.compile("sgd", ["mse", "mse"])
        return m

    with pytest.raises(regkit.RegkitError, match="has 2"):
        regressor(own).fit(*line())


@pytest.mark.parametrize(("units", "targets"), [(2, None), (3, 2)])
def test_another_number_of_outputs_is_refused_in_words_by_fit(units, targets):
    with pytest.raises(regkit.RegkitError, match="the targets have"):
        regressor(lambda input_shape: regression(input_shape, units)).fit(*line(targets=targets))


def test_validation_labels_in_a_column():
    classifier().fit(X, Y, validation_data=(X, Y[:, None]))  # or refused in words


def test_weights_that_are_zero_on_all_that_is_not_held_out_are_refused_in_words():
    weights = np.zeros(60)
    weights[3] = 1
    refused = 0
    for state in range(6):
        try:
            classifier(validation_fraction=0.5, random_state=state).fit(X, Y, weights)
        except regkit.RegkitError:
            refused += 1
    assert 0 < refused < 6


@pytest.mark.parametrize("given", ["half", None])
def test_a_text_as_a_number_of_examples_is_refused_in_words(given):
    with pytest.raises(regkit.RegkitError, match="max_samples"):
        classifier(max_samples=given).fit(X, Y)


def test_a_directory_that_is_a_number_is_refused_in_words():
    with pytest.raises(regkit.RegkitError, match="directory"):
        classifier(directory=3).fit(X, Y)


def test_an_interrupt_is_not_hidden_by_members_that_diverged(monkeypatch):
    true, calls = trainer.train_in_turn, []

    def interrupted(*given):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return true(*given)

    def own(input_shape, n_classes):
        m = regression(input_shape)
        m.optimizer.learning_rate.assign(1e30)
        return m

    monkeypatch.setattr(trainer, "train_in_turn", interrupted)
    with pytest.raises(KeyboardInterrupt):
        regressor(own, engine="sequential").fit(*line())


def test_it_pickles_with_a_local_function():
    def own(input_shape, n_classes):
        return build(input_shape, n_classes)

    pickle.loads(pickle.dumps(classifier(own).fit(X, Y))).predict(X)
