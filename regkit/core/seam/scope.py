"""A scope in which variables have other values, within whatever scope is already there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import keras
from keras.src.backend.common import global_state
from keras.src.backend.common.stateless_scope import get_stateless_scope
from keras.src.backend.common.variables import get_autocast_scope

from regkit.types import Tensor

__all__ = ["Scope", "in_scope", "leave_all", "same_precision"]


def in_scope() -> bool:
    """Return whether a stateless scope is active."""
    return get_stateless_scope() is not None


def leave_all() -> None:
    """Leave the scopes that an interrupt has left open.

    A fit begins and ends outside of any; in one that stays, nothing that is assigned would last.
    """
    if in_scope():
        global_state.set_global_attribute("stateless_scope", None)


def same_precision() -> Callable[[], AbstractContextManager[Any]]:
    """Return what makes scopes that read variables in the precision of this place.

    For what is computed again for the gradient: by then Keras has left the layer's own scope.
    """
    now = get_autocast_scope()
    return nullcontext if now is None else lambda: type(now)(now.dtype)


class Scope(keras.StatelessScope):  # type: ignore[misc]  # Keras is untyped
    """Like `keras.StatelessScope`, but inherits the enclosing scope's values.

    Args:
        mapping: Pairs of variable and value.
        keep: Whether what is assigned inside (moving statistics, seeds) and added as a loss
            lasts after the scope; variables of `mapping` never do.
        model: Whose layers' `add_loss` may be called inside.
    """

    def __init__(
        self,
        mapping: Iterable[tuple[keras.Variable, Tensor]],
        *,
        keep: bool = False,
        model: keras.layers.Layer | None = None,
    ) -> None:
        self.state_mapping: dict[int, Tensor]
        super().__init__(list(mapping), collect_losses=True, initialize_variables=False)
        self._perturbed = set(self.state_mapping)
        self._outer = get_stateless_scope()
        if self._outer is not None:
            self.state_mapping = {**self._outer.state_mapping, **self.state_mapping}
        self._keep, self._model = keep, model
        self._updates: dict[int, tuple[keras.Variable, Tensor]] = {}

    def add_update(self, update: tuple[keras.Variable, Tensor]) -> None:
        """Note an assignment."""
        super().add_update(update)
        self._updates[id(update[0])] = update

    def __exit__(self, *args: Any) -> None:
        super().__exit__(*args)
        if not self._keep:
            return
        for variable, value in self._updates.values():
            if id(variable) not in self._perturbed:
                variable.assign(value)
        for loss in self.losses:
            if self._outer is not None:
                self._outer.add_loss(loss)
                continue
            for layer in self._model._flatten_layers() if self._model is not None else ():
                if id(loss) in layer._loss_ids:
                    layer._losses.append(loss)
