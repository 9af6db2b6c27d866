"""What a second reader found wrong in ensembles, each as a test that failed before it was mended."""

import keras
import numpy as np
import pytest
from keras import layers

import regkit
from regkit import ensembles
from regkit.ensembles import trainer
from regkit.ensembles.boosting_rounds import r2_round
from tests.ensembles.boosted import three
from tests.ensembles.small import blobs, classifier

X, Y = blobs(60)


def one_number_without_an_axis(input_shape):
    stack = [keras.Input(input_shape), layers.Dense(1, "sigmoid"), layers.Reshape(())]
    model = keras.Sequential(stack)
    model.compile(keras.optimizers.SGD(0.5), "binary_crossentropy")
    return model


def test_weights_of_zero_stay_zero_however_large_the_error():
    found = r2_round(np.array([0, 0.4, 0.3, 0.3]), np.array([1e4, 0, 0, 1.0]))
    alone = r2_round(np.array([0.4, 0.3, 0.3]), np.array([0, 0, 1.0]))
    np.testing.assert_allclose(found.weights, [0, *alone.weights])


def test_a_student_whose_single_output_has_no_axis_learns():
    teacher = classifier(one_number_without_an_axis, epochs=8).fit(X, Y > 0)
    student = teacher.distill(one_number_without_an_axis, X, epochs=150, random_state=0)
    p = np.asarray(student.predict(X, verbose=0))
    assert p.shape == (60,)
    assert np.abs(p - teacher.predict_proba(X)[:, 1]).max() < 0.1


def test_a_schedule_within_an_optimizer_that_scales_the_loss_is_refused():
    def build(input_shape, n_classes):
        model = keras.Sequential([keras.Input(input_shape), layers.Dense(n_classes, "softmax")])
        schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
        model.compile(keras.optimizers.SGD(schedule), "sparse_categorical_crossentropy")
        return model

    keras.config.set_dtype_policy("mixed_float16")
    with pytest.raises(regkit.RegkitError, match="a schedule of its own"):
        ensembles.SnapshotEnsemble(build, 2, epochs=2).fit(X, Y)


def by_member(input_shape, n_classes, member):
    hidden = layers.Dense(4, ["tanh", "relu"][member % 2])
    model = keras.Sequential([keras.Input(input_shape), hidden, layers.Dense(n_classes, "softmax")])
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    return model


def test_every_snapshot_is_of_the_model_that_was_trained():
    fitted = ensembles.SnapshotEnsemble(by_member, 3, epochs=3).fit(X, Y)
    assert [m.layers[0].activation.__name__ for m in fitted.estimators_] == ["tanh"] * 3


def test_snapshots_of_several_functions_are_refused():
    with pytest.raises(regkit.RegkitError, match="build_model must be a function"):
        ensembles.SnapshotEnsemble([by_member, by_member], 2, epochs=2).fit(X, Y)


def test_a_broken_off_fit_keeps_the_cycles_that_are_done(monkeypatch):
    class Late(regkit.Technique):
        """Breaks off in the fifth epoch."""

        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 4:
                raise KeyboardInterrupt

    ensemble = ensembles.SnapshotEnsemble(by_member, 3, epochs=6, callbacks=[Late()])
    with pytest.raises(KeyboardInterrupt) as caught:
        ensemble.fit(X, Y)
    assert caught.value.__notes__ == [
        "2 of 3 members are finished; the ensemble predicts with these"
    ]
    assert [len(history["loss"]) for history in ensemble.histories_] == [2, 2]
    assert ensemble.predict_proba(X).shape == (60, 3)


