"""The process in which a plugin is checked on one backend, and which says how each check goes."""

from __future__ import annotations

import os
from dataclasses import asdict

from regkit.core.host.apart import serve
from regkit.testing.quick import spend_little

__all__ = ["main"]


def main() -> None:
    """Run the checks of the job, but for those that are done."""
    job, say, _ = serve()
    spend_little()
    from regkit.core.errors import RegkitError
    from regkit.testing.collecting import subjects
    from regkit.testing.jobs import jobs, run

    say(ready=True)  # Keras and its backend are here; what takes its time now is the plugin
    try:
        todo = jobs(subjects(job["distribution"]), job["checks"])
    except RegkitError as error:
        say(refused=str(error))
        return
    done = {tuple(pair) for pair in job["done"]}
    for check, subject in todo:
        if (check.name, subject.label) not in done:
            say(start=[check.name, subject.label])
            say(end=asdict(run(check, subject)))
    say(all=True)
    os._exit(0)  # whatever a plugin left behind, threads or functions for the end


if __name__ == "__main__":
    main()
