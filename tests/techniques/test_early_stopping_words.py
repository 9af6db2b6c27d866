"""What EarlyStopping says: its line, its errors, its text."""

import keras
import numpy as np
import pytest

import regkit
from regkit.core.errors import ConflictError, OptionError, RecipeError, SelectionError
from tests.techniques.stopping import X, Y, drive, fit, network, steps
from tests.techniques.test_early_stopping_data import Batches, endless


def test_one_line_says_where_why_and_what_is_left(capsys):
    drive([{"val_loss": v} for v in (1.0, 0.5, 2.0)], regkit.EarlyStopping(patience=1))
    assert capsys.readouterr().out == (
        "EarlyStopping: stopped at step 6, in epoch 3: val_loss did not improve in 1 evaluation. "
        "The weights are those of step 4 (epoch 2, val_loss=0.5).\n"
    )
    keep = regkit.EarlyStopping(restore_best_weights=False)
    drive([{"val_loss": v} for v in (1.0, 2.0)], keep)
    assert capsys.readouterr().out == (
        "EarlyStopping: ended at step 4, in epoch 2: training ran to its last epoch, 2. "
        "The best were those of step 2 (epoch 1, val_loss=1); they were not restored.\n"
    )
    drive([{"val_loss": 1.0}], regkit.EarlyStopping(start_from_epoch=3))
    assert capsys.readouterr().out.endswith("last epoch, 1. Nothing was evaluated.\n")
    drive([{"val_loss": np.nan}], regkit.EarlyStopping())
    assert capsys.readouterr().out.endswith("val_loss was never a number.\n")
    drive([{"val_loss": 1.0}], regkit.EarlyStopping(verbose=0))
    assert capsys.readouterr().out == ""


def rule(logs):
    return logs["val_loss"]


REFUSED = {
    r"every=200 counts .* validation_data=\(x, y\).* received validation_data=None": {"every": 200},
    r"mode must be 'min'; accuracy has mode='max'": {
        "monitor": "accuracy", "mode": "max", "criterion": "gl"},
    r"mode must be 'min' or 'max' for a function such as rule": {"monitor": rule},
    r"as many as monitor has entries, 2": {"monitor": ["loss", "val_loss"], "mode": ["min"]},
    r"validation_batch_size belongs to validation_data": {"validation_batch_size": 3},
    r"validation_steps belongs to validation_data": {"validation_steps": 3},
    r"validation_batch_size must be None where": {
        "validation_data": Batches(), "validation_batch_size": 3},
    r"validation_steps must say how many batches to keep of a generator": {"validation_data": endless()},
    r"patience must be a whole number of at least 0; received patience=-1": {"patience": -1},
    r"every must be 'epoch' or a whole number of at least 1; received every=0": {"every": 0},
    r"validation_data must be \(x, y\) or .*; received": {"validation_data": (X, Y[:3])},
    r"validation_data must be \(x, y\) or .* None; received": {"validation_data": X},
    r"criterion must be 'patience' or 'up' or 'gl' or 'pq'": {"criterion": "pg"},
}  # fmt: skip


@pytest.mark.parametrize("message", REFUSED)
def test_options_that_do_not_fit_are_refused_at_once(message):
    with pytest.raises(OptionError, match=message):
        regkit.EarlyStopping(**REFUSED[message])


def test_what_is_not_in_the_logs_is_named_with_what_there_is():
    with pytest.raises(SelectionError) as caught:
        fit(network(), [regkit.EarlyStopping()])
    for part in ("'val_loss'", "at step 5, in epoch 1", "accuracy, loss", "There was no validation",
                 "validation_split", "validation_freq"):  # fmt: skip
        assert part in str(caught.value)
    with pytest.raises(
        SelectionError, match="did you mean 'accuracy'.*Metrics are named in compile"
    ):
        fit(network(), [regkit.EarlyStopping("acuracy", mode="max")])
    with pytest.raises(SelectionError, match="'val_loss' is not among"):
        fit(network(), [regkit.EarlyStopping(rule, mode="min")])
    with pytest.raises(OptionError, match=r"must give a number; none\(logs\) gave None"):
        fit(network(), [regkit.EarlyStopping(none, mode="min")])


def none(logs):
    return None


def test_a_direction_that_nothing_tells_is_asked_for():
    def own(y, p):
        return keras.ops.mean(p)

    with pytest.raises(OptionError, match="mode must be 'min' or 'max' for own"):
        fit(network(metrics=[own]), [regkit.EarlyStopping("own")])
    with pytest.raises(OptionError, match="accuracy has mode='max'"):  # found out by "auto"
        fit(network(), [regkit.EarlyStopping("accuracy", criterion="gl")])


def test_two_that_restore_contradict_each_other():
    with pytest.raises(ConflictError, match="EarlyStopping that restores weights"):
        regkit.Recipe("early_stopping + early_stopping('loss')")
    regkit.Recipe("early_stopping + early_stopping('loss', restore_best_weights=False)")


def test_text():
    text = "early_stopping(monitor=['val_accuracy', 'val_loss'], patience=5, mode=['max', 'min'])"
    assert str(regkit.Recipe(text)) == text
    assert str(regkit.Recipe("early_stopping(patience=5)")) == "early_stopping(patience=5)"
    for stopping in (regkit.EarlyStopping(rule, mode="min"), steps()):
        with pytest.raises(RecipeError, match="has no text form"):
            str(regkit.Recipe([stopping]))
    assert repr(steps()) == "EarlyStopping(every=2, validation_data=<13 examples>, verbose=0)"
    assert "WATCH" in regkit.Recipe([steps()]).explain()
