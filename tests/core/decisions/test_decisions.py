"""Techniques that only decide: the contract, and the events of a fit that ask for decisions."""

import json
from typing import Annotated

import keras
import pytest
from hypothesis import given
from hypothesis import strategies as st

import regkit
from regkit.core.decisions.contract import Decision, Ending, Evaluations, Moment
from regkit.core.decisions.decider import Decider, only_decides
from regkit.core.decisions.own_data import OwnData
from regkit.core.options import Boolean, Integer
from regkit.core.stages import Stage
from tests import models
from tests.techniques.stopping import VALIDATION, Recorder, fit, network


class Counting(Decider[int]):
    """Keeps the weights of its second decision, and stops at a later one."""

    def __init__(
        self,
        stops_at: Annotated[int, Integer(1)] = 4,
        every: Annotated[int | None, Integer(1, optional=True)] = None,
        with_data: Annotated[bool, Boolean()] = False,
    ) -> None:
        super().__init__()
        self.stops_at, self.every = stops_at, every
        self.data = OwnData(VALIDATION) if with_data else None
        self.asked = []

    @property
    def evaluations(self):
        return Evaluations(self.every, at_end=self.data is not None)

    @property
    def own_data(self):
        return self.data

    def initial_decision(self):
        return 0

    def decide(self, logs, state, moment):
        self.asked.append((moment.step, moment.is_last, "val_loss" in logs))
        count = state + 1
        return Decision(stop=count == self.stops_at, keep=count == 2, state=count)


def test_a_fit_asks_after_every_epoch_and_does_what_is_decided():
    counting, recorder, model = Counting(), Recorder("epoch"), network()
    fit(model, [counting, recorder], epochs=9)
    assert counting.asked == [(step, False, False) for step in (5, 10, 15, 20)]
    assert (counting.stopped_step, counting.stopped_epoch, counting.decision) == (20, 3, 4)
    models.same(models.values(model), recorder.weights[1])


def test_where_nothing_was_kept_the_last_weights_stay():
    counting, recorder, model = Counting(stops_at=1), Recorder("epoch"), network()
    fit(model, [counting, recorder])
    models.same(models.values(model), recorder.weights[0])


def test_by_steps_it_asks_inside_the_epoch_and_where_training_ends():
    counting = Counting(stops_at=100, every=4, with_data=True)
    fit(network(), [counting])
    inside = [(step, False, True) for step in (4, 8, 12)]
    assert counting.asked == [*inside, (15, True, True)]
    assert counting.stopped_step is None


def test_a_stop_at_the_last_look_is_none():
    counting = Counting(stops_at=4, every=4, with_data=True)
    fit(network(), [counting])
    assert len(counting.asked) == counting.decision == 4
    assert counting.stopped_step is None


def test_one_object_serves_two_fits():
    counting = Counting()
    for _ in range(2):
        fit(network(), [counting], epochs=9)
        assert (counting.stopped_epoch, counting.decision) == (3, 4)


class Killed(BaseException):
    pass


@pytest.mark.parametrize(
    ("event", "stops_at"), [("on_epoch_begin", 4), ("on_train_end", 4), ("on_train_end", 1)]
)
def test_a_resumed_run_goes_on_with_its_decisions(event, stops_at, tmp_path):
    """Killed in its third epoch, or between the decision to stop and the end of fit.

    At its first decision nothing is kept yet.
    """

    def run(folder, *others):
        keras.utils.set_random_seed(0)
        counting, model = Counting(stops_at), network()
        backup = keras.callbacks.BackupAndRestore(tmp_path / folder)
        fit(model, [*others, counting, backup], epochs=9)
        return models.values(model), (counting.stopped_step, counting.stopped_epoch)

    def kill(epoch=None, logs=None):
        if event == "on_train_end" or epoch == 2:
            raise Killed

    whole, place = run("whole")
    killer = keras.callbacks.Callback()
    setattr(killer, event, kill)
    with pytest.raises(Killed):
        run("killed", killer)
    resumed, resumed_place = run("killed")
    assert resumed_place == place
    models.same(resumed, whole)


def test_a_finished_copy_is_as_after_a_fit_and_leaves_the_original_alone():
    counting = Counting()
    finished = counting.finished(7, Ending(epoch=2, step=15, cause="decision"))
    assert (finished.decision, finished.stopped_step, finished.stopped_epoch) == (7, 15, 2)
    assert (counting.decision, counting.stopped_step) == (0, None)
    assert finished.finished(1, Ending(epoch=2, step=15)).stopped_step is None
    assert finished.stopped_step == 15


