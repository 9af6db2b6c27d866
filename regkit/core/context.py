"""What a stage method gets beside its value: draws, step, state, weights, loss, gradients."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import keras
from keras import ops

from regkit.core.draws import Draws
from regkit.core.inputs import Input, value_at
from regkit.core.services import Pairs, Services
from regkit.core.stages import Batch
from regkit.core.state import State
from regkit.types import Nest, Schedule, Tensor

__all__ = ["Context"]


class Context:
    """One technique's view of one training step.

    It works wherever there are `Services`: in a fit they are the step's, outside of one those of
    `regkit.core.outside`.

    Attributes:
        model: The user's model.
        step: int32 scalar tensor, the number of training steps before this one.
        draws: Random numbers, see `regkit.core.draws.Draws`.
        state: The declared state, a mapping to read and assign.
        weights: The variables that `layers=` and `weights=` match, each once; by default all that
            are trainable.
        memo: A dict for this step, for what a later stage of the same technique needs (a DATA
            stage that mixes leaves its permutation and weight for TARGET).
        layer: At FORWARD, the layer that is being called.
        other_arguments: At FORWARD, what the layer is called with beside its inputs: masks, states.
    """

    def __init__(
        self,
        services: Services,
        label: str,
        draws: Draws,
        state: State,
        memo: dict[str, Any],
        weights: list[keras.Variable],
        given: Mapping[str, Any],
    ) -> None:
        self._services, self._label, self._given = services, label, given
        self.draws = draws
        self.state = state
        self.memo = memo
        self.weights = weights
        self.layer: keras.layers.Layer | None = None
        self.other_arguments: tuple[Any, ...] = ()

    @property
    def model(self) -> keras.Model:
        """The user's model.

        Example:
            >>> import numpy as np
            >>> import regkit
            >>> class Named(regkit.Technique):
            ...     def penalty(self, context):
            ...         self.name = context.model.layers[0].name
            ...         return 0.0
            >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="out")])
            >>> model.compile(keras.optimizers.SGD(0.1), "mse", run_eagerly=True)
            >>> x, y = np.ones((4, 2), "float32"), np.ones((4, 1), "float32")
            >>> history = model.fit(x, y, verbose=0, callbacks=[Named()])
            >>> history.model.layers[0].name
            'out'
        """
        return self._services.model

    @property
    def alone(self) -> bool:
        """Whether each example is changed by itself, as by `regkit.augment`, not as one of a batch.

        What a technique takes from the batch, such as its largest number, it takes from each
        example then.

        Example:
            >>> from regkit.core.outside import context_outside
            >>> context_outside(Draws(1, 0)).alone
            False
        """
        return self.draws.of_examples

    @property
    def step(self) -> Tensor:
        """The number of training steps before this one, an int32 scalar tensor.

        Example:
            >>> from regkit.core.outside import context_outside
            >>> int(context_outside(Draws(1, 0), step=3).step)
            3
        """
        return ops.convert_to_tensor(self._services.step, "int32")

    @property
    def batch(self) -> Batch:
        """The batch of this step, as DATA left it.

        Example:
            >>> from regkit.core.outside import context_outside
            >>> context_outside(Draws(1, 0), Batch(x=2.0)).batch.x
            2.0
        """
        return self._services.batch

    @property
    def values(self) -> list[Tensor]:
        """The current values of the technique's weights, in their order.

        Example:
            >>> import numpy as np
            >>> import regkit
            >>> class Halved(regkit.Technique):
            ...     def update(self, weights, context):
            ...         return [value / 2 for value in context.values]
            >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="out")])
            >>> model.compile(keras.optimizers.SGD(0.1), "mse", run_eagerly=True)
            >>> x, y = np.ones((4, 2), "float32"), np.ones((4, 1), "float32")
            >>> history = model.fit(x, y, verbose=0, callbacks=[Halved()])
            >>> bool(np.all(np.abs(model.get_weights()[0]) < 1))
            True
        """
        return self._services.read(self.weights)

    def value(self, strength: float | Schedule | Input) -> Any:
        """Return a strength at this step: a scalar tensor, or a number where nothing is compiled.

        Example:
            >>> from regkit.core.outside import context_outside
            >>> falling = keras.optimizers.schedules.PolynomialDecay(1.0, 10, 0.0)
            >>> context = context_outside(Draws(1, 0), step=5)
            >>> context.value(0.3), float(context.value(falling))
            (0.3, 0.5)
        """
        if isinstance(strength, Input):
            number = self._given[strength.option]
            if isinstance(number, float):  # on the host
                return number
        return value_at(strength, self._given, self._services.step, self.weights)

    def with_weights(
        self, variables: Sequence[keras.Variable], values: Sequence[Tensor]
    ) -> AbstractContextManager[object]:
        """Return a scope in which layers run with other values of some variables.

        Gradients flow through the values to the originals. What the layers update meanwhile
        (moving statistics) is kept.

        Example:
            >>> import numpy as np
            >>> import regkit
            >>> class Doubled(regkit.Technique):
            ...     def select_layers(self, model):
            ...         return model.layers
            ...
            ...     def forward(self, call, inputs, context):
            ...         kernel = context.layer.kernel
            ...         with context.with_weights([kernel], [2 * kernel]):
            ...             return call(inputs)
            >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="out")])
            >>> model.compile(keras.optimizers.SGD(0.1), "mse", run_eagerly=True)
            >>> x, y = np.ones((4, 2), "float32"), np.ones((4, 1), "float32")
            >>> history = model.fit(x, y, verbose=0, callbacks=[Doubled()])
            >>> history.epoch
            [0]
        """
        return self._services.scope(list(zip(variables, values, strict=True)))

    def with_attribute(
        self, target: object, name: str, change: Callable[[Any], object]
    ) -> AbstractContextManager[object]:
        """Return a scope in which an attribute of a layer is `change(attribute)`.

        Example:
            >>> import numpy as np
            >>> import regkit
            >>> class Shown(regkit.Technique):
            ...     def select_layers(self, model):
            ...         return model.layers
            ...
            ...     def forward(self, call, inputs, context):
            ...         with context.with_attribute(context.layer, "activation", lambda own: None):
            ...             return call(inputs)
            >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="out")])
            >>> model.compile(keras.optimizers.SGD(0.1), "mse", run_eagerly=True)
            >>> x, y = np.ones((4, 2), "float32"), np.ones((4, 1), "float32")
            >>> history = model.fit(x, y, verbose=0, callbacks=[Shown()])
            >>> history.epoch
            [0]
        """
        return self._services.shadowed(target, name, change)

    def loss_fn(
        self,
        x: Nest = None,
        weights: Sequence[Tensor] | None = None,
        *,
        y: Nest = None,
        sample_weight: Nest = None,
        output: str | None = None,
    ) -> Tensor:
        """Return the training loss at other inputs, targets or weights, without side effects.

        It is the loss of this step, penalties and all, with the draws of this step: techniques
        that perturb layers perturb them alike. Statistics, metrics and state stay as they are.

        Args:
            x: Other inputs; by default the batch's.
            weights: Other values for `context.weights`, in their order.
            y: Other targets; by default the batch's.
            sample_weight: Other weights of the examples.
            output: The name of an output, for that task's weighted loss alone.

        Example:
            >>> import numpy as np
            >>> import regkit
            >>> class Sharpness(regkit.Technique):
            ...     def gradient(self, gradients, context):
            ...         far = [value + 0.1 for value in context.values]
            ...         self.rise = float(context.loss_fn(weights=far) - context.loss_fn())
            ...         return gradients
            >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="out")])
            >>> model.compile(keras.optimizers.SGD(0.1), "mse", run_eagerly=True)
            >>> x, y = np.ones((4, 2), "float32"), np.ones((4, 1), "float32")
            >>> history = model.fit(x, y, verbose=0, callbacks=[Sharpness()])
            >>> history.epoch
            [0]
        """
        batch = Batch(x, y, sample_weight)
        return self._services.loss(self._label, batch, self._at(weights), output)

    def outputs(self, x: Nest = None, weights: Sequence[Tensor] | None = None) -> Any:
        """Return what the model computes in training, at other inputs or weights.

        Without side effects, as `loss_fn`, and with the draws of this step: two calls at the same
        values give the same outputs, and gradients flow through them. What compares predictions
        (consistency, distillation, virtual adversarial training) asks for it.

        Args:
            x: Other inputs; by default the batch's.
            weights: Other values for `context.weights`, in their order.

        Example:
            >>> import numpy as np
            >>> import regkit
            >>> class Steady(regkit.Technique):
            ...     def penalty(self, context):
            ...         moved = context.outputs(context.batch.x + 0.1)
            ...         return ops.mean((moved - context.outputs()) ** 2)
            >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="out")])
            >>> model.compile(keras.optimizers.SGD(0.1), "mse", run_eagerly=True)
            >>> x, y = np.ones((4, 2), "float32"), np.ones((4, 1), "float32")
            >>> history = model.fit(x, y, verbose=0, callbacks=[Steady()])
            >>> "steady_penalty" in history.history
            True
        """
        return self._services.outputs(self._label, x, self._at(weights))

    def task_losses(self, weights: Sequence[Tensor] | None = None) -> dict[str, Tensor]:
        """Return each output's weighted loss by name, as `loss_fn(output=…)` for all at once.

        Example:
            >>> import numpy as np
            >>> import regkit
            >>> class Tasks(regkit.Technique):
            ...     def gradient(self, gradients, context):
            ...         self.names = sorted(context.task_losses())
            ...         return gradients
            >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="out")])
            >>> model.compile(keras.optimizers.SGD(0.1), "mse", run_eagerly=True)
            >>> x, y = np.ones((4, 2), "float32"), np.ones((4, 1), "float32")
            >>> history = model.fit(x, y, verbose=0, callbacks=[Tasks()])
            >>> history.epoch
            [0]
        """
        return self._services.task_losses(self._label, self._at(weights))

    def _at(self, weights: Sequence[Tensor] | None) -> Pairs:
        return [] if weights is None else list(zip(self.weights, weights, strict=True))

    def value_and_grad(self, function: Callable[[Any], Tensor], at: Nest) -> tuple[Tensor, Any]:
        """Return `function(at)` and its gradient with respect to `at`, a tensor or a nest.

        In mixed_float16 the loss is scaled for the differentiation, as Keras does, and the
        gradients scaled back. A gradient that does not exist is zero.

        Example:
            >>> import numpy as np
            >>> import regkit
            >>> class FastGradientSign(regkit.Technique):
            ...     def data(self, batch, context):
            ...         _, slope = context.value_and_grad(context.loss_fn, batch.x)
            ...         return batch.replace(x=batch.x + 0.1 * ops.sign(slope))
            >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="out")])
            >>> model.compile(keras.optimizers.SGD(0.1), "mse", run_eagerly=True)
            >>> x, y = np.ones((4, 2), "float32"), np.ones((4, 1), "float32")
            >>> history = model.fit(x, y, verbose=0, callbacks=[FastGradientSign()])
            >>> history.epoch
            [0]
        """
        return self._services.value_and_grad(function, at)
