"""Several accelerators of one machine: each living process takes one of its own."""

import json
import os
import subprocess
import sys

import pytest

from regkit.core.host.accelerators import claimed, visible

pytestmark = pytest.mark.backend_free

HOLDING = """
import sys
from pathlib import Path
from regkit.core.host.accelerators import claimed
print(claimed(["0", "1"], Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""


class Holder:
    """A process that claims an accelerator, and lives until it is told."""

    def __init__(self, folder):
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLDING, str(folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
        self.name = self.process.stdout.readline().strip()

    def end(self):
        self.process.communicate()


def test_two_processes_take_two_and_that_of_a_dead_one_is_taken_over(tmp_path):
    first, second = Holder(tmp_path), Holder(tmp_path)
    try:
        assert (first.name, second.name) == ("0", "1")
        assert claimed(["0", "1"], tmp_path) in ("0", "1")  # none is left: any
        assert (tmp_path / "gpu-0").read_text() == str(first.process.pid)
    finally:
        first.end()
    third = Holder(tmp_path)
    try:
        assert third.name == "0"
        assert (tmp_path / "gpu-0").read_text() == str(third.process.pid)
        assert (tmp_path / "gpu-1").read_text() == str(second.process.pid)
    finally:
        third.end()
        second.end()


@pytest.mark.parametrize(("note", "taken"), [("", "1"), ("no number", "1"), ("1", "1")])
def test_a_note_that_is_being_written_or_names_the_living_counts(note, taken, tmp_path):
    (tmp_path / "gpu-0").write_text(note)
    assert claimed(["0", "1"], tmp_path) == taken


def test_more_processes_than_accelerators_share_them(tmp_path):
    for name in "01":
        (tmp_path / f"gpu-{name}").write_text("1")
    assert claimed(["0", "1"], tmp_path) == str(os.getpid() % 2)
    assert json.loads((tmp_path / "gpu-0").read_text()) == 1


@pytest.mark.parametrize(("named", "count", "names"), [
    ("", 2, ("0", "1")),
    ("3,5,7", 3, ("3", "5", "7")),
    ("GPU-8a,GPU-9b", 2, ("GPU-8a", "GPU-9b")),
    ("3,5,7", 1, ("3",)),
    ("", 0, ()),
])  # fmt: skip
def test_names_are_those_that_the_process_sees(named, count, names, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    assert visible(count) == names
