"""What is printed for nobody: into a pipe that its reader has closed, onto a disk that is full."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from regkit.core.host.terminal import NOBODY_READS, while_somebody_reads

pytestmark = [pytest.mark.backend_free, pytest.mark.usefixtures("light_children")]

REGKIT = ("-m", "regkit.cli.main")
COMMANDS = [
    "list",
    "list --json",
    "show l2",
    "show l2 --json",
    "plugins",
    "plugins --json",
    "plugins doctor",
    "explain l2",
    "new my-plugin",
    "",
    "--help",
    "--version",
    "compare --help",
    "new --help",
]
TABLE = "a,b,class\n" + "".join(f"{i % 7},{i % 5},{['no', 'yes'][i % 2]}\n" for i in range(80))
TRAINS = {"KERAS_BACKEND": "torch"}  # which compiles nothing
STUDY = "compare l2 --data table.csv --splits 2 --epochs 1 --output out"


def into_a_closed_pipe(*words, folder, both=False, **environment):
    """Run Python with some words into a pipe without a reader; return exit code and errors."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, *words],
            cwd=folder,
            env={**os.environ, "PYTHONUNBUFFERED": "", **environment},
            stdout=writer,
            stderr=writer if both else subprocess.PIPE,
            text=True,
        )
    finally:
        os.close(writer)
    return done.returncode, done.stderr or ""


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_ends_quietly(tmp_path, words):
    ended = into_a_closed_pipe(*REGKIT, *words.split(), folder=tmp_path)
    assert ended == (NOBODY_READS, "")


def test_a_command_that_keeps_nothing_back_ends_quietly(tmp_path):
    ended = into_a_closed_pipe("-u", *REGKIT, "list", folder=tmp_path)
    assert ended == (NOBODY_READS, "")


def test_the_checks_end_quietly(tmp_path):
    ended = into_a_closed_pipe("-m", "regkit.testing", "--list", folder=tmp_path)
    assert ended == (NOBODY_READS, "")


def test_a_comparison_ends_quietly_with_its_results_written(tmp_path):
    (tmp_path / "table.csv").write_text(TABLE)
    code, said = into_a_closed_pipe(*REGKIT, *STUDY.split(), "--quiet", folder=tmp_path, **TRAINS)
    assert code == NOBODY_READS
    assert not [word for word in ("Traceback", "Exception", "pipe") if word in said]
    assert (tmp_path / "out" / "results.json").exists()


def test_a_comparison_whose_progress_nobody_reads_ends(tmp_path):
    (tmp_path / "table.csv").write_text(TABLE)
    code, _ = into_a_closed_pipe(*REGKIT, *STUDY.split(), folder=tmp_path, both=True, **TRAINS)
    assert code == NOBODY_READS


@pytest.mark.parametrize("words", ["list", "list --json", "--help"])
def test_in_front_of_head(words):
    """Whether the command or head ends first is chance; nothing is said in either case."""
    line = f"set -o pipefail; {sys.executable} -m regkit.cli.main {words} | head -c 1"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True)
    assert (done.returncode in (0, NOBODY_READS), len(done.stdout), done.stderr) == (True, 1, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_a_full_disk_is_an_error_in_one_line():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, *REGKIT, "list"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("regkit: error: ")
    assert "No space left" in done.stderr


def test_a_closed_output_is_no_error():
    line = f"{sys.executable} -m regkit.cli.main list >&-"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_another_pipe_that_breaks_is_an_error():
    def command():
        raise BrokenPipeError("to a process")

    with pytest.raises(BrokenPipeError, match="to a process"):
        while_somebody_reads(command)
