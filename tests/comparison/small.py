"""A comparison that takes a second: what its tests share."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

RANDOM = np.random.default_rng(0)
Y = np.arange(150) % 3
DATA = (RANDOM.normal(0, 1, (150, 4)) + 2 * np.eye(3, 4)[Y], Y)
VALUES = (DATA[0], DATA[0] @ [30.0, -20.0, 10.0, 0.0] + 500.25)
QUICK: dict[str, Any] = {"splits": 3, "seeds": 2, "epochs": 3, "batch_size": 32, "progress": False}
BY_THEMSELVES = {**QUICK, "engine": "sequential"}
TOGETHER = {**QUICK, "group_size": 6}  # given, as compiling takes longer than so few steps


def network(input_shape: tuple[int, ...], n_classes: int | None) -> keras.Model:
    layers = [
        keras.Input(input_shape),
        keras.layers.Dense(8, "relu"),
        keras.layers.Dense(n_classes or 1),
    ]
    model = keras.Sequential(layers)
    loss: Any = "mse"
    if n_classes:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.02), loss)
    return model


def drawing_network(input_shape: tuple[int, ...], n_classes: int | None) -> keras.Model:
    """One that keeps statistics of its batches, and draws in layers of its own."""
    layers = [
        keras.Input(input_shape),
        keras.layers.Dense(8, "relu"),
        keras.layers.BatchNormalization(),
        keras.layers.Dropout(0.2),
        keras.layers.Dense(n_classes or 1),
    ]
    model = keras.Sequential(layers)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True) if n_classes else "mse"
    model.compile(keras.optimizers.Adam(0.02), loss)
    return model
