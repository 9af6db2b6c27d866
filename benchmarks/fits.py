"""What the benchmarks of training steps share: a network, its data, and fits in turns."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time

if os.environ.get("KERAS_BACKEND") == "torch":
    import torch  # noqa: F401  # before anything that may load TensorFlow

import keras
import numpy as np
from keras import layers

import regkit

BATCH = 128


def mlp(regularizer=None, noise=False, loss="categorical_crossentropy", dropout=False):
    dense = {"activation": "relu", "kernel_regularizer": regularizer}
    stack = [keras.Input((784,))]
    stack += [layers.GaussianNoise(0.1)] if noise else []
    for _ in range(2):
        stack += [layers.Dense(800, **dense)] + ([layers.Dropout(0.5)] if dropout else [])
    stack += [layers.Dense(10, activation="softmax", kernel_regularizer=regularizer)]
    model = keras.Sequential(stack)
    model.compile(keras.optimizers.SGD(0.01), loss)
    return model


def data(steps):
    rng = np.random.default_rng(0)
    x = rng.random((BATCH * steps, 784), dtype="float32")
    return x, np.eye(10, dtype="float32")[rng.integers(0, 10, len(x))]


def timed(model, x, y, callbacks, steps):
    started = time.perf_counter()
    model.fit(
        x, y, batch_size=BATCH, steps_per_epoch=steps, verbose=0, shuffle=False, callbacks=callbacks
    )
    return time.perf_counter() - started


def ratio_of_times(ours, theirs, x, y, options):
    """Return how long one (model, callbacks) takes beside another, fitted in turns."""
    ratios, times = [], []
    for k in range(options.rounds + 1):
        order = [ours, theirs] if k % 2 else [theirs, ours]
        found = [timed(model, x, y, callbacks, options.steps) for model, callbacks in order]
        a, b = found if k % 2 else found[::-1]
        if k:  # the first round compiles
            ratios.append(a / b)
            times.append((a / options.steps, b / options.steps))
    return {
        "ratio": statistics.median(ratios),
        "low": sorted(ratios)[len(ratios) // 4],
        "high": sorted(ratios)[-1 - len(ratios) // 4],
        "regkit_ms": 1e3 * statistics.median(t[0] for t in times),
        "keras_ms": 1e3 * statistics.median(t[1] for t in times),
    }


def parser(doc, rounds, steps):
    made = argparse.ArgumentParser(description=doc.split("\n")[0])
    made.add_argument("--rounds", type=int, default=rounds)
    made.add_argument("--steps", type=int, default=steps)
    made.add_argument("--json", help="also write the figures to this file")
    return made


def about(options):
    found = {
        "backend": keras.backend.backend(), "keras": keras.__version__,
        "regkit": regkit.__version__,
        "machine": f"{platform.machine()}, {os.cpu_count()} CPU cores", "batch": BATCH,
        "rounds": options.rounds, "steps": options.steps,
    }  # fmt: skip
    print(found)
    return found


def write(options, machine, figures):
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"about": machine, "figures": figures}, file, indent=1)
