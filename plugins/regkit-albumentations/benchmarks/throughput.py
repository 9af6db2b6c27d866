"""How many images a second reach the model, beside the usual ways to feed it by Albumentations.

    KERAS_BACKEND=jax python benchmarks/throughput.py [--rounds 7] [--json FILE]

The usual ways are what guides show: `tf.numpy_function` for each image, the same for each batch,
and a hand-written `keras.utils.PyDataset` (in the main thread, two threads, two processes). None of
them seeds a sample. Each is beside `augmented` with the same data, transform, batches and workers,
in turns in this process; a ratio is the median over rounds of the usual way's time divided by
regkit's in the same round. (This script is not called albumentations.py: Python would import it in
the place of the library.)
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # the import would ask the network

import keras
import numpy as np
import tensorflow as tf
from keras.src.trainers.data_adapters.py_dataset_adapter import PyDatasetAdapter  # as fit does

from regkit_albumentations import augmented
from regkit_albumentations.library import albumentations

A = albumentations()
# By the side: channels, images in a batch, images. The last are as many as make what a pass costs
# but once, some 10 ms, count as little as it does in practice.
SIZES = {28: (1, 256, 20_480), 224: (3, 32, 1_920)}
TRANSFORMS = {
    "flip": lambda: A.Compose([A.HorizontalFlip(p=0.5)]),
    "usual": lambda: A.Compose(
        [
            A.HorizontalFlip(p=0.5),
            A.Affine(translate_percent=0.1, rotate=(-15, 15), p=1.0),
            A.RandomBrightnessContrast(p=0.5),
        ]
    ),
}


# -- the usual ways ----------------------------------------------------------------------------


def each_image(x, y, transform, batch):
    def one(image):
        return transform(image=image)["image"]

    def mapped(image, label):
        out = tf.numpy_function(one, [image], tf.uint8)
        out.set_shape(image.shape)
        return out, label

    data = tf.data.Dataset.from_tensor_slices((x, y))
    return drained(data.map(mapped, tf.data.AUTOTUNE).batch(batch).prefetch(tf.data.AUTOTUNE))


def each_batch(x, y, transform, batch):
    def many(images):
        return np.stack([transform(image=image)["image"] for image in images])

    def mapped(images, labels):
        out = tf.numpy_function(many, [images], tf.uint8)
        out.set_shape(images.shape)
        return out, labels

    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(batch)
    return drained(data.map(mapped, tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE))


class HandWritten(keras.utils.PyDataset):
    """As Keras' guide writes it."""

    def __init__(self, x, y, transform, batch, **options):
        super().__init__(**options)
        self.x, self.y, self.transform, self.batch = x, y, transform, batch

    def __len__(self):
        return -(-len(self.x) // self.batch)

    def __getitem__(self, index):
        part = slice(index * self.batch, (index + 1) * self.batch)
        images = np.stack([self.transform(image=image)["image"] for image in self.x[part]])
        return images, self.y[part]


# -- both ------------------------------------------------------------------------------------------


def drained(dataset):
    def run():
        for _ in dataset.as_numpy_iterator():
            pass

    return run


def fed(dataset):
    adapter = PyDatasetAdapter(dataset)

    def run():
        adapter.on_epoch_begin()
        for _ in adapter.get_numpy_iterator():
            pass
        adapter.on_epoch_end()

    return run


WORKERS = {
    "PyDataset": {},
    "PyDataset, 2 threads": {"workers": 2},
    "PyDataset, 2 processes": {"workers": 2, "use_multiprocessing": True},
}


def pairs(side, kind):
    """Return, by the name of the way, the usual one and regkit's."""
    channels, batch, count = SIZES[side]
    x = np.random.default_rng(0).integers(0, 256, (count, side, side, channels), dtype="uint8")
    y = np.arange(count)
    make, data = TRANSFORMS[kind], tf.data.Dataset.from_tensor_slices((x, y))
    end = tf.data.AUTOTUNE
    found = {
        "tf.data, each image": (
            each_image(x, y, make(), batch),
            drained(augmented(data, make(), seed=1).batch(batch).prefetch(end)),
        ),
        "tf.data, each batch": (
            each_batch(x, y, make(), batch),
            drained(augmented(data.batch(batch), make(), seed=1).prefetch(end)),
        ),
    }
    for name, options in WORKERS.items():
        ours = augmented((x, y), make(), seed=1, batch_size=batch, shuffle=False, **options)
        found[name] = fed(HandWritten(x, y, make(), batch, **options)), fed(ours)
    return count, found


def seconds(function):
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def measure(side, kind, rounds):
    count, found = pairs(side, kind)
    times = {name: ([], []) for name in found}
    for k in range(rounds + 1):
        for name, pair in found.items():
            for which in (0, 1) if k % 2 else (1, 0):
                spent = seconds(pair[which])
                if k:  # the first round traces, forks and copies
                    times[name][which].append(spent)
    return {
        name: {
            "usual": count / statistics.median(usual),
            "regkit": count / statistics.median(ours),
            "ratio": statistics.median(a / b for a, b in zip(usual, ours, strict=True)),
        }
        for name, (usual, ours) in times.items()
    }


def best(ways):
    """Return regkit's fastest way by the fastest usual one."""
    return max(way["regkit"] for way in ways.values()) / max(way["usual"] for way in ways.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), metavar="SIDE")
    parser.add_argument("--json", help="also write the figures to this file")
    options = parser.parse_args()
    names = ("albumentations", "opencv-python-headless", "numpy", "tensorflow", "keras")
    about = {
        "backend": keras.backend.backend(),
        "versions": {name: importlib.metadata.version(name) for name in names},
        "machine": f"{platform.machine()}, {os.cpu_count()} CPU cores",
        "rounds": options.rounds,
    }
    print(about)
    figures = []
    for side in options.sizes:
        for kind in TRANSFORMS:
            ways = measure(side, kind, options.rounds)
            figures.append({"side": side, "transform": kind, "ways": ways, "best": best(ways)})
            print(f"{side}×{side}, {kind}: best by best {best(ways):.2f}")
            for name, way in ways.items():
                print(
                    f"  {name:<23} usual {way['usual']:>9,.0f} images/s   "
                    f"regkit {way['regkit']:>9,.0f}   ratio {way['ratio']:.2f}",
                    flush=True,
                )
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"about": about, "figures": figures}, file, indent=1)


if __name__ == "__main__":
    main()
