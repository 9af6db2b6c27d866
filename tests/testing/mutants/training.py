"""Techniques that do nothing, too much, or act where training is not."""

from keras import ops

from regkit.core.options import Strength
from regkit.core.seam import Seam
from regkit.core.technique import Technique


class Nothing(Technique):
    """Forgets to give back what it changed."""

    def data(self, batch, context):
        batch.replace(x=batch.x + 1.0)
        return batch


class Explodes(Technique):
    def penalty(self, context):
        return sum(ops.sum(ops.log(one - one)) for one in context.values)


class NeverTrains(Technique):
    def data(self, batch, context):
        return batch.x


class NoisyInference(Technique):
    """Noise at inference: puts a layer of noise around a layer's call for the time of the fit."""

    def __init__(self, stddev: Strength = 0.5) -> None:
        super().__init__()
        self.stddev = stddev

    def on_train_begin(self, logs=None):
        layer = self.model.get_layer("hidden")
        plain, stddev = type(layer).call, self.stddev

        def noisy(x, *args, **kwargs):
            return plain(layer, x) + stddev

        self._layer, layer.call = layer, noisy

    def on_train_end(self, logs=None):
        del self._layer.call


class ValidatesItself(Technique):
    """Changes the weights for the time of validation only."""

    def on_test_begin(self, logs=None):
        self._kept = self.model.get_weights()
        self.model.set_weights([0.9 * one for one in self._kept])

    def on_test_end(self, logs=None):
        self.model.set_weights(self._kept)


class TrainsAtValidation(Technique):
    """Changes the weights for good where validation begins."""

    def on_test_begin(self, logs=None):
        self.model.set_weights([0.9 * one for one in self.model.get_weights()])


class LabelsAtData(Technique):
    """Changes the targets where the metrics see them."""

    def data(self, batch, context):
        return batch.replace(y=ops.zeros_like(batch.y))


class Bypass(Technique):
    """Computes the layer itself, past the techniques within."""

    def select_layers(self, model):
        return [model.get_layer("hidden")]

    def forward(self, call, inputs, context):
        return 0.9 * type(context.layer).call(context.layer, inputs)


class ByPlace(Technique):
    """Acts by its place in the list."""

    def penalty(self, context):
        place = 1 + [one is self for one in self._list].index(True)
        return 0.01 * place * sum(ops.sum(ops.abs(one)) for one in context.values)

    @property
    def _list(self):
        # Not `self.model`: on JAX that makes Keras put its state back in the midst of a step.
        return Seam.of(self._model)._joined


CAUGHT = {
    "effect": {
        Nothing: "is as without it.*see that each stage method returns what it changed",
        Explodes: "stay finite.*division by zero",
        NeverTrains: "no model of the kit trains with it.*correct what the errors name",
    },
    "validation": {
        NoisyInference: "(validation|inference).*act in the stage methods only",
        ValidatesItself: "validation sees the model without.*act in the stage methods only",
        TrainsAtValidation: "other weights after it than before.*act in the stage methods only",
    },
    "metrics": {LabelsAtData: "leave batch.y at DATA as it is"},
    "composition": {
        Bypass: r"FORWARD \(hidden\).*by the `call` that the method receives",
        ByPlace: "first in the list the weights end as others",
    },
}
