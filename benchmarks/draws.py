"""How long regkit's random numbers take beside Keras' own.

    KERAS_BACKEND=tensorflow python benchmarks/draws.py [--size 100352] [--rounds 60]

Both compiled as a training step compiles them (not on PyTorch), in turns; the figure is the ratio
of the medians. regkit's numbers are the same on every backend, Keras' are not.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time

if os.environ.get("KERAS_BACKEND") == "torch":
    import torch  # noqa: F401  # before anything that may load TensorFlow

import keras
from keras import ops

from regkit.ops import random


def compiled(function):
    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(function)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.function(function)
    return function


def seconds(function, *args):
    started = time.perf_counter()
    ops.convert_to_numpy(function(*args))
    return time.perf_counter() - started


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--size", type=int, default=128 * 784)
    parser.add_argument("--rounds", type=int, default=60)
    options = parser.parse_args()
    shape = (options.size,)
    key = (ops.convert_to_tensor(1, "int32"), ops.convert_to_tensor(2, "int32"))
    print(
        f"{keras.backend.backend()}, Keras {keras.__version__}, {platform.machine()}, "
        f"{os.cpu_count()} CPU cores, {options.size} numbers"
    )
    seed = keras.random.SeedGenerator(1)
    for name in ("uniform", "normal"):
        ours = compiled(lambda a, b, name=name: getattr(random, name)((a, b), shape))
        draw = getattr(keras.random, name)
        theirs = compiled(lambda state, draw=draw: draw(shape, seed=_Fixed(state)))
        state = seed.next()
        seconds(ours, *key), seconds(theirs, state)  # compile
        times = [(seconds(ours, *key), seconds(theirs, state)) for _ in range(options.rounds)]
        a, b = (statistics.median(column) for column in zip(*times, strict=True))
        print(f"{name:<8} {a / b:.2f} × keras.random: {1e6 * a:.0f} µs beside {1e6 * b:.0f} µs")


class _Fixed(keras.random.SeedGenerator):
    """A seed that is an argument of the compiled function."""

    def __init__(self, state):
        self._state = state

    def next(self, ordered=True):
        return self._state


if __name__ == "__main__":
    main()
