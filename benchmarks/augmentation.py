"""How fast images are flipped, cropped, turned, erased and mixed, beside Keras and Kornia.

    KERAS_BACKEND=jax python benchmarks/augmentation.py [--rounds 9] [--sizes 32 224] [--json FILE]

All arms run in this process on the same images, in turns; a ratio is the median over rounds of the
other's time divided by regkit's in the same round. regkit's arm and Keras' are compiled as a step
is (on TensorFlow as a graph), and draw anew in each call. "chain" is flip, rotation, scale and
elastic distortion together, beside elastic distortion alone. What is not installed is left out and
named:

    pip install kornia
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import statistics
import time

try:
    import torch  # before anything that may load TensorFlow
except ImportError:
    torch = None

import keras
import numpy as np
from keras import layers, ops

import regkit
from regkit.core.outside import changed_batch
from regkit.core.stages import Batch

BACKEND = keras.backend.backend()
PIXELS = 16 * 224 * 224  # in a batch
ELASTIC = "elastic_distortion(34, 4, relative_to=28)"
# What is done: regkit's text, Keras' layer, Kornia's class with its options; "side" is the image's.
OPERATIONS = {
    "flip": (
        "flip",
        lambda side: layers.RandomFlip("horizontal"),
        lambda k, side: k.RandomHorizontalFlip(p=0.5),
    ),
    "random crop": (
        "random_crop(4)",
        lambda side: keras.Sequential([layers.ZeroPadding2D(4), layers.RandomCrop(side, side)]),
        lambda k, side: k.RandomCrop((side, side), padding=4),
    ),
    "rotation": (
        "rotation(15)",
        lambda side: layers.RandomRotation(15 / 360, fill_mode="constant"),
        lambda k, side: k.RandomRotation(15.0, p=1.0),
    ),
    "erasing": (
        "random_erasing(1.0, fill=0.0)",
        lambda side: layers.RandomErasing(1.0, fill_value=0.0),
        lambda k, side: k.RandomErasing(p=1.0),
    ),
    "MixUp": (
        "mix_up(0.4)",
        lambda side: layers.MixUp(0.4),
        lambda k, side: k.RandomMixUpV2(p=1.0),
    ),
    "CutMix": (
        "cut_mix(1.0)",
        lambda side: layers.CutMix(1.0),
        lambda k, side: k.RandomCutMixV2(p=1.0),
    ),
}
MIXING = ("MixUp", "CutMix")


def compiled(function):
    """Return a function of tensors, compiled by the backend where it compiles steps."""
    if BACKEND == "jax":
        import jax

        return jax.jit(function)
    if BACKEND == "tensorflow":
        import tensorflow as tf

        return tf.function(function)
    return function


def ready(result):
    if BACKEND == "jax":
        import jax

        jax.block_until_ready(result)
    return result


def regkit_arm(recipe, x):
    techniques, images, steps = (
        list(regkit.Recipe(recipe)),
        ops.convert_to_tensor(x),
        iter(range(1 << 30)),
    )

    def change(images, step):
        return changed_batch(techniques, Batch(images), step=step, seed=1).x

    call = compiled(change)
    return lambda: ready(call(images, ops.convert_to_tensor(next(steps), "int32")))


def keras_arm(layer, x, y):
    images = ops.convert_to_tensor(x)
    if y is not None:
        labels = ops.convert_to_tensor(y)
        if BACKEND == "jax":  # its generators cannot be read within a compiled function
            return lambda: ready(layer({"images": images, "labels": labels}, training=True))
        call = compiled(lambda a, b: layer({"images": a, "labels": b}, training=True)["images"])
        return lambda: ready(call(images, labels))
    if BACKEND == "jax":
        return stateless(layer, images)
    call = compiled(lambda a: layer(a, training=True))
    return lambda: ready(call(images))


def stateless(layer, images):
    """Return a Keras layer compiled on JAX, with its generators' state handed in and out."""
    import jax

    layer(images, training=True)
    state = [v.value for v in layer.non_trainable_variables]
    call = jax.jit(lambda state, a: layer.stateless_call([], state, a, training=True))

    def run():
        nonlocal state
        result, state = call(state, images)
        return ready(result)

    return run


