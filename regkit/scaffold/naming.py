"""The name of a new plugin: what pip calls it, what Python imports, and what is refused."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import keyword
import re
import sys

from regkit.core.errors import RegkitError
from regkit.core.registry.entry import BUILTIN, canonical
from regkit.core.registry.metadata import folder_name

__all__ = ["distribution_name", "package_name"]

RESERVED = (BUILTIN, "regkit", "keras", "tensorflow", "jax", "torch")
_ALLOWED = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")  # PEP 508


def package_name(distribution: str) -> str:
    """Return the name under which Python imports a distribution of this name.

    Example:
        >>> package_name("my-plugin")
        'my_plugin'
    """
    return distribution.replace("-", "_")


def distribution_name(name: str) -> str:
    """Return a name for a new distribution, in its normal form.

    Raises:
        RegkitError: where it is no name of a distribution, its import name is none of Python's or
            is taken, or it is reserved.

    Example:
        >>> distribution_name("My_Plugin")
        'my-plugin'
    """
    if not _ALLOWED.fullmatch(name):
        raise RegkitError(
            "NAME must be letters, digits, '-', '_' and '.', with a letter first and a letter or "
            f"digit last; received {name!r}{_nearest(name)}"
        )
    distribution = canonical(name)
    package = package_name(distribution)
    problem = _reserved(distribution) or _unimportable(package) or _taken(distribution, package)
    if problem:
        bare = re.sub(r"^regkit-?", "", distribution) or "plugin"
        raise RegkitError(f"NAME {name!r} cannot be used: {problem}. Try 'regkit-{bare}', say")
    return distribution


def _nearest(name: str) -> str:
    near = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") if name.isascii() else ""
    return f"; did you mean {near!r}?" if near else ""


def _reserved(distribution: str) -> str:
    return f"it is reserved, as are {', '.join(RESERVED)}" * (distribution in RESERVED)


def _unimportable(package: str) -> str:
    if not package.isidentifier():
        return f"its import name would be {package!r}, and Python's names begin with a letter"
    if keyword.iskeyword(package):
        return f"its import name would be {package!r}, a word of Python's own"
    if package in sys.stdlib_module_names:
        return f"its import name would be {package!r}, a module of Python's standard library"
    return ""


def _taken(distribution: str, package: str) -> str:
    there = {folder_name(dist): dist for dist in importlib.metadata.distributions()}
    if distribution in there:
        return f"a distribution of this name is installed; pip uninstall {distribution} removes it"
    place = _place(package)
    if place:
        return f"its import name would be {package!r}, and {place} is imported under that name"
    return ""


def _place(package: str) -> str:
    """Return where an installed module lies, or an empty string where there is none."""
    try:
        spec = importlib.util.find_spec(package)
    except Exception:  # of a finder or an odd module: something is there, so the name is refused
        return "a module"
    # A folder without __init__.py gives way to any package of its name.
    return str(spec.origin) if spec is not None and spec.origin is not None else ""
