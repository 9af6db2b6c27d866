"""The names of a new plugin: for pip, for Python's imports, and which are refused."""

from __future__ import annotations

import builtins
import importlib.metadata
import importlib.util
import keyword
import re
import sys

from regkit.core.errors import RegkitError
from regkit.core.registry.entry import BUILTIN, canonical
from regkit.core.registry.metadata import folder_name
from regkit.core.words import registered

__all__ = ["class_name", "distribution_name", "package_name"]

RESERVED = (BUILTIN, "regkit", "keras", "tensorflow", "jax", "torch")
# Names with a capital that the written modules import.
IMPORTED = (
    "Annotated",
    "BaseEstimator",
    "ClassifierMixin",
    "LayerOption",
    "Phase",
    "Rate",
    "Real",
    "SeedOption",
    "Share",
    "Strength",
    "Technique",
    "WeightOption",
)
_CLASS = re.compile(r"[A-Z][A-Za-z0-9]*")
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
        RegkitError: for an invalid or reserved name, and where the import name is invalid in
            Python or taken.

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


def class_name(name: str) -> str:
    """Return a name for a new class; in snake case it becomes the registered name.

    Raises:
        RegkitError: for an invalid name, and one that means something else in Python.

    Example:
        >>> class_name("MaxNorm")
        'MaxNorm'
    """
    if not _CLASS.fullmatch(name):
        words = re.findall(r"[A-Za-z0-9]+", name.lstrip("0123456789")) if name.isascii() else []
        near = "".join(word[0].upper() + word[1:] for word in words).lstrip("0123456789")
        raise RegkitError(
            "--class must be letters and digits, with a capital first, as MaxNorm; received "
            f"{name!r}" + (f"; did you mean {near!r}?" if _CLASS.fullmatch(near) else "")
        )
    problem = _not_a_class(name)
    if problem:
        raise RegkitError(f"--class {name!r} cannot be used: {problem}. Try 'My{name}', say")
    return name


def _not_a_class(name: str) -> str:
    """Return why a name cannot be that of a class, or an empty string."""
    if hasattr(builtins, name) or keyword.iskeyword(name):
        return "it is a name of Python itself"
    if name in IMPORTED:
        return "the new module imports something of that name"
    if keyword.iskeyword(registered(name)):
        return f"its module would be {registered(name)!r}, a keyword of Python"
    return ""


def _nearest(name: str) -> str:
    near = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") if name.isascii() else ""
    return f"; did you mean {near!r}?" if near else ""


def _reserved(distribution: str) -> str:
    return f"it is reserved, as are {', '.join(RESERVED)}" * (distribution in RESERVED)


def _unimportable(package: str) -> str:
    """Return why Python cannot import a name, or an empty string."""
    if not package.isidentifier():
        return f"its import name would be {package!r}, and Python's names begin with a letter"
    if keyword.iskeyword(package):
        return f"its import name would be {package!r}, a keyword of Python"
    if package in sys.stdlib_module_names:
        return f"its import name would be {package!r}, a module of Python's standard library"
    return ""


def _taken(distribution: str, package: str) -> str:
    """Return what has one of the names already, or an empty string."""
    installed = {folder_name(dist) for dist in importlib.metadata.distributions()}
    if distribution in installed:
        return f"a distribution of this name is installed; pip uninstall {distribution} removes it"
    place = _place(package)
    if place:
        return f"its import name would be {package!r}, and {place} is imported under that name"
    return ""


def _place(package: str) -> str:
    """Return where an installed module lies, or an empty string where there is none."""
    try:
        spec = importlib.util.find_spec(package)
    except Exception:  # an error of a finder or a broken module: the name is taken
        return "a module"
    # A folder without __init__.py has no origin; any package of its name takes precedence.
    return str(spec.origin) if spec is not None and spec.origin is not None else ""
