"""Assumptions on types and shapes, and names that match nothing."""

from keras import ops

from regkit.core.options import LayerOption, SeedOption, Strength, WeightOption
from regkit.core.technique import Technique


class Float32(Technique):
    """Has float32 written into a layer's output, which breaks under a mixed policy."""

    def __init__(self, stddev: Strength = 0.1, *, seed: SeedOption = None) -> None:
        super().__init__()
        self.stddev, self.seed = stddev, seed

    def forward(self, call, inputs, context):
        outputs = ops.cast(call(inputs), "float32")
        return outputs + context.draws.normal(ops.shape(outputs), context.value(self.stddev))


class Overflows(Technique):
    """Computes in the layers' own type what is too large for float16."""

    def forward(self, call, inputs, context):
        outputs = call(inputs)
        large = ops.cast(1e5, outputs.dtype)
        return outputs * large / large * ops.cast(0.9, outputs.dtype)


class OneTensor(Technique):
    """Takes x for a single tensor."""

    def data(self, batch, context):
        return batch.replace(x=0.9 * batch.x)


class FullBatches(Technique):
    """Takes the number of examples for what it was in the first batch."""

    def data(self, batch, context):
        factors = ops.linspace(0.5, 1.0, 8)
        x = {name: self._scaled(one, factors) for name, one in batch.x.items()} if isinstance(
            batch.x, dict
        ) else self._scaled(batch.x, factors)  # fmt: skip
        return batch.replace(x=x)

    def _scaled(self, x, factors):
        return x * ops.reshape(factors, (8,) + (1,) * (len(x.shape) - 1))


class Images(Technique):
    """A shape assumption: every input is an image."""

    def data(self, batch, context):
        _, _height, _width, _channels = batch.x.shape
        return batch.replace(x=ops.flip(batch.x, axis=1))


class NothingChosen(Technique):
    """Is content with no layer, and with no weight."""

    def __init__(self, *, layers: LayerOption = None, weights: WeightOption = "kernel") -> None:
        super().__init__()
        self.layers, self.weights = layers, weights

    def select_weights(self, model):
        found = [one for one in model.trainable_variables if one.name == self.weights]
        return [one for one in found if self.layers is None or self.layers in one.path]

    def gradient(self, gradients, context):
        return [0.5 * one for one in gradients]


class KeyErrorForUnknown(NothingChosen):
    def select_weights(self, model):
        table = {layer.name: layer.kernel for layer in model.layers if hasattr(layer, "kernel")}
        return list(table.values()) if self.layers is None else [table[self.layers]]


CAUGHT = {
    "dtypes": {
        Float32: r"(forward was given (b?float16|bfloat16) and gave back float32|trains under "
        r"mixed_bfloat16).*ops.cast\(noise, x.dtype\)",
        Overflows: "stay finite under mixed_float16.*65504",
    },
    "structures": {
        OneTensor: "inputs and targets in dicts.*keras.tree.map_structure",
        FullBatches: r"a last batch that is smaller.*ops.shape\(x\)\[0\]",
        Images: r"or raises a RegkitError.*len\(x.shape\) for the rank",
    },
    "selection": {
        NothingChosen: "weights='no_such_name' raises.*as if nothing were wrong.*regkit.core.select",
        KeyErrorForUnknown: "KeyError: 'no_such_name'",
    },
}
