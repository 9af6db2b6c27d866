"""What the conformance checks cost: seconds of processor time for each technique and each check.

    KERAS_BACKEND=jax python benchmarks/conformance.py [DISTRIBUTION or technique ids ...]

Processor time is user and system time of this process, its threads and its child processes, so that
a busy machine changes little. Importing Keras, the backend and the techniques is not counted. What
the first technique pays for all of them (the fits without techniques, the start-up process) is: the
mean over all is what one more technique costs at most. No compilation is kept from run to run.
The backends optimize as for `check_plugin`; `XLA_FLAGS` as in tests/conftest.py give what
`make test` spends on JAX.
"""

# ruff: noqa: E402  # Keras reads the environment when it is imported

from __future__ import annotations

import argparse
import os
import sys
from collections import defaultdict

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.pop("JAX_COMPILATION_CACHE_DIR", None)

from regkit.testing.quick import spend_little

spend_little()  # as for `check_plugin`

import keras

from regkit.testing.checking import Check
from regkit.testing.collecting import subjects
from regkit.testing.jobs import jobs, run
from regkit.testing.subject import Subject


def processor_seconds() -> float:
    """Return what this process and its ended children have used so far."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def timed(check: Check, subject: Subject) -> tuple[str, float]:
    """Return the outcome of a check on a subject, and what it cost."""
    before = processor_seconds()
    result = run(check, subject)
    if result.outcome in ("failed", "error"):
        print(f"{result.outcome}: {check.name} on {subject.label}\n{result.message}")
    return result.outcome, processor_seconds() - before


def measured(found: list[Subject]) -> tuple[dict[str, float], dict[str, float], int]:
    """Return seconds by technique, seconds by check, and how many checks failed."""
    by_subject: dict[str, float] = defaultdict(float)
    by_check: dict[str, float] = defaultdict(float)
    failed = 0
    for check, subject in jobs(found):
        outcome, seconds = timed(check, subject)
        by_subject[subject.label] += seconds
        by_check[check.name] += seconds
        failed += outcome in ("failed", "error")
    return by_subject, by_check, failed


def table(title: str, seconds: dict[str, float], divided_by: int) -> str:
    """Return lines with seconds, the largest first."""
    lines = [f"\n{title}"]
    for name, value in sorted(seconds.items(), key=lambda item: -item[1]):
        lines.append(f"{value / divided_by:8.2f} s  {name}")
    return "\n".join(lines)


def main() -> int:
    """Run the checks, print what they cost, and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("labels", nargs="*", help="ids of techniques; by default all of regkit")
    parser.add_argument("--distribution", default="keras-regkit")
    parser.add_argument("--kind", default="technique")
    options = parser.parse_args()
    found = [
        subject
        for subject in subjects(options.distribution)
        if subject.kind == options.kind and (not options.labels or subject.label in options.labels)
    ]
    by_subject, by_check, failed = measured(found)
    total = sum(by_subject.values())
    print(f"Keras {keras.__version__} on {keras.backend.backend()}, {len(found)} subjects")
    print(table("by subject", by_subject, 1))
    print(table("by check, mean over the subjects", by_check, len(found)))
    print(f"\n{total / len(found):8.2f} s  a subject in the mean, {total:.1f} s in all")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
