"""An ordinary plugin that is right, as its author would write it."""

from typing import Annotated

import keras
import numpy as np
from keras import ops
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import check_random_state

from regkit import Technique
from regkit.core.errors import AttachError
from regkit.core.options import Real, SeedOption, Strength


class Speckle(Technique):
    """Multiply the inputs by random factors around 1.

    Args:
        stddev: The deviation of the factors, at least 0; a number or a schedule.
        seed: A whole number, or None to follow `keras.utils.set_random_seed`.

    Example:
        >>> Speckle(0.2)
        Speckle(stddev=0.2)
    """

    def __init__(self, stddev: Strength = 0.1, *, seed: SeedOption = None) -> None:
        super().__init__()
        self.stddev, self.seed = stddev, seed

    def data(self, batch, context):
        """Return the batch with other inputs."""
        if not any("float" in str(one.dtype) for one in keras.tree.flatten(batch.x)):
            raise AttachError(f"{self!r} needs an input of floating type")

        def speckled(x):
            noise = context.draws.normal(ops.shape(x), context.value(self.stddev))
            return x * ops.cast(1.0 + noise, x.dtype)

        return batch.replace(x=keras.tree.map_structure(speckled, batch.x))


class AverageWeights(Technique):
    """End with an exponential moving average of the weights, after the first epoch.

    There is no neutral value: an average over no step at all is the start.

    Args:
        decay: The part that is kept in each step, in [0, 1).

    Example:
        >>> AverageWeights(0.5)
        AverageWeights(decay=0.5)
    """

    def __init__(self, decay: Annotated[float, Real(0, 1, open_high=True)] = 0.9) -> None:
        super().__init__()
        self.decay = decay
        self.epochs = 0

    def initial_state(self, context):
        """Return the weights at the start."""
        return {"average": context.values}

    def update(self, weights, context):
        """Take up the new weights, and leave them as they are."""
        pairs = zip(context.state["average"], weights, strict=True)
        context.state["average"] = [self.decay * a + (1 - self.decay) * w for a, w in pairs]
        return weights

    def on_train_begin(self, logs=None):
        """Begin to count."""
        self.epochs = 0

    def on_epoch_end(self, epoch, logs=None):
        """Count."""
        self.epochs += 1

    def on_train_end(self, logs=None):
        """Put the average into the model."""
        average = self.current_state()["average"] if self.epochs else []
        for variable, value in zip(self.model.trainable_variables, average, strict=False):
            variable.assign(value)

    def host_state(self):
        """Return the number of epochs."""
        return {"epochs": self.epochs}

    def set_host_state(self, state):
        """Go on counting."""
        self.epochs = state["epochs"]


@keras.saving.register_keras_serializable("good-plugin")
class Scale(keras.layers.Layer):
    """Multiply by random factors in training.

    Args:
        stddev: The deviation of the factors.
        seed: A whole number, or None.
        **kwargs: What Keras' layers take.

    Example:
        >>> Scale(0.5).stddev
        0.5
    """

    def __init__(self, stddev=0.1, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.stddev, self.seed = stddev, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, x, training=None):
        """Return x, or x times random factors."""
        if not training:
            return x
        noise = keras.random.normal(ops.shape(x), 1.0, self.stddev, x.dtype, self.seed_generator)
        return x * noise

    def compute_output_shape(self, input_shape):
        """Return the shape of the input."""
        return input_shape

    def get_config(self):
        """Return the options."""
        return {**super().get_config(), "stddev": self.stddev, "seed": self.seed}


@keras.saving.register_keras_serializable("good-plugin")
class Squares(keras.regularizers.Regularizer):
    """Add the sum of squares.

    Args:
        strength: What it is multiplied by.

    Example:
        >>> Squares(0.5).get_config()
        {'strength': 0.5}
    """

    def __init__(self, strength=0.01):
        self.strength = strength

    def __call__(self, x):
        """Return the penalty of a kernel."""
        return self.strength * ops.sum(ops.square(x))

    def get_config(self):
        """Return the strength."""
        return {"strength": self.strength}


class Mean(RegressorMixin, BaseEstimator):
    """Predict the mean of bootstrap means of the targets.

    Args:
        members: The number of means.
        random_state: From which the samples follow.

    Example:
        >>> Mean(members=2).fit([[1], [2]], [3, 3]).predict([[1]])
        array([3.])
    """

    def __init__(self, members=5, random_state=0):
        self.members = members
        self.random_state = random_state

    def fit(self, X, y):
        """Keep the mean of each sample."""
        draws = check_random_state(self.random_state).randint(len(y), size=(self.members, len(y)))
        self.means_ = np.asarray(y)[draws].mean(axis=1)
        return self

    def predict(self, X):
        """Return the mean for each."""
        return np.full(len(X), self.means_.mean())


GROUPS = {
    "regkit.techniques": {"speckle": "good:Speckle", "average_weights": "good:AverageWeights"},
    "regkit.layers": {"scale": "good:Scale"},
    "regkit.regularizers": {"squares": "good:Squares"},
    "regkit.ensembles": {"mean": "good:Mean"},
}
