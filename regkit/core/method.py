"""What a technique says of itself: its options, where in the step it acts, what it means.

Nothing here knows of Keras' training loop: the plan and the seam work with a `Method`, and
`regkit.core.technique` makes a Keras callback of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal, Self

import keras

from regkit.core import options, select
from regkit.core.acts import Act, acts_of, phases_of
from regkit.core.context import Context
from regkit.core.inputs import Input
from regkit.core.options.annotated import Annotations
from regkit.core.options.bounds import Constraint, Seed
from regkit.core.options.choices import ImageFormat, Layers, Weights
from regkit.core.stages import Phase, Stage
from regkit.core.words import registered

__all__ = ["Method"]


class Method:
    """A method of regularization, apart from any fit.

    Attributes:
        phases: The phases in which it acts, at most one of each stage; see `Phase`.
        exclusive: A word that only one technique of a recipe may have, or None.
        exclusive_on_layer: A word that only one technique on a layer may have at FORWARD, or None:
            for what calls a layer with other weights, or more than once.
        registered_name: The id "distribution:name", where a plugin's class says it; it is then
            refused under any other.
        default_arms: Recipes in text that comparisons try by default, perhaps with alternatives;
            each is of this technique.
        needs: What the data must have for it: "images", "classes".
        search_words: Other names by which people look for it, such as "ridge" for L2.
    """

    registered_name: ClassVar[str]
    default_arms: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[tuple[Literal["images", "classes"], ...]] = ()
    search_words: ClassVar[tuple[str, ...]] = ()
    phases: ClassVar[tuple[Phase, ...]] = ()
    exclusive: str | None = None  # of the class, or of an instance by its options
    exclusive_on_layer: ClassVar[str | None] = None
    _acts: ClassVar[tuple[Act, ...]] = ()
    _stages: ClassVar[tuple[Stage, ...]] = ()

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        cls._acts = acts_of(cls, phases_of(cls))
        cls._stages = tuple(dict.fromkeys(act.stage for act in cls._acts))
        if "__init__" in cls.__dict__:
            cls.__init__ = options.checked_init(cls.__init__)  # type: ignore[method-assign]

    # -- what a technique may say of itself ----------------------------------------------------

    def is_neutral(self) -> bool:
        """Return whether a constant option has the value at which the technique does nothing.

        Example:
            >>> import regkit
            >>> regkit.L2(0.0).is_neutral(), regkit.L2(1e-4).is_neutral()
            (True, False)
        """
        return any(
            constraint.neutral is not None and self._outside(name) == constraint.neutral
            for name, constraint in options.constraints(type(self)).items()
            if not callable(self._outside(name))  # a schedule is never neutral
        )

    def check(self, model: keras.Model) -> None:
        """Raise where the compiled model contradicts the technique, before the first step."""

    def select_layers(self, model: keras.Model) -> list[keras.layers.Layer]:
        """Return the layers whose calls `forward` wraps: those that its layer option means."""
        chosen = select.hidden_layers(model, self._value_of(Layers), type(self).__name__)
        return select.callers(model, chosen)

    def select_weights(self, model: keras.Model) -> list[keras.Variable]:
        """Return the variables that `context.weights` holds, each once.

        They are those that its options for layers and weights mean; all that are trained, where it
        has no option for weights.
        """
        if not options.of_kind(type(self), Weights):
            return list(model.trainable_variables)
        weights, layers = self._value_of(Weights), self._value_of(Layers)
        return [w.variable for w in select.weights_matching(model, layers, weights)]

    def initial_state(self, context: Context) -> dict[str, Any]:
        """Return the declared state at the start of a fit: named arrays or nests of them.

        The seam carries it through the compiled step as `context.state`, and saves it beside the
        Keras backup. It is never on the user's model.
        """
        return {}

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

        Example:
            >>> import regkit
            >>> regkit.L2().stages(), regkit.EarlyStopping().stages()
            ((<Stage.PENALTY: 3>,), (<Stage.WATCH: 6>,))
        """
        return self._stages

    def acts(self, stages: Sequence[Stage] | None = None) -> tuple[Act, ...]:
        """Return the methods that run in the step, each with its phase.

        Args:
            stages: What `stages()` has returned, where it is known already.
        """
        here = self.stages() if stages is None else stages
        return tuple(act for act in self._acts if act.stage in here)

    @property
    def own_seed(self) -> int | None:
        """The seed that its seed option holds; None where there is none."""
        if not options.of_kind(type(self), Seed) and "seed" in options.constraints(type(self)):
            raise TypeError(
                f"{type(self).__name__}: the option seed is not declared as a seed, so nothing "
                "would follow it; annotate it by regkit.core.options.SeedOption"
            )
        seed: int | None = self._value_of(Seed)
        return seed

    @property
    def image_format(self) -> str | None:
        """How the axes of images come, as its option says; None for Keras' setting."""
        order: str | None = self._value_of(ImageFormat)
        return order

    @property
    def annotations(self) -> Any:
        """What its option says belongs to the images and moves with them; None for nothing."""
        return self._value_of(Annotations)

    def _value_of(self, kind: type[Constraint]) -> Any:
        """Return the value of the one option of a kind; None where there is none.

        Raises:
            TypeError: where there are several, of which the class itself must choose.
        """
        names = options.of_kind(type(self), kind)
        if len(names) > 1:
            raise TypeError(
                f"{type(self).__name__} has several options of the kind {kind.__name__}: "
                f"{', '.join(names)}. Let it say what they mean, by overriding "
                f"{_ASKED_BY[kind]}"
            )
        return getattr(self, names[0]) if names else None

    @classmethod
    def word(cls) -> str:
        """Return the class name as a registered name is written, `DropConnect` → `drop_connect`."""
        return registered(cls.__name__)

    def get_config(self) -> dict[str, Any]:
        """Return the options by name, as they are now.

        Example:
            >>> import regkit
            >>> regkit.L2(0.5).get_config()
            {'strength': 0.5, 'layers': None, 'weights': 'kernel'}
        """
        return {name: self._outside(name) for name in options.constraints(type(self))}

    def _outside(self, name: str) -> Any:
        """Return an option's value, also while an input stands for it in a step."""
        value = getattr(self, name)
        return value.outside if isinstance(value, Input) else value

    def __repr__(self) -> str:
        shown = options.constraints(type(self))
        given = [
            f"{name}={shown[name].show(self._outside(name))}"
            for name, default in options.defaults(type(self)).items()
            if not _same(self._outside(name), default)
        ]
        return f"{type(self).__name__}({', '.join(given)})"


_ASKED_BY = {
    Layers: "select_layers(model)",
    Weights: "select_weights(model)",
    Seed: "the property own_seed",
    ImageFormat: "the property image_format",
    Annotations: "the property annotations",
}


def _same(left: object, right: object) -> bool:
    return left is right or (type(left) is type(right) and bool(left == right))
