"""Loading a saved model whose layers come from regkit and its plugins."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import keras

from regkit.core import registry
from regkit.core.errors import OptionError, RegistryError, RegkitError
from regkit.core.registry import modelfile
from regkit.core.registry.contracts import SERIALIZED, package_owner
from regkit.core.registry.entry import canonical, printable
from regkit.core.registry.modelfile import Named

__all__ = ["load_model"]

# A package name of Keras that may be a distribution's; "Custom" is Keras' own for no package.
_NAME = re.compile(r"(?!Custom$)[A-Za-z0-9][A-Za-z0-9._-]*").fullmatch

# What Keras writes in the place of a class for values, and for what safe mode refuses.
_WORDS = ("keras_tensor", "tensor", "numpy", "bytes", "ellipsis", "slice", "lambda")
_VALUES = tuple(f"__{word}__" for word in _WORDS)


def load_model(path: str | os.PathLike[str], **keras_options: Any) -> Any:
    """Load a `.keras` file that holds layers of regkit or of its plugins.

    Keras finds a layer by the name `package>Name` under which it was registered, once the module
    that registers it is imported. The names are read from the file, and of the installed and
    allowed distributions only the entries are imported whose names are there. Everything else in
    the file must be Keras' own, be given in `custom_objects`, or be registered in this process
    already: a file cannot have a module imported that it names itself.

    Args:
        path: The file, or a folder that `keras.saving.save_model(…, zipped=False)` wrote.
        **keras_options: `custom_objects` and `compile`, as `keras.models.load_model` takes them.
            `safe_mode` stays True: a lambda in a file is refused by Keras.

    Returns:
        The Keras model.

    Raises:
        RegkitError: for a file that is missing, malformed or not of this format.
        RegistryError: where the file names what nothing installed and allowed registers, with what
            to install; where one name is registered twice.
        OptionError: for `safe_mode=False`, or an option that Keras does not have.

    Example:
        >>> import os, tempfile, regkit
        >>> dense = regkit.layers.DropConnect(keras.layers.Dense(2))
        >>> model = keras.Sequential([keras.Input((3,)), dense])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save(os.path.join(folder, "mine.keras"))
        ...     regkit.load_model(os.path.join(folder, "mine.keras")).layers[0].rate
        0.5
    """
    _check_options(keras_options)
    config = modelfile.read_config(Path(path))
    if not keras_options.get("compile", True):
        config.pop("compile_config", None)  # Keras leaves it out too
    given = keras_options.get("custom_objects") or {}
    asked = [named for named in modelfile.names(config) if not _vouched(named, given)]
    wanted = {named: _entry_of(named) for named in asked}
    owners = {entry.distribution for entry in wanted.values() if entry}
    _refuse(named for named in asked if wanted[named] is None and not _may_come_with(named, owners))
    for entry in dict.fromkeys(filter(None, wanted.values())):
        registry.load(entry.id, entry.kind)
    _refuse(named for named in asked if not _is_loaded(named))
    try:
        return keras.models.load_model(os.fspath(path), **keras_options)
    except RecursionError:
        raise RegkitError(f"{os.fspath(path)!r} is nested deeper than Keras can read") from None


def _check_options(given: Mapping[str, object]) -> None:
    unknown = [name for name in given if name not in ("custom_objects", "compile", "safe_mode")]
    if unknown:
        raise OptionError(
            f"load_model has no option {unknown[0]!r}; its options: custom_objects, compile"
        )
    if given.get("safe_mode", True) is not True:
        raise OptionError(
            "load_model: safe_mode must be True; received "
            f"safe_mode={given['safe_mode']!r}. A file that you trust with running any code: "
            "keras.models.load_model(path, safe_mode=False)"
        )


def _vouched(named: Named, given: Mapping[str, object]) -> bool:
    """Return whether a name is the caller's, Keras' own, or of code that is loaded already."""
    if named.name in given or named.word in given:
        return True
    if ">" in named.name:
        # What an entry registers goes the registry's way, whether it is loaded or not.
        return _is_loaded(named) and not _matching(named) and not _shut_out(named)
    if named.name in _VALUES or named.module in ("", "builtins"):
        return True  # Keras imports nothing for these
    return named.module.partition(".")[0] == "keras" or _is_loaded(named)


def _is_loaded(named: Named) -> bool:
    return keras.saving.get_registered_object(named.name) is not None


def _registered_by_owner(named: Named) -> list[registry.Entry]:
    owner = package_owner(named.name.partition(">")[0])
    return [entry for entry in registry.entries() if entry.distribution == owner]


def _shut_out(named: Named) -> bool:
    return any(entry.state in ("blocked", "not allowed") for entry in _registered_by_owner(named))


def _matching(named: Named) -> list[registry.Entry]:
    word = named.name.partition(">")[2]
    entries = _registered_by_owner(named)
    return [entry for entry in entries if entry.kind in SERIALIZED and entry.attribute == word]


def _entry_of(named: Named) -> registry.Entry | None:
    """Return the entry that registers a name, or None.

    Raises:
        RegistryError: where it cannot be used, or two entries register the name.
    """
    entries = _matching(named)
    targets = {entry.target: entry for entry in entries}
    if len(targets) > 1:
        raise RegistryError(
            f"the model needs {named.name!r}, and {entries[0].distribution} {entries[0].version} "
            f"registers that name twice, for {' and '.join(targets)}: ask its authors to rename one"
        )
    return registry.find(entries[0].id, entries[0].kind) if entries else None


def _may_come_with(named: Named, owners: set[str]) -> bool:
    """Return whether a name may be registered by a module that is imported for another name."""
    package, mark, _ = named.name.partition(">")
    return bool(mark) and package_owner(package) in owners


def _refuse(names: Iterable[Named]) -> None:
    for named in names:
        raise RegistryError(f"the model needs {named.name!r}, {_why_not(named)}")


def _why_not(named: Named) -> str:
    package, mark, word = named.name.partition(">")
    if not mark:
        return (
            f"of the module {named.module!r}, which is not imported because a file says so: give "
            f"custom_objects={{{named.word!r}: …}}, or import what registers it with Keras first"
        )
    entries = _registered_by_owner(named)
    if entries:
        owner = f"{entries[0].distribution} {entries[0].version}"
        return (
            f"and {owner} has no layer, regularizer or model of this name: install the version of "
            f"{entries[0].distribution} with which the model was saved"
        )
    install = f": pip install {canonical(package)}, if that is its name" if _NAME(package) else ""
    return (
        f"which no installed distribution registers{install}. For a class of your own import its "
        f"module first, or give custom_objects={{{named.name!r}: {printable(word, 80)}}}"
    )
