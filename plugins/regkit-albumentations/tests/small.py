"""Small data, and a model that tells what it was trained on."""

import keras
import numpy as np
from keras import ops

from regkit_albumentations import augmented
from regkit_albumentations.library import albumentations
from regkit_albumentations.sampling import Sampler

A = albumentations()  # by way of the plugin: no network, no PyTorch where it is not in use
BACKEND = keras.backend.backend()
BOTH = A.Compose([A.HorizontalFlip(p=0.5), A.RandomBrightnessContrast(p=0.5)])


def images(count=16, side=8, channels=3, dtype="uint8", seed=0):
    """Return images no two of which are alike, nor their mirror images."""
    random = np.random.default_rng(seed)
    if dtype == "uint8":
        return random.integers(0, 256, (count, side, side, channels), dtype=dtype)
    return random.random((count, side, side, channels)).astype(dtype)


def transformed(transform, samples, *, seed=1, epoch=0, first=0):
    """Return samples, dicts by Albumentations' names, each by the draws of its number."""
    numbers = range(first, first + len(samples))
    with Sampler(transform).lent(samples[0], seed, numbers, epoch) as function:
        return [function(dict(one), place) for place, one in enumerate(samples)]


def flipped(found, originals, axis=2):
    """Return which images are mirrored; each is, or is as it was."""
    same = (found == originals).reshape(len(found), -1).all(1)
    mirrored = (found == np.flip(originals, axis)).reshape(len(found), -1).all(1)
    assert (same ^ mirrored).all()
    return mirrored


X, Y = images(24), np.arange(24, dtype="float32")


class Four(keras.utils.PyDataset):
    """X and Y in batches of four, as a user may have written it."""

    num_batches = 6
    begun = ended = 0

    def __getitem__(self, index):
        return X[4 * index : 4 * index + 4], Y[4 * index : 4 * index + 4]

    def on_epoch_begin(self):
        self.begun += 1

    def on_epoch_end(self):
        self.ended += 1


def arrays(transform=BOTH, **options):
    """Return X and Y augmented, in batches of five and one of four."""
    return augmented((X, Y), transform, **{"seed": 1, "batch_size": 5, **options})


def list_of(dataset):
    return [dataset[k] for k in range(dataset.num_batches)]


class Seen(keras.layers.Layer):
    """Keeps the batch that it was called with in training."""

    def __init__(self, size, **options):
        super().__init__(**options)
        self.size = size

    def build(self, shape):
        self.batch = self.add_weight(shape=(self.size, *shape[1:]), trainable=False, name="batch")

    def call(self, x, training=None):
        if training:
            self.batch.assign(ops.cast(x, "float32"))
        return ops.cast(x, "float32")


def viewer(shape, size, dtype="float32", **compiled):
    """Return a model of images of a shape, in batches of a size."""
    model = keras.Sequential([keras.Input(shape, dtype=dtype), Seen(size), keras.layers.Flatten()])
    model.add(keras.layers.Dense(1))
    model.compile(keras.optimizers.SGD(0.0), "mse", **compiled)
    return model


def averaging(shape):
    """Return a model whose loss is the mean of its images."""
    model = keras.Sequential([keras.Input(shape), keras.layers.Flatten()])
    model.compile("sgd", lambda y, found: ops.mean(found, -1))
    return model


def batches_of(model, x, techniques, epochs=1, **options):
    """Return the batches on which a fit trains, of epochs of one batch each."""
    seen = []

    def keep(epoch, logs):
        layers = [one for one in model.layers if isinstance(one, Seen)]
        seen.append([ops.convert_to_numpy(one.batch) for one in layers])

    size = len(keras.tree.flatten(x)[0])
    callbacks = [*techniques, keras.callbacks.LambdaCallback(on_epoch_end=keep)]
    options = {"batch_size": size, "shuffle": False, "verbose": 0, **options}
    model.fit(x, np.zeros((size, 1), "float32"), epochs=epochs, callbacks=callbacks, **options)
    return [one[0] if len(one) == 1 else one for one in seen]
