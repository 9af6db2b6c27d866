"""Running checks in this process, on the Keras backend that it has."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

import keras

from regkit.testing.check_report import Result
from regkit.testing.checking import Check
from regkit.testing.failures import CheckFailed, CheckSkipped, said
from regkit.testing.named_checks import chosen
from regkit.testing.subject import Subject

__all__ = ["jobs", "run"]


def jobs(
    subjects: Sequence[Subject], names: Iterable[str] | None = None
) -> list[tuple[Check, Subject]]:
    """Return every check beside every subject that it is for, subject by subject.

    Of what cannot be loaded only that is checked.

    Raises:
        RegkitError: for a name that no check has.
    """
    checks = chosen(names)
    return [
        (check, subject)
        for subject in subjects
        for check in checks
        if subject.kind in check.kinds and (not subject.problem or check.name == "registration")
    ]


def run(check: Check, subject: Subject) -> Result:
    """Return how a check goes on a subject."""
    started, cls = time.perf_counter(), None if subject.problem else subject.cls
    outcome, message = "passed", ""
    try:
        check(subject)
    except CheckFailed as failure:
        outcome, message = "failed", str(failure)
    except CheckSkipped as reason:
        outcome, message = "skipped", str(reason)
    except Exception as error:
        outcome = "error"
        message = f"the check could not come to its end: {said(error, cls)}"
    seconds = time.perf_counter() - started
    backend = str(keras.backend.backend())
    return Result(check.name, subject.label, backend, outcome, message, round(seconds, 3))
