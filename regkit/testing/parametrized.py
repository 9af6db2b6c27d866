"""The checks as tests of pytest, which is imported only where this is called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from regkit.core.errors import RegkitError, suggest
from regkit.testing.checking import Check
from regkit.testing.collecting import subjects
from regkit.testing.failures import CheckSkipped
from regkit.testing.jobs import jobs
from regkit.testing.named_checks import chosen
from regkit.testing.subject import Subject

__all__ = ["parametrize_with_checks"]

Expected = Mapping[str | tuple[str, str], str]


def parametrize_with_checks(
    what: str | Iterable[Any], *, expected_failures: Expected | None = None
) -> Any:
    """Return a decorator that runs a test for each check on each thing that is checked.

    The test has the arguments `check` and `subject`, and calls the one with the other. It runs on
    the Keras backend of the test run.

    Args:
        what: A distribution's name, or an iterable of technique classes or instances (or layers,
            regularizers, …), registered or not.
        expected_failures: Reasons by check, `{"resume": "…"}`, or by id and check,
            `{("my-plugin:speckle", "resume"): "…"}`. Such a test must fail: where it passes, the
            reason no longer holds, and the test run says so.

    Raises:
        RegkitError: for a distribution that registers nothing, a check or an id that is not there.

    Example:
        >>> @parametrize_with_checks("keras-regkit")
        ... def test_conformance(check, subject):
        ...     check(subject)
        >>> len(test_conformance.pytestmark)
        1
    """
    import pytest

    checked = subjects(what)
    reasons = dict(expected_failures or {})
    _require_known(reasons, checked)
    parameters = []
    for check, subject in jobs(checked):
        reason = _reason(reasons, check, subject)
        # Expected by its author, who gives the reason; strict, so that the list stays true.
        marks = [pytest.mark.xfail(reason=reason, strict=True)] if reason else []
        parameters.append(
            pytest.param(_Test(check), subject, id=f"{subject.label}-{check.name}", marks=marks)
        )
    return pytest.mark.parametrize(("check", "subject"), parameters)


@dataclass(frozen=True)
class _Test:
    """A check that tells pytest where it has nothing to look at."""

    check: Check

    def __call__(self, subject: Subject) -> None:
        import pytest

        try:
            self.check(subject)
        except CheckSkipped as reason:
            pytest.skip(str(reason))


def _reason(reasons: dict[Any, str], check: Check, subject: Subject) -> str:
    ids = (subject.label, subject.entry.id if subject.entry else "")
    keys = [(identifier, check.name) for identifier in ids] + [check.name]
    return next((reasons[key] for key in keys if key in reasons), "")


def _require_known(reasons: dict[Any, str], checked: list[Subject]) -> None:
    ids = {subject.label for subject in checked} | {
        subject.entry.id for subject in checked if subject.entry
    }
    for key in reasons:
        identifier, name = (None, key) if isinstance(key, str) else key
        chosen([name])
        if identifier is not None and identifier not in ids:
            raise RegkitError(
                f"expected_failures names {identifier!r}, which is not checked"
                f"{suggest(identifier, ids)} Known: {', '.join(sorted(ids))}"
            )
