"""Which of Keras' test files run: those whose tests call `fit`, as far as they are cheap."""

from __future__ import annotations

from pathlib import Path

__all__ = ["FILES", "present"]

_ALL = ("tensorflow", "jax", "torch")

# A file or folder below keras/src → the backends on which it says something.
FILES = {
    "trainers/trainer_test.py": _ALL,
    "callbacks": _ALL,
    "models": _ALL,
    "backend/jax/trainer_test.py": ("jax",),
}


def present(source: Path, backend: str) -> list[str]:
    """Return those for a backend that an installed Keras has: none of a wheel without tests."""
    found = []
    for name, backends in FILES.items():
        place = source / name
        there = place.is_file() or any(place.glob("**/*_test.py"))
        if backend in backends and there:
            found.append(name)
    return found
