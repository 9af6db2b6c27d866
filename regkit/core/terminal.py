"""Keeping the terminal for what the user should read."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator

__all__ = ["notes_put_aside"]


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
