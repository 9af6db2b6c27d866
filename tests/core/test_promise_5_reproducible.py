"""Promise 5: reproducible, and resumed bit for bit after SIGKILL.

The seeds and the resuming of each built-in by itself are in tests/testing.
"""

import signal
from pathlib import Path

import keras
import numpy as np
import pytest

import regkit
from tests import models
from tests.registered import EFFECTIVE, SUBJECTS, everything, made
from tests.techniques_of_tests import ONE_A_STAGE

RANDOM = {
    name: lambda seed, one=one: made(one, seed=seed)
    for name, one in ((one.label, one) for one in SUBJECTS)
    if "seed" in one.options
}


def trained(techniques, seed=7, **options):
    keras.utils.set_random_seed(seed)
    x, y = models.data()
    model = models.compiled(models.sequential())
    models.fit(model, x, y, techniques, **options)
    return models.values(model)


def test_no_seed_uses_nothing_up():
    import random

    keras.utils.set_random_seed(5)
    before = random.getstate()
    x, y = models.data()
    model = models.compiled(models.sequential())
    start = random.getstate()
    models.fit(model, x, y, [regkit.GaussianNoise(0.1)])
    assert random.getstate() == start
    assert before is not None


@pytest.mark.parametrize("name", RANDOM)
def test_other_techniques_in_the_list_do_not_change_the_draws(name):
    """L2 of no effect on the weights (rate 0 learning) aside, the random numbers stay."""
    plain = trained([RANDOM[name](3)])
    beside = trained([regkit.L2(1e-30), RANDOM[name](3), regkit.L1(1e-30)])
    models.same(plain, beside, 1e-6)


def test_two_of_one_kind_draw_apart():
    once = trained([regkit.GaussianNoise(0.3, seed=3)])
    twice = trained([regkit.GaussianNoise(0.3, seed=3), regkit.GaussianNoise(0.3, seed=3)])
    doubled = trained([regkit.GaussianNoise(0.6, seed=3)])
    assert not np.allclose(twice[0], once[0])
    assert not np.allclose(twice[0], doubled[0], atol=1e-4)  # not twice the same noise


def test_continuing_a_fit_draws_new_numbers():
    x, y = models.data()
    model = models.compiled(models.sequential(), optimizer=keras.optimizers.SGD(0.0))
    losses = [
        models.fit(model, x, y, [regkit.GaussianNoise(0.5, seed=1)], epochs=1).history["loss"][0]
        for _ in range(2)
    ]
    assert losses[0] != losses[1]


SCRIPT = """
import os, signal, sys
import keras, numpy as np
from tests import models
from tests.registered import all_together
from tests.techniques_of_tests import ONE_A_STAGE

class Kill(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if self.model.optimizer is not None and self.epoch == 2 and batch == 1:
            os.kill(os.getpid(), signal.SIGKILL)
    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

kill, folder, where, first = sys.argv[1] == "kill", sys.argv[2], sys.argv[3], sys.argv[4] == "first"
keras.utils.set_random_seed(11 if kill or where == "whole" else 12)  # the resumed run may differ
x, y = models.data()
inputs = keras.Input(models.SHAPE)
h = models.dense(5, "hidden", 1, activation="relu")(keras.layers.Flatten()(inputs))
h = keras.layers.Dropout(0.3, seed=5)(h)
h = keras.layers.GaussianNoise(0.1, seed=6)(h)
model = keras.Model(inputs, models.dense(3, "out", 2, activation="softmax")(h))
models.compiled(model, optimizer=keras.optimizers.Adam(0.01))
techniques = all_together()
for one in techniques:
    if hasattr(one, "seed"):
        one.seed = None
average = ONE_A_STAGE["state"]()
techniques += [average, ONE_A_STAGE["penalty"](), ONE_A_STAGE["gradient"]()]
backup = keras.callbacks.BackupAndRestore(folder)
callbacks = [backup, *techniques] if first else [*techniques, backup]
if kill:
    callbacks.append(Kill())
history = models.fit(model, x, y, callbacks, epochs=4)
state = average.final
np.savez(where + ".npz", *model.get_weights(), *state["average"], state["steps"],
         np.array([len(average.seen)]))
"""


def test_killed_and_resumed_is_bit_for_bit_the_whole_run(tmp_path, fresh):
    """Wherever the backup stands in the list."""

    def run(*args, code=0):
        root = Path(__file__).parents[2]
        done = fresh.run(SCRIPT, *args, folder=tmp_path, path=[root], CUDA_VISIBLE_DEVICES="")
        assert done.returncode == code, done.stderr[-2000:]

    run("on", "backup", "whole", "first")
    whole = np.load(tmp_path / "whole.npz")
    for place in ("first", "last"):
        run("kill", f"backup_{place}", "never", place, code=-signal.SIGKILL)
        run("on", f"backup_{place}", place, place)
        resumed = np.load(tmp_path / f"{place}.npz")
        for name in whole.files:
            np.testing.assert_array_equal(whole[name], resumed[name])
        # Keras removes its backup, and ours with it.
        assert not (tmp_path / f"backup_{place}").exists()


def test_a_backup_without_our_state_says_so(tmp_path):
    x, y = models.data()

    def stopped(epochs, techniques):
        model = models.compiled(models.sequential())
        backup = keras.callbacks.BackupAndRestore(tmp_path / "b", delete_checkpoint=False)
        models.fit(model, x, y, [*techniques, backup], epochs=epochs)

    stopped(1, [])
    with pytest.warns(UserWarning, match="no state of regkit's"):
        stopped(2, [EFFECTIVE["dropout"]()])
    with pytest.warns(UserWarning, match="other techniques"):
        stopped(3, [ONE_A_STAGE["state"]()])


def test_state_starts_afresh_at_a_new_fit():
    x, y = models.data()
    model = models.compiled(models.sequential())
    average = ONE_A_STAGE["state"]()
    for _ in range(2):
        models.fit(model, x, y, [average], epochs=2)
        assert int(average.final["steps"]) == 6


def test_the_moving_average_is_exact():
    x, y = models.data()
    model = models.compiled(models.sequential())
    average = ONE_A_STAGE["state"]()
    steps = []
    note = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: steps.append(current(model))
    )
    start = [np.array(keras.ops.convert_to_numpy(v)) for v in model.trainable_variables]
    models.fit(model, x, y, [average, note], epochs=3)
    expected = start
    for weights in steps:
        expected = [0.5 * a + 0.5 * w for a, w in zip(expected, weights, strict=True)]
    models.same(average.final["average"], expected, 1e-6)


def current(model):
    if keras.backend.backend() == "jax":
        model.jax_state_sync()  # on JAX the weights are in the step's state meanwhile
    return [np.array(keras.ops.convert_to_numpy(v)) for v in model.trainable_variables]


@pytest.mark.slow
def test_everything_at_once_trains_and_gives_the_same_again():
    x, y = models.data()
    results = []
    for _ in range(2):
        model = models.compiled(models.sequential())
        history = models.fit(model, x, y, everything())
        assert all(np.isfinite(v) for series in history.history.values() for v in series)
        results.append(models.values(model))
    models.same(*results)
