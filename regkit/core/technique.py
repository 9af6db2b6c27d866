"""The base class of every technique: a method of regularization, as a callback of `model.fit`.

A technique has a method for each stage at which it acts (`regkit.core.stages`), its options as
annotated arguments of `__init__` (`regkit.core.options`), and may declare state:

    class InputNoise(Technique):
        phases = (Phase.NOISE,)

        def __init__(self, stddev: Strength = 0.1) -> None:
            super().__init__()
            self.stddev = stddev

        def data(self, batch, context):
            noise = context.draws.normal(ops.shape(batch.x), context.value(self.stddev))
            return batch.replace(x=batch.x + noise)

What it says of itself is `regkit.core.method`; here is how it joins a fit. Everything else
(attaching, order, compiled state, backups, detaching) is the seam's.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import keras

from regkit.core import options
from regkit.core.errors import AttachError, OptionError
from regkit.core.method import Method
from regkit.core.seam.lifecycle import Seam
from regkit.core.seam.scope import in_scope
from regkit.core.stages import Stage

__all__ = ["EVENTS", "Technique"]

# The host events at which the seam works, by way of whichever technique is called first.
_SEAM_EVENTS = (
    "on_train_begin",
    "on_epoch_begin",
    "on_epoch_end",
    "on_train_end",
    "on_test_begin",
    "on_predict_begin",
)
EVENTS = [name for name in dir(keras.callbacks.Callback) if name.startswith("on_")]


class _OfAnInstance:
    """A method that explains itself where it is called on the class: `callbacks=[L2]` for `[L2()]`.

    Keras calls `set_model` on whatever is in the list. On a class Python would say that an argument
    is missing; only a descriptor learns on which class it was called, so as to name it.
    """

    def __init__(self, method: Callable[..., None]) -> None:
        self.method = method
        self.__doc__ = method.__doc__

    def __get__(self, technique: Technique | None, cls: type) -> Callable[..., None]:
        """Return the bound method, or what refuses."""
        if technique is None:
            return functools.partial(self._refuse, cls)
        bound: Callable[..., None] = self.method.__get__(technique, cls)
        return bound

    @staticmethod
    def _refuse(cls: type, *args: object, **kwargs: object) -> None:
        raise OptionError(
            f"callbacks= has the class {cls.__name__}, not a technique; call it, as in "
            f"callbacks=[{cls.__name__}()]. Its options: "
            f"{', '.join(options.constraints(cls)) or 'none'}"
        )


class Technique(Method, keras.callbacks.Callback):  # type: ignore[misc]  # Keras is untyped
    """A method of regularization that attaches to `model.fit` as a callback.

    A subclass defines the methods of the stages at which it acts: `geometry`, `data`, `forward`,
    `target`, `penalty`, `gradient`, `update`, or any host event of a Keras callback. None of them
    is defined here to do nothing: a method that is not defined costs nothing in the step.

    Attributes:
        phases: The phases in which it acts, at most one of each stage: its order among others.
        exclusive: A word that only one technique of a recipe may have, or None.
        exclusive_on_layer: A word that only one technique on a layer may have at FORWARD, or None:
            for what calls a layer with other weights, or more than once.
        registered_name: The id "distribution:name", where a plugin's class says it; it is then
            refused under any other.

    Example:
        >>> class Halved(Technique):
        ...     def gradient(self, gradients, context):
        ...         return [gradient / 2 for gradient in gradients]
        >>> Halved().stages()
        (<Stage.GRADIENT: 4>,)
    """

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if any(_is_own(cls, event) for event in EVENTS):
            cls._stages = (*cls._stages, Stage.WATCH)
        for event in _SEAM_EVENTS:
            if event in cls.__dict__:
                setattr(cls, event, _with_seam(event, cls.__dict__[event]))

    @property
    def model(self) -> keras.Model:
        """The user's model.

        Within the step it is given as it is: on JAX Keras would put the values that its loop
        carries back on the variables, and the step would end without them.
        """
        return self._model if in_scope() else super().model

    def current_state(self) -> dict[str, Any]:
        """Return the declared state as NumPy arrays, in any host event of a fit."""
        return dict(self._seam().state_of(self))

    # -- the road into the seam ----------------------------------------------------------------

    def _seam(self) -> Seam:
        return Seam.of(self.model)

    @_OfAnInstance
    def set_model(self, model: keras.Model) -> None:
        """Announce the technique to the seam of the model, as Keras sets up its callbacks.

        Raises:
            AttachError: where it is in a fit of another model that goes on.
        """
        if self.model is not None and self.model is not model and self._seam().runs_with(self):
            raise AttachError(
                f"{self!r} is in a fit of {self.model.name!r} that goes on, and cannot be in one "
                f"of {model.name!r} at the same time; make a second one"
            )
        super().set_model(model)
        self._seam().announce()

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Join the fit."""
        self._seam().join(self)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Attach all techniques of this fit, once; restore what a backup held."""
        self._seam().begin_epoch(self)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Detach everything, when the last technique has come here."""
        self._seam().leave(self)

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Forget the announcement where the list was given to `evaluate`."""
        self._seam().not_a_fit()

    def on_predict_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Forget the announcement where the list was given to `predict`."""
        self._seam().not_a_fit()


def _is_own(cls: type, event: str) -> bool:
    """Return whether a technique itself defines a host event."""
    method = getattr(cls, event)
    return method is not getattr(Technique, event) and method is not getattr(
        keras.callbacks.Callback, event
    )


def _with_seam(event: str, method: Callable[..., None]) -> Callable[..., None]:
    """Return a host event in which the seam works too, so that authors need not call `super`.

    The seam works first, but for the end of the fit: until then the state can be read.
    """

    @functools.wraps(method)
    def wrapper(self: Technique, *args: object, **kwargs: object) -> None:
        if event == "on_train_end":
            method(self, *args, **kwargs)
        getattr(Technique, event)(self, *args, **kwargs)
        if event != "on_train_end":
            method(self, *args, **kwargs)
        if event == "on_epoch_end" and type(self).host_state is not Technique.host_state:
            self._seam().host_changed()

    return wrapper
