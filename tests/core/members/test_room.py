"""How many members find room: an estimate that grows with what a member holds."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import regkit
from regkit.core.members import room
from regkit.core.members.group import Group
from regkit.core.seam.pure_step import read_state

MEGABYTE = 2**20


def model(width: int) -> keras.Model:
    layers = [keras.Input((5,)), keras.layers.Dense(width, "relu"), keras.layers.Dense(3)]
    made = keras.Sequential(layers)
    made.compile("adam", "mse")
    made.optimizer.build(made.trainable_variables)
    return made


def test_the_weights_are_counted_with_their_optimizer_and_copies() -> None:
    one = model(256)
    weights = 4 * one.count_params()
    assert room.bytes_of_member(one, read_state(one), 0, 16, 0) > 4 * 3 * weights


def test_more_weights_data_or_examples_a_step_need_more() -> None:
    small, large = model(8), model(800)
    needed = [
        room.bytes_of_member(small, read_state(small), 1000, 16, 20),
        room.bytes_of_member(large, read_state(large), 1000, 16, 20),
        room.bytes_of_member(small, read_state(small), 90000, 16, 20),
        room.bytes_of_member(small, read_state(small), 1000, 1600, 20),
        room.bytes_of_member(small, read_state(small), 1000, 16, 9000),
    ]
    assert min(needed[1:]) > 2 * needed[0]
    assert needed[2] - needed[0] == 2 * (90000 - 1000)


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


# -- members that find no room together ---------------------------------------------------------


@pytest.mark.parametrize(("count", "most"), [(7, 3), (8, 4), (3, 16), (4, 0), (1, 1)])
def test_groups_are_of_one_size_and_as_few_as_can_be(count: int, most: int) -> None:
    parts = room.in_parts(range(count), most)
    size = len(parts[0])
    assert {len(part) for part in parts} == {size}
    assert size <= max(most, 1)
    assert len(parts) == -(-count // max(most, 1))
    assert [*dict.fromkeys(place for part in parts for place in part)] == [*range(count)]


def test_members_that_find_no_room_together_are_trained_in_groups(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of one size, so that they compile once; each member is what it is by itself."""
    x, y = np.random.default_rng(0).normal(size=(40, 5)).astype("float32"), np.zeros((40, 3))
    options = {"n_members": 5, "epochs": 2, "seeds": 3, "recipe": "dropout(0.2) + l2(0.01)"}
    options |= {"validation_data": (x[:8], y[:8]), "engine": "vectorized"}
    whole = regkit.fit_members(lambda: model(8), x, y, **options)
    sizes: list[int] = []
    begin = Group.begin
    monkeypatch.setattr(Group, "begin", lambda self, *a: sizes.append(len(a[0])) or begin(self, *a))
    needed = room.bytes_of_member(model(8), read_state(model(8)), 0, 32, 32)
    monkeypatch.setattr(room, "free_bytes", lambda: 2 * 3 * needed)
    parts = regkit.fit_members(lambda: model(8), x, y, **options)
    assert sizes == [3, 3]
    assert (parts.engine, len(parts)) == ("vectorized", 5)
    for one, other in zip(whole, parts, strict=True):
        for mine, same in zip(one.get_weights(), other.get_weights(), strict=True):
            assert mine == pytest.approx(same, rel=1e-4, abs=1e-5)
    for one, other in zip(whole.histories, parts.histories, strict=True):
        assert one == {name: pytest.approx(values, rel=1e-3) for name, values in other.items()}


def test_the_memory_of_a_device_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    stacking = room.running_stack()
    monkeypatch.setattr(stacking, "free_bytes", lambda: 12 * MEGABYTE)
    assert room.free_bytes() == 12 * MEGABYTE
