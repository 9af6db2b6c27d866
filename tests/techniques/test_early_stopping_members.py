"""EarlyStopping asked by a plain loop over the logs of several fits, beside the same as a callback."""

import json
from fractions import Fraction

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import regkit
from regkit.core.decisions.contract import Decision, Ending, Moment
from tests import models
from tests.techniques.stopping import VALIDATION, Recorder, drive, fit, network, steps

ATTRIBUTES = (
    "reason", "history", "best_step", "best_epoch", "best_value", "stopped_step", "stopped_epoch",
)  # fmt: skip
EPOCH_STEPS = 2


def outcome(stopping):
    return {name: getattr(stopping, name) for name in ATTRIBUTES}


def through_json(stopping, state):
    return stopping.restored_decision(json.loads(json.dumps(stopping.saved_decision(state))))


def train(stopping, members, between=lambda stopping, state: state):
    """Ask for decisions on the epochs' logs of members; return each finished, and its weights."""
    evaluations, running = stopping.evaluations, set(range(len(members)))
    states = [stopping.initial_decision() for _ in members]
    endings = [Ending(len(logs) - 1, EPOCH_STEPS * len(logs)) for logs in members]
    kept, weights = {}, [len(logs) - 1 for logs in members]  # those after epoch e are called e
    for epoch in range(max(map(len, members))):
        running &= {k for k, logs in enumerate(members) if epoch < len(logs)}
        for k in sorted(running) if evaluations.after_epoch(epoch) else ():
            moment = Moment(epoch, EPOCH_STEPS * (epoch + 1))
            decision = stopping.decide(members[k][epoch], states[k], moment)
            states[k] = between(stopping, decision.state)
            if decision.keep:
                kept[k] = epoch
            if decision.stop:
                endings[k] = Ending(epoch, moment.step, "decision")
                weights[k] = epoch
                running.remove(k)
    weights = [kept.get(k, last) for k, last in enumerate(weights)]
    return [stopping.finished(states[k], ending) for k, ending in enumerate(endings)], weights


# -- generated curves, beside a reference in exact numbers and the callback ----------------------


def reference(curve, criterion, patience, alpha, strip, min_delta, start_from_epoch, signs):
    """Return the epochs of the stop and of the best, each None where there is none.

    Args:
        curve: For each epoch its monitors, and the training loss, as whole numbers.
        signs: 1 for each monitor that is minimized, -1 for the others.
    """
    rows = [[sign * value for sign, value in zip(signs, row[:-1], strict=True)] for row in curve]
    errors, losses, s = [row[0] for row in rows], [row[-1] for row in curve], max(1, patience)
    start, best = start_from_epoch, None
    for t in range(start, len(curve)):
        before = None if best is None else rows[best]
        if best is None or (
            before[0] - errors[t] > min_delta
            if errors[t] != before[0]
            else rows[t][1:] < before[1:]
        ):
            best = t
        rise = Fraction(100 * (errors[t] - min(errors[start : t + 1])), min(errors[start : t + 1]))
        part = losses[max(0, t + 1 - strip) : t + 1]
        progress = 1000 * (Fraction(sum(part), len(part) * min(part)) - 1)
        stops = {
            "patience": t - best >= s,
            "up": t - start >= s
            and all(errors[u] - errors[u - 1] > min_delta for u in range(t + 1 - s, t + 1)),
            "gl": rise > alpha,
            "pq": (t - start + 1) % strip == 0 and rise > alpha * progress,
        }
        if stops[criterion]:
            return t, best
    return None, best


EIGHTHS = st.integers(1, 12)  # of a unit: exact as floats
CURVES = st.lists(st.tuples(EIGHTHS, EIGHTHS, EIGHTHS), min_size=1, max_size=12)
OPTIONS = st.fixed_dictionaries(
    {
        "criterion": st.sampled_from(["patience", "up", "gl", "pq"]),
        "patience": st.integers(0, 3),
        "alpha": st.sampled_from([0.73, 7.3, 73.0]),  # such that no ratio of eighths equals it
        "strip": st.integers(1, 4),
        "min_delta": st.sampled_from([0, 1, 2]).map(lambda n: n / 8),
        "start_from_epoch": st.integers(0, 3),
    }
)


