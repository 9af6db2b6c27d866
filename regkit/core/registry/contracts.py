"""Classifying: what is registered as a kind of thing must be one, under the name it says itself."""

from __future__ import annotations

import inspect

from regkit.core.registry.entry import BUILTIN, Entry, canonical, normal_id

__all__ = ["SERIALIZED", "breach", "package_owner"]

SERIALIZED = ("layer", "regularizer", "model")  # what a .keras file names


def breach(entry: Entry, loaded: object) -> str:
    """Return how a loaded object breaks the contract of its entry's kind; empty where it keeps it.

    A class says its own id, where it does: a technique by `registered_name = "distribution:name"`
    in its body; a layer, a regularizer and a model must, by Keras' `register_keras_serializable`,
    since a `.keras` file holds that name.
    """
    if not inspect.isclass(loaded):
        return f"it is no class but of type {type(loaded).__name__}"
    if entry.kind == "ensemble":
        lacks = [name for name in ("fit", "predict") if not callable(getattr(loaded, name, None))]
        return f"an ensemble needs the method {lacks[0]}" if lacks else ""
    base, name = _base(entry.kind)
    if not issubclass(loaded, base) or loaded is base:
        return f"what is registered as a {entry.kind} must be a subclass of {name}"
    if entry.kind == "technique":
        own = vars(loaded).get("registered_name")  # not of a base: a subclass is something else
        same = own is None or (isinstance(own, str) and normal_id(own) == entry.id)
        return "" if same else f"the class calls itself {own!r}"
    return _keras_breach(entry, loaded)


def _base(kind: str) -> tuple[type, str]:
    if kind == "technique":
        from regkit.core.technique import Technique  # imports Keras, so only now

        return Technique, "regkit.Technique"
    import keras

    bases = {
        "layer": (keras.layers.Layer, "keras.layers.Layer"),
        "regularizer": (keras.regularizers.Regularizer, "keras.regularizers.Regularizer"),
        "model": (keras.Model, "keras.Model"),
    }
    return bases[kind]


def _keras_breach(entry: Entry, cls: type) -> str:
    import keras

    package = "regkit" if entry.distribution == BUILTIN else entry.distribution
    advice = f'decorate it with @keras.saving.register_keras_serializable("{package}")'
    name = str(keras.saving.get_registered_name(cls))
    owner, mark, word = name.partition(">")
    if not mark:
        return f"it is not registered with Keras, so no saved model could name it: {advice}"
    if package_owner(owner) != entry.distribution or word != entry.attribute:
        return f"the class calls itself {name!r}: {advice}"
    holder = keras.saving.get_registered_object(name)
    if holder is not cls:  # Keras lets a later registration replace an earlier one in silence
        taken = f"{getattr(holder, '__module__', '?')}.{getattr(holder, '__qualname__', '?')}"
        return f"another object, {taken}, has taken its name {name!r} in Keras"
    return ""


def package_owner(package: str) -> str:
    """Return the distribution that may register under a Keras package name.

    Example:
        >>> package_owner("regkit"), package_owner("Some_Plugin")
        ('keras-regkit', 'some-plugin')
    """
    return BUILTIN if package == "regkit" else canonical(package)
