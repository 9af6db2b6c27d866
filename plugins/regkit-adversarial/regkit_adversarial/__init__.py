"""Adversarial and virtual adversarial training, as techniques of regkit.

    model.fit(x, y, callbacks=[FGSM(0.1)])

Names load when they are first used: importing this imports neither Keras nor a backend.
"""

import importlib

__version__ = "0.1.0"

_PLACES = {
    "FGSM": "regkit_adversarial.fgsm",
    "VirtualAdversarial": "regkit_adversarial.virtual_adversarial",
}

__all__ = ["FGSM", "VirtualAdversarial", "__version__"]


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module 'regkit_adversarial' has no attribute {name!r}")
    return getattr(importlib.import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return __all__
