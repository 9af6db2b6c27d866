"""The base class of every technique: a Keras callback that acts inside the training step.

A technique has a method for each stage at which it acts (`regkit.core.stages`), its options as
annotated arguments of `__init__` (`regkit.core.options`), and may declare state:

    class InputNoise(Technique):
        def __init__(self, stddev: Strength = 0.1) -> None:
            super().__init__()
            self.stddev = stddev

        def data(self, batch, context):
            noise = context.draws.normal(ops.shape(batch.x), context.value(self.stddev))
            return batch.replace(x=batch.x + noise)

Everything else (attaching, order, compiled state, backups, detaching) is the seam's.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Self

import keras

from regkit.core import options, select
from regkit.core.errors import AttachError, OptionError
from regkit.core.stages import Rank, Stage
from regkit.core.words import registered

if TYPE_CHECKING:
    from regkit.core.context import Context

__all__ = ["Technique"]

Tensor = Any

# The host events at which the seam works, by way of whichever technique is called first.
_SEAM_EVENTS = (
    "on_train_begin",
    "on_epoch_begin",
    "on_epoch_end",
    "on_train_end",
    "on_test_begin",
    "on_predict_begin",
)


class _OfAnInstance:
    """A method that says so where it is called on the class: `callbacks=[L2]` for `[L2()]`."""

    def __init__(self, method: Callable[..., None]) -> None:
        self.method = method
        self.__doc__ = method.__doc__

    def __get__(self, technique: Any, cls: type) -> Callable[..., None]:
        """Return the bound method, or what refuses."""
        if technique is None:
            return functools.partial(self._refuse, cls)
        bound: Callable[..., None] = self.method.__get__(technique, cls)
        return bound

    @staticmethod
    def _refuse(cls: type, *args: Any, **kwargs: Any) -> None:
        raise OptionError(
            f"callbacks= has the class {cls.__name__}, not a technique; call it, as in "
            f"callbacks=[{cls.__name__}()]. Its options: "
            f"{', '.join(options.constraints(cls)) or 'none'}"
        )


class Technique(keras.callbacks.Callback):  # type: ignore[misc]  # Keras is untyped
    """A method of regularization that attaches to `model.fit` as a callback.

    A subclass defines the methods of the stages at which it acts: `data`, `forward`, `target`,
    `penalty`, `gradient`, `update`, or any host event of a Keras callback. None of them is defined
    here to do nothing: a method that is not defined costs nothing in the step.

    Attributes:
        rank: Where the technique stands among others of its stage (first, middle, last).
        exclusive: A word of which a recipe may hold one bearer only, or None.
        exclusive_on_layer: A word of which a layer may have one bearer at FORWARD, or None: for
            what calls a layer with other weights, or more than once. Such a one is of rank FIRST,
            next to the layer.
        registered_name: The id "distribution:name", where a plugin's class says it; it is then
            refused under any other.
    """

    registered_name: ClassVar[str]
    rank: ClassVar[Rank] = Rank.MIDDLE
    exclusive: str | None = None  # of the class, or of an instance by its options
    exclusive_on_layer: ClassVar[str | None] = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__init__" in cls.__dict__:
            cls.__init__ = options.checked_init(cls.__init__)  # type: ignore[method-assign]
        for event in _SEAM_EVENTS:
            if event in cls.__dict__:
                setattr(cls, event, _with_seam(event, cls.__dict__[event]))

    def __init__(self) -> None:
        super().__init__()

    # -- what a technique may say of itself ----------------------------------------------------

    def is_neutral(self) -> bool:
        """Return whether a constant option has the value at which the technique does nothing."""
        return any(
            constraint.neutral is not None and getattr(self, name) == constraint.neutral
            for name, constraint in options.constraints(type(self)).items()
            if not callable(getattr(self, name))  # a schedule is never neutral
        )

    def check(self, model: keras.Model) -> None:
        """Raise where the compiled model contradicts the technique, before the first step."""

    def select_layers(self, model: keras.Model) -> list[keras.layers.Layer]:
        """Return the layers whose calls `forward` wraps."""
        chosen = select.hidden_layers(model, getattr(self, "layers", None), type(self).__name__)
        return select.callers(model, chosen)

    def select_weights(self, model: keras.Model) -> list[keras.Variable]:
        """Return the variables that `context.weights` holds, each once."""
        if hasattr(self, "weights"):
            found = select.weights_matching(model, getattr(self, "layers", None), self.weights)
            return [weight.variable for weight in found]
        return list(model.trainable_variables)

    def initial_state(self, context: Context) -> dict[str, Any]:
        """Return the declared state at the start of a fit: named arrays or nests of them.

        The seam carries it through the compiled step as `context.state`, and saves it beside the
        Keras backup. It is never on the user's model.
        """
        return {}

    def current_state(self) -> dict[str, Any]:
        """Return the declared state as NumPy arrays, in any host event of a fit."""
        return dict(self._seam().state_of(self))

    def host_state(self) -> dict[str, Any]:
        """Return what the host events remember and a resumed run needs: numbers, text, arrays."""
        return {}

    def set_host_state(self, state: dict[str, Any]) -> None:
        """Take back what `host_state` returned."""

    @classmethod
    def checked_as(cls) -> list[Self]:
        """Return new instances for the conformance checks to run on; by default one, `cls()`.

        A class overrides it where its defaults do too little on a small model, or do not fit one,
        and where its options lead different ways.
        """
        return [cls()]

    # -- what follows from the class -----------------------------------------------------------

    def stages(self) -> tuple[Stage, ...]:
        """Return the stages at which the technique acts, by the methods that it has.

        One that acts elsewhere by an option (decoupled weight decay) says so itself.
        """
        cls = type(self)
        found = [stage for stage in Stage if callable(getattr(cls, stage.name.lower(), None))]
        if any(
            _defined(cls, event) for event in dir(keras.callbacks.Callback) if event[:3] == "on_"
        ):
            found.append(Stage.WATCH)
        return tuple(found)

    @classmethod
    def word(cls) -> str:
        """Return the class name as a registered name is written, `DropConnect` → `drop_connect`."""
        return registered(cls.__name__)

    def get_config(self) -> dict[str, Any]:
        """Return the options by name, as they are now."""
        return {name: getattr(self, name) for name in options.constraints(type(self))}

    def __repr__(self) -> str:
        shown = options.constraints(type(self))
        given = [
            f"{name}={shown[name].show(getattr(self, name))}"
            for name, default in options.defaults(type(self)).items()
            if not _same(getattr(self, name), default)
        ]
        return f"{type(self).__name__}({', '.join(given)})"

    # -- the road into the seam ----------------------------------------------------------------

    def _seam(self) -> Any:
        from regkit.core.seam import Seam  # the seam knows techniques; this is the one way back

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


def _defined(cls: type, event: str) -> bool:
    """Return whether a technique itself defines a host event."""
    own = getattr(cls, event)
    return own is not getattr(Technique, event) and own is not getattr(
        keras.callbacks.Callback, event
    )


def _with_seam(event: str, method: Callable[..., None]) -> Callable[..., None]:
    """Return a host event in which the seam works too, so that authors need not call `super`.

    The seam works first, but for the end of the fit: until then the state can be read.
    """

    @functools.wraps(method)
    def wrapper(self: Technique, *args: Any, **kwargs: Any) -> None:
        if event == "on_train_end":
            method(self, *args, **kwargs)
        getattr(Technique, event)(self, *args, **kwargs)
        if event != "on_train_end":
            method(self, *args, **kwargs)
        if event == "on_epoch_end" and type(self).host_state is not Technique.host_state:
            self._seam().host_changed()

    return wrapper


def _same(left: Any, right: Any) -> bool:
    return left is right or (type(left) is type(right) and bool(left == right))
