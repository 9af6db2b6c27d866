"""What a backup holds: whatever a fit draws from, and each technique's state for itself."""

import random
import warnings

import keras
import numpy as np
import pytest
from keras import layers, ops

import regkit
from regkit.core.seam import generators
from tests import models
from tests.techniques_of_tests import MovingAverage


class Unseeded(layers.Layer):
    """Draws from whatever the backend has as its global generator."""

    def call(self, x, training=False):
        if not training or keras.backend.backend() == "jax":
            return x
        if keras.backend.backend() == "torch":
            import torch

            return x + 0.3 * torch.randn(x.shape)
        import tensorflow as tf

        return x + 0.3 * tf.random.get_global_generator().normal(tf.shape(x))


class Noisy(keras.utils.PyDataset):
    """Draws from NumPy's and Python's global generators."""

    def __init__(self, x, y):
        super().__init__()
        self.x, self.y = x, y

    def __len__(self):
        return 3

    def __getitem__(self, index):
        x = self.x + np.random.normal(size=self.x.shape).astype("float32") + random.random()
        return x, self.y


class Own(keras.Model):
    """Whose optimizer never counts, or is not there."""

    def train_step(self, *given):
        *state, data = given
        if state:
            trained = [w - 0.1 * ops.mean(data[0]) for w in state[0][0]]
            return {"z": ops.zeros(())}, (trained, *state[0][1:])
        for variable in self.trainable_variables:
            variable.assign(variable - 0.1 * ops.mean(data[0]))
        return {"z": ops.zeros(())}


class Killed(Exception):
    pass


