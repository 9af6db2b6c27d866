"""Wrong layers."""

import keras
import numpy as np
from keras import ops


class Base(keras.layers.Layer):
    """What the wrong ones have in common: x · factor."""

    def __init__(self, factor=0.5, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.factor, self.seed = factor, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, x, training=None):
        return x * ops.cast(self.factor, x.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "factor": self.factor, "seed": self.seed}


class ForgetsOption(Base):
    def get_config(self):
        return {**keras.layers.Layer.get_config(self), "seed": self.seed}


class ConfigNotJson(Base):
    def get_config(self):
        return {**super().get_config(), "factor": np.float32(self.factor)}


@keras.saving.register_keras_serializable("some-plugin")
class SavedOther(Base):
    def get_config(self):
        return {**super().get_config(), "factor": 2 * self.factor}


class Unregistered(Base):
    def __init__(self, factor=0.5, seed=None, **kwargs):
        if "name" in kwargs:
            raise TypeError("no name")
        super().__init__(factor, seed, **kwargs)


class NoisyAtInference(Base):
    def call(self, x, training=None):
        return x + keras.random.normal(ops.shape(x), dtype=x.dtype, seed=self.seed_generator)


class IgnoresSeed(Base):
    def call(self, x, training=None):
        return x + keras.random.normal(ops.shape(x), dtype=x.dtype, seed=1)


class OtherEachTime(Base):
    count = 0

    def call(self, x, training=None):
        type(self).count += 1
        return x + type(self).count if training else x


class Float32(Base):
    def call(self, x, training=None):
        return ops.cast(x, "float32") * self.factor


class FixedBatch(Base):
    """Takes the number of examples for what it was when the layer was written."""

    def call(self, x, training=None):
        return ops.reshape(x, (4, *x.shape[1:]))


class WrongShape(Base):
    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 7)


class NeedsArgument(Base):
    def __init__(self, factor, **kwargs):
        super().__init__(factor, **kwargs)


class CheckedAsAnother(Base):
    @classmethod
    def checked_as(cls):
        return [Base()]


CAUGHT = {
    "construction": {
        NeedsArgument: "missing 1 required positional argument.*checked_as",
        CheckedAsAnother: r"return \[cls\(...\)\]",
    },
    "layer_config": {
        ForgetsOption: "it lacks factor.*get_config",
        ConfigNotJson: "not JSON serializable.*plain values only",
    },
    "layer_saving": {
        SavedOther: "its outputs differ.*every option in get_config",
        Unregistered: "is saved and loaded.*register_keras_serializable",
    },
    "layer_inference": {NoisyAtInference: "time after time.*only where it is True"},
    "layer_seed": {
        IgnoresSeed: "another seed gave the same.*SeedGenerator",
        OtherEachTime: "equal seeds gave others.*SeedGenerator",
    },
    "layer_dtypes": {Float32: "under mixed_bfloat16 .*of float32.*ops.cast"},
    "layer_shapes": {
        FixedBatch: r"ops.shape\(x\)\[0\]",
        WrongShape: "compute_output_shape says.*symbolically",
    },
}