@settings(max_examples=60)
@given(st.lists(CURVES, min_size=1, max_size=3), OPTIONS, st.booleans(), st.booleans(), st.data())
def test_members_end_as_the_callback_and_as_the_reference(curves, options, several, restore, data):
    ratio = options["criterion"] in ("gl", "pq")
    modes = ["min" if ratio else data.draw(st.sampled_from(["min", "max"]))]
    modes += [data.draw(st.sampled_from(["min", "max"]))] if several else []
    monitors = ["val_loss", "val_accuracy"][: len(modes)]
    names = [*monitors, "loss"]
    curves = [[(*row[: len(modes)], row[2]) for row in curve] for curve in curves]
    members = [
        [{n: v / 8 for n, v in zip(names, row, strict=True)} for row in curve] for curve in curves
    ]

    def stopping():
        return regkit.EarlyStopping(
            monitors, mode=modes, restore_best_weights=restore, verbose=0, **options
        )

    asked = stopping()
    finished, weights = train(asked, members)
    assert outcome(asked) == outcome(stopping())  # which is in no fit itself
    exact = options | {
        "alpha": Fraction(str(options["alpha"])),
        "min_delta": 8 * options["min_delta"],
    }
    signs = [1 if mode == "min" else -1 for mode in modes]
    for curve, logs, one, left in zip(curves, members, finished, weights, strict=True):
        stopped, best = reference(curve, **exact, signs=signs)
        assert (one.stopped_epoch, one.best_epoch) == (stopped, best)
        assert one.best_value == (None if best is None else logs[best]["val_loss"])
        last = len(curve) - 1 if stopped is None else stopped
        assert left == (best if restore and best is not None else last)
        callback = stopping()
        assert drive(logs, callback, epoch_steps=EPOCH_STEPS)[1] == left
        assert outcome(one) == outcome(callback)


@given(st.lists(CURVES, min_size=1, max_size=3), OPTIONS)
def test_states_go_through_a_backup_and_stay_as_they_were(curves, options):
    members = [
        [{"val_loss": v / 8 if v < 12 else float("nan"), "loss": t / 8} for v, _, t in curve]
        for curve in curves
    ]

    def checked(stopping, state):
        before = json.dumps(stopping.saved_decision(state))
        first, second = (stopping.decide(members[0][0], state, Moment(9, 99)) for _ in range(2))
        saved = [json.dumps(stopping.saved_decision(one.state)) for one in (first, second)]
        assert (first.stop, first.keep, saved[0]) == (second.stop, second.keep, saved[1])
        assert json.dumps(stopping.saved_decision(state)) == before
        return through_json(stopping, state)

    stopping = regkit.EarlyStopping(verbose=0, **options)
    plain, weights = train(stopping, members)
    saved, saved_weights = train(stopping, members, checked)
    alone = [train(stopping, [logs]) for logs in members]
    assert weights == saved_weights == [left for _, (left,) in alone]
    assert list(map(repr, map(outcome, plain))) == list(map(repr, map(outcome, saved)))
    assert list(map(repr, map(outcome, plain))) == [repr(outcome(one)) for (one,), _ in alone]


# -- recorded logs of real fits -----------------------------------------------------------------


class Noting(regkit.EarlyStopping):
    """Notes what it is asked, and lets the fit run to its end."""

    def decide(self, logs, state, moment):
        self.__dict__.setdefault("asked", []).append((dict(logs), moment))
        return Decision(stop=False, keep=False, state=state)


RATES = (0.05, 1.0)
RUNS = {
    "patience": {"patience": 2, "min_delta": 0.01},
    "several": {"monitor": ["val_accuracy", "val_loss"], "patience": 2, "start_from_epoch": 1},
    "up": {"criterion": "up", "patience": 1},
    "gl": {"criterion": "gl", "alpha": 1.0},
    "pq": {"criterion": "pq", "alpha": 0.1, "strip": 2},
    "last": {"patience": 100},
}
RECORDED = {}


