"""Run Keras' own tests with a technique that changes nothing, and judge.

python -m tests.keras_suite [--technique NAME] [--core] [--only EXPRESSION] [options of pytest]
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.keras_suite.files import present
from tests.keras_suite.judging import PLAIN, Judgement, Outcome, doubtful, judge
from tests.keras_suite.refused import REFUSED

TECHNIQUES = ("inert_target", "inert")
ROOT = Path(__file__).parents[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print, and return 1 where a test differs or the list of refusals is out of date."""
    given, others = _parser().parse_known_args(arguments)
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    spec = importlib.util.find_spec("keras")
    source = Path(str(spec and spec.origin)).parent / "src"
    files = present(source, backend, given.core)
    version = importlib.metadata.version("keras")
    if not files:
        print(f"Keras {version} at {source} was installed without its tests; nothing to run.")
        return 0
    good = True
    options = [*others, *(["-k", given.only] if given.only else [])]
    for technique in given.technique or TECHNIQUES:
        print(f"== {technique} in Keras {version}'s tests on {backend}", flush=True)
        outcomes = run(source, technique, files, options)
        again = doubtful(outcomes)
        plain = run(source, PLAIN, again, others) if again else {}
        listed = [
            one
            for one in REFUSED
            if backend in one.backends
            and technique in one.techniques
            and (one.test in outcomes or not (given.only or given.core))
        ]
        judgement = judge(outcomes, plain, listed)
        print(summary(outcomes, judgement), flush=True)
        good = good and judgement.good and _acted(outcomes)
    return 0 if good else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.keras_suite", description=__doc__)
    parser.add_argument("--technique", action="append", choices=TECHNIQUES, help="default: all")
    parser.add_argument("--only", metavar="EXPRESSION", help="as pytest's -k")
    parser.add_argument("--core", action="store_true", help="trainers, callbacks and models alone")
    return parser


def run(
    source: Path, technique: str, tests: Sequence[str], options: Sequence[str]
) -> dict[str, Outcome]:
    """Run tests of Keras in a process of pytest, and return what became of each.

    Args:
        source: The folder `keras/src`, below which the tests are named.
        technique: What goes into every fit.
        tests: Files, or single tests as pytest names them.
        options: More options of pytest.

    Raises:
        RuntimeError: where pytest did not come to its end.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "outcomes.json"
        command = [
            *(sys.executable, "-m", "pytest", "-c", os.devnull, "--rootdir", str(source)),
            *("-p", "no:cacheprovider", "-p", "tests.keras_suite.plugin"),
            *("--technique", technique, "--outcomes", str(file)),
            *("-q", "--no-header", "--no-summary", "--continue-on-collection-errors"),
            *options,
            *(str(source / test) for test in tests),
        ]
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        # Apart from Keras' folders, in which `random` would be Keras' module, not Python's.
        ended = subprocess.run(command, cwd=folder, env={**os.environ, "PYTHONPATH": path})
        if ended.returncode not in (0, 1) or not file.exists():
            raise RuntimeError(f"pytest ended with {ended.returncode}: {' '.join(command)}")
        return {test: Outcome(**found) for test, found in json.loads(file.read_text()).items()}


def summary(outcomes: dict[str, Outcome], judgement: Judgement) -> str:
    """Return the counts, and every test that speaks against regkit or the list."""
    counts = {
        "tests": len(outcomes),
        "have the technique in a fit": sum(one.fits > 0 for one in outcomes.values()),
        "run its stages": sum(bool(one.reached) for one in outcomes.values()),
        "are as without it": len(judgement.same),
        "of these skipped": sum(outcomes[test].result == "skipped" for test in judgement.same),
        "fail without it too": len(judgement.failing_without),
        "are refused, as listed": len(judgement.refused),
        "differ": len(judgement.differing),
        "are listed in vain": len(judgement.stale),
    }
    lines = [f"{count:6} {what}" for what, count in counts.items()]
    lines += [f"DIFFERS {test}\n    {error}" for test, error in judgement.differing.items()]
    lines += [f"LISTED IN VAIN {test}\n    {why}" for test, why in judgement.stale.items()]
    if not _acted(outcomes):
        lines.append("NOTHING SHOWN: the technique was not called in any test")
    return "\n".join(lines)


def _acted(outcomes: dict[str, Outcome]) -> bool:
    return any(one.reached for one in outcomes.values())


if __name__ == "__main__":
    sys.exit(main())
