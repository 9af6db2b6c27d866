"""Conformance checks: what regkit promises of its own techniques, for those of plugins.

On every installed backend, each in a process of its own:

    print(regkit.testing.check_plugin("my-plugin"))         python -m regkit.testing my-plugin

As tests of pytest, on the backend of the test run:

    @regkit.testing.parametrize_with_checks("my-plugin")
    def test_conformance(check, subject):
        check(subject)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from regkit.testing.check_report import Report, Result
from regkit.testing.plugin import check_plugin

if TYPE_CHECKING:
    from regkit.testing.failures import CheckFailed
    from regkit.testing.parametrized import parametrize_with_checks

__all__ = ["CheckFailed", "Report", "Result", "check_plugin", "parametrize_with_checks"]


def __getattr__(name: str) -> Any:
    if name == "parametrize_with_checks":  # these import Keras, `check_plugin` does not
        from regkit.testing.parametrized import parametrize_with_checks

        return parametrize_with_checks
    if name == "CheckFailed":
        from regkit.testing.failures import CheckFailed

        return CheckFailed
    raise AttributeError(f"module 'regkit.testing' has no attribute {name!r}")
