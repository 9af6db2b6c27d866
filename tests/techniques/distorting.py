"""What the tests of elastic distortion share."""

import keras
import numpy as np
from keras import ops

import regkit
from regkit.core.outside import changed_batch
from regkit.core.stages import Batch, Phase

STEPS = 3


class Seen(regkit.Technique):
    """Keeps the inputs of the last step, as the model got them."""

    phases = (Phase.ADVERSARIAL,)  # the last

    def __init__(self) -> None:
        super().__init__()

    shape = ()

    def initial_state(self, context):
        return {"x": ops.zeros(type(self).shape)}

    def data(self, batch, context):
        context.state["x"] = batch.x
        return batch

    def on_train_end(self, logs=None):
        self.x = np.array(self.current_state()["x"])


def through_fit(technique, x, epochs=1, **options):
    """Return what the last step of a fit trained on."""
    Seen.shape = x.shape
    model = keras.Sequential(
        [keras.Input(x.shape[1:]), keras.layers.Flatten(), keras.layers.Dense(1)]
    )
    model.compile(keras.optimizers.SGD(0.0), "mse", **options)
    seen = Seen()
    model.fit(x, np.zeros((len(x), 1)), batch_size=len(x), epochs=epochs, verbose=0,
              shuffle=False, callbacks=[technique, seen])  # fmt: skip
    return seen.x


def once(technique, x, step=0):
    batch = changed_batch(technique, Batch(x), step=step, seed=1)
    return ops.convert_to_numpy(batch.x)


def ramps(batch, height, width):
    """Images whose two channels are the coordinates: distorted, they show the field."""
    rows, columns = np.mgrid[:height, :width].astype("float32")
    return np.tile(np.stack([columns, rows], -1), (batch, 1, 1, 1))


def field_of(technique, batch, side, step=0, margin=12):
    """Return the displacements (u, v) that a step uses, away from the border."""
    x = ramps(batch, side, side)
    field = once(technique, x, step) - x
    return field[:, margin:-margin, margin:-margin]
