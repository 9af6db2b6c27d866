"""MNIST without, with affine and with elastic distortion: test errors (Simard et al. 2003).

    KERAS_BACKEND=tensorflow python examples/papers/simard_2003_elastic_distortion.py [--json FILE]

As in the paper: one hidden layer of 800 units, cross-entropy, images changed anew in every pass;
elastic distortion with α = 34 and σ = 4, bilinear. Changed: ReLU units, Adam at a cosine schedule,
pixels in [0, 1], all 60,000 images, the error of the last epoch. The paper does not say which
affine changes it made; here they are rotation by up to 15°, slant by up to 10° and scaling by up to
15 %.
"""

import argparse
import json
import os
import platform
import time

if os.environ.get("KERAS_BACKEND") == "torch":
    import torch  # noqa: F401  # before anything that may load TensorFlow

import keras
import numpy as np
from data_of_papers import mnist

import regkit

AFFINE = "rotation(15) + shear(10) + scale_crop([0.85, 1.15])"
ELASTIC = "elastic_distortion(34, 4)"
# Error in per cent, with cross-entropy.
ARMS = {
    "none": ("", 1.6),
    "affine": (AFFINE, 1.1),
    "elastic": (ELASTIC, 0.7),
    "affine and elastic": (f"{AFFINE} + {ELASTIC}", None),
}


def network(steps, options):
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(options.units, "relu"),
            keras.layers.Dense(10, "softmax"),
        ]
    )
    schedule = keras.optimizers.schedules.CosineDecay(options.learning_rate, steps)
    model.compile(
        keras.optimizers.Adam(schedule), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


def error_of(recipe, seed, data, options):
    """Return the test error in per cent, and the seconds of training."""
    x, x_test, y, y_test = data
    keras.utils.set_random_seed(seed)
    model = network(options.epochs * -(-len(x) // options.batch_size), options)
    start = time.perf_counter()
    model.fit(
        x, y, options.batch_size, options.epochs, verbose=0, callbacks=[regkit.Recipe(recipe)]
    )
    seconds = time.perf_counter() - start
    wrong = model.predict(x_test, batch_size=1000, verbose=0).argmax(axis=1) != y_test
    return 100 * float(np.mean(wrong)), seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--units", type=int, default=800)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--learning-rate", type=float, default=1e-3, help="at the start")
    parser.add_argument("--data", help="an mnist.npz; by default keras.datasets fetches it")
    parser.add_argument("--json", help="also write the figures to this file")
    options = parser.parse_args()
    x, x_test, y, y_test = mnist(options.data)
    data, found = (x[..., None], x_test[..., None], y, y_test), {}
    for name, (recipe, paper) in ARMS.items():
        runs = [error_of(recipe, seed, data, options) for seed in range(options.seeds)]
        errors = [error for error, _ in runs]
        found[name] = {
            "recipe": recipe,
            "paper": paper,
            "errors": errors,
            "seconds": [round(seconds) for _, seconds in runs],
        }
        shown = "" if paper is None else f"{paper:.1f}"
        print(
            f"{name:<20} paper {shown:>4}   regkit {np.mean(errors):.2f} "
            f"({', '.join(f'{error:.2f}' for error in errors)})",
            flush=True,
        )
    if options.json:
        about = {
            "backend": keras.backend.backend(), "keras": keras.__version__,
            "regkit": regkit.__version__, "epochs": options.epochs, "units": options.units,
            "batch_size": options.batch_size, "learning_rate": options.learning_rate,
            "machine": f"{platform.machine()}, {os.cpu_count()} CPU cores",
        }  # fmt: skip
        with open(options.json, "w") as file:
            json.dump({"about": about, "arms": found}, file, indent=1)


if __name__ == "__main__":
    main()
