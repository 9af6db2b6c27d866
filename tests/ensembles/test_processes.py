"""Processes beside this one: what they are handed, how they die, and what comes of that."""

import os
import pickle
import signal
import subprocess
import sys
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

import regkit
from regkit.core.host.by_value import ByValue
from regkit.core.model_building import ModelBuilder
from regkit.ensembles import processes, worker_task
from regkit.ensembles.drawing import drawn
from regkit.ensembles.trainer import Data, Job, Member
from tests.ensembles.small import (
    blobs,
    build,
    classifier,
    line,
    outputs_of,
    regressor,
    same_bits,
    same_weights,
)

X, Y = blobs(40)
BESIDE = {"engine": "joblib", "n_jobs": 2}
CLOSE = {"rtol": 1e-4, "atol": 1e-5}
FEW = {"n_estimators": 3, "max_features": 3, "callbacks": "l2(1e-3)"}


def test_in_processes_members_are_those_in_turn():
    x, y = blobs()
    in_turn = classifier(engine="sequential", **FEW).fit(x, y)
    beside = classifier(engine="joblib", n_jobs=2, **FEW).fit(x, y)
    same_weights(beside, in_turn, rtol=1e-6, atol=1e-7)
    if keras.backend.backend() == "torch":  # others are compiled otherwise here (tests/conftest.py)
        same_bits(beside, in_turn)


@pytest.mark.backend_free
def test_groups_in_processes_are_close_and_the_same_for_any_number_of_processes():
    x, y = line()
    in_turn = regressor(engine="sequential", n_estimators=5).fit(x, y)
    grouped = [
        regressor(engine="joblib", n_jobs=n_jobs, group_size=2, n_estimators=5).fit(x, y)
        for n_jobs in (1, 2)
    ]
    same_weights(grouped[0], in_turn, **CLOSE)
    same_bits(*grouped)
    np.testing.assert_allclose(grouped[1].predict(x), outputs_of(in_turn, x)[..., 0].mean(axis=0),
                               rtol=1e-3, atol=1e-5)  # fmt: skip


@pytest.mark.backend_free
def test_functions_of_a_script_reach_the_processes_with_what_they_hold():
    units = 5

    def own(input_shape, n_classes, member):
        model = keras.Sequential(
            [keras.Input(input_shape), layers.Dense(units + member, "tanh"),
             layers.Dense(n_classes, "softmax")]
        )  # fmt: skip
        model.compile("sgd", "sparse_categorical_crossentropy")
        return model

    x, y = blobs(40)
    options = {"callbacks": lambda member: f"l2({member / 100})", "n_estimators": 3}
    in_turn = classifier(own, engine="sequential", **options).fit(x, y)
    beside = classifier(own, engine="joblib", n_jobs=2, **options).fit(x, y)
    same_bits(beside, in_turn)
    assert [model.layers[0].units for model in beside.estimators_] == [5, 6, 7]
    np.testing.assert_allclose(beside.predict_proba(x), outputs_of(in_turn, x).mean(axis=0),
                               rtol=1e-5)  # fmt: skip


@pytest.mark.backend_free
def test_weights_and_validation_reach_the_processes():
    x, y = blobs()
    weights = np.random.default_rng(0).uniform(0, 3, 90)
    options = {"bootstrap": False, "max_samples": 60, "validation_fraction": 0.2}
    in_turn, beside = (
        classifier(**engine, **options).fit(x, y, weights)
        for engine in ({"engine": "sequential"}, {"engine": "joblib", "n_jobs": 2})
    )
    assert "val_loss" in beside.histories_[0]
    same_bits(beside, in_turn)


@pytest.mark.backend_free
def test_a_process_that_is_killed_while_training_is_replaced(tmp_path):
    marker, here = tmp_path / "killed", os.getpid()

    def own(input_shape, n_classes, member):
        if member == 2 and os.getpid() != here and not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return build(input_shape, n_classes)

    x, y = blobs(40)
    beside = classifier(own, n_estimators=4, **BESIDE).fit(x, y)
    assert marker.exists()
    same_bits(beside, classifier(own, n_estimators=4, engine="sequential").fit(x, y))


@pytest.mark.backend_free
@pytest.mark.parametrize(("trains", "expected"), [
    ([], [[0, 1, 2]] * 3),
    ([2, 4], [[0, 1, 2], [0, 1, 2], [1, 2], [1, 2], [2], [2]]),
])  # fmt: skip
def test_processes_that_die_three_times_without_a_member_between_are_given_up(
    trains, expected, monkeypatch
):
    runs = []

    def dying(job, data, tasks, n_jobs):
        runs.append([member.number for task in tasks for member in task])
        if len(runs) in trains:
            yield [tasks[0][0].number], ["a trained member"]
        raise BrokenProcessPool

    monkeypatch.setattr(processes, "_run", dying)
    members = [Member(number, draw) for number, draw in enumerate(drawn(0, 3, 4, None))]
    job, found = Job((ModelBuilder(build),), None, 3, 2, 8, True, False), []
    with pytest.raises(regkit.RegkitError, match="3 times in a row a process was killed"):
        found.extend(
            processes.trained_in_processes(job, Data(X, Y), members, n_jobs=2, group_size=1)
        )
    assert runs == expected


@pytest.mark.backend_free
def test_an_error_in_a_process_is_raised_here():
    here = os.getpid()

    def own(input_shape, n_classes):
        if os.getpid() != here:
            raise LookupError("no such layer")
        return build(input_shape, n_classes)

    with pytest.raises(LookupError, match="no such layer"):
        classifier(own, **BESIDE).fit(*blobs(40))


@pytest.mark.backend_free
def test_a_process_on_another_backend_is_refused_in_words():
    other = "jax" if keras.backend.backend() != "jax" else "torch"
    with pytest.raises(
        regkit.RegkitError,
        match=f"on {keras.backend.backend()}, and the process that asks it on {other}; start "
        f"workers with KERAS_BACKEND={other}",
    ):
        worker_task.trained_beside(worker_task.Where(other), "a name", b"", b"", X, Y, None)


@pytest.mark.backend_free
def test_a_fit_leaves_the_environment_as_it_was():
    before = dict(os.environ)
    classifier(engine="joblib", n_jobs=1).fit(*blobs(40))
    assert dict(os.environ) == before


BEGUN = """
import os
import pickle
from regkit.ensembles.worker_task import Where, trained_beside
job = open("job", "rb").read()
nobody = pickle.dumps([])
found = trained_beside(Where("jax", ("5", "6"), "."), "a", job, nobody, [[1.0]], [0], None)
assert found == ([], [])
import keras
print(keras.backend.backend(), os.environ["CUDA_VISIBLE_DEVICES"], os.getpid())
print(open("gpu-5").read())
"""


@pytest.mark.backend_free
def test_a_process_begins_with_the_backend_and_an_accelerator_of_its_own(tmp_path):
    job = Job((ModelBuilder(build),), None, 2, 1, 8, True, False)
    (tmp_path / "job").write_bytes(pickle.dumps(ByValue(job)))
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": root, "KERAS_BACKEND": "torch"}
    done = subprocess.run(
        [sys.executable, "-c", BEGUN], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    backend, gpu, process, claim = done.stdout.split()
    assert (backend, gpu, process) == ("jax", "5", claim)
