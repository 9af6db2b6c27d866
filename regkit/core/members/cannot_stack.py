"""What a backend raises where it cannot make one step for all members, in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from regkit.core.errors import RegkitError

__all__ = ["CannotStack", "stacking_errors"]

_LONGEST = 200
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_IN_LAYER = re.compile(r"Exception encountered when calling (\S+)\.\s*(.*)", re.DOTALL)


class CannotStack(Exception):
    """One step for all members could not be made; the message says why in one line."""

    def asked_for(self) -> Exception:
        """Return the error for a user who has asked for one computation."""
        if isinstance(self.__cause__, RegkitError):
            return self.__cause__
        return RegkitError(f'engine="vectorized": {self}. Leave engine= out to train in turn')


@contextmanager
def stacking_errors() -> Iterator[None]:
    """Turn what is raised while the step for all members is made into `CannotStack`.

    A model that cannot be trained at all raises the same once more where members go in turn.
    """
    try:
        yield
    except Exception as error:
        raise CannotStack(f"one step for all members cannot be made: {in_a_line(error)}") from error


def in_a_line(error: Exception) -> str:
    r"""Return an error's class and the beginning of its message, without Keras' frame around it.

    Example:
        >>> in_a_line(ValueError("Exception encountered when calling A.call().\n\nNo\n\nx=1"))
        'ValueError in A.call(): No'
    """
    text, where = _COLOUR.sub("", str(error)).strip(), ""
    if found := _IN_LAYER.match(text):
        where, text = f" in {found[1]}", found[2]
    lines = [line.strip() for line in text.split("\n") if line.strip()] or [""]
    said = (line for line in lines if not line.endswith(":") and not line.startswith('File "'))
    first = next(said, lines[0])  # TensorFlow says first where in the code it was
    if len(first) > _LONGEST:
        first = f"{first[:_LONGEST].rsplit(' ', 1)[0]} …"
    return f"{type(error).__name__}{where}: {first}".rstrip(". ")