class Kill(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.epoch == 2 and batch == 1:
            raise Killed


INNER = {
    "dropout": lambda: layers.Dropout(0.3),
    "attention": lambda: layers.MultiHeadAttention(1, 4, dropout=0.3),
    "unseeded": Unseeded,
    "dataset": lambda: layers.Activation("linear"),
    "an optimizer that never counts": lambda: layers.Activation("linear"),
    "no optimizer": lambda: layers.Dropout(0.3),
}


def run(what, folder, seed, *others):
    """Train four epochs, or what is left of them, and return the weights."""
    keras.utils.set_random_seed(seed)
    inputs = keras.Input(models.SHAPE)
    h = models.dense(5, "hidden", 1, activation="relu")(layers.Reshape((2, 3))(inputs))
    inner = INNER[what]()
    h = inner(h, h) if what == "attention" else inner(h)
    outputs = models.dense(3, "out", 2, activation="softmax")(layers.Flatten()(h))
    own = "optimizer" in what
    model = (Own if own else keras.Model)(inputs, outputs)
    models.compiled(model, None if what == "no optimizer" else "adam", jit_compile=False)
    keras.utils.set_random_seed(seed)
    techniques = [regkit.GaussianNoise(0.2)]
    if not own:
        techniques += [regkit.L2(1e-3), regkit.DropConnect(0.2, mask="batch", layers="hidden")]
    backup = keras.callbacks.BackupAndRestore(folder)
    x, y = models.data()
    data = {"x": Noisy(x, y)} if what == "dataset" else {"x": x, "y": y, "batch_size": 8}
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.random.get_global_generator().reset_from_seed(seed)
    model.fit(**data, epochs=4, shuffle=False, verbose=0, callbacks=[backup, *techniques, *others])
    return models.values(model)


@pytest.mark.parametrize("what", INNER)
def test_a_run_that_was_broken_off_and_resumed_is_the_whole_run(what, tmp_path):
    """To the last bit; a true kill of the process is in test_promise_5_reproducible."""
    whole = run(what, tmp_path / "whole", 1)
    with pytest.raises(Killed):
        run(what, tmp_path / "broken", 1, Kill())
    resumed = run(what, tmp_path / "broken", 2)
    models.same(whole, resumed)


def go(folder, techniques, epochs, model=None):
    x, y = models.data()
    model = model or models.compiled(models.sequential(), keras.optimizers.SGD(0.0))
    backup = keras.callbacks.BackupAndRestore(folder, delete_checkpoint=False)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        history = models.fit(model, x, y, [backup, *techniques], epochs=epochs).history
    return [str(one.message) for one in said if "regkit" in str(one.message)], history


class Falling(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, value):
        self.value = value

    def __call__(self, step):
        return self.value

    def get_config(self):
        return {"value": self.value}


def test_schedules_of_ones_own_are_told_apart_by_what_they_say(tmp_path):
    go(tmp_path, [regkit.Dropout(Falling(0.3), seed=1)], 1)
    said, _ = go(tmp_path, [regkit.Dropout(Falling(0.2), seed=1)], 2)
    assert any("other techniques" in one for one in said)
    said, _ = go(tmp_path, [regkit.Dropout(Falling(0.2), seed=1)], 3)
    assert said == []


CHANGED = {
    "another technique": lambda: regkit.GaussianNoise(0.3, seed=1),
    "another strength": lambda: regkit.Dropout(0.4, seed=1),
    "another seed": lambda: regkit.Dropout(0.3, seed=2),
    "a schedule": lambda: regkit.Dropout(
        keras.optimizers.schedules.PolynomialDecay(0.3, 9), seed=1
    ),
    "a schedule of one's own": lambda: regkit.Dropout(Falling(0.3), seed=1),
    "a subclass": lambda: type("Dropout", (regkit.Dropout,), {})(0.3, seed=1),
    "other layers": lambda: regkit.Dropout(0.3, seed=1, layers="hidden"),
}


@pytest.mark.parametrize("name", CHANGED)
def test_state_is_taken_up_by_the_technique_that_wrote_it_only(name, tmp_path):
    go(tmp_path, [regkit.Dropout(0.3, seed=1)], 1)
    said, _ = go(tmp_path, [CHANGED[name]()], 2)
    assert any("other techniques" in one for one in said)


def test_the_same_technique_takes_it_up_in_silence_whoever_is_beside_it(tmp_path):
    schedule = keras.optimizers.schedules.PolynomialDecay(0.3, 9)
    average = MovingAverage(0.5)
    go(tmp_path, [regkit.L2(schedule), average], 2)
    before = average.final
    again = MovingAverage(0.5)
    said, _ = go(
        tmp_path, [again, regkit.L2(keras.optimizers.schedules.PolynomialDecay(0.3, 9))], 3
    )
    assert said == []
    assert int(again.final["steps"]) == int(before["steps"]) + 3
    said, _ = go(tmp_path, [regkit.L1(0.1), MovingAverage(0.5)], 4)
    assert len(said) == 1
    assert "l1" in said[0].split("which start afresh")[0]
    assert "moving_average" not in said[0].split("which start afresh")[0]


def test_weights_of_another_moment_take_up_nothing(tmp_path):
    x, y = models.data()
    model = models.compiled(models.sequential())
    go(tmp_path, [regkit.Dropout(0.3, seed=1)], 1, model)
    models.fit(model, x, y, epochs=1)
    model.save_weights(tmp_path / "latest.weights.h5", overwrite=True)
    said, _ = go(tmp_path, [regkit.Dropout(0.3, seed=1)], 2, models.compiled(models.sequential()))
    assert any("no state of regkit's" in one for one in said)


def test_every_generator_is_put_back():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dropout(0.5, seed=1)])
    keras.random.uniform((2,))  # Keras' global generator exists now
    random.gauss(0, 1)
    np.random.normal()

    def drawn():
        return [
            random.random(), random.gauss(0, 1), np.random.normal(),
            *keras.ops.convert_to_numpy(keras.random.uniform((2,))),
            *keras.ops.convert_to_numpy(keras.ops.ravel(model(np.ones((2, 4)), training=True))),
        ]  # fmt: skip

    states = generators.read(model)
    first = drawn()
    assert generators.restore(model, states)
    assert drawn() == first
    other = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    assert not generators.restore(other, states)


def test_without_a_backup_no_generator_is_touched():
    x, y = models.data()
    model = models.compiled(models.sequential())
    states = random.getstate(), np.random.get_state()[1].tolist()
    models.fit(model, x, y, [regkit.GaussianNoise(0.1), regkit.Dropout(0.5)])
    assert (random.getstate(), np.random.get_state()[1].tolist()) == states
