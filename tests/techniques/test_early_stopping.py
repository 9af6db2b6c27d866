"""EarlyStopping on curves written by hand, and beside Keras' own callbacks."""

import keras
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import regkit
from tests.techniques.stopping import drive, watched

NUMBERS = st.integers(1, 12).map(lambda n: n / 8)  # exact in float32, in which Keras compares


@given(
    st.lists(NUMBERS, min_size=1, max_size=15),
    st.fixed_dictionaries(
        {
            "patience": st.integers(0, 4),
            "min_delta": st.sampled_from([0.0, 0.25]),
            "mode": st.sampled_from(["min", "max", "auto"]),
            "start_from_epoch": st.integers(0, 3),
            "restore_best_weights": st.booleans(),
        }
    ),
)
def test_it_agrees_with_keras_early_stopping(curve, options):
    logs = [{"val_loss": value} for value in curve]
    theirs = keras.callbacks.EarlyStopping("val_loss", **options)
    ours = regkit.EarlyStopping("val_loss", **options, verbose=0)
    expected = drive(logs, theirs)
    assert drive(logs, ours) == expected
    if len(curve) > options["start_from_epoch"]:
        assert ours.best_epoch == (theirs.best_epoch)
        assert ours.best_value == theirs.best
    if options["start_from_epoch"] == 0 or theirs.stopped_epoch:
        assert (ours.stopped_epoch or 0) == theirs.stopped_epoch


@settings(max_examples=15)
@given(st.lists(NUMBERS, min_size=3, max_size=10), st.sampled_from(["min", "max"]))
def test_it_agrees_with_model_checkpoint_and_reduce_lr_on_plateau(tmp_path_factory, curve, mode):
    folder = tmp_path_factory.mktemp("checkpoints")
    checkpoint = keras.callbacks.ModelCheckpoint(
        str(folder / "{epoch}.weights.h5"), monitor="val_loss", mode=mode,
        save_best_only=True, save_weights_only=True,
    )  # fmt: skip
    rates = []
    plateau = keras.callbacks.ReduceLROnPlateau(
        "val_loss", factor=0.5, patience=2, mode=mode, min_delta=0.0
    )
    note = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: rates.append(logs["learning_rate"])
    )
    ours = regkit.EarlyStopping("val_loss", patience=2, mode=mode, verbose=0)
    last, best = drive([{"val_loss": v} for v in curve], ours, checkpoint, plateau, note)
    saved = [int(path.name.split(".")[0]) - 1 for path in folder.iterdir()]
    assert ours.best_epoch == best == max(saved)
    reduced = float(watched().optimizer.learning_rate) < rates[0]
    assert reduced == (ours.stopped_epoch == last)
    watched().optimizer.learning_rate = 0.01


def test_several_monitors_a_rule_and_a_list_of_modes():
    curve = [(0.5, 3.0), (0.75, 2.0), (0.75, 1.0), (0.75, 1.5), (0.5, 0.0)]
    logs = [{"val_accuracy": a, "val_loss": b, "loss": b} for a, b in curve]
    ties = regkit.EarlyStopping(["val_accuracy", "val_loss"], mode=["max", "min"], verbose=0)
    assert drive(logs, ties) == (4, 2.0)
    assert ties.history == [(2 * n + 2, a) for n, (a, _) in enumerate(curve)]
    assert (ties.best_step, ties.best_epoch, ties.best_value) == (6, 2, 0.75)

    def gap(logs):
        return logs["val_loss"] - logs["val_accuracy"]

    rule = regkit.EarlyStopping(gap, mode="min", patience=1, verbose=0)
    assert drive(logs, rule) == (3, 2.0)
    assert rule.reason == "gap did not improve in 1 evaluation"
    assert drive(logs, regkit.EarlyStopping([gap, "val_loss"], mode="min", verbose=0))[1] == 4.0


@pytest.mark.parametrize(
    ("criterion", "stopped", "why"),
    [
        ("up", 4, "val_loss rose in 2 successive evaluations"),
        ("gl", 3, "val_loss is 20 % above its lowest value, more than alpha=8"),
        ("pq", 3, "a quotient of 12, more than alpha=8"),
    ],
)
def test_the_other_criteria(criterion, stopped, why):
    curve = [(1.0, 1.0), (0.5, 0.5), (0.5, 0.5), (0.6, 0.4983361), (0.7, 0.49)]
    options = {"criterion": criterion, "patience": 2, "alpha": 8.0, "strip": 2, "verbose": 0}
    stopping = regkit.EarlyStopping(**options)
    assert drive([{"val_loss": v, "loss": t} for v, t in curve], stopping) == (stopped, 1.0)
    assert why in stopping.reason


def test_a_validation_every_other_epoch():
    logs = [{"loss": 1.0}, {"val_loss": 1.0}, {"loss": 1.0}, {"val_loss": 2.0}, {"loss": 1.0}]
    stopping = regkit.EarlyStopping(patience=1, validation_freq=2, verbose=0)
    assert drive(logs, stopping) == (3, 1.0)
    assert drive(logs, regkit.EarlyStopping(patience=1, validation_freq=[2, 4], verbose=0))[0] == 3


def test_one_object_serves_two_fits():
    stopping = regkit.EarlyStopping(patience=1, verbose=0)
    rising = [{"val_loss": 1.0}, {"val_loss": 2.0}, {"val_loss": 3.0}]
    assert drive(rising, stopping) == drive(rising, stopping) == (1, 0.0)
    assert stopping.history == [(2, 1.0), (4, 2.0)]
