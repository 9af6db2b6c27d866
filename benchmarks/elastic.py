"""How many images a second are distorted, beside what else distorts them.

    KERAS_BACKEND=jax python benchmarks/elastic.py [--rounds 9] [--sizes 28 224] [--json FILE]

Simard's distortion at α = 34·side/28 and σ = 4·side/28, bilinear. All arms run in this process on
the same images, in turns; a ratio is the median over rounds of the peer's time divided by regkit's
in the same round, which noise hits alike. regkit's arm is compiled as a training step compiles it
(on TensorFlow as a graph and by XLA) and draws anew in each call. What is not installed is left out
and named:

    pip install albumentations==2.0.8 kornia scipy
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import statistics
import time

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # it asks the network at import
try:
    import torch  # before anything that may load TensorFlow
except ImportError:
    torch = None

import keras
import numpy as np
from keras import ops

from regkit import ElasticDistortion
from regkit.core.outside import changed_batch
from regkit.core.stages import Batch

BATCHES = {28: (256, 1), 224: (16, 3)}  # side: images in a batch, channels
BACKEND = keras.backend.backend()


# -- regkit ------------------------------------------------------------------------------------


def regkit_arms(x, alpha, sigma):
    technique = ElasticDistortion(alpha, sigma)
    images = ops.convert_to_tensor(x)
    steps = iter(range(1 << 30))

    def distort(images, step):
        return changed_batch(technique, Batch(images), step=step, seed=1).x

    def arm(function):
        return lambda: ready(function(images, ops.convert_to_tensor(next(steps), "int32")))

    if BACKEND == "jax":
        import jax

        return {"regkit": arm(jax.jit(distort))}
    if BACKEND == "tensorflow":
        import tensorflow as tf

        return {
            "regkit, graph": arm(tf.function(distort)),
            "regkit, XLA": arm(tf.function(distort, jit_compile=True)),
        }
    return {"regkit": arm(distort)}


def ready(tensor):
    return tensor.block_until_ready() if BACKEND == "jax" else tensor


# -- peers: each returns a function that distorts the batch once ---------------------------------


def albumentations_exact(x, alpha, sigma):
    import albumentations

    transform = albumentations.ElasticTransform(alpha=alpha, sigma=sigma, approximate=False, p=1.0)
    return lambda: np.stack([transform(image=image)["image"] for image in x])


def kornia_random(x, alpha, sigma):
    from kornia.augmentation import RandomElasticTransform

    kernel = 2 * round(3 * sigma) + 1
    scale = 2 * alpha / x.shape[1]  # its coordinates run from −1 to 1
    transform = RandomElasticTransform((kernel, kernel), (sigma, sigma), (scale, scale), p=1.0)
    images = torch.from_numpy(np.ascontiguousarray(np.moveaxis(x, -1, 1)))
    return lambda: transform(images)


def keras_operation(x, alpha, sigma):
    # The layer ties α and σ to one factor; the operation below it takes both.
    images = ops.convert_to_tensor(x)
    seed = keras.random.SeedGenerator(1)

    def distort(images):
        return ops.image.elastic_transform(
            images, alpha, sigma, fill_mode="constant", seed=seed, data_format="channels_last"
        )

    if BACKEND == "tensorflow":
        import tensorflow as tf

        distort = tf.function(distort)
    return lambda: ready(distort(images))


def scipy_recipe(x, alpha, sigma):
    from scipy import ndimage

    random = np.random.default_rng(0)
    side = x.shape[1]
    rows, columns = np.mgrid[:side, :side].astype("float32")

    def one(image):
        noise = random.uniform(-1, 1, (2, side, side)).astype("float32")
        dx, dy = (alpha * ndimage.gaussian_filter(n, sigma, mode="constant") for n in noise)
        places = [rows + dy, columns + dx]
        return [ndimage.map_coordinates(image[..., k], places, order=1) for k in range(x.shape[-1])]

    return lambda: np.stack([one(image) for image in x])


PEERS = {
    "Albumentations, exact": albumentations_exact,
    "Kornia": kornia_random,
    "Keras": keras_operation,
    "SciPy": scipy_recipe,
}


# -- measuring -----------------------------------------------------------------------------------


def arms(side, peers):
    batch, channels = BATCHES.get(side, (max(1, 16 * 224**2 // side**2), 3))
    x = np.random.default_rng(0).random((batch, side, side, channels), dtype="float32")
    alpha, sigma = 34.0 * side / 28, 4.0 * side / 28
    found = regkit_arms(x, alpha, sigma)
    for name in peers:
        try:
            found[name] = PEERS[name](x, alpha, sigma)
            found[name]()
        except ImportError as error:
            print(f"{name}: left out, {error.name} is not installed")
            found.pop(name, None)
        except Exception as error:  # a peer that fails here is a finding, not an end
            print(f"{name}: fails, {type(error).__name__}: {str(error).splitlines()[0][:90]}")
            found.pop(name, None)
    return batch, found


def seconds(function, at_least=0.05):
    """Return the time of one call, over as many as fill a twentieth of a second."""
    calls, started = 0, time.perf_counter()
    while calls == 0 or time.perf_counter() - started < at_least:
        function()
        calls += 1
    return (time.perf_counter() - started) / calls


def measure(side, rounds, peers):
    batch, found = arms(side, peers)
    for function in found.values():
        function()  # compiles
    times = {name: [] for name in found}
    for k in range(rounds):
        order = list(found) if k % 2 else list(found)[::-1]
        for name in order:
            times[name].append(seconds(found[name]))
    own = [name for name in found if name.startswith("regkit")]
    figures = {}
    for name in found:
        figures[name] = {"images_a_second": batch / statistics.median(times[name])}
        if name not in own:
            for ours in own:
                ratios = [a / b for a, b in zip(times[name], times[ours], strict=True)]
                figures[name][f"times slower than {ours}"] = statistics.median(ratios)
    return {"batch": batch, "side": side, "arms": figures}


def versions():
    found = {}
    for name in ("albumentations", "opencv-python-headless", "kornia", "scipy", BACKEND):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--sizes", type=int, nargs="+", default=[28, 224], metavar="SIDE")
    parser.add_argument("--peers", nargs="+", default=list(PEERS), choices=PEERS, metavar="PEER")
    parser.add_argument("--json", help="also write the figures to this file")
    options = parser.parse_args()
    about = {
        "backend": BACKEND, "keras": keras.__version__, "versions": versions(),
        "machine": f"{platform.machine()}, {os.cpu_count()} CPU cores", "rounds": options.rounds,
    }  # fmt: skip
    print(about)
    figures = []
    for side in options.sizes:
        found = measure(side, options.rounds, options.peers)
        figures.append(found)
        print(f"{side}×{side}, batches of {found['batch']}")
        for name, arm in found["arms"].items():
            ratios = ", ".join(f"{v:.1f} {k}" for k, v in arm.items() if k.startswith("times"))
            print(f"  {name:<22} {arm['images_a_second']:>9,.0f} images/s   {ratios}", flush=True)
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"about": about, "figures": figures}, file, indent=1)


if __name__ == "__main__":
    main()
