"""The process in which a plugin is checked on one backend; it may hang, print or be ended.

Reads its job from standard input and writes a line of JSON before and after each check. What the
plugin prints goes elsewhere.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from typing import IO

__all__ = ["main"]


def main() -> None:
    """Run the checks of the job, but for those that are done."""
    job = json.load(sys.stdin)
    sys.path[:] = job["path"]
    answers = _answers()

    def say(**answer: object) -> None:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    if os.environ["KERAS_BACKEND"] == "torch":
        import importlib

        importlib.import_module("torch").set_num_threads(1)  # the models are small
    from regkit.core.errors import RegkitError
    from regkit.testing.running import jobs, run
    from regkit.testing.subject import subjects

    try:
        todo = jobs(subjects(job["distribution"]), job["checks"])
    except RegkitError as error:
        say(refused=str(error))
        return
    done = {tuple(one) for one in job["done"]}
    for check, subject in todo:
        if (check.name, subject.label) not in done:
            say(start=[check.name, subject.label])
            say(end=asdict(run(check, subject)))
    say(all=True)
    os._exit(0)  # whatever a plugin left behind, threads or functions for the end


def _answers() -> IO[str]:
    """Return a file for the answers; what is printed goes nowhere from now on."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    return answers


if __name__ == "__main__":
    main()
