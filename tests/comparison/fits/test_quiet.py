"""What is not said while a comparison fits."""

from __future__ import annotations

import logging
import sys
import types

import pytest

from regkit.core.host.quiet import no_retracing_notes

pytestmark = pytest.mark.backend_free

NOTE = "5 out of the last 9 calls to <function> triggered tf.function retracing."


def test_only_the_note_on_retracing_and_only_meanwhile(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", types.ModuleType("tensorflow"))
    logger = logging.getLogger("tensorflow")
    monkeypatch.setattr(logger, "propagate", True)
    before = list(logger.filters)
    with no_retracing_notes():
        logger.warning(NOTE)
        logger.warning("%s", "something else")
    logger.warning(NOTE)
    assert caplog.messages == ["something else", NOTE]
    assert logger.filters == before


def test_without_tensorflow_nothing_is_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    before = list(logging.getLogger("tensorflow").filters)
    with no_retracing_notes():
        assert logging.getLogger("tensorflow").filters == before