def wrong(input_shape=(3,), n_classes=3):
    """A model that is sure of class 2."""
    model = keras.Sequential([keras.Input(input_shape), layers.Dense(n_classes, "softmax")])
    model.set_weights([np.zeros((input_shape[0], n_classes)), np.array([-9.0, -9.0, 9.0])])
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def test_voters_that_are_all_worse_than_chance_are_refused_in_words():
    x, y = three(40)
    kept = y < 2
    voting = ensembles.VotingEnsemble(
        [wrong(), wrong()], voting="hard", weights="fitted", classes=[0, 1, 2]
    )
    with pytest.raises(regkit.RegkitError, match="no model is better than chance"):
        voting.fit(x[kept], y[kept])


def test_named_classes_may_be_held_out_by_one():
    x, y = three(40)
    voting = ensembles.VotingEnsemble([wrong()], classes=["a", "b", "c"])
    voting.fit(x[y == 0], np.array(["a"] * int((y == 0).sum())))
    assert set(voting.predict(x)) == {"c"}


def test_a_model_that_does_not_tell_how_it_is_made_is_refused_in_words():
    class Own(keras.Model):
        def __init__(self, units):
            super().__init__()
            self.dense = layers.Dense(units, "softmax")

        def call(self, x):
            return self.dense(x)

    x, y = three(40)
    model = Own(3)
    model.compile("sgd", "sparse_categorical_crossentropy")
    model(x[:1])
    voting = ensembles.VotingEnsemble([model]).fit(x, y)
    with pytest.raises(regkit.RegkitError, match="cannot be copied by its get_config"):
        voting.to_keras()


def test_a_target_in_a_column_is_taken_with_a_warning():
    def linear(input_shape):
        model = keras.Sequential([keras.Input(input_shape), layers.Dense(1)])
        model.compile(keras.optimizers.SGD(0.1), "mse")
        return model

    x, _ = three(40)
    column = (x[:, :1] + 0.1 * x[:, 1:2] ** 2).astype("float32")
    flat, warned = (
        ensembles.AdaBoostRegressor(linear, 3, epochs=3, random_state=0) for _ in range(2)
    )
    with pytest.warns(UserWarning, match="column-vector"):
        warned.fit(x, column)
    np.testing.assert_array_equal(warned.predict(x), flat.fit(x, column[:, 0]).predict(x))


def test_in_turn_no_member_is_made_before_its_turn(monkeypatch):
    order = []
    true = trainer.train_in_turn

    def noted(*given):
        order.append("trained")
        return true(*given)

    def build(input_shape, n_classes):
        order.append("built")
        return wrong(input_shape, n_classes)

    monkeypatch.setattr(trainer, "train_in_turn", noted)
    classifier(build, 3, engine="sequential").fit(X, Y)
    first = order.index("trained")
    assert order[first:].count("built") >= 2


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_one_model_of_members_in_half_precision_combines_them_in_whole(policy):
    def build(input_shape, n_classes):
        out = layers.Dense(n_classes, "softmax", dtype="float32")
        model = keras.Sequential([keras.Input(input_shape), layers.Dense(4, "relu"), out])
        model.compile("sgd", "sparse_categorical_crossentropy")
        return model

    keras.config.set_dtype_policy(policy)
    ensemble = classifier(build, 3).fit(X, Y)
    found = ensemble.to_keras().predict(X, verbose=0)
    by_hand = np.mean([model.predict(X, verbose=0) for model in ensemble.estimators_], axis=0)
    np.testing.assert_allclose(found, by_hand, atol=1e-6)


def test_logits_of_a_loss_that_does_not_tell_are_refused_before_training(monkeypatch):
    def own_loss(y_true, y_pred):
        return keras.losses.sparse_categorical_crossentropy(y_true, y_pred, from_logits=True)

    def build(input_shape, n_classes):
        model = keras.Sequential([keras.Input(input_shape), layers.Dense(n_classes)])
        model.compile("sgd", own_loss)
        return model

    monkeypatch.setattr(trainer, "train_together", None)  # is not called
    with pytest.raises(regkit.RegkitError, match="no probabilities.*not say that they are"):
        classifier(build).fit(X, Y)
