"""Deep ensembles on MNIST: error, NLL and Brier score by size (Lakshminarayanan et al. 2017).

    KERAS_BACKEND=jax python examples/papers/lakshminarayanan_2017_deep_ensembles.py [--json FILE]

As in the paper: three hidden layers of 200 ReLU units with batch normalization, pixels in [0, 1],
no augmentation, members that differ by their initialization and order alone, the mean of their
probabilities. Changed, to fit two CPU cores: Adam at a cosine schedule for 20 epochs, one run of
15 members, of which an ensemble of M takes disjoint parts (15 of one, 7 of two, 3 of five, 1 of
ten and of fifteen), and their mean is shown. The paper's numbers are measured from its figure 2.
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
from regkit.ensembles import BaggingClassifier
from regkit.ensembles.combining import average

PAPER = {  # M: error in per cent, NLL, Brier score divided by the classes, in thousandths
    1: (1.53, 0.116, 2.70),
    2: (1.29, 0.074, 2.13),
    5: (1.22, 0.049, 1.83),
    10: (1.17, 0.043, 1.73),
    15: (1.18, 0.039, 1.68),
}


def network(steps, rate):
    def build(input_shape, n_classes):
        stack = [keras.Input(input_shape)]
        for _ in range(3):
            stack += [keras.layers.Dense(200), keras.layers.BatchNormalization()]
            stack += [keras.layers.ReLU()]
        model = keras.Sequential([*stack, keras.layers.Dense(n_classes, "softmax")])
        schedule = keras.optimizers.schedules.CosineDecay(rate, steps)
        model.compile(keras.optimizers.Adam(schedule), "sparse_categorical_crossentropy")
        return model

    return build


def measured(p, y):
    """Return error in per cent, NLL in nats, Brier score over the classes in thousandths."""
    error = 100 * np.mean(p.argmax(axis=1) != y)
    nll = -np.mean(np.log(np.maximum(p[np.arange(len(y)), y], 1e-12)))
    brier = 1e3 * np.mean((p - np.eye(p.shape[1])[y]) ** 2)
    return float(error), float(nll), float(brier)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--members", type=int, default=15)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--train-size", type=int, default=60_000)
    parser.add_argument("--learning-rate", type=float, default=3e-3, help="at the start")
    parser.add_argument("--data", help="an mnist.npz; by default keras.datasets fetches it")
    parser.add_argument("--json", help="also write the figures to this file")
    options = parser.parse_args()
    x, x_test, y, y_test = mnist(options.data)
    x, x_test = x.reshape(-1, 784), x_test.reshape(-1, 784)
    x, y = x[: options.train_size], y[: options.train_size]
    steps = options.epochs * -(-len(x) // 100)
    start = time.perf_counter()
    ensemble = BaggingClassifier(
        network(steps, options.learning_rate),
        options.members,
        bootstrap=False,
        epochs=options.epochs,
        batch_size=100,
        random_state=0,
        verbose=1,
    ).fit(x, y)
    seconds = time.perf_counter() - start
    outputs = np.stack([model.predict(x_test, verbose=0) for model in ensemble.estimators_])
    found = {}
    print(f"{'':>3} {'error, %':>16} {'NLL':>16} {'Brier/K, ‰':>16}   paper, regkit")
    for size in [size for size in PAPER if size <= options.members]:
        parts = [outputs[at : at + size] for at in range(0, options.members - size + 1, size)]
        figures = np.mean([measured(average(part), y_test) for part in parts], axis=0)
        found[size] = figures.tolist()
        pairs = zip(PAPER[size], figures, (2, 3, 2), strict=True)
        cells = "".join(f"{a:>9.{k}f} {b:>7.{k}f}" for a, b, k in pairs)
        print(f"{size:>3}{cells}")
    print(f"{options.members} members in {seconds:.0f} s")
    if options.json:
        about = {
            "backend": keras.backend.backend(), "keras": keras.__version__,
            "regkit": regkit.__version__, "epochs": options.epochs, "members": options.members,
            "train_size": options.train_size, "learning_rate": options.learning_rate,
            "seconds": round(seconds),
            "machine": f"{platform.machine()}, {os.cpu_count()} CPU cores",
        }  # fmt: skip
        with open(options.json, "w") as file:
            json.dump({"about": about, "paper": PAPER, "regkit": found}, file, indent=1)


if __name__ == "__main__":
    main()
