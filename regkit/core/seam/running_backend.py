"""The adapter of the running backend; it alone is imported."""

from __future__ import annotations

import importlib

import keras

from regkit.core.errors import AttachError
from regkit.core.seam.adapter import Adapter
from regkit.core.seam.runtime import Runtime

__all__ = ["make_adapter"]

_CLASSES = {"tensorflow": "TensorFlowAdapter", "jax": "JaxAdapter", "torch": "TorchAdapter"}


def make_adapter(runtime: Runtime) -> Adapter:
    """Return the adapter of the running backend.

    Raises:
        AttachError: for one that cannot train.
    """
    name = keras.backend.backend()
    if name not in _CLASSES:
        raise AttachError(
            f"the Keras backend {name!r} cannot train with regkit; use 'tensorflow', 'jax' or "
            "'torch' (KERAS_BACKEND)"
        )
    module = importlib.import_module(f"regkit.core.seam.{name}")
    adapter: Adapter = getattr(module, _CLASSES[name])(runtime)
    return adapter
