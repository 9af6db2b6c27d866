"""The whole way, on a folder that stands for Keras' tests: run with, run without, judge."""

from types import SimpleNamespace

import pytest

from tests.keras_suite import __main__ as runner
from tests.keras_suite.files import present
from tests.keras_suite.judging import Refused, judge

pytestmark = pytest.mark.backend_free

TESTS = '''
import keras
import numpy as np
import pytest
from conftest import skip_if_backend


class NeverUpdates(keras.Model):
    """Refused: its step passes the optimizer by."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(1)

    def call(self, x):
        return self.dense(x)

    def train_step(self, *given):
        logs = {"loss": 0.0}
        return (logs, given[0]) if keras.backend.backend() == "jax" else logs


def fit(model):
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0)


def plain():
    return keras.Sequential([keras.layers.Dense(1)])


@pytest.mark.requires_trainable_backend
def test_fits():
    fit(plain())


def test_has_no_fit():
    pass


@skip_if_backend(keras.backend.backend(), "not here")
def test_is_skipped():
    fit(plain())


def test_fails_anyway():
    assert False
    fit(plain())


@pytest.fixture
def broken():
    yield
    assert False


def test_fails_anyway_at_its_end(broken):
    fit(plain())


def test_is_refused():
    fit(NeverUpdates())


def test_is_refused_and_does_not_say():
    try:
        fit(NeverUpdates())
    except ValueError:
        pass
'''


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keras")
    (folder / "a_test.py").write_text(TESTS)
    (folder / "b_test.py").write_text("import not_there_at_all\n")
    outcomes = runner.run(folder, "inert", ["a_test.py", "b_test.py"], [])
    return outcomes, runner.run(folder, "plain", runner.doubtful(outcomes), [])


def named(*tests):
    return [f"a_test.py::{test}" for test in tests]


def test_every_test_is_told_apart(found):
    judgement = judge(*found, [])
    assert judgement.same == named("test_fits", "test_is_skipped")
    assert set(judgement.failing_without) == {
        "b_test.py",
        *named("test_fails_anyway", "test_fails_anyway_at_its_end"),
    }
    refused = named("test_is_refused", "test_is_refused_and_does_not_say")
    assert list(judgement.differing) == refused
    assert all("never calls the model's optimizer" in one for one in judgement.differing.values())


def test_what_is_listed_is_no_difference(found):
    listed = [
        Refused(test, "never calls the model's optimizer", "nothing to act at")
        for test in found[0]
        if "refused" in test
    ]
    judgement = judge(*found, listed)
    assert judgement.good
    assert len(judgement.refused) == 2


def test_the_summary_counts_and_names(found):
    text = runner.summary(found[0], judge(*found, []))
    assert "4 have the technique in a fit" in text
    assert "2 differ" in text
    assert "DIFFERS a_test.py::test_is_refused\n    regkit.core.errors.AttachError" in text


def test_that_nothing_was_called_is_no_success(found):
    outcomes = {test: one for test, one in found[0].items() if "skipped" in test}
    assert "NOTHING SHOWN" in runner.summary(outcomes, judge(outcomes, {}, []))


def test_a_keras_without_tests_is_said(tmp_path, monkeypatch, capsys):
    spec = SimpleNamespace(origin=tmp_path / "__init__.py")
    monkeypatch.setattr(runner.importlib.util, "find_spec", lambda name: spec)
    assert runner.main([]) == 0
    assert "without its tests" in capsys.readouterr().out


def test_files_are_for_their_backend(tmp_path):
    for name in ("backend/jax/trainer_test.py", "callbacks/a_test.py", "models/model.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert present(tmp_path, "jax") == ["callbacks", "backend/jax/trainer_test.py"]
    assert present(tmp_path, "torch") == ["callbacks"]
    assert present(tmp_path, "jax", core=True) == present(tmp_path, "jax")
