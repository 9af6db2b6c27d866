"""An optimizer as a pure function, on backends where Keras has made its own of it.

On TensorFlow and PyTorch Keras' optimizers write into the backend's variables, for the sake of
distribution strategies and of speed. What they override there is Keras' general code, which assigns
to its variables and so works in a scope without state. A step of members uses that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras.src.optimizers.base_optimizer import BaseOptimizer

from regkit.core.seam.patch import Change

__all__ = ["general_classes", "own_writing", "pure_changes"]

_BACKENDS = "keras.src.backend."
_WRITING = (
    "assign",
    "assign_add",
    "assign_sub",
    "_apply_weight_decay",
    "_backend_update_step",
    "stateless_apply",
)


def pure_changes(optimizer: keras.optimizers.Optimizer) -> list[Change]:
    """Return the methods to shadow so that `optimizer.stateless_apply` works."""
    if keras.backend.backend() == "jax":
        return []
    changes = [Change(optimizer, name, _general(name, optimizer)) for name in _WRITING]
    if keras.backend.backend() == "tensorflow":  # it knows variables by TensorFlow's, not Keras'
        changes.append(Change(optimizer, "_var_key", lambda own, variable: own(variable._value)))
    return changes


def own_writing(optimizer: keras.optimizers.Optimizer) -> str | None:
    """Return the method in which an optimizer writes in a way of its own; None where none does.

    Keras' general code in its place, which `pure_changes` puts there, would do something else.
    """
    for name in () if keras.backend.backend() == "jax" else _WRITING:
        owner = next(cls for cls in general_classes(optimizer) if name in vars(cls))
        if owner is not BaseOptimizer:
            return name
    return None


def general_classes(optimizer: keras.optimizers.Optimizer) -> list[type]:
    """Return the classes of an optimizer, the most special first, without those of a backend."""
    return [cls for cls in type(optimizer).__mro__ if not cls.__module__.startswith(_BACKENDS)]


def _general(name: str, optimizer: keras.optimizers.Optimizer) -> Callable[..., Any]:
    def call(original: Callable[..., Any], *args: object, **kwargs: object) -> Any:
        return getattr(BaseOptimizer, name)(optimizer, *args, **kwargs)

    return call
