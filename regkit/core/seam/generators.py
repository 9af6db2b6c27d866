"""Every generator of random numbers that a fit may draw from, to be saved and set.

Keras' backup holds none of them. Its own random layers have a seed state each; on PyTorch those
without a seed draw from torch's global generator; layers, losses, datasets and steps of the user's
may draw from Keras' global generator, NumPy's, Python's or TensorFlow's.
"""

from __future__ import annotations

import random
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from keras.src.backend.common import global_state
from keras.src.random import seed_generator
from keras.src.random.seed_generator import global_seed_generator
from keras.src.utils import rng_utils

from regkit.core import draws
from regkit.types import Array, Tensor

__all__ = ["Arrays", "drawn_from", "kept", "read", "restore", "seed_all", "seed_states"]

Arrays = dict[str, Array]


def read(model: keras.Model) -> Arrays:
    """Return the state of every generator by name."""
    _, keys, *rest = np.random.get_state()
    version, words, gauss = random.getstate()
    states = {f"keras_{k}": _numpy(state) for k, state in enumerate(seed_states(model))}
    if (shared := global_state.get_global_attribute("global_seed_generator")) is not None:
        states["shared"] = _numpy(shared.state)
    states["numpy_keys"], states["numpy_rest"] = np.asarray(keys), np.array(rest, "float64")
    states["python"] = np.array([version, *words], "int64")
    states["python_gauss"] = np.array([] if gauss is None else [gauss])
    return states | {f"backend_{name}": value for name, value in _backend().read().items()}


def restore(model: keras.Model, states: Arrays) -> bool:
    """Set the generators as `read` found them; False, and nothing is set, in another model."""
    variables = seed_states(model)
    saved = [states[name] for name in states if name.startswith("keras_")]
    if [tuple(v.shape) for v in variables] != [state.shape for state in saved]:
        return False
    for variable, value in zip(variables, saved, strict=True):
        variable.assign(value)
    if "shared" in states:
        global_seed_generator().state.assign(states["shared"])
    position, has_gauss, cached = states["numpy_rest"]
    np.random.set_state(
        ("MT19937", states["numpy_keys"], int(position), int(has_gauss), float(cached))
    )
    version, *words = states["python"].tolist()
    gauss = states["python_gauss"].tolist()
    random.setstate((version, tuple(words), gauss[0] if gauss else None))
    prefix = "backend_"
    own = {name.removeprefix(prefix): states[name] for name in states if name.startswith(prefix)}
    _backend().restore(own)
    return True


@contextmanager
def kept() -> Iterator[None]:
    """Put back, after the block, every generator, and the seed that `set_random_seed` has noted."""
    nothing = keras.layers.Identity()
    names = (rng_utils.GLOBAL_RANDOM_SEED, "global_seed_generator")
    noted = {name: global_state.get_global_attribute(name) for name in names}
    states = read(nothing)
    try:
        yield
    finally:
        for name, value in noted.items():
            global_state.set_global_attribute(name, value)
        restore(nothing, states)


@contextmanager
def drawn_from(seed: int) -> Iterator[None]:
    """Let all seeds that nobody has given follow from a seed within the block.

    Keras draws them from Python's generator, from which other threads of the process may draw too,
    as Dask's do. To that generator the block does nothing.
    """
    own = random.Random(seed)
    before, seed_generator.python_random = seed_generator.python_random, own
    try:
        with draws.ambient_from(own):
            yield
    finally:
        seed_generator.python_random = before


def seed_states(model: keras.Model) -> list[keras.Variable]:
    """Return the state of every seed generator in the model."""
    return [g.state for layer in model._flatten_layers() for g in layer._seed_generators]


def seed_all(seed: int) -> None:
    """Seed every generator, as `keras.utils.set_random_seed`, without loading another backend.

    Keras seeds TensorFlow on every backend, and loads it for that wherever it is installed, which
    takes seconds. One that is not loaded has drawn nothing.
    """
    if keras.backend.backend() == "tensorflow" or "tensorflow" in sys.modules:
        keras.utils.set_random_seed(seed)
        return
    tensorflow = rng_utils.tf
    rng_utils.tf = types.SimpleNamespace(available=False)
    try:
        keras.utils.set_random_seed(seed)
    finally:
        rng_utils.tf = tensorflow


class _NoneOfItsOwn:
    """A backend whose random numbers come from Keras' seeds alone."""

    def read(self) -> Arrays:
        return {}

    def restore(self, states: Arrays) -> None:
        pass


def _backend() -> Any:
    name = keras.backend.backend()
    if name == "torch":
        from regkit.core.seam.torch import Generators

        return Generators()
    if name == "tensorflow":
        from regkit.core.seam.tensorflow import Generators as TensorFlowGenerators

        return TensorFlowGenerators()
    return _NoneOfItsOwn()


def _numpy(value: Tensor) -> Array:
    return np.asarray(keras.ops.convert_to_numpy(value))
