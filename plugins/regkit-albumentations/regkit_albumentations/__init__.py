"""Albumentations in the training of any Keras 3 model, reproducible for every sample.

    model.fit(x, y, callbacks=[Albumentations("HorizontalFlip(p=0.5)")])
    model.fit(augmented((x, y), transform, seed=1, workers=2))

Names load when they are first used: importing this imports neither Keras nor Albumentations.
"""

import importlib

__version__ = "0.1.0"

_PLACES = {
    "Albumentations": "regkit_albumentations.technique",
    "augmented": "regkit_albumentations.datasets",
}

__all__ = ["Albumentations", "__version__", "augmented"]


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module 'regkit_albumentations' has no attribute {name!r}")
    return getattr(importlib.import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return __all__
