"""EarlyStopping in a run that is killed and resumed."""

import keras
import numpy as np
import pytest

import regkit
from tests import models
from tests.techniques.stopping import VALIDATION, fit, network, steps


class Killed(BaseException):
    pass


class Kill(keras.callbacks.Callback):
    def __init__(self, event, epoch=None):
        super().__init__()
        self.epoch = epoch
        setattr(self, event, self.kill)

    def kill(self, epoch=None, logs=None):
        if self.epoch in (None, epoch):
            raise Killed


RUNS = {
    "epoch": lambda: regkit.EarlyStopping(patience=2, min_delta=0.5, verbose=0),
    "steps": lambda: steps(every=4, patience=3, min_delta=10.0),
    "best": lambda: steps(every=2, patience=4),
    "pq": lambda: steps(every=2, criterion="pq", strip=10, alpha=0.0),
    "not_restoring": lambda: steps(every=4, patience=3, min_delta=10.0, restore_best_weights=False),
}
WHOLE = {}


def run(name, folder, backup_first, *others):
    """Return how a run with a backup ended and its weights, or None where it was killed."""
    keras.utils.set_random_seed(0)
    model = network(keras.optimizers.SGD(0.5))
    stopping, backup = RUNS[name](), keras.callbacks.BackupAndRestore(folder)
    pair = [backup, stopping] if backup_first else [stopping, backup]
    try:
        fit(model, [*others, *pair], epochs=8, validation_data=VALIDATION)
    except Killed:
        return None
    words = ("stopped_step", "stopped_epoch", "best_step", "best_value", "history", "reason")
    return {word: getattr(stopping, word) for word in words}, models.values(model)


RESUMED = [
    ("epoch", "in", "backup first"), ("epoch", "in", "backup last"), ("epoch", "end", "backup last"),
    ("steps", "in", "backup first"), ("steps", "end", "backup first"),
    ("best", "in", "backup last"), ("pq", "in", "backup first"),
    ("not_restoring", "end", "backup first"), ("not_restoring", "end", "backup last"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "when", "order"), RESUMED)
def test_a_resumed_run_stops_at_the_same_place_with_the_same_weights(name, when, order, tmp_path):
    """Killed in its third epoch, or between the decision to stop and the end of fit."""
    first = order == "backup first"
    kill = Kill("on_epoch_begin", 2) if when == "in" else Kill("on_train_end")
    if name not in WHOLE:
        WHOLE[name] = run(name, tmp_path / "whole", first)
    found, weights = WHOLE[name]
    assert found["stopped_epoch"] >= 2
    assert run(name, tmp_path / "killed", first, kill) is None
    resumed, resumed_weights = run(name, tmp_path / "killed", first)
    assert resumed == found
    models.same(resumed_weights, weights)


def test_arrays_of_bfloat16_are_saved_exactly():
    keras.config.set_dtype_policy("bfloat16")
    model = models.compiled(models.sequential())
    stopping = regkit.EarlyStopping("loss", verbose=0)
    models.fit(model, *models.data(), [stopping], epochs=1)
    state = stopping.host_state()
    assert all(one.dtype == np.float32 for k, one in state.items() if k.startswith("weight_"))
    before = models.values(model)
    model.set_weights([state[f"weight_{k}"] for k in range(len(before))])
    for one, other in zip(models.values(model), before, strict=True):
        assert (one == other).all()
