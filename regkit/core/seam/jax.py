"""The seam on JAX: a pure step, compiled with the state of techniques as one more argument."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import jax
import keras
from keras.src.backend.config import is_nnx_enabled
from keras.src.distribution import distribution_lib

from regkit.core.errors import AttachError
from regkit.core.seam.adapter import Adapter, Inference
from regkit.core.seam.frame import Frame
from regkit.core.seam.patch import Change
from regkit.core.seam.runtime import Runtime
from regkit.core.seam.scope import Scope, in_scope
from regkit.core.seam.stateless import stateless_apply, stateless_call
from regkit.core.seam.step_adapter import Carried, StepView, Values
from regkit.core.services import Pairs
from regkit.types import Nest

# The values of a model's variables as Keras' loop on JAX carries them: four lists of arrays.
LoopState = Sequence[Sequence[Any]]

__all__ = ["JaxAdapter"]


class JaxAdapter(Adapter):
    """`jax.jit` around the step; during an epoch the values of variables are in the state only."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        if is_nnx_enabled():
            raise AttachError(
                "regkit does not train models in Keras' Flax NNX mode; set "
                'KERAS_NNX_ENABLED=false, or "nnx_enabled": false in keras.json'
            )
        self._carried: Any = None
        self._state: Any = None  # the last that is known, for variables that are empty meanwhile

    def prepare(self) -> None:
        """Give Keras' loop what it asks of an optimizer, where the model has none."""
        if self.model.optimizer is None:
            self.runtime.shadows.put(self.model, "optimizer", _NoOptimizer())

    def function(self) -> Callable[..., Any]:
        """Return the function of (state, iterator) that runs `steps_per_execution` steps."""
        model = self.model
        train_step = model.train_step

        def step(state: LoopState, carried: Carried, data: Nest) -> tuple[Any, Any, Any]:
            frame = Frame(self.runtime, self, carried, self._values(state))
            with frame.around():
                logs, state = train_step(state, frame.data(data))
            return logs, state, frame.carry()

        if not model.run_eagerly and model.jit_compile:
            shardings = None
            if distribution_lib.distribution() is not None:
                shardings = (None, model._get_state_sharding_spec(), None)
            step = jax.jit(step, donate_argnums=(0, 1), out_shardings=shardings)

        def host_step(state: LoopState, data: Nest) -> tuple[Any, Any]:
            self._state = state
            logs, self._state, self._carried = step(state, self._carried, data)
            return logs, self._state

        return model._make_function(host_step)

    def inference(self, run: Inference) -> Callable[[Nest, int, int], Any]:
        """Return a compiled function of the values of the variables."""
        variables = self.model.variables

        def stateless(
            values: Sequence[jax.Array], x: Nest, sample: jax.Array, part: jax.Array
        ) -> Any:
            mapping = list(zip(variables, values, strict=True))
            with Scope(mapping):
                return run(x, sample, part, mapping)

        compiled = jax.jit(stateless)
        return lambda *given: compiled([variable.value for variable in variables], *given)

    def _values(self, state: LoopState) -> Pairs:
        return [
            pair
            for variables, values in zip(self._held(), state, strict=True)
            for pair in zip(variables, values, strict=True)
        ]

    def _held(self) -> tuple[Sequence[keras.Variable], ...]:
        """Return the variables whose values the loop's state has, in its order."""
        model = self.model
        return (
            model.trainable_variables,
            model.non_trainable_variables,
            getattr(model.optimizer, "variables", ()),  # the stand-in has gone before a last look
            model.metrics_variables,
        )

    def optimizer_changes(self, step: StepView) -> list[Change]:
        """Return the methods to shadow: `optimizer.stateless_apply`, and the forward pass.

        What the forward pass gets is noted: it is what a `train_step` differentiates, and one of
        the user's may compute the loss outside of any scope, where the values are not on the
        variables.
        """
        changes = [Change(self.model, "stateless_call", partial(stateless_call, step))]
        if isinstance(self.model.optimizer, keras.optimizers.Optimizer):
            call = partial(stateless_apply, step)
            changes.append(Change(self.model.optimizer, "stateless_apply", call))
        return changes

    def reading_in_loss(self, step: Values) -> AbstractContextManager[object]:
        """Give the loss the values of the forward pass, where Keras has not."""
        if in_scope():
            return nullcontext()
        return Scope([*step.values, *step.inner])

    def load(self, carried: Carried) -> None:
        """Put arrays on the device; the step donates them, so they are copies."""
        self._carried = keras.tree.map_structure(lambda value: jax.numpy.array(value), carried)

    def begin_epoch(self) -> None:
        """Note the values that Keras takes off the variables for the time of an epoch."""
        self._state = [[variable.value for variable in held] for held in self._held()]

    def revive(self) -> None:
        """Put the values back, where a fit that died has left the variables empty."""
        value: Any
        for variable, value in [] if self._state is None else self._values(self._state):
            if variable._value is None and not value.is_deleted():  # by a step that had begun
                variable.assign(value)

    def steps(self) -> int | None:
        """Return the number of steps done, unless a step that died has taken it along."""
        lost = self._carried is None or self._carried["step"].is_deleted()
        return None if lost else super().steps()

    def release(self) -> None:
        """Let go of the state, which may be as large as the model."""
        self._carried = self._state = None

    @property
    def carried(self) -> Any:
        """What the last step returned."""
        return self._carried

    def read(self, variables: Sequence[keras.Variable]) -> list[jax.Array]:
        """Return the values in the scope."""
        return [variable.value for variable in variables]

    def value_and_grad(
        self, function: Callable[[list[jax.Array]], jax.Array], at: list[jax.Array]
    ) -> tuple[jax.Array, list[jax.Array | None]]:
        """Differentiate with `jax.value_and_grad`."""
        value, slopes = jax.value_and_grad(function)(at)
        return value, slopes


class _NoOptimizer:
    """Stands for the optimizer of a model that has none, during a fit."""

    variables: tuple[keras.Variable, ...] = ()
