"""Labels, the task that they mean, and what columns say of a table."""

from __future__ import annotations

import numpy as np
import pytest

from regkit.data import Column, DataError, from_arrays, load
from regkit.data.dataset import TASKS

pytestmark = pytest.mark.backend_free


@pytest.mark.parametrize("labels", ["int8", "uint8", "bool", "float64", "str", "one-hot", "column"])
def test_labels_in_any_form_become_numbers_from_0(labels: str) -> None:
    y = np.arange(20) % 2
    forms = {"one-hot": np.eye(2)[y], "column": y[:, None]}
    data = from_arrays(np.zeros((20, 1)), forms[labels] if labels in forms else y.astype(labels))
    assert data.y.tolist() == y.tolist()
    assert data.y.dtype == np.int64


@pytest.mark.parametrize(
    ("y", "task", "said"),
    [
        (np.arange(200) % 25, "classification", 'task="regression"'),
        (np.arange(200) % 25.0, "classification", 'task="regression"'),
        (np.arange(200) % 4, "classification", ""),  # few: classes beyond doubt
        (np.arange(200) % 4 / 2, "regression", 'task="classification"'),
        (np.eye(4)[np.arange(200) % 4], "classification", ""),
        (np.array(list("abcd") * 50), "classification", ""),
    ],
)
def test_a_task_is_seen_from_the_labels_and_said(y: np.ndarray, task: str, said: str) -> None:
    data = from_arrays(np.zeros((200, 1)), y)
    assert data.task == task
    assert said in data.note
    assert bool(said) == bool(data.note)
    assert from_arrays(np.zeros((200, 1)), y, task=task).note == ""


def test_a_regression_keeps_its_units() -> None:
    y = np.array([1000.5, 2000, 3000, 4000, 5000])
    data = from_arrays(np.zeros((5, 1)), y[:, None], x_test=np.zeros((1, 1)), y_test=[7])
    assert data.y.tolist() == y.tolist()
    assert (data.y.dtype, data.class_names, data.n_classes) == (np.float32, (), None)
    assert data.y_test is not None
    assert data.y_test.tolist() == [7.0]
    assert repr(data) == "Dataset(arrays: 5 + 1 test × (1,), regression)"


def test_a_task_can_be_said() -> None:
    x = np.zeros((20, 1))
    assert from_arrays(x, np.arange(20), task="regression").y.tolist() == list(range(20))
    assert from_arrays(x, np.arange(20) % 2 / 2, task="classification").class_names == (
        "0.0",
        "0.5",
    )
    whole, classes = (load((x, np.arange(20) % 4), task=task) for task in TASKS[::-1])
    assert whole.sha256 != classes.sha256


@pytest.mark.parametrize(
    ("y", "task", "said"),
    [
        (list("ab") * 10, "regression", "needs numbers as labels; found a"),
        (np.eye(2)[np.arange(20) % 2], "regression", "Several targets"),
        (np.ones((20, 2)) / 3, None, "Several targets"),
        (np.arange(20), None, "--task regression"),
        (list("ab") * 9 + list("ae"), None, "class 'e' has 1 example .*target column$"),
        (np.arange(20), "regresion", "classification or regression.*did you mean 'regression'"),
    ],
)
def test_labels_that_do_not_fit_the_task(y: object, task: str | None, said: str) -> None:
    with pytest.raises(DataError, match=said):
        from_arrays(np.zeros((20, 1)), y, task=task)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ([Column("a")], r"1 columns describe features of shape \(2,\)"),
        ([Column("a"), Column("b", ("x", "y"))], "column 'b' must hold the codes 0 to 1"),
    ],
)
def test_columns_that_do_not_fit_the_features(columns: list[Column], said: str) -> None:
    with pytest.raises(DataError, match=said):
        from_arrays(np.full((10, 2), 2.0), np.arange(10) % 2, columns=columns)


def test_a_digest_tells_categories_apart() -> None:
    x, y = np.arange(10)[:, None] % 2, np.arange(10) % 2
    kinds = [from_arrays(x, y, columns=[Column("a", pair)]) for pair in (("u", "v"), ("u", "w"))]
    assert len({one.sha256 for one in kinds}) == 2


def test_names_as_objects() -> None:
    y = np.array(["no", "yes"] * 10, dtype=object)
    assert from_arrays(np.zeros((20, 1)), y).class_names == ("no", "yes")
    with pytest.raises(DataError, match="must be numbers or names; received object"):
        from_arrays(np.zeros((20, 1)), np.array(["no", 1] * 10, dtype=object))
