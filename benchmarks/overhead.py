"""How much a technique costs beside plain Keras doing the same by hand.

    KERAS_BACKEND=jax python benchmarks/overhead.py [--rounds 9] [--steps 60] [--json FILE]

An MLP 784-800-800-10, batch 128. The two arms of a pair train in turns, in small rounds, on the
same data; the figure is the median over rounds of the ratio of their times, which noise hits
alike. The first (compiling) fit of each arm is left out.
"""

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


def smoothing_loss():
    return keras.losses.CategoricalCrossentropy(label_smoothing=0.1)


PAIRS = {
    "nothing": (mlp, list, lambda: mlp()),
    "L2": (mlp, lambda: [regkit.L2(1e-4)], lambda: mlp(keras.regularizers.L2(1e-4))),
    "LabelSmoothing": (
        mlp, lambda: [regkit.LabelSmoothing(0.1, spread="all")], lambda: mlp(loss=smoothing_loss()),
    ),
    "GaussianNoise": (mlp, lambda: [regkit.GaussianNoise(0.1)], lambda: mlp(noise=True)),
    "all three": (
        mlp,
        lambda: [
            regkit.L2(1e-4), regkit.LabelSmoothing(0.1, spread="all"), regkit.GaussianNoise(0.1),
        ],
        lambda: mlp(keras.regularizers.L2(1e-4), noise=True, loss=smoothing_loss()),
    ),
    "Dropout": (mlp, lambda: [regkit.Dropout(0.5)], lambda: mlp(dropout=True)),
}  # fmt: skip


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


def measure(name, options):
    build, techniques, by_hand = PAIRS[name]
    rng = np.random.default_rng(0)
    x = rng.random((BATCH * options.steps, 784), dtype="float32")
    y = np.eye(10, dtype="float32")[rng.integers(0, 10, len(x))]
    return ratio_of_times((build(), techniques()), (by_hand(), []), x, y, options)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--json", help="also write the figures to this file")
    parser.add_argument("pairs", nargs="*", help=f"some of: {', '.join(PAIRS)}")
    options = parser.parse_args()
    about = {
        "backend": keras.backend.backend(), "keras": keras.__version__,
        "regkit": regkit.__version__,
        "machine": f"{platform.machine()}, {os.cpu_count()} CPU cores", "batch": BATCH,
        "rounds": options.rounds, "steps": options.steps,
    }  # fmt: skip
    print(about)
    figures = {}
    for name in options.pairs or PAIRS:
        found = figures[name] = measure(name, options)
        print(
            f"{name:<16} {found['ratio']:.3f} × plain Keras (middle half {found['low']:.3f}–"
            f"{found['high']:.3f}); "
            f"a step {found['regkit_ms']:.2f} ms beside {found['keras_ms']:.2f} ms",
            flush=True,
        )
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"about": about, "figures": figures}, file, indent=1)


if __name__ == "__main__":
    main()
