"""Which Keras backend a command uses, decided before Keras is imported."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os

from regkit.core.errors import RegkitError, suggest
from regkit.core.host.extras import pip_line
from regkit.core.host.terminal import notes_put_aside

__all__ = ["add_option", "choose", "start"]

BACKENDS = ("tensorflow", "jax", "torch")


def add_option(command: argparse.ArgumentParser) -> None:
    """Add `--backend` to a command."""
    command.add_argument(
        "--backend",
        metavar="NAME",
        help="tensorflow, jax or torch (default: $KERAS_BACKEND, else the first installed)",
    )


def choose(asked: str | None) -> str:
    """Set and return the backend: the one asked for, $KERAS_BACKEND, or the first installed.

    Raises:
        RegkitError: for an unknown one, or one that is not installed, with the pip line.
    """
    name = asked or os.environ.get("KERAS_BACKEND") or _first_installed()
    if name not in BACKENDS:
        known = ", ".join(BACKENDS)
        raise RegkitError(f"no backend is called {name!r}{suggest(name, BACKENDS)}; known: {known}")
    if not _installed(name):
        raise RegkitError(f"the backend {name!r} is not installed: {pip_line(name)}")
    os.environ["KERAS_BACKEND"] = name
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # errors only
    return name


def start(asked: str | None) -> str:
    """Choose the backend, import Keras with it, and return its name.

    Raises:
        RegkitError: as `choose`.
    """
    name = choose(asked)
    with notes_put_aside():  # Keras looks for TensorFlow on the other backends too
        importlib.import_module("keras").ops.zeros(1)  # the first operation looks for devices
    return name


def _installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None  # finds, does not import


def _first_installed() -> str:
    first = next((name for name in BACKENDS if _installed(name)), None)
    if first is None:
        lines = ", or ".join(map(pip_line, BACKENDS))
        raise RegkitError(f"no Keras backend is installed: {lines}")
    return first
