"""Ensembles of ten members beside what one would write with Keras and scikit-learn.

    KERAS_BACKEND=jax python benchmarks/ensembles.py [--members 10] [--epochs 10] [--json FILE]

Compilation is counted in every arm; both arms of a case run in this process, in turns. Cases:

- `ten fits`: BaggingClassifier beside a loop that draws bootstrap samples, builds and fits plain
  Keras models; three hidden-layer widths, two of which nothing was tuned to.
- `one fit`: the same beside a single `fit`.
- `scikit-learn`: beside sklearn's BaggingClassifier over a wrapped Keras model that trains as many
  epochs.
- `prediction`: of all members beside one member's `predict`, both compiled already.
- `two processes`: engine="joblib" with 2 processes beside engine="sequential", four members of
  LeNet, three epochs, on enlarged digits; starting the processes is counted.
"""

from __future__ import annotations

import time

import keras
import numpy as np
from fits import about, parser, write
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_digits
from sklearn.ensemble import BaggingClassifier as SklearnBagging

from regkit.ensembles import BaggingClassifier

WIDTHS = (64, 32, 128)


def digits():
    x, y = load_digits(return_X_y=True)
    return (x / 16).astype("float32"), y


def mlp(units):
    def build(input_shape, n_classes):
        hidden = [keras.layers.Dense(units, "relu") for _ in range(2)]
        out = keras.layers.Dense(n_classes, "softmax")
        model = keras.Sequential([keras.Input(input_shape), *hidden, out])
        model.compile("adam", "sparse_categorical_crossentropy")
        return model

    return build


def lenet(input_shape, n_classes):
    model = keras.Sequential(
        [
            keras.Input(input_shape),
            keras.layers.Conv2D(6, 5, padding="same", activation="tanh"),
            keras.layers.AveragePooling2D(2),
            keras.layers.Conv2D(16, 5, activation="tanh"),
            keras.layers.AveragePooling2D(2),
            keras.layers.Flatten(),
            keras.layers.Dense(120, "tanh"),
            keras.layers.Dense(84, "tanh"),
            keras.layers.Dense(n_classes, "softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


class Wrapped(ClassifierMixin, BaseEstimator):
    """A Keras model for scikit-learn that keeps its epochs when it is cloned."""

    def __init__(self, build=None, epochs=1):
        self.build, self.epochs = build, epochs

    def fit(self, X, y):
        """Train a model."""
        self.classes_ = np.unique(y)
        self.model_ = self.build(X.shape[1:], len(self.classes_))
        self.model_.fit(X, y, epochs=self.epochs, verbose=0)
        return self

    def predict_proba(self, X):
        """Return its probabilities."""
        return self.model_.predict(X, verbose=0)

    def predict(self, X):
        """Return its labels."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def bagging(build, options, **others):
    x, y = digits()
    made = BaggingClassifier(build, options.members, epochs=options.epochs, **others)
    return made.fit(x, y)


def loop(build, options, count):
    x, y = digits()
    for member in range(count):
        keras.utils.clear_session()
        rows = np.random.default_rng(member).integers(len(x), size=len(x))
        keras.utils.set_random_seed(member)
        build(x.shape[1:], 10).fit(x[rows], y[rows], epochs=options.epochs, verbose=0)


def seconds(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def in_turns(ours, theirs, rounds, scale=1.0):
    """Return how many times as long theirs takes, scaled up, and both times."""
    pairs = []
    for number in range(rounds):
        arms = [ours, theirs] if number % 2 == 0 else [theirs, ours]
        took = [seconds(arm) for arm in arms]
        pairs.append(took if number % 2 == 0 else took[::-1])
    ratios = [scale * b / a for a, b in pairs]
    ours_took, theirs_took = (float(np.median([pair[k] for pair in pairs])) for k in (0, 1))
    return {
        "ratio": float(np.median(ratios)),
        "regkit_seconds": ours_took,
        "peer_seconds": scale * theirs_took,
    }


def prediction(options):
    """Return how many times as long all members take as one of them."""
    ensemble, (x, _) = bagging(mlp(64), options), digits()
    one = ensemble.estimators_[0]

    def single():
        one.predict(x, batch_size=256, verbose=0)

    ensemble.predict_proba(x), single()
    pairs = [(seconds(lambda: ensemble.predict_proba(x)), seconds(single)) for _ in range(9)]
    ours, theirs = (float(np.median([pair[k] for pair in pairs])) for k in (0, 1))
    return {
        "ratio": float(np.median([a / b for a, b in pairs])),
        "regkit_seconds": ours,
        "peer_seconds": theirs,
    }


def two_processes(options, **how):
    """Return how many times as long six members take one after the other in this process."""
    x, y = digits()
    images = np.pad(
        np.kron(x.reshape(-1, 8, 8), np.ones((3, 3), "float32")), ((0, 0), (2, 2), (2, 2))
    )
    images = images[..., None]

    def fit(**engine):
        BaggingClassifier(lenet, 6, epochs=options.epochs, **engine).fit(images, y)

    return in_turns(
        lambda: fit(engine="joblib", n_jobs=2, **how),
        lambda: fit(engine="sequential"),
        options.rounds,
    )


def cases(options):
    scale = options.members / options.loop
    for units in WIDTHS:
        build = mlp(units)
        yield (
            f"ten fits, 2 × {units}",
            lambda build=build: in_turns(
                lambda: bagging(build, options),
                lambda: loop(build, options, options.loop),
                options.rounds,
                scale,
            ),
        )
    build = mlp(64)
    yield (
        "one fit, 2 × 64",
        lambda: in_turns(
            lambda: bagging(build, options), lambda: loop(build, options, 1), options.rounds
        ),
    )
    yield (
        "scikit-learn, 2 × 64",
        lambda: in_turns(
            lambda: bagging(build, options),
            lambda: SklearnBagging(Wrapped(build, options.epochs), options.loop).fit(*digits()),
            options.rounds,
            scale,
        ),
    )
    yield "prediction, 2 × 64", lambda: prediction(options)
    yield "two processes, LeNet", lambda: two_processes(options)
    yield "two processes of threes", lambda: two_processes(options, group_size=3)


def main():
    arguments = parser(__doc__, rounds=3, steps=0)
    arguments.add_argument("--members", type=int, default=10)
    arguments.add_argument("--epochs", type=int, default=10)
    arguments.add_argument("--loop", type=int, default=3, help="models of the loop; reckoned up")
    arguments.add_argument("--only", default="", help="cases whose names begin so")
    options = arguments.parse_args()
    machine, figures = about(options) | {"batch": 32}, {}
    first = type(options)(**vars(options) | {"epochs": 1, "members": 2})
    bagging(mlp(7), first), loop(mlp(7), first, 1)  # what a process does once is no arm's own
    for name, measure in cases(options):
        if not name.startswith(options.only):
            continue
        found = figures[name] = measure()
        print(
            f"{name:<24} {found['ratio']:6.2f}  ({found['regkit_seconds']:.2f} s; peer "
            f"{found['peer_seconds']:.2f} s)",
            flush=True,
        )
        write(options, machine, figures)


if __name__ == "__main__":
    main()