def run(kind, rate, every, **options):
    keras.utils.set_random_seed(0)
    options |= {"validation_data": None} if every == "epoch" else {}
    stopping = kind(every=every, **{"validation_data": VALIDATION, "verbose": 0} | options)
    model, recorder = network(keras.optimizers.SGD(rate)), Recorder()
    fit(model, [stopping, recorder], epochs=5, validation_data=VALIDATION)
    return stopping, models.values(model), recorder.weights


def recorded(rate, every, start):
    if (rate, every, start) not in RECORDED:
        noting, _, weights = run(Noting, rate, every, start_from_epoch=start)
        RECORDED[rate, every, start] = noting.asked, weights
    return RECORDED[rate, every, start]


@pytest.mark.parametrize(
    ("name", "every", "restore"),
    [
        case
        for place, name in enumerate(RUNS)
        for case in [(name, "epoch", place % 2 == 0), (name, 3, place % 2 == 1)]
    ],
)
def test_recorded_logs_decide_as_the_fit_did(name, every, restore):
    options = RUNS[name] | {"restore_best_weights": restore}
    for rate in RATES:
        asked, all_weights = recorded(rate, every, options.get("start_from_epoch", 0))
        callback, weights, _ = run(regkit.EarlyStopping, rate, every, **options)
        stopping = regkit.EarlyStopping(
            every=every, validation_data=VALIDATION, verbose=0, **options
        )
        state, ending, kept = stopping.initial_decision(), Ending(epoch=4, step=25), None
        for logs, moment in asked:
            decision = stopping.decide(logs, state, moment)
            state, kept = decision.state, moment.step if decision.keep else kept
            if decision.stop:
                ending = Ending(moment.epoch, moment.step, "decision")
                break
        assert outcome(stopping.finished(state, ending)) == outcome(callback)
        models.same(weights, all_weights[(kept or ending.step) - 1])


def test_a_loop_knows_beforehand_where_the_fit_asks():
    asked, _ = recorded(RATES[0], 3, 1)
    evaluations = steps(3, start_from_epoch=1).evaluations
    inside = [step for epoch in range(5) for step in evaluations.within_epoch(epoch, 5 * epoch, 5)]
    assert inside == [6, 9, 12, 15, 18, 21, 24]
    assert [moment.step for _, moment in asked] == [*inside, 25]
    assert evaluations.after_end(Ending(epoch=4, step=25), decided=24)


def test_the_logs_inside_an_epoch_have_the_loss_since_the_last_decision():
    asked, _ = recorded(RATES[0], 3, 0)
    assert all({"loss", "val_loss", "val_accuracy"} <= logs.keys() for logs, _ in asked)
    by_epochs, _ = recorded(RATES[0], "epoch", 0)
    together = [3 * logs["loss"] for logs, _ in asked[:5]]  # the steps of three epochs
    assert np.sum(together) / 5 == pytest.approx(
        sum(logs["loss"] for logs, _ in by_epochs[:3]), rel=1e-4
    )


def test_a_last_look_stops_nothing():
    """By steps 4, 8 and 12; the third that does not improve is where training ends anyway."""
    stopping = steps(4, patience=3, min_delta=100.0)
    fit(network(), [stopping], epochs=3)
    assert [step for step, _ in stopping.history] == [4, 8, 12, 15]
    assert (stopping.stopped_step, stopping.best_step) == (None, 4)
    assert stopping.reason == "training ran to its last epoch, 3"


def test_a_last_look_by_epochs_has_the_loss_of_the_last_epoch():
    options = {"validation_freq": 2, "validation_data": VALIDATION, "verbose": 0}
    stopping = regkit.EarlyStopping("loss", **options)
    history = fit(network(), [stopping], epochs=3).history["loss"]
    assert stopping.history == [(10, history[1]), (15, history[2])]
