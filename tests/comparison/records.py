"""Records of comparisons that never ran: plausible numbers from a seed, for figures and pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regkit.comparison.record.results import Fit, Record, Trial
from regkit.core.recipe import Alternatives

# Name → (gain in accuracy, gain in NLL, time of an epoch), beside a baseline of 0.90 and 0.40.
EFFECTS = {
    "l2(1e-3)": (0.002, 0.01, 1.02),
    "label_smoothing(0.1)": (0.003, -0.12, 1.05),
    "gaussian_noise(0.1)": (-0.001, 0.002, 1.08),
    "elastic_distortion(34, relative_to=28)": (0.027, 0.11, 2.6),
    "dropout(0.5)": (0.016, 0.09, 1.12),
    "drop_connect(0.5)": (0.008, 0.05, 1.45),
    "early_stopping": (0.0, 0.0, 1.0),
    "weight_decay(1e-4|1e-3|0.01)": (0.001, 0.01, 1.0),
}


def record(
    *,
    task: str = "classification",
    arms: Sequence[str] | Mapping[str, tuple[float, float, float]] = tuple(EFFECTS),
    n_splits: int = 8,
    n_seeds: int = 1,
    epochs: int = 20,
    noise: float = 0.006,
    fixed_test: bool = False,
    name: str = "digits",
    seed: int = 0,
    without: Sequence[str] = (),
    **changes: Any,
) -> Record:
    """Return a record as `regkit.compare` would make it.

    Args:
        task: "classification" or "regression".
        arms: Names, or names with (gain in accuracy, gain in NLL, ratio of epoch times).
        n_splits: The number of splits.
        n_seeds: The number of seeds a split.
        epochs: The number of epochs.
        noise: The standard deviation of an arm's accuracy on top of its split's.
        fixed_test: Whether the data has a test part of its own.
        name: The data's name.
        seed: Of the numbers.
        without: Arms that failed before any fit.
        changes: Other fields of the record.
    """
    random = np.random.default_rng(seed)
    effects = {"baseline": (0.0, 0.0, 1.0)}
    effects |= arms if isinstance(arms, Mapping) else {a: EFFECTS.get(a, (0, 0, 1)) for a in arms}
    levels = random.normal(0, 0.012, (n_splits, n_seeds))
    fits = [
        _fit(arm, split, k, effects[arm], levels[split, k], task, epochs, noise, random)
        for split in range(n_splits)
        for k in range(n_seeds)
        for arm in effects
        if arm not in without
    ]
    choosing = {arm: Alternatives(arm) for arm in effects if "|" in arm and arm not in without}
    trials = [trial for fit in fits if fit.arm in choosing for trial in _trials(fit, random)]
    fields: dict[str, Any] = {
        "alternatives": {
            arm: dict(zip(map(str, several), several.differences, strict=True))
            for arm, several in choosing.items()
        },
        "trials": tuple(trials),
        "arms": {arm: "" if arm == "baseline" else arm for arm in effects},
        "fits": tuple(fits),
        "failures": dict.fromkeys(without, "RuntimeError: out of luck (split 1)"),
        "settings": _settings(task, n_splits, n_seeds, epochs),
        "data": _data(task, fixed_test, name),
        "environment": ENVIRONMENT,
    }
    return Record(**(fields | changes))


def _fit(
    arm: str,
    split: int,
    seed: int,
    effect: tuple[float, float, float],
    level: float,
    task: str,
    epochs: int,
    noise: float,
    random: np.random.Generator,
) -> Fit:
    chance = random.normal(0, noise if any(effect[:2]) else noise / 10, 2)
    accuracy = float(np.clip(0.9 + level + effect[0] + chance[0], 0, 1))
    nll = max(0.05, 0.4 - 3 * level - effect[1] - 3 * float(chance[1]))
    test, train, curves = (_regression if task == "regression" else _classification)(
        accuracy, nll, epochs, random
    )
    key = "val_rmse" if task == "regression" else "val_accuracy"
    best = int(np.argmin(curves[key]) if task == "regression" else np.argmax(curves[key]))
    ratio = effect[2] * float(np.exp(random.normal(0, 0.03)))
    return Fit(
        arm=arm,
        recipe="" if arm == "baseline" else arm,
        split=split,
        seed=seed,
        best_epoch=best + 1,
        epochs=epochs,
        test=test,
        train=train,
        validation={k.removeprefix("val_"): v[best] for k, v in curves.items() if "val_" in k},
        epoch_seconds=0.021 * ratio,
        seconds=0.021 * ratio * epochs + 0.8,
        peak_memory=412.0 + 8 * effect[2],
        sparsity=0.31 if arm.startswith("l1") else 0.0,
        reliability=[] if task == "regression" else _bins(accuracy, nll, random),
        curves=curves,
    )


def _trials(fit: Fit, random: np.random.Generator) -> list[Trial]:
    """Return those of an arm with alternatives: the better, the larger its place, but for chance."""
    key, sign = ("accuracy", 1) if "accuracy" in fit.validation else ("rmse", -1)
    value = fit.validation[key]
    return [
        Trial(
            arm=fit.arm,
            recipe=str(recipe),
            split=fit.split,
            seed=fit.seed,
            best_epoch=fit.best_epoch,
            validation=fit.validation
            | {key: value * (1 + sign * 0.01 * float(place + random.normal(0, 0.5) - 2))},
        )
        for place, recipe in enumerate(Alternatives(fit.arm))
    ]


def _classification(
    accuracy: float, nll: float, epochs: int, random: np.random.Generator
) -> tuple[dict[str, float], dict[str, float], dict[str, list[float]]]:
    t = np.arange(1, epochs + 1) / epochs
    rise = accuracy - 0.5 * np.exp(-9 * t) - 0.02 * np.clip(t - 0.5, 0, 1)
    valued = {
        "loss": 1.8 * np.exp(-4 * t) + 0.02,
        "data_loss": 1.7 * np.exp(-4 * t) + 0.02,
        "val_accuracy": np.clip(rise + random.normal(0, 0.006, epochs), 0, 1),
        "val_balanced_accuracy": np.clip(rise, 0, 1),
        "val_nll": nll + 1.5 * np.exp(-9 * t) + 0.15 * t**2 + random.normal(0, 0.01, epochs),
        "val_brier": 0.4 * nll + 0.5 * np.exp(-9 * t),
        "val_calibration_error": 0.02 + 0.03 * t + np.abs(random.normal(0, 0.004, epochs)),
    }
    test = {
        "accuracy": accuracy,
        "balanced_accuracy": accuracy - 0.01,
        "nll": nll,
        "brier": 0.4 * nll,
        "calibration_error": abs(0.12 * nll + float(random.normal(0, 0.005))),
    }
    train = {**test, "accuracy": min(1.0, accuracy + 0.07), "nll": 0.3 * nll}
    return test, train, {k: _listed(v) for k, v in valued.items()}


def _regression(
    accuracy: float, nll: float, epochs: int, random: np.random.Generator
) -> tuple[dict[str, float], dict[str, float], dict[str, list[float]]]:
    t, rmse = np.arange(1, epochs + 1) / epochs, 140 * nll
    valued = {
        "loss": 3 * np.exp(-4 * t) + 0.1,
        "val_rmse": rmse + 90 * np.exp(-8 * t) + random.normal(0, 0.5, epochs),
        "val_mae": 0.8 * rmse + 80 * np.exp(-8 * t),
    }
    test = {"rmse": rmse, "mae": 0.8 * rmse}
    return test, {"rmse": 0.7 * rmse, "mae": 0.5 * rmse}, {k: _listed(v) for k, v in valued.items()}


def _bins(
    accuracy: float, nll: float, random: np.random.Generator
) -> list[tuple[float, float, int]]:
    """Return bins whose stated confidence exceeds what is right by more with a higher NLL."""
    right = np.linspace(accuracy - 0.28, min(1.0, accuracy + 0.1), 10)
    stated = np.clip(right + 0.3 * nll * (1 - right) + 0.02, 0.1, 1)
    found = np.clip(right + random.normal(0, 0.02, 10), 0, 1)
    return [(float(c), float(a), 36) for c, a in zip(stated, found, strict=True)]


def _listed(values: NDArray[np.float64]) -> list[float]:
    return [float(value) for value in values]


def _settings(task: str, n_splits: int, n_seeds: int, epochs: int) -> dict[str, Any]:
    return {
        "model": "mlp",
        "measure": "rmse" if task == "regression" else "accuracy",
        "splits": n_splits,
        "seeds": n_seeds,
        "epochs": epochs,
        "batch_size": 256,
        "label_noise": 0.3,
        "test_size": 0.2,
        "validation_size": 0.2,
        "train_size": None,
        "seed": 0,
    }


def _data(task: str, fixed_test: bool, name: str) -> dict[str, Any]:
    classes = [str(digit) for digit in range(10)] if task == "classification" else []
    return {
        "name": name,
        "note": "1797 images of 8×8, from scikit-learn",
        "sha256": "9c7f3b0a1d5e4c2f8b6a7d9e0f1c2b3a4d5e6f708192a3b4c5d6e7f8091a2b3c",
        "task": task,
        "shape": [64],
        "classes": classes,
        "fixed_test": fixed_test,
        "n_train": 1149,
        "n_validation": 288,
        "n_test": 360,
        "test_counts": dict.fromkeys(classes, 36),
        "labels_wrong": 0.27,
        "target_scale": 77.0 if task == "regression" else 1.0,
        "duplicates": 0,
    }


ENVIRONMENT = {
    "backend": "torch",
    "versions": {
        "python": "3.11.2",
        "keras-regkit": "0.1.0",
        "keras": "3.15.1",
        "torch": "2.9.0",
        "numpy": "2.4.6",
        "scipy": "1.17.0",
    },
    "machine": "Linux x86_64, 2 CPUs",
    "devices": ["cpu"],
    "parameters": 151_306,
    "command": "regkit compare 'dropout(0.5)' --splits 8 --epochs 20",
    "started": "2026-11-21T16:20:00+00:00",
    "seconds": 187.4,
}
