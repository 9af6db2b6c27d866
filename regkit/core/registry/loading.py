"""Loading: the one step that runs a plugin's code, for the entry that was named."""

from __future__ import annotations

import importlib
import traceback
from typing import Any

from regkit.core.errors import RegistryError
from regkit.core.registry import contracts
from regkit.core.registry.entry import Entry, printable

__all__ = ["failure", "imported", "place"]


def imported(entry: Entry) -> Any:
    """Import an entry's module and return its class.

    Raises:
        RegistryError: where that fails in any way, or the class is not what its kind asks; the
            message gives distribution, version, target and cause.
    """
    try:
        cls = getattr(importlib.import_module(entry.module), entry.attribute)
        breach = contracts.breach(entry, cls)
    except KeyboardInterrupt:
        raise  # the user's
    except BaseException as error:  # also sys.exit: a plugin takes down nothing but itself
        where = place(error)
        raise RegistryError(
            f"{entry.id!r} cannot be loaded: {_named(entry)} {failure(error)}"
            f"{f' ({where})' if where else ''}. {_what_to_do(entry)}"
        ) from error
    if breach:
        raise RegistryError(
            f"{entry.id!r} cannot be used: {_named(entry)}: {breach}. {_what_to_do(entry)}"
        )
    return cls


def _what_to_do(entry: Entry) -> str:
    owner = entry.distribution
    return f"Reinstall or upgrade {owner}, or set REGKIT_BLOCK={owner}"


def place(error: BaseException) -> str:
    """Return `file:line` of the innermost line of others' code in an error, or an empty string."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    inner = [frame for frame in frames if not _is_of_the_import(frame.filename)]
    return f"{inner[-1].filename}:{inner[-1].lineno}" if inner else ""


def _is_of_the_import(filename: str) -> bool:
    own = (__file__, importlib.__file__)
    return filename.startswith("<frozen importlib") or filename in own


def _named(entry: Entry) -> str:
    return f"{entry.target} of {entry.distribution} {entry.version}".rstrip()


def failure(error: BaseException) -> str:
    """Return how others' code failed: "failed with KeyError: 'a'"."""
    try:
        return printable(f"failed with {type(error).__name__}: {error}", most=500)
    except BaseException:  # its own text fails
        return f"failed with {type(error).__name__}"
