"""Many fits as one computation beside as many calls of `fit`, compilation counted in both.

    KERAS_BACKEND=jax python benchmarks/members.py [--members 10] [--epochs 40] [--json FILE]

Three hidden layers of some width on scikit-learn's digits, 1,437 examples in batches of 32, which
is Keras' default, Adam, validation after each epoch. The peer builds and fits one plain Keras model
after the other, as one would by hand; where a recipe is given, Keras' own layers and losses do in
it what techniques do. Both arms run in this process, in turns, each from its first compilation on.
The loop is timed on as many models as `--loop` says, and reckoned up: every model costs the same.
"""

from __future__ import annotations

import argparse
import time

import keras
import numpy as np
from fits import about, parser, write
from sklearn.datasets import load_digits

import regkit

RECIPE = "dropout(0.2) + l2(1e-4) + label_smoothing(0.1, spread='all')"
CASES = {
    "64 units": (64, None),
    "64 units, dropout + L2 + smoothing": (64, RECIPE),
    "128 units": (128, None),
    "256 units": (256, None),
    "256 units, dropout + L2 + smoothing": (256, RECIPE),
}


def data():
    x, y = load_digits(return_X_y=True)
    x, y = (x / 16).astype("float32"), y.astype("int32")
    return (x[:1437], y[:1437]), (x[1437:], y[1437:])


def network(units, by_hand=False):
    layers = [keras.Input((64,))]
    for _ in range(3):
        regularizer = keras.regularizers.L2(1e-4) if by_hand else None
        layers.append(keras.layers.Dense(units, "relu", kernel_regularizer=regularizer))
        layers += [keras.layers.Dropout(0.2)] if by_hand else []
    layers.append(keras.layers.Dense(10, "softmax"))
    loss = "sparse_categorical_crossentropy"
    if by_hand:
        loss = keras.losses.CategoricalCrossentropy(label_smoothing=0.1)
    model = keras.Sequential(layers)
    model.compile("adam", loss, metrics=["accuracy"])
    return model


def together(units, recipe, options):
    (x, y), validation = data()
    start = time.perf_counter()
    members = regkit.fit_members(
        lambda: network(units), x, y, n_members=options.members, recipe=recipe,
        epochs=options.epochs, batch_size=options.batch_size, validation_data=validation, seeds=0,
    )  # fmt: skip
    took = time.perf_counter() - start
    return took, np.mean([history["val_accuracy"][-1] for history in members.histories])


def one_by_one(units, by_hand, options):
    (x, y), (x_val, y_val) = data()
    if by_hand:
        y, y_val = keras.utils.to_categorical(y), keras.utils.to_categorical(y_val)
    start, reached = time.perf_counter(), []
    for seed in range(options.loop):
        keras.utils.clear_session()
        keras.utils.set_random_seed(seed)
        model = network(units, by_hand)
        history = model.fit(
            x, y, batch_size=options.batch_size, epochs=options.epochs, verbose=0,
            validation_data=(x_val, y_val), validation_batch_size=options.batch_size,
        ).history  # fmt: skip
        reached.append(history["val_accuracy"][-1])
    took = (time.perf_counter() - start) * options.members / options.loop
    return took, np.mean(reached)


def measure(units, recipe, options):
    rounds = []
    for number in range(options.rounds):
        arms = [
            lambda: together(units, recipe, options),
            lambda: one_by_one(units, bool(recipe), options),
        ]
        results = [arm() for arm in (arms if number % 2 == 0 else arms[::-1])]
        rounds.append(results if number % 2 == 0 else results[::-1])
    ours, loop = (float(np.median([each[arm][0] for each in rounds])) for arm in (0, 1))
    return {
        "ratio": float(np.median([each[1][0] / each[0][0] for each in rounds])),
        "regkit_seconds": ours,
        "loop_seconds": loop,
        "accuracies": [float(np.mean([each[arm][1] for each in rounds])) for arm in (0, 1)],
    }


def main():
    arguments = parser(__doc__, rounds=1, steps=0)
    arguments.add_argument("--members", type=int, default=10)
    arguments.add_argument("--epochs", type=int, default=40)
    arguments.add_argument("--loop", type=int, default=3)
    arguments.add_argument("--batch-size", type=int, default=32, help="Keras' own default")
    arguments.add_argument("cases", nargs="*", help=f"some of: {', '.join(CASES)}")
    options = arguments.parse_args()
    machine, figures = about(options) | {"batch": options.batch_size}, {}
    # What a process does once (first draws, first calls of the backend) is no arm's own.
    first = argparse.Namespace(**vars(options) | {"epochs": 1, "loop": 1, "members": 2})
    together(7, None, first), one_by_one(7, False, first)
    for name in options.cases or CASES:
        found = figures[name] = measure(*CASES[name], options)
        print(
            f"{name:<36} {found['ratio']:5.1f} × as fast as the loop "
            f"({found['regkit_seconds']:.1f} s beside {found['loop_seconds']:.1f} s); accuracies "
            f"{found['accuracies'][0]:.3f} and {found['accuracies'][1]:.3f}",
            flush=True,
        )
    write(options, machine, figures)


if __name__ == "__main__":
    main()
