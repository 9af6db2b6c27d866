"""Work in a process of its own: it answers, ends, hangs, and never outlives its parent."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from regkit.core.host.apart import Apart

pytestmark = pytest.mark.backend_free

CHILD = """
import os, sys, time
from regkit.core.host.apart import serve

job, say, printed = serve()
print("hello")
say(pid=os.getpid(), read=sys.stdin.read(), printed=printed(), path=sys.path == job["path"])
exec(job["code"])
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "child_of_tests.py").write_text(CHILD)
    monkeypatch.syspath_prepend(tmp_path)
    return "child_of_tests"


def test_it_answers_and_what_it_prints_or_reads_is_apart(module):
    with Apart(module, {"code": "say(value=os.environ['A'])"}, A="b") as child:
        first = child.answer(60)
        assert (first["read"], first["printed"], first["path"]) == ("", len("hello\n"), True)
        assert child.answer(60) == {"value": "b"}
        assert child.answer(60) is None
        assert child.ended() == "ended the process (exit code 0)"


def test_how_it_ended_is_said_with_its_last_words(module):
    code = "sys.stderr.write('no more disk'); sys.stderr.flush(); os.kill(os.getpid(), 9)"
    with Apart(module, {"code": code}) as child:
        while child.answer(60):
            pass
        assert child.ended() == "ended the process (signal 9): no more disk"


def test_one_that_hangs_is_late_and_is_killed(module):
    with Apart(module, {"code": "time.sleep(600)"}) as child:
        pid = child.answer(60)["pid"]
        assert child.answer(0.1) is None
        assert child.late
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def alive(pid):
    """Return whether a process runs; one that has ended may wait for its new parent on Linux."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def test_what_it_printed_counts_also_where_it_has_replaced_its_output(module):
    code = "sys.stdout.flush(); sys.stdout = None; say(printed=printed()); os.close(1)\n"
    with Apart(module, {"code": code + "say(printed=printed())"}) as child:
        child.answer(60)
        assert child.answer(60) == {"printed": len("hello\n")}
        assert child.answer(60) == {"printed": 0}


@pytest.mark.skipif(os.name != "posix", reason="Windows kills by other means than signals")
def test_it_ends_with_a_parent_that_is_killed(module, tmp_path):
    """Also where the code in it never ends."""
    parent = (
        "from regkit.core.host.apart import Apart\n"
        f"child = Apart({module!r}, {{'code': 'while True: pass'}})\n"
        "print(child.answer(60)['pid'], flush=True)\n"
        "child.answer(60)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    with subprocess.Popen(
        [sys.executable, "-c", parent], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        pid = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
    for _ in range(600):
        if not alive(pid):
            return
        time.sleep(0.1)
    os.kill(pid, signal.SIGKILL)
    pytest.fail("it lives on")
