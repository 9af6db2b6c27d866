"""A `fit` that trains with one technique more than it is given."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import keras

from regkit.core.errors import RegkitError
from regkit.core.technique import Technique

__all__ = ["Seen", "in_every_fit", "with_technique"]

Fit = Callable[..., Any]


@dataclass
class Seen:
    """What the fits did: how many there were, and the messages of regkit's refusals."""

    fits: int = 0
    refusals: list[str] = field(default_factory=list)


def with_technique(fit: Fit, make: Callable[[], Technique], seen: Seen) -> Fit:
    """Return a `fit` with a new technique behind its callbacks, in whatever form these come.

    A refusal is noted also where the test takes it for the ValueError of Keras that it expects.
    """
    signature = inspect.signature(fit)

    @functools.wraps(fit)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            given = signature.bind(*args, **kwargs)
        except TypeError:
            return fit(*args, **kwargs)  # Keras says what is wrong with the arguments
        seen.fits += 1
        model = next(iter(given.arguments.values()))
        with _joined(given.arguments.get("callbacks"), make(), model) as callbacks:
            given.arguments["callbacks"] = callbacks
            try:
                return fit(*given.args, **given.kwargs)
            except RegkitError as error:
                seen.refusals.append(f"{type(error).__name__}: {error}")
                raise

    return wrapper


@contextmanager
def _joined(callbacks: Any, technique: Technique, model: keras.Model) -> Iterator[Any]:
    if not isinstance(callbacks, keras.callbacks.CallbackList):
        yield [*([] if callbacks is None else keras.tree.flatten(callbacks)), technique]
        return
    # Keras has told the callbacks of such a list of the model when it was made, not in `fit`.
    technique.set_model(model)
    technique.set_params(callbacks.params)
    callbacks.callbacks.append(technique)
    try:
        yield callbacks
    finally:
        callbacks.callbacks.remove(technique)


@contextmanager
def in_every_fit(make: Callable[[], Technique], seen: Seen) -> Iterator[None]:
    """Let every model of the running backend train with a new technique, for a block."""
    trainer: Any = next(one for one in keras.Model.__mro__ if "fit" in one.__dict__)
    plain = trainer.fit
    trainer.fit = with_technique(plain, make, seen)
    try:
        yield
    finally:
        trainer.fit = plain
