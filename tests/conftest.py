"""One backend a process: `KERAS_BACKEND` chooses it, as for Keras itself."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# Most tests on JAX compile a small step and run it a few times. Compiled without optimizations and
# fused operations it takes a quarter of the time. `make test-lowest` compiles as users do.
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
    " --xla_cpu_use_fusion_emitters=false",
)

import pytest
from hypothesis import settings

from regkit.testing.quick import spend_little
from tests.costs import PeaksOfWorkers, longest_files, peak_memory
from tests.fresh import Fresh

settings.register_profile("regkit", deadline=None, max_examples=40, derandomize=True)
settings.load_profile("regkit")


def pytest_sessionstart(session):
    if not session.config.getoption("numprocesses", None):  # who has workers runs no test itself
        spend_little()


@pytest.fixture(autouse=True)
def seeded():
    """Every test starts from the same seed, in Keras' own random state and ours."""
    import keras

    from regkit.testing.workbench import start_session

    start_session(0)
    yield
    keras.config.set_dtype_policy("float32")


@pytest.fixture(scope="session")
def fresh():
    """What runs code in fresh processes that have imported Keras."""
    with Fresh() as processes:
        yield processes


@pytest.fixture
def light_children(monkeypatch):
    """Processes that only import what they look at have Keras on JAX, which loads the quickest."""
    monkeypatch.setenv("KERAS_BACKEND", "jax")


@pytest.fixture
def backend():
    import keras

    return keras.backend.backend()


def pytest_sessionfinish(session):
    output = getattr(session.config, "workeroutput", None)  # of a worker's process
    if output is not None:
        output["peak_memory"] = peak_memory()


def pytest_configure(config):
    if config.getoption("numprocesses", None):
        config.pluginmanager.register(PeaksOfWorkers(), "peaks_of_workers")


def pytest_terminal_summary(terminalreporter):
    reports = [one for group in terminalreporter.stats.values() for one in group]
    lines = longest_files([one for one in reports if hasattr(one, "duration")])
    if lines:
        terminalreporter.section("the longest test files")
        terminalreporter.write_line("\n".join(lines))
        workers = terminalreporter.config.pluginmanager.get_plugin("peaks_of_workers")
        terminalreporter.write_line(str(workers or ""))
