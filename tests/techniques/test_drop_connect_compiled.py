"""DropConnect with every mask in a compiled step: the same as eagerly, and compiled once."""

import functools

import keras
import numpy as np
import pytest

import regkit
from tests import models

MASKS = ("gaussian", "example", "batch")


def test_every_mask_compiles(backend, monkeypatch):
    if backend == "torch":
        import torch

        # It traces the whole step and its gradients; the machine code is the slow test's matter.
        traced = functools.partial(torch.compile, backend="aot_eager")
        monkeypatch.setattr(torch, "compile", traced)
    graphs = Graphs()
    train_alike_compiled(graphs)
    if backend == "torch":
        # The first step finds no gradients, the second finds some; then nothing is compiled anew.
        assert len(graphs.compiled) == 6
        assert len(set(graphs.compiled[1:])) == 1, graphs.compiled


class Graphs(keras.callbacks.Callback):
    """Notes after each step of a compiled fit how many graphs PyTorch has compiled."""

    def __init__(self):
        super().__init__()
        self.compiled = []

    def on_train_batch_end(self, batch, logs=None):
        if keras.backend.backend() == "torch" and self.model.jit_compile:
            from torch._dynamo.utils import counters

            self.compiled.append(counters["stats"]["unique_graphs"])


@pytest.mark.slow
def test_every_mask_in_the_machine_code_of_pytorch(backend):
    if backend != "torch":
        pytest.skip("of another backend")
    train_alike_compiled()


def train_alike_compiled(*watching):
    """One step has all masks, each on a layer of its own."""
    x, y = models.data()
    found = []
    for jit in (False, True):
        hidden = [models.dense(5, mask, k, activation="tanh") for k, mask in enumerate(MASKS)]
        out = models.dense(models.CLASSES, "out", 9, activation="softmax")
        model = keras.Sequential([*models.entry(), *hidden, out])
        models.compiled(model, jit_compile=jit)
        start = models.values(model)
        masks_of = [regkit.DropConnect(0.4, mask, layers=mask, seed=1) for mask in MASKS]
        models.fit(model, x, y, [*masks_of, *watching])
        assert not any(
            np.array_equal(a, b) for a, b in zip(start, models.values(model), strict=True)
        )
        found.append(models.values(model))
    models.same(*found, 1e-4)
