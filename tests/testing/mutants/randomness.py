"""Random numbers that come from elsewhere, and seeds that do not decide."""

import keras
import numpy as np
from keras import ops

from regkit.core.options import SeedOption, Strength
from regkit.core.technique import Technique


class Noise(Technique):
    """What the wrong ones have in common."""

    def __init__(self, stddev: Strength = 0.3, *, seed: SeedOption = None) -> None:
        super().__init__()
        self.stddev, self.seed = stddev, seed

    def data(self, batch, context):
        return batch.replace(x=batch.x + self.noise(tuple(batch.x.shape[1:]), context))


class Unseeded(Noise):
    """An unseeded draw, by NumPy: other numbers in each run, or the same for each step."""

    def noise(self, shape, context):
        drawn = ops.convert_to_tensor(np.random.normal(0, 1, shape), "float32")
        return context.value(self.stddev) * drawn


class KerasRandom(Noise):
    """Draws by Keras' global generator, past the seed."""

    def noise(self, shape, context):
        return context.value(self.stddev) * keras.random.normal(shape)


class IgnoresSeed(Noise):
    def noise(self, shape, context):
        return context.value(self.stddev) * keras.random.normal(shape, seed=1)


class NoSeed(Technique):
    """Is random, and gives no seed to set."""

    def __init__(self, stddev: Strength = 0.3) -> None:
        super().__init__()
        self.stddev = stddev

    def data(self, batch, context):
        noise = context.draws.normal(ops.shape(batch.x), context.value(self.stddev))
        return batch.replace(x=batch.x + noise)


class NoneIsZero(Noise):
    """Makes a fixed seed of `None`, so that nobody's seed decides."""

    def __init__(self, stddev: Strength = 0.3, *, seed: SeedOption = None) -> None:
        super().__init__(stddev)
        self.seed = seed or 0

    def noise(self, shape, context):
        return context.draws.normal(shape, context.value(self.stddev))


class SeedsNumpy(NoneIsZero):
    """Seeds the generator of everybody."""

    def on_train_begin(self, logs=None):
        np.random.seed(self.seed)


CAUGHT = {
    "seed": {
        Unseeded: "draw by context.draws",
        KerasRandom: "draw by context.draws",
        IgnoresSeed: "seed=4 gives another run than seed=3.*the weights are the same",
        NoSeed: "without an option `seed` a technique is not random.*SeedOption = None",
    },
    "global_seed": {NoneIsZero: "two seeds gave one run.*leave None as it is"},
    "global_randomness": {SeedsNumpy: "numpy.random gives others.*default_rng"},
}
