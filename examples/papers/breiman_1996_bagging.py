"""Bagging of networks on the data sets of "Bagging Predictors" (Breiman 1996).

    KERAS_BACKEND=jax python examples/papers/breiman_1996_bagging.py FOLDER [--json FILE]

FOLDER holds Glass.csv, Ionosphere.csv, PimaIndiansDiabetes.csv and BreastCancer.csv, the class in
the last column. As in the paper: 50 bootstrap samples, random test parts of one tenth, test error
in per cent. Changed: members are networks (one hidden layer of 32 ReLU units, Adam, 60 epochs,
standardized inputs) where the paper has trees, which are more unstable and gain more; and 20
splits in place of 100. Beside them stand one network trained on all training examples, the same
number of networks without bootstrap (a deep ensemble), and scikit-learn's random forest. The
interval is of the paired difference of bagging and one network, corrected for the overlap of the
splits (Nadeau and Bengio 2003).
"""

import argparse
import json
import os
import platform
from pathlib import Path

if os.environ.get("KERAS_BACKEND") == "torch":
    import torch  # noqa: F401  # before anything that may load TensorFlow

import keras
import numpy as np
import pandas as pd
from scipy import stats
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import regkit
from regkit.ensembles import BaggingClassifier

PAPER = {  # trees: one, bagged
    "Glass": (30.4, 23.6),
    "Ionosphere": (11.2, 7.9),
    "PimaIndiansDiabetes": (25.3, 23.9),
    "BreastCancer": (5.9, 3.7),
}


def table(path):
    frame = pd.read_csv(path).dropna()
    x = frame.iloc[:, :-1].drop(columns="Id", errors="ignore")
    return x.to_numpy("float32"), frame.iloc[:, -1].to_numpy()


def build(input_shape, n_classes):
    hidden = keras.layers.Dense(32, "relu")
    model = keras.Sequential(
        [keras.Input(input_shape), hidden, keras.layers.Dense(n_classes, "softmax")]
    )
    model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy")
    return model


def arms(options, split):
    how = {"epochs": options.epochs, "batch_size": 16, "random_state": split}
    return {
        "one network": BaggingClassifier(build, 1, bootstrap=False, **how),
        "bagging": BaggingClassifier(build, options.members, **how),
        "deep ensemble": BaggingClassifier(build, options.members, bootstrap=False, **how),
        "random forest": RandomForestClassifier(500, random_state=split),
    }


def interval(differences, share):
    """Return mean and bounds of paired differences over random splits, 95 %."""
    count = len(differences)
    error = np.sqrt((1 / count + share / (1 - share)) * np.var(differences, ddof=1))
    reach = stats.t.ppf(0.975, count - 1) * error
    mean = np.mean(differences)
    return float(mean), float(mean - reach), float(mean + reach)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--members", type=int, default=50)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--splits", type=int, default=20)
    parser.add_argument("--json", help="also write the figures to this file")
    options = parser.parse_args()
    results = {}
    for name, paper in PAPER.items():
        x, y = table(options.folder / f"{name}.csv")
        errors = {}
        for split in range(options.splits):
            parts = train_test_split(x, y, test_size=0.1, random_state=split, stratify=y)
            x_train, x_test, y_train, y_test = parts
            for arm, estimator in arms(options, split).items():
                fitted = make_pipeline(StandardScaler(), estimator).fit(x_train, y_train)
                errors.setdefault(arm, []).append(100 * (1 - fitted.score(x_test, y_test)))
        gain = interval(np.subtract(errors["one network"], errors["bagging"]), 0.1)
        means = {arm: float(np.mean(found)) for arm, found in errors.items()}
        results[name] = {"errors": errors, "means": means, "gain": gain}
        words = ", ".join(f"{arm} {mean:.1f}" for arm, mean in means.items())
        print(f"{name}: {words}; paper's trees {paper[0]} → {paper[1]}", flush=True)
        print(f"  bagging gains {gain[0]:.1f} points ({gain[1]:.1f} to {gain[2]:.1f})", flush=True)
    if options.json:
        about = {
            "backend": keras.backend.backend(), "keras": keras.__version__,
            "regkit": regkit.__version__, "epochs": options.epochs, "members": options.members,
            "splits": options.splits,
            "machine": f"{platform.machine()}, {os.cpu_count()} CPU cores",
        }  # fmt: skip
        with open(options.json, "w") as file:
            json.dump({"about": about, "paper": PAPER, "regkit": results}, file, indent=1)


if __name__ == "__main__":
    main()
