"""Standard output and error: kept for what the user should read, and left when nobody reads."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import TextIO

__all__ = ["NOBODY_READS", "notes_put_aside", "while_somebody_reads"]

NOBODY_READS = 141  # what a shell reports of a program that a closed pipe ended: 128 + SIGPIPE


def while_somebody_reads(command: Callable[[], int]) -> int:
    """Run a command, and end it quietly where the reader of its output goes, as `head -1` does.

    Args:
        command: What prints, and returns an exit code.

    Returns:
        The command's exit code, or `NOBODY_READS`.

    Raises:
        OSError: where the output cannot be written for another reason, such as a full disk.

    Example:
        >>> while_somebody_reads(lambda: 3)
        3
    """
    try:
        try:
            return command()
        finally:
            _flush()  # here, where an error can be handled; as Python ends it can only be printed
    except BrokenPipeError:
        unread = [stream for stream in _streams() if _has_no_reader(stream)]
        if not unread:
            raise  # another pipe, such as one to a process
        for stream in unread:
            _drop(stream)
        return NOBODY_READS


def _flush() -> None:
    for stream in _streams():
        try:
            stream.flush()
        except BrokenPipeError:
            raise
        except OSError:
            _drop(stream)
            raise


def _streams() -> list[TextIO]:
    # None: closed when Python started.
    return [
        stream for stream in (sys.stdout, sys.stderr) if stream is not None and not stream.closed
    ]


def _has_no_reader(stream: TextIO) -> bool:
    try:
        place = stream.fileno()
    except OSError:  # something else stands for it, in memory
        return False
    poll = select.poll()
    poll.register(place, select.POLLOUT)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


def _drop(stream: TextIO) -> None:
    """Send what is still to be flushed nowhere, so that Python has nothing to say as it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


@contextlib.contextmanager
def notes_put_aside() -> Iterator[None]:
    """Keep off the terminal what TensorFlow's C++ says of CPU features and missing GPU drivers.

    It writes to the file descriptor before its own settings (TF_CPP_MIN_LOG_LEVEL) take effect.
    Where starting fails, everything it said is shown.
    """
    sys.stderr.flush()
    real = os.dup(2)
    with tempfile.TemporaryFile() as notes:
        os.dup2(notes.fileno(), 2)
        try:
            yield
        except BaseException:
            notes.seek(0)
            os.write(real, notes.read())
            raise
        finally:
            os.dup2(real, 2)
            os.close(real)
