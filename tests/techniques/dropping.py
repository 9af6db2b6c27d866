"""What the tests of DropConnect share."""

import keras
import numpy as np
from keras import layers, ops

import regkit
from regkit.core.draws import Draws, base_key
from regkit.core.seam.sampling import Sampler
from regkit.core.stages import Stage
from regkit.ops import random as numbers

IN, OUT, BATCH, SAMPLES, RATE = 6, 4, 3, 2000, 0.3


def linear(bias=0.5, activation=None, rng=None):
    """One dense layer with known weights."""
    rng = rng or np.random.default_rng(0)
    model = keras.Sequential(
        [keras.Input((IN,)), layers.Dense(OUT, activation=activation, name="out")]
    )
    model.set_weights([rng.normal(size=(IN, OUT)), np.full(OUT, bias)])
    return model


def inputs(seed=1, shape=(BATCH, IN)):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def drop(mask="gaussian", rate=RATE, **options):
    return regkit.DropConnect(rate, mask, **{"layers": "out", "seed": 7, **options})


def sampled(model, technique, x, samples=SAMPLES):
    """Return outputs of shape (samples, batch, …)."""
    sampler = Sampler(model, [technique], seed=0)
    x = ops.convert_to_tensor(x)
    return np.stack([ops.convert_to_numpy(sampler.predict(x, k, 0)) for k in range(samples)])


def masks(
    weight, rate, occurrence=0, step=0, place=0, counted=False, examples=None, stage=Stage.FORWARD
):
    """Return what the masks of a training step are, from the generator alone."""
    draws = Draws(base_key(7, "drop_connect", occurrence), step, int(stage))
    shape = weight.shape if examples is None else (examples, *weight.shape)
    key = draws.key() if counted else draws.key_at(place)
    key = tuple(ops.convert_to_tensor(part, "int32") for part in key)
    return ops.convert_to_numpy(numbers.uniform(key, shape)) >= rate


def close_in_standard_errors(found, expected, errors, most=4.8):
    assert np.max(np.abs(found - expected) / errors) < most
