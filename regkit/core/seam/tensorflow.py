"""The seam on TensorFlow: a graph of Keras' making, state in variables outside the model."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import keras
import tensorflow as tf
from keras.src.losses.loss import unscale_loss_for_distribution

from regkit.core.errors import AttachError
from regkit.core.seam.frame import Frame
from regkit.core.seam.patch import Wrap, patched, patched_by_thread
from regkit.core.seam.runtime import Runtime
from regkit.core.seam.stateful import StatefulAdapter
from regkit.core.stages import Stage

__all__ = ["TensorFlowAdapter"]

Tensor = Any


class TensorFlowAdapter(StatefulAdapter):
    """`tf.function` around the step, XLA where the model asks for it."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._variables: Any = None
        self._replicas = self.model.distribute_strategy.num_replicas_in_sync
        if self._replicas > 1 and runtime.at[Stage.UPDATE]:
            raise AttachError(
                f"{runtime.at[Stage.UPDATE][0].technique!r} changes weights after the optimizer, "
                f"which TensorFlow cannot do on each of {self._replicas} replicas. Train on one "
                "device, or with the JAX backend and keras.distribution.DataParallel"
            )

    def function(self) -> Callable[[Any], Any]:
        """Return the function of an iterator that runs `steps_per_execution` steps."""
        train_step = self.model.train_step

        def step(data: Any) -> Any:
            carried = keras.tree.map_structure(tf.convert_to_tensor, self._variables)
            iterations = tf.cast(tf.identity(self.counter().value), tf.int32)
            frame = Frame(self.runtime, self, carried, iterations, [])
            with frame.around():
                logs = train_step(frame.data(data))
            self._assign(frame.carry())
            return logs

        return self.model._make_function(step)  # type: ignore[no-any-return]

    def inference(self, run: Callable[..., Any]) -> Callable[..., Any]:
        """Return a graph; a last batch of another size does not make a graph for every size."""
        graph = tf.function(lambda *given: run(*given, []), reduce_retracing=True)

        def predict(x: Any, sample: int, part: int) -> Any:
            return graph(x, tf.constant(sample, tf.int32), tf.constant(part, tf.int32))

        return predict

    def build(self, iterator: Any) -> None:
        """Build a model that Keras would build within its first step, from the data's spec."""
        spec = getattr(iterator, "element_spec", None)
        spec = keras.tree.map_structure(
            lambda one: one if isinstance(one, tf.TensorSpec) else None, spec
        )
        with self.model.distribute_strategy.scope():
            self.model._symbolic_build(data_batch=spec)

    def load(self, carried: Any) -> None:
        """Put values into the variables, made at the first time."""
        if self._variables is not None:
            try:
                keras.tree.assert_same_structure(self._variables, carried)
                self._assign(carried)
                return
            except ValueError:
                pass  # other state than last time: new variables
        with self.model.distribute_strategy.scope():
            self._variables = keras.tree.map_structure(
                lambda value: tf.Variable(
                    value,
                    trainable=False,
                    aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
                ),
                carried,
            )

    def patched(self, target: Any, name: str, wrap: Wrap) -> AbstractContextManager[None]:
        """Shadow a method; TensorFlow runs replicas in threads, each with a frame of its own."""
        return (patched_by_thread if self._replicas > 1 else patched)(target, name, wrap)

    def _assign(self, carried: Any) -> None:
        keras.tree.map_structure(
            lambda variable, value: None if value is variable else variable.assign(value),
            self._variables,
            carried,
        )

    @property
    def carried(self) -> Any:
        """The variables' values."""
        return keras.tree.map_structure(tf.convert_to_tensor, self._variables)

    def read(self, variable: keras.Variable) -> Tensor:
        """Return the value now, not the resource."""
        return tf.convert_to_tensor(variable.value)

    def value_and_grad(
        self, function: Callable[[list[Tensor]], Tensor], at: list[Tensor]
    ) -> tuple[Tensor, list[Tensor | None]]:
        """Differentiate with a tape of its own."""
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(at)
            value = function(at)
        return value, tape.gradient(value, at)

    def replica(self) -> Tensor | int:
        """Return the replica's id, so that replicas draw apart."""
        context = tf.distribute.get_replica_context()
        if context is None or self._replicas == 1:
            return 0
        return context.replica_id_in_sync_group

    def unscaled(self, loss: Tensor) -> Tensor:
        """Undo the division by the number of replicas."""
        return unscale_loss_for_distribution(loss)

    def dense(self, gradient: Any) -> Tensor:
        """Turn the gradient of an embedding into a tensor."""
        return tf.convert_to_tensor(gradient)
