"""How many members find room: an estimate that grows with what a member holds."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import pytest

from regkit.comparison.design.networks import mlp
from regkit.comparison.fits import room
from regkit.core.seam.pure_step import read_state
from tests.comparison.fits.test_fitting import parts

MEGABYTE = 2**20


def model(width: int) -> keras.Model:
    layers = [keras.Input((5,)), keras.layers.Dense(width, "relu"), keras.layers.Dense(3)]
    made = keras.Sequential(layers)
    made.compile("adam", "mse")
    made.optimizer.build(made.trainable_variables)
    return made


def test_the_weights_are_counted_with_their_optimizer_and_copies() -> None:
    one = mlp((64,), 10)
    one.optimizer.build(one.trainable_variables)
    weights = 4 * one.count_params()
    assert room.bytes_of_member(one, read_state(one), parts(), 16) > 4 * 3 * weights


def test_more_weights_data_or_examples_a_step_need_more() -> None:
    small, large, examples = model(8), model(800), parts()
    more = dataclasses.replace(examples, x_train=np.zeros((9000, 5), "float32"))
    needed = [
        room.bytes_of_member(small, read_state(small), examples, 16),
        room.bytes_of_member(large, read_state(large), examples, 16),
        room.bytes_of_member(small, read_state(small), more, 16),
        room.bytes_of_member(small, read_state(small), examples, 1600),
    ]
    assert min(needed[1:]) > 2 * needed[0]
    assert needed[2] - needed[0] >= 2 * more.x_train.nbytes - 2 * examples.x_train.nbytes


def test_half_of_what_is_free_is_shared_by_the_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "free_bytes", lambda: 80 * MEGABYTE)
    assert room.members_that_fit(10 * MEGABYTE) == 4
    assert room.members_that_fit(10 * MEGABYTE, jobs=2) == 2
    assert room.members_that_fit(100 * MEGABYTE) == 0


def test_what_is_free_is_known_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    assert room.free_bytes() > 10 * MEGABYTE
    monkeypatch.setattr(room, "_INFO", room.Path("/no such file"))
    assert room.free_bytes() > 10 * MEGABYTE
    monkeypatch.delattr(room.os, "sysconf")
    assert room.free_bytes() == 2**30
