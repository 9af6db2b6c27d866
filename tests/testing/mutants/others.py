"""Wrong regularizers."""

import keras
from keras import ops


class ForgetsStrength(keras.regularizers.Regularizer):
    def __init__(self, strength=0.1):
        self.strength = strength

    def __call__(self, x):
        return self.strength * ops.sum(ops.square(x))

    def get_config(self):
        return {"strength": 1.0 + self.strength}


class NotScalar(ForgetsStrength):
    def __call__(self, x):
        return self.strength * ops.sum(ops.square(x), axis=-1)


class RootOfSquares(ForgetsStrength):
    def __call__(self, x):
        return self.strength * ops.sqrt(ops.sum(ops.square(x)))


class OnlyMatrices(ForgetsStrength):
    def __call__(self, x):
        rows, columns = x.shape
        return self.strength * ops.sum(ops.square(x)) / (rows * columns)


CAUGHT = {
    "regularizer_config": {ForgetsStrength: "from_config.*return the arguments of __init__"},
    "regularizer_value": {
        NotScalar: r"is one finite number.*ops.sum\(...\)",
        RootOfSquares: "gives NaN.*guard roots",
        OnlyMatrices: r"a kernel of the shape \(2, 2, 3, 4\) is computed.*sum over all axes",
    },
}
