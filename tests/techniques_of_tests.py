"""A small technique for each stage: what a user could write, and what the seam must carry."""

from __future__ import annotations

from typing import Annotated

import keras
from keras import ops

from regkit.core.options import Rate, Real, SeedOption, Strength, WeightOption
from regkit.core.stages import Phase
from regkit.core.technique import Technique


class Shift(Technique):
    """DATA: move the inputs."""

    def __init__(self, by: Strength = 0.1) -> None:
        super().__init__()
        self.by = by

    def data(self, batch, context):
        by = context.value(self.by)
        return batch.replace(x=keras.tree.map_structure(lambda x: x + by, batch.x))


class FastGradientSign(Technique):
    """DATA: move the inputs up the gradient of the loss."""

    phases = (Phase.ADVERSARIAL,)

    def __init__(self, epsilon: Strength = 0.1) -> None:
        super().__init__()
        self.epsilon = epsilon

    def data(self, batch, context):
        _, slope = context.value_and_grad(context.loss_fn, batch.x)
        step = context.value(self.epsilon)
        moved = keras.tree.map_structure(lambda x, g: x + step * ops.sign(g), batch.x, slope)
        return batch.replace(x=moved)


class KernelNoise(Technique):
    """FORWARD: run layers with noisy kernels."""

    def __init__(self, stddev: Strength = 0.1, seed: SeedOption = None) -> None:
        super().__init__()
        self.stddev, self.seed = stddev, seed

    def select_layers(self, model):
        return [one for one in model._flatten_layers() if hasattr(one, "kernel")]

    def forward(self, call, inputs, context):
        kernel = context.layer.kernel
        noise = context.draws.normal(kernel.shape, context.value(self.stddev))
        with context.with_weights([kernel], [kernel + ops.cast(noise, kernel.dtype)]):
            return call(inputs)


class MixUp(Technique):
    """DATA and TARGET: mix each example with another, x and y alike."""

    phases = (Phase.MIXING, Phase.MIX)

    def __init__(self, weight: Rate = 0.3, seed: SeedOption = None) -> None:
        super().__init__()
        self.weight, self.seed = weight, seed

    def data(self, batch, context):
        size = ops.shape(keras.tree.flatten(batch.x)[0])[0]
        context.memo["order"] = context.draws.permutation(size)
        return batch.replace(x=keras.tree.map_structure(lambda x: self.mix(x, context), batch.x))

    def target(self, target, context):
        target = target.dense()
        return target.replace(self.mix(target.y, context))

    def mix(self, t, context):
        weight = context.value(self.weight)
        return (1 - weight) * t + weight * ops.take(t, context.memo["order"], axis=0)


class Entropy(Technique):
    """PENALTY: a penalty that is not of weights: the loss at moved inputs."""

    def __init__(self, strength: Strength = 0.1) -> None:
        super().__init__()
        self.strength = strength

    def penalty(self, context):
        moved = keras.tree.map_structure(lambda x: 0.9 * x, context.batch.x)
        return context.value(self.strength) * context.loss_fn(moved)


class SharpnessAware(Technique):
    """GRADIENT: SAM (Foret et al. 2021), the gradient at the worst weights nearby."""

    def __init__(self, rho: Strength = 0.05) -> None:
        super().__init__()
        self.rho = rho

    def gradient(self, gradients, context):
        norm = ops.sqrt(sum(ops.sum(ops.square(g)) for g in gradients)) + 1e-12
        worst = [
            w + context.value(self.rho) * g / norm
            for w, g in zip(context.values, gradients, strict=True)
        ]
        return context.value_and_grad(lambda ws: context.loss_fn(weights=ws), worst)[1]


class HardLimit(Technique):
    """UPDATE: keep weights within a limit."""

    def __init__(
        self, limit: Annotated[float, Real(0)] = 0.3, weights: WeightOption = "kernel"
    ) -> None:
        super().__init__()
        self.limit, self.weights = limit, weights

    def update(self, weights, context):
        return [ops.clip(w, -self.limit, self.limit) for w in weights]


class MovingAverage(Technique):
    """UPDATE with state: an exponential moving average, read by the host at the end."""

    def __init__(self, decay: Annotated[float, Real(0, 1)] = 0.5) -> None:
        super().__init__()
        self.decay = decay
        self.seen = []

    def initial_state(self, context):
        return {"average": context.values, "steps": ops.zeros((), "int32")}

    def update(self, weights, context):
        context.state["steps"] = context.state["steps"] + 1
        context.state["average"] = [
            self.decay * a + (1 - self.decay) * w
            for a, w in zip(context.state["average"], weights, strict=True)
        ]
        return weights

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(self.current_state())

    def on_train_end(self, logs=None):
        self.final = self.current_state()

    def host_state(self):
        return {"epochs": len(self.seen)}

    def set_host_state(self, state):
        self.seen = [None] * state["epochs"]


class LossInState(Technique):
    """PENALTY with state: what is computed inside the differentiated function gets out of it."""

    def __init__(self, strength: Strength = 0.1) -> None:
        super().__init__()
        self.strength = strength

    def initial_state(self, context):
        return {"total": ops.zeros(())}

    def penalty(self, context):
        value = context.value(self.strength) * sum(ops.sum(ops.square(w)) for w in context.values)
        context.state["total"] = context.state["total"] + value
        return value

    def on_train_end(self, logs=None):
        self.final = self.current_state()


ONE_A_STAGE = {
    "data": lambda: Shift(0.2),
    "data_gradient": lambda: FastGradientSign(0.05),
    "forward": lambda: KernelNoise(0.1),
    "mix": lambda: MixUp(0.3),
    "penalty": lambda: LossInState(0.1),
    "penalty_loss": lambda: Entropy(0.1),
    "gradient": lambda: SharpnessAware(0.05),
    "update": lambda: HardLimit(0.3),
    "state": lambda: MovingAverage(0.5),
}
