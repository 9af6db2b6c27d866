"""EarlyStopping with validation data of every form."""

import keras
import numpy as np
import pytest

import regkit
from tests import models
from tests.techniques.stopping import CLASSES, FEATURES, VALIDATION, fit


class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 2

    def __getitem__(self, k):
        return VALIDATION[0][k::2], VALIDATION[1][k::2]


def endless():
    while True:
        yield VALIDATION[0][:8], VALIDATION[1][:8]
        yield VALIDATION[0][8:], VALIDATION[1][8:]


def tensorflow_dataset():
    tf = pytest.importorskip("tensorflow")
    return {"validation_data": tf.data.Dataset.from_tensor_slices(VALIDATION).batch(4)}


def torch_loader():
    import torch

    tensors = [torch.from_numpy(one) for one in VALIDATION]
    data = torch.utils.data.TensorDataset(*tensors)
    return {"validation_data": torch.utils.data.DataLoader(data, batch_size=4)}


DATA = {
    "arrays": lambda: {"validation_data": VALIDATION, "validation_batch_size": 5},
    "list": lambda: {"validation_data": list(VALIDATION)},
    "weighted": lambda: {"validation_data": (*VALIDATION, np.ones(13))},
    "dataset": lambda: {"validation_data": Batches()},
    "generator": lambda: {"validation_data": endless(), "validation_steps": 2},
    "tf.data": tensorflow_dataset,
    "torch": torch_loader,
}


@pytest.mark.parametrize("form", DATA)
@pytest.mark.parametrize("every", [2, "epoch"])
def test_validation_data_of_every_form(form, every, backend):
    if form in ("tf.data", "torch") and (backend == "torch") != (form == "torch"):
        pytest.skip("TensorFlow and PyTorch in one process")
    out = models.dense(CLASSES, "out", 1, activation="softmax")
    model = keras.Sequential([keras.Input((FEATURES,)), out])
    models.compiled(model, optimizer=keras.optimizers.SGD(0.0))  # so that nothing moves
    stopping = regkit.EarlyStopping(every=every, verbose=0, **DATA[form]())
    fit(model, [stopping], epochs=2)
    expected = model.evaluate(*VALIDATION, verbose=0)
    found = [value for _, value in stopping.history]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert len(found) == (5 if every == 2 else 2)
    assert "\n" not in repr(stopping)


def test_dicts_and_a_metric_of_one_output():
    x, y = models.two_by_two_data()
    model = models.two_by_two()
    losses = {"label": "sparse_categorical_crossentropy", "value": "mse"}
    models.compiled(model, loss=losses, metrics={"label": ["accuracy"]})
    monitors = ["val_label_accuracy", "val_label_loss"]
    stopping = regkit.EarlyStopping(monitors, 2, validation_data=(x, y), verbose=0)
    models.fit(model, x, y, [stopping])
    assert stopping._course.modes == ("max", "min")
    assert len(stopping.history) == 3
