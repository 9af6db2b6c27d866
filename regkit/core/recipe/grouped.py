"""Several callbacks that Keras takes as one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras

from regkit.core.technique import EVENTS

__all__ = ["Grouped"]


class Grouped(keras.callbacks.Callback):  # type: ignore[misc]  # Keras is untyped
    """A callback that hands every event on to the callbacks that iterating over it gives.

    An event that none of them has stays Keras' own, which does nothing: Keras waits for the logs of
    each step where a callback takes them.
    """

    def __iter__(self) -> Iterator[keras.callbacks.Callback]:
        raise TypeError(f"{type(self).__name__} must define __iter__")

    def set_params(self, params: dict[str, Any]) -> None:
        """Hand Keras' parameters of the fit on."""
        super().set_params(params)
        for callback in self:
            callback.set_params(params)

    def set_model(self, model: keras.Model) -> None:
        """Hand the model on."""
        super().set_model(model)
        for callback in self:
            callback.set_model(model)


def _handed_on(event: str) -> property:
    plain = getattr(keras.callbacks.Callback, event)

    def method(self: Grouped) -> Callable[..., None]:
        methods = [getattr(callback, event) for callback in self]
        acting = [m for m in methods if getattr(m, "__func__", m) is not plain]
        if not acting:
            own: Callable[..., None] = plain.__get__(self)
            return own

        def hand_on(*args: object, **kwargs: object) -> None:
            for handler in acting:
                handler(*args, **kwargs)

        return hand_on

    return property(method, doc=f"Hand `{event}` on to those that have it.")


for _event in EVENTS:
    setattr(Grouped, _event, _handed_on(_event))
