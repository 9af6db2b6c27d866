"""Processes beside each other find what one finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from regkit.comparison.run import compare
from tests.comparison.small import DATA, QUICK, network
from tests.comparison.test_resume import bits

RECIPES = ["dropout(0.2)", "l2(0.01)"]


def test_two_processes_find_the_same(tmp_path: Path) -> None:
    options = QUICK | {"splits": 2}
    one = compare(network, DATA, RECIPES, output=tmp_path / "one", **options)
    two = compare(network, DATA, RECIPES, output=tmp_path / "two", jobs=2, **options)
    for mine, theirs in zip(bits(one), bits(two), strict=True):
        assert (mine.arm, mine.split, mine.seed) == (theirs.arm, theirs.split, theirs.seed)
        # the number of threads may change the order of a sum
        assert mine.test == pytest.approx(theirs.test, rel=1e-4)
    left = {path.name for path in (tmp_path / "two").iterdir()}
    assert left == {path.name for path in (tmp_path / "one").iterdir()}


def failing(input_shape: tuple[int, ...], n_classes: int) -> Any:
    import keras

    class Failing(keras.callbacks.Callback):
        pass

    model = network(input_shape, n_classes)
    model.optimizer.learning_rate = float("inf")
    return model


def test_failures_in_processes_are_named() -> None:
    with pytest.raises(ValueError, match=r"baseline gave no result.*split [12]"):
        compare(failing, DATA, ["l2(0.01)"], jobs=2, **QUICK | {"splits": 2, "seeds": 1})
