"""Members on clusters of processes: Dask's and Ray's, here on one machine."""

import functools
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import joblib
import keras
import numpy as np
import pytest
from keras import initializers, layers

from tests.ensembles.small import blobs, classifier, outputs_of, same_bits

pytestmark = pytest.mark.backend_free
X, Y = blobs(60)
BESIDE = {"engine": "joblib", "n_jobs": -1, "n_estimators": 4}
HANGS = 120  # seconds, after which nothing comes any more


def seeded(input_shape, n_classes, member):
    """Begins alike whatever else draws from Python's generator, as threads of a worker do."""
    model = keras.Sequential(
        [
            keras.Input(input_shape),
            layers.Dense(6, "relu", kernel_initializer=initializers.GlorotUniform(member)),
            layers.Dense(n_classes, "softmax", kernel_initializer=initializers.HeNormal(member)),
        ]
    )
    model.compile(keras.optimizers.SGD(0.2), "sparse_categorical_crossentropy")
    return model


@functools.cache
def in_turn():
    return classifier(seeded, engine="sequential", n_estimators=4).fit(X, Y)


@pytest.fixture
def cluster():
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs="CRITICAL"
    ) as running:
        yield running


def on_dask(ensemble):
    with joblib.parallel_config("dask"):
        return ensemble.fit(X, Y)


def waiting(path):
    """A function that builds models; in a worker member 3's not before a file is there."""
    here = os.getpid()

    def own(input_shape, n_classes, member):
        while member == 3 and os.getpid() != here and not path.exists():
            time.sleep(0.05)
        return seeded(input_shape, n_classes, member)

    return own


def test_on_dask_members_are_those_of_one_process_and_a_lost_scheduler_is_an_error(
    cluster, tmp_path
):
    client = cluster.get_client()
    same_bits(on_dask(classifier(seeded, **BESIDE)), in_turn())

    kept, go = tmp_path / "kept", tmp_path / "go"
    ensemble = classifier(waiting(go), directory=kept, **BESIDE)
    with ThreadPoolExecutor(1) as thread:
        fitting = thread.submit(on_dask, ensemble)
        while len(list(kept.glob("*.npz"))) < 3 and not fitting.done():
            time.sleep(0.05)
        closing = threading.Thread(target=cluster.close, daemon=True)
        closing.start()
        error = fitting.exception(timeout=HANGS)
        go.touch()
        closing.join(HANGS)
        client.close()
    assert type(error).__name__ == "FutureCancelledError"
    note = "3 of 4 members are finished; the ensemble predicts with these"
    assert error.__notes__ == [note]
    rest = [int(path.stem.split("-")[1]) for path in sorted(kept.glob("*.npz"))]
    assert rest == [0, 1, 2]
    expected = outputs_of(in_turn(), X)[rest].mean(axis=0)
    np.testing.assert_allclose(ensemble.predict_proba(X), expected, rtol=1e-5)
    same_bits(ensemble.set_params(engine="sequential").fit(X, Y), in_turn())
    assert len(list(kept.glob("*.npz"))) == 4


@pytest.mark.slow  # Ray alone takes 15 s to begin
def test_on_ray_members_are_those_of_one_process():
    import ray
    from ray.util.joblib import register_ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        register_ray()
        with joblib.parallel_config("ray"):
            same_bits(classifier(seeded, **BESIDE).fit(X, Y), in_turn())
    finally:
        ray.shutdown()
