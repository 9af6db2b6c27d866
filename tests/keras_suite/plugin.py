"""A plugin of pytest that runs the tests of Keras with a technique and writes what came of each.

python -m pytest -p tests.keras_suite.plugin --technique inert --outcomes FILE ...
"""

from __future__ import annotations

import json
import os
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# As Keras' own conftest.py does, which the wheel does not have.
os.environ["JAX_DEFAULT_DTYPE_BITS"] = "32"
if os.environ.get("KERAS_BACKEND") == "torch":
    import torch  # before anything that may load TensorFlow

    torch.set_num_threads(1)  # the models in these tests are small

import keras

from tests.keras_suite.fitting import Seen, in_every_fit
from tests.keras_suite.inert import TECHNIQUES, Inert
from tests.keras_suite.judging import PLAIN, Outcome
from tests.keras_suite.selecting import may_fit


def skip_if_backend(given_backend: str, reason: str) -> pytest.MarkDecorator:
    """Skip a test on a backend: what Keras' tests import from their conftest.py."""
    return pytest.mark.skipif(keras.backend.backend() == given_backend, reason=reason)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the technique, and the file to write."""
    parser.addoption("--technique", choices=[PLAIN, *TECHNIQUES], default=PLAIN)
    parser.addoption("--outcomes", type=Path, required=True)


def pytest_configure(config: pytest.Config) -> None:
    """Give Keras' tests their conftest, and take part in running and reporting."""
    config.addinivalue_line("markers", "requires_trainable_backend: all that are used here are")
    sys.modules["conftest"] = types.ModuleType("conftest")
    sys.modules["conftest"].skip_if_backend = skip_if_backend
    config.pluginmanager.register(Runner(config.getoption("technique")))
    if not hasattr(config, "workerinput"):  # with pytest-xdist, of the process that hears of all
        config.pluginmanager.register(Reporter(config.getoption("outcomes")))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what comes to no fit."""
    chosen = [one for one in items if may_fit(one.function, one.module, one.cls)]
    config.hook.pytest_deselected(items=[one for one in items if one not in chosen])
    items[:] = chosen


class Runner:
    """Runs every test with the technique in its fits, and adds to the report what they did."""

    def __init__(self, technique: str) -> None:
        self.make = TECHNIQUES.get(technique)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        """Run a test."""
        if self.make is None:
            return (yield)
        seen = Seen()
        Inert.reached.clear()
        try:
            with in_every_fit(self.make, seen):
                return (yield)
        finally:
            found = {"fits": seen.fits, "refusals": seen.refusals, "reached": sorted(Inert.reached)}
            item.user_properties.extend(found.items())


class Reporter:
    """Writes the outcomes as JSON when the tests are through."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.outcomes: dict[str, Outcome] = {}

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Take a file that cannot be imported for one test that fails."""
        if report.failed:
            self._add(report)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the worst of set-up, call and tear-down."""
        self._add(report)

    def _add(self, report: Any) -> None:
        before = self.outcomes.get(report.nodeid, Outcome())
        properties = dict(getattr(report, "user_properties", ()))
        failed = report.failed or before.result == "failed"
        skipped = report.skipped or before.result == "skipped"
        self.outcomes[report.nodeid] = Outcome(
            result="failed" if failed else "skipped" if skipped else "passed",
            error=_one_line(report) if report.failed else before.error,
            seconds=before.seconds + getattr(report, "duration", 0.0),
            **(before.of_fits() | properties),
        )

    def pytest_sessionfinish(self) -> None:
        """Write the file."""
        self.path.write_text(json.dumps({k: vars(v) for k, v in self.outcomes.items()}))


def _one_line(report: Any) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    return " ".join((crash.message if crash else str(report.longrepr)).split())