def kornia_arm(make, x, y, side):
    from kornia import augmentation

    transform = make(augmentation, side)
    images = torch.from_numpy(np.ascontiguousarray(np.moveaxis(x, -1, 1)))
    if y is None:
        return lambda: transform(images)
    labels = torch.from_numpy(y.argmax(axis=1))
    return lambda: transform(images, labels)


def arms(name, side):
    recipe, layer, transform = OPERATIONS[name]
    batch = max(1, PIXELS // side**2)
    rng = np.random.default_rng(0)
    x = rng.random((batch, side, side, 3), dtype="float32")
    y = np.eye(10, dtype="float32")[rng.integers(0, 10, batch)] if name in MIXING else None
    made = {
        "regkit": lambda: regkit_arm(recipe, x),
        "Keras": lambda: keras_arm(layer(side), x, y),
        "Kornia": lambda: kornia_arm(transform, x, y, side),
    }
    found = {}
    for arm, make in made.items():
        try:
            found[arm] = make()
            found[arm]()
        except ImportError as error:
            print(f"{arm}: left out, {error.name} is not installed")
            found.pop(arm, None)
        except Exception as error:  # a peer that fails here is a finding, not an end
            print(f"{arm}: fails, {type(error).__name__}: {str(error).splitlines()[0][:90]}")
            found.pop(arm, None)
    return batch, found


def chain_arms(side):
    batch = max(1, PIXELS // side**2)
    x = np.random.default_rng(0).random((batch, side, side, 3), dtype="float32")
    chain = f"flip + rotation(15) + scale_crop([0.85, 1.15]) + {ELASTIC}"
    return batch, {"chain": regkit_arm(chain, x), "elastic alone": regkit_arm(ELASTIC, x)}


def seconds(function, at_least=0.05):
    """Return the time of one call, over as many as fill a twentieth of a second."""
    calls, started = 0, time.perf_counter()
    while calls == 0 or time.perf_counter() - started < at_least:
        function()
        calls += 1
    return (time.perf_counter() - started) / calls


def measured(batch, found, own, rounds):
    for function in found.values():
        function()
    times = {name: [] for name in found}
    for k in range(rounds):
        for name in list(found) if k % 2 else list(found)[::-1]:
            times[name].append(seconds(found[name]))
    figures = {}
    for name in found:
        figures[name] = {"images_a_second": batch / statistics.median(times[name])}
        if name != own:
            ratios = [a / b for a, b in zip(times[name], times[own], strict=True)]
            figures[name][f"times as long as {own}"] = statistics.median(ratios)
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--sizes", type=int, nargs="+", default=[32, 224], metavar="SIDE")
    parser.add_argument("--operations", nargs="+", default=[*OPERATIONS, "chain"])
    parser.add_argument("--json", help="also write the figures to this file")
    options = parser.parse_args()
    about = {
        "backend": BACKEND, "keras": keras.__version__, "kornia": version("kornia"),
        "machine": f"{platform.machine()}, {os.cpu_count()} CPU cores", "rounds": options.rounds,
    }  # fmt: skip
    print(about)
    figures = []
    for side in options.sizes:
        for name in options.operations:
            batch, found = chain_arms(side) if name == "chain" else arms(name, side)
            own = "elastic alone" if name == "chain" else "regkit"
            row = measured(batch, found, own, options.rounds)
            figures.append({"operation": name, "side": side, "batch": batch, "arms": row})
            print(f"{name}, {side}×{side}, batches of {batch}")
            for arm, one in row.items():
                ratios = ", ".join(f"{v:.2f} {k}" for k, v in one.items() if k.startswith("times"))
                print(
                    f"  {arm:<14} {one['images_a_second']:>9,.0f} images/s   {ratios}", flush=True
                )
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"about": about, "figures": figures}, file, indent=1)


def version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


if __name__ == "__main__":
    main()
