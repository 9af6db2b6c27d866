"""What `build_model` is told of the data."""

import numpy as np
import pytest

from regkit.core.members.training import checked_training

X = np.zeros((6, 4), "float32")
LABELS = np.array([0, 1, 2, 2, 1, 0])


@pytest.mark.parametrize(
    ("y", "n_classes"),
    [
        (LABELS, 3),
        (LABELS[:, None], 3),
        (np.eye(3)[LABELS], 3),
        (np.eye(3, dtype="int64")[LABELS], 3),
        (LABELS.astype("float32"), None),  # quantities
        (np.ones((6, 2)), None),
        (np.ones((6, 2), "int64"), None),  # two counts
    ],
)
def test_the_number_of_classes(y, n_classes):
    how = {"epochs": 1, "batch_size": 2, "validation_batch_size": 2, "shuffle": True}
    training = checked_training(X, y, 2, None, None, None, None, **how)
    assert training.n_classes == n_classes
    assert training.input_shape == (4,)