def test_decide_takes_what_all_take():
    def made(parameters):
        space = {}
        exec(f"def decide({parameters}): return None", space)
        return type("Made", (Decider,), {"decide": space["decide"]})

    for wrong in ("self, logs", "self, state, logs, moment", "self, logs, state, moment, more",
                  "self, logs, state, moment, *, more", "logs, state, moment"):  # fmt: skip
        with pytest.raises(TypeError, match=r"Made\.decide\(.* must take \(self, logs, state, mom"):
            made(wrong)
    for right in ("self, logs, state, moment", "self, logs, _state, _moment", "*args",
                  "self, logs, state, moment, more=None"):  # fmt: skip
        made(right)


def test_what_does_not_say_how_it_decides_cannot_be_made():
    class Halfway(Decider[None]):
        def initial_decision(self):
            return None

    with pytest.raises(TypeError, match="decide"):
        Halfway()


def test_a_name_that_the_backup_has_is_refused():
    class Twice(Counting):
        def saved_decision(self, state):
            return {"done": state}

    with pytest.raises(TypeError, match=r"Twice\.saved_decision returned entries named done"):
        Twice().host_state()


def test_who_only_decides_is_told_by_the_class():
    class Printing(Counting):
        def on_epoch_end(self, epoch, logs=None):
            super().on_epoch_end(epoch, logs)
            print(epoch)

    class Penalized(Counting):
        def penalty(self, context):
            return 0.0

    class Watching(regkit.Technique):
        def on_epoch_end(self, epoch, logs=None):
            pass

        def decide(self, logs, state, moment):
            pass

    class Below(Printing):
        pass

    assert only_decides(Counting())
    assert only_decides(Penalized())  # on the host; in the step it acts as any
    assert Penalized().stages() == (Stage.PENALTY, Stage.WATCH)
    for technique in (Printing(), Below(), Watching(), regkit.L2()):
        assert not only_decides(technique)


FREQUENCIES = st.one_of(st.integers(1, 4), st.lists(st.integers(1, 8), max_size=4))


@given(
    st.one_of(st.none(), st.integers(1, 7)), st.integers(0, 3), FREQUENCIES, st.integers(1, 9),
)  # fmt: skip
def test_evaluations_are_where_the_steps_and_epochs_say(every, first, frequency, steps):
    evaluations = Evaluations(every, first, frequency)
    for epoch in range(6):
        before = epoch * steps
        inside = evaluations.within_epoch(epoch, before, steps)
        due = range(before + 1, before + steps + 1) if every and epoch >= first else ()
        assert inside == [step for step in due if step % every == 0]
        # calls every few steps: at the first at or after each multiple
        assert evaluations.after_steps(epoch, before, before + steps) == bool(inside)
        validated = (epoch + 1) % frequency == 0 if isinstance(frequency, int) else (
            epoch + 1 in frequency
        )  # fmt: skip
        assert evaluations.after_epoch(epoch) == (every is None and epoch >= first and validated)


def test_a_last_decision_is_for_steps_that_none_has_seen():
    evaluations = Evaluations(every=4, first_epoch=1, at_end=True)
    assert evaluations.after_end(Ending(epoch=1, step=10), decided=8)
    assert evaluations.after_end(Ending(epoch=1, step=10, cause="other"), decided=8)
    assert not evaluations.after_end(Ending(epoch=1, step=10, cause="decision"), decided=8)
    assert not evaluations.after_end(Ending(epoch=1, step=8), decided=8)
    assert not evaluations.after_end(Ending(epoch=0, step=3), decided=0)
    assert not Evaluations(every=4).after_end(Ending(epoch=1, step=10), decided=8)


def test_without_a_model_losses_alone_have_a_direction():
    moment = Moment(epoch=0, step=1)
    directions = {name: moment.direction(name) for name in ("loss", "val_out_loss", "accuracy")}
    assert directions == {"loss": "min", "val_out_loss": "min", "accuracy": None}


def test_a_state_goes_through_a_backup():
    counting = Counting()
    saved = json.loads(json.dumps(counting.saved_decision(3)))
    assert counting.restored_decision(saved) == 3
