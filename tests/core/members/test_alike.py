"""What one model that stands for all members must have in common with each of theirs."""

import keras
import numpy as np
import pytest
from keras import layers
from keras.optimizers.schedules import ExponentialDecay

from regkit import RegkitError
from regkit.core.members.alike import require_alike


def model(*inner, optimizer="sgd", loss="mse", **options):
    built = keras.Sequential([keras.Input((4,)), *inner, layers.Dense(2)])
    built.compile(optimizer, loss, **options)
    return built


def functional(operation):
    inputs = keras.Input((4,))
    built = keras.Model(inputs, layers.Dense(2)(operation(inputs)))
    built.compile("sgd", "mse")
    return built


def squares(factor):
    def loss(y, y_pred):
        return factor * keras.ops.mean((y - y_pred) ** 2)

    return loss


class Scaled(layers.Layer):
    """Cannot be saved, and has a number of its own."""

    def __init__(self, factor, function=None):
        super().__init__()
        self.factor, self.function = factor, function

    def call(self, x):
        return x * self.factor


DIFFERENT = {
    "rate": lambda k: model(layers.Dropout(0.1 * k)),
    "activation": lambda k: model(layers.Dense(3, ["relu", "tanh"][k - 1])),
    "kernel_regularizer.l2": lambda k: model(
        layers.Dense(3, kernel_regularizer=keras.regularizers.L2(0.1 * k))
    ),
    "factor": lambda k: model(Scaled(k)),
    "optimizer.weight_decay": lambda k: model(optimizer=keras.optimizers.SGD(weight_decay=0.1 * k)),
    "optimizer.clipnorm": lambda k: model(optimizer=keras.optimizers.Adam(clipnorm=k)),
    "optimizer.learning_rate.decay_rate": lambda k: model(
        optimizer=keras.optimizers.SGD(ExponentialDecay(0.1, 5, 0.1 * k))
    ),
    "delta": lambda k: model(loss=keras.losses.Huber(k)),
    "loss": lambda k: model(loss=squares(k)),
    "loss_weights": lambda k: model(loss_weights=[k]),
    "other layers": lambda k: model(*[layers.Identity() for _ in range(k)]),
    r"graph\[1\]": lambda k: functional(lambda x: x * k),
}
EQUAL = {
    "seeds and initial values": lambda k: model(
        layers.Dropout(0.1, seed=k), layers.Dense(3, kernel_initializer=["ones", "zeros"][k - 1])
    ),
    "learning rates": lambda k: model(optimizer=keras.optimizers.Adam(0.1 * k)),
    "schedules": lambda k: model(optimizer=keras.optimizers.SGD(ExponentialDecay(0.1, 5, 0.5))),
    "functions": lambda k: model(Scaled(2, lambda x: x), loss=squares(2)),
    "layers within layers": lambda k: model(
        layers.Reshape((2, 2)),
        layers.Bidirectional(layers.LSTM(2)),
        keras.Sequential([layers.ReLU()]),
    ),
    "graphs": lambda k: functional(lambda x: x + layers.Dense(4)(x) * 2),
    "metrics": lambda k: model(metrics=["mae", keras.metrics.RootMeanSquaredError()]),
}


@pytest.mark.parametrize("option", DIFFERENT)
def test_another_option_is_named(option):
    with pytest.raises(RegkitError, match=option) as raised:
        require_alike(DIFFERENT[option](1), DIFFERENT[option](2), 3)
    assert "member 3" in str(raised.value)


@pytest.mark.parametrize("case", EQUAL)
def test_what_the_values_of_variables_say_may_differ(case):
    require_alike(EQUAL[case](1), EQUAL[case](2), 1)


def test_one_model_for_all_is_refused():
    only = model()
    with pytest.raises(RegkitError, match="the same model"):
        require_alike(only, only, 1)


def test_numbers_that_are_not_numbers_are_equal():
    require_alike(model(Scaled(np.nan)), model(Scaled(np.nan)), 1)
