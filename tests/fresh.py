"""Code in processes that have imported Keras and nothing else, forked from one that did so once.

Importing Keras takes seconds. A fork begins where that process stands: before any computation, and
without regkit.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

__all__ = ["Fresh"]

_SERVER = """
import json, os, sys, traceback
import keras

def run(job):
    os.chdir(job["folder"])
    os.environ.update(job["environment"])
    for place, name in ((0, os.devnull), (1, job["out"]), (2, job["err"])):
        os.dup2(os.open(name, os.O_RDWR | os.O_CREAT), place)
    sys.argv[1:] = job["arguments"]
    sys.path[1:1] = job["path"]
    try:
        exec(compile(job["code"], "<fresh>", "exec"), {"__name__": "__main__"})
        code = 0
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)

requests = os.fdopen(os.dup(0))
for line in requests:
    child = os.fork()
    if not child:
        run(json.loads(line))
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""


class Fresh:
    """Runs code in processes of its own, one after another; a context manager."""

    def __enter__(self):
        self._server = subprocess.Popen(
            [sys.executable, "-c", _SERVER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *error):
        self._server.stdin.close()
        self._server.wait()
        self._server.stdout.close()

    def run(self, code, *arguments, folder, path=(), **environment):
        """Run code in a folder, with more on its path, and return what came of it."""
        with tempfile.TemporaryDirectory() as aside:
            out, err = Path(aside, "out"), Path(aside, "err")
            job = {
                "code": code,
                "arguments": [str(word) for word in arguments],
                "folder": str(folder),
                "path": [str(entry) for entry in path],
                "environment": environment,
                "out": str(out),
                "err": str(err),
            }
            print(json.dumps(job), file=self._server.stdin, flush=True)
            answer = self._server.stdout.readline()
            assert answer, "the process that has imported Keras ended"
            return subprocess.CompletedProcess(code, int(answer), out.read_text(), err.read_text())
