"""Models of the textbook: `regkit.models`. Names load when they are first used."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from regkit.core.errors import suggest

if TYPE_CHECKING:
    from regkit.models.denoising_autoencoder import DenoisingAutoencoder

__all__ = ["DenoisingAutoencoder"]

_PLACES = {"DenoisingAutoencoder": "denoising_autoencoder"}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(
            f"module {__name__!r} has no attribute {name!r}{suggest(name, __all__)}"
        )
    value = getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
