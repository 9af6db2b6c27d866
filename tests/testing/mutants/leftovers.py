"""Techniques that leave something on the model, after a fit or after a crash."""

import keras
from keras import ops

from regkit.core.technique import Technique


class VariableLeft(Technique):
    """A variable left on the model: on its optimizer, an average beside the weights."""

    def on_train_begin(self, logs=None):
        self.model.optimizer.average = keras.Variable(ops.zeros((2,)), name="average")


class AttributeLeft(Technique):
    def on_train_begin(self, logs=None):
        self.model.get_layer("hidden").marked_by = "a plugin"


class FreezesForGood(Technique):
    def on_train_end(self, logs=None):
        self.model.get_layer("hidden").trainable = False


class LearningRateLeft(Technique):
    """Changes what the next fit begins with."""

    def on_train_end(self, logs=None):
        self.model.optimizer.learning_rate = 0.01


class PutsBackAtTheEnd(Technique):
    """Puts back at the end of a fit what it changed, which a crash never comes to."""

    def on_train_begin(self, logs=None):
        self._rate = float(ops.convert_to_numpy(self.model.optimizer.learning_rate))
        self.model.optimizer.learning_rate = self._rate / 2

    def on_train_end(self, logs=None):
        self.model.optimizer.learning_rate = self._rate


@keras.saving.register_keras_serializable("some-plugin")
class Penalty(keras.regularizers.Regularizer):
    def __call__(self, x):
        return 0.01 * ops.sum(ops.square(x))

    def get_config(self):
        return {}


class RegularizerLeft(Technique):
    """Gives a layer an object of the plugin, which the saved model names."""

    def on_train_end(self, logs=None):
        self.model.get_layer("hidden").kernel_regularizer = Penalty()


CAUGHT = {
    "detach": {
        VariableLeft: r"attributes of the optimizer.*more: \['average'\].*keep nothing on the model",
        AttributeLeft: r"attributes of the layer 'hidden'.*more: \['marked_by'\]",
        FreezesForGood: "layer 'hidden'.trainable is False, not True.*undo in on_train_end",
        LearningRateLeft: "optimizer.learning_rate is 0.0.*not 0.1",
    },
    "crash": {PutsBackAtTheEnd: "(after a crash|fit after a crash).*on_train_end does not come"},
    "saving": {
        RegularizerLeft: "kernel_regularizer.*some-plugin.*put no layer, regularizer",
    },
}
