"""DropConnect on MNIST beside Dropout and nothing (Wan et al. 2013, the net 784-800-800-10).

    KERAS_BACKEND=jax python examples/papers/wan_2013_drop_connect.py [--json FILE]

As in the paper: all training images, pixels in [0, 1], no augmentation, two hidden layers of 800
ReLU, SGD with momentum 0.9 and batches of 128, p = 0.5, test error in per cent, and DropConnect's
inference by sampling the moments of each unit before its activation. Changed, to fit two CPU cores:
a cosine schedule of 50 epochs in place of several hundred, three seeds in place of five nets, 100
samples in place of 1,000, and masks drawn by their first two moments. So the level of the errors is
another than the paper's; what compares is their order, and the size of the gains. The row
"drop_connect" is the same networks predicting as they are, without sampling.
"""

import argparse
import json
import os
import platform
import statistics

if os.environ.get("KERAS_BACKEND") == "torch":
    import torch  # noqa: F401  # before anything that may load TensorFlow

import keras
import numpy as np
from data_of_papers import mnist

import regkit

ARMS = {"none": "", "dropout": "dropout(0.5)", "drop_connect": "drop_connect(0.5)"}
SAMPLED = "drop_connect, sampled"
PAPER = {"none": 1.62, "dropout": 1.28, "drop_connect": None, SAMPLED: 1.20}


def network(epochs, examples, rate):
    dense = keras.layers.Dense
    model = keras.Sequential(
        [keras.Input((784,)), dense(800, "relu"), dense(800, "relu"), dense(10, "softmax")]
    )
    steps = epochs * -(-examples // 128)
    schedule = keras.optimizers.schedules.CosineDecay(rate, steps)
    model.compile(
        keras.optimizers.SGD(schedule, momentum=0.9),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def error(arm, seed, data, options):
    """Train one network; return its test error, and that of the paper's inference by sampling."""
    x, x_test, y, y_test = data
    keras.utils.set_random_seed(seed)
    model = network(options.epochs, len(x), options.learning_rate)
    recipe = regkit.Recipe(ARMS[arm])
    model.fit(x, y, batch_size=128, epochs=options.epochs, verbose=0, callbacks=[*recipe])
    outputs = {arm: model.predict(x_test, batch_size=1000, verbose=0)}
    if arm == "drop_connect":
        outputs[SAMPLED] = regkit.mc_predict(
            model, x_test, recipe, options.samples, average="activations", batch_size=1000
        )
    return {name: 100 * float(np.mean(y_test != p.argmax(-1))) for name, p in outputs.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--train-size", type=int, default=60_000)
    parser.add_argument("--samples", type=int, default=100, help="of each unit, in the inference")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--learning-rate", type=float, default=0.1, help="at the start")
    parser.add_argument("--data", help="an mnist.npz; by default keras.datasets fetches it")
    parser.add_argument("--json", help="also write the figures to this file")
    options = parser.parse_args()
    x, x_test, y, y_test = mnist(options.data)
    x, x_test = x.reshape(-1, 784), x_test.reshape(-1, 784)
    data = x[: options.train_size], x_test, y[: options.train_size], y_test
    errors = {name: [] for name in PAPER}
    for seed in range(options.seeds):
        for arm in ARMS:
            for name, found in error(arm, seed, data, options).items():
                errors[name].append(found)
                print(f"seed {seed}  {name:<22} {found:.2f} %", flush=True)
    print(f"{'':<22} {'paper':>6} {'regkit':>7}   per cent, mean of seeds ± deviation")
    for arm, found in errors.items():
        spread = statistics.stdev(found) if len(found) > 1 else float("nan")
        paper = "" if PAPER[arm] is None else f"{PAPER[arm]:.2f}"
        print(f"{arm:<22} {paper:>6} {statistics.mean(found):>7.2f} ± {spread:.2f}")
    if options.json:
        about = {
            "backend": keras.backend.backend(), "keras": keras.__version__,
            "regkit": regkit.__version__, "epochs": options.epochs,
            "train_size": options.train_size, "learning_rate": options.learning_rate,
            "seeds": options.seeds, "machine": f"{platform.machine()}, {os.cpu_count()} CPU cores",
        }  # fmt: skip
        with open(options.json, "w") as file:
            json.dump({"about": about, "paper": PAPER, "errors": errors}, file, indent=1)


if __name__ == "__main__":
    main()
