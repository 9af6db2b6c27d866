"""The seam on TensorFlow: a graph of Keras' making, state in variables outside the model."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras.src.backend import compute_output_spec
from keras.src.losses.loss import unscale_loss_for_distribution
from tensorflow.python.eager import context as eager_context
from tensorflow.python.ops import stateful_random_ops

from regkit.core.errors import AttachError
from regkit.core.seam.adapter import Adapter, Inference
from regkit.core.seam.batches import opened
from regkit.core.seam.frame import Frame
from regkit.core.seam.runtime import Runtime
from regkit.core.seam.step_adapter import Carried
from regkit.core.stages import Stage
from regkit.types import Nest

__all__ = ["TensorFlowAdapter"]


class TensorFlowAdapter(Adapter):
    """`tf.function` around the step, XLA where the model asks for it."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._variables: Any = None
        self.replicas = self.model.distribute_strategy.num_replicas_in_sync
        runtime.shadows.by_thread = self.replicas > 1
        updates = runtime.turns[Stage.UPDATE]
        if self.replicas > 1 and updates:
            raise AttachError(
                f"{updates[0].technique!r} changes weights after the optimizer, which TensorFlow "
                f"cannot do on each of {self.replicas} replicas. Train on one device, or with the "
                "JAX backend and keras.distribution.DataParallel"
            )

    def function(self) -> Callable[[Any], Any]:
        """Return the function of an iterator that runs `steps_per_execution` steps."""
        train_step = self.model.train_step

        def step(data: Nest) -> Any:
            frame = Frame(self.runtime, self, self.carried, [])
            with frame.around():
                logs = train_step(frame.data(data))
            self._assign(frame.carry())
            return logs

        return self.model._make_function(step)

    def inference(self, run: Inference) -> Callable[[Nest, int, int], Any]:
        """Return a graph; a last batch of another size does not make a graph for every size."""
        graph = tf.function(lambda x, sample, part: run(x, sample, part, []), reduce_retracing=True)

        def predict(x: Nest, sample: int, part: int) -> Any:
            return graph(x, tf.constant(sample, tf.int32), tf.constant(part, tf.int32))

        return predict

    def build(self, iterator: Iterator[Nest]) -> Iterator[Nest]:
        """Build a model that Keras would build within its first step, from the data's spec."""
        model, spec = self.model, getattr(iterator, "element_spec", None)
        if spec is None:  # a batch given to `train_on_batch`
            first = next(iterator)
            spec = keras.tree.map_structure(_spec_of, first)
            iterator = itertools.chain([first], iterator)
        if type(model).call is keras.Model.call:  # its own train_step calls its layers
            _require_built(model)
        with model.distribute_strategy.scope(), ExitStack() as stack:
            for layer in model._flatten_layers():  # in a graph none can be run again for gradients
                stack.enter_context(
                    self.runtime.shadows.replaced(layer, "rematerialized_call", _called_once)
                )
            if type(model).call is not keras.Model.call:
                compute_output_spec(lambda: _call_all(model, spec))
            if model.optimizer is not None and not model.optimizer.built:
                model.optimizer.build(model.trainable_variables)
            model._post_build()
        return iterator

    def load(self, carried: Carried) -> None:
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

    def _assign(self, carried: Carried) -> None:
        keras.tree.map_structure(
            lambda variable, value: None if value is variable else variable.assign(value),
            self._variables,
            carried,
        )

    @property
    def carried(self) -> Any:
        """The variables' values."""
        return keras.tree.map_structure(tf.convert_to_tensor, self._variables)

    def read(self, variables: Sequence[keras.Variable]) -> list[tf.Tensor]:
        """Return the values now, not the resources."""
        return [tf.convert_to_tensor(variable.value) for variable in variables]

    def value_and_grad(
        self, function: Callable[[list[tf.Tensor]], tf.Tensor], at: list[tf.Tensor]
    ) -> tuple[tf.Tensor, list[tf.Tensor | None]]:
        """Differentiate with a tape of its own."""
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(at)
            value = function(at)
        return value, tape.gradient(value, at)

    def replica(self) -> tf.Tensor | int:
        """Return the replica's id, so that replicas draw apart."""
        context = tf.distribute.get_replica_context()
        if context is None:
            return 0
        return context.replica_id_in_sync_group

    def unscaled(self, loss: tf.Tensor) -> tf.Tensor:
        """Undo the division by the number of replicas."""
        return unscale_loss_for_distribution(loss)

    def length(self, x: tf.Tensor) -> tf.Tensor | int:
        """Return the number of examples; a sparse or ragged tensor says it in its own way."""
        if isinstance(x, tf.SparseTensor):
            return x.dense_shape[0]
        return x.nrows() if isinstance(x, tf.RaggedTensor) else super().length(x)

    def weighted(self, size: tf.Tensor | int, values: list[tf.Tensor], dtype: object) -> tf.Tensor:
        """Return the row of a batch, added up over the replicas."""
        row = super().weighted(size, values, dtype)
        if self.replicas == 1:
            return row
        return tf.distribute.get_replica_context().all_reduce("SUM", row)

    def dense(self, gradient: tf.Tensor) -> tf.Tensor:
        """Turn the gradient of an embedding into a tensor."""
        return tf.convert_to_tensor(gradient)


def _require_built(model: keras.Model) -> None:
    layers = model._flatten_layers(include_self=False)
    unbuilt = [layer.name for layer in layers if not layer.built]
    if unbuilt:
        raise AttachError(
            f"{model.name!r} has no call, by which regkit could build {', '.join(unbuilt)}. Build "
            "them before fit, as by calling each on a batch"
        )


def _call_all(model: keras.Model, spec: Nest) -> None:
    """Call a model, its metrics and its loss on placeholders, as Keras builds them."""
    batch = opened(keras.tree.map_structure(_placeholder, spec))[0]
    x, y, weight = batch.x, batch.y, batch.sample_weight
    y_pred = model(x, training=False) if model._call_has_training_arg else model(x)
    metrics, loss = model._compile_metrics, model._compile_loss
    if metrics is not None and not metrics.built:
        model.compute_metrics(x, y, y_pred, sample_weight=weight)
    if loss is not None and not loss.built:
        model._compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=weight, training=False)


def _called_once(
    layer_call: Callable[..., Any], *args: object, **kwargs: object
) -> Callable[..., Any]:
    return layer_call


def _spec_of(x: tf.Tensor) -> Any:
    return None if x is None else tf.type_spec_from_value(tf.convert_to_tensor(x))


def _placeholder(spec: tf.TypeSpec) -> Any:
    if isinstance(spec, tf.RaggedTensorSpec):
        inner = spec.shape[spec.ragged_rank + 1 :]
        return tf.compat.v1.ragged.placeholder(spec.dtype, spec.ragged_rank, inner)
    if isinstance(spec, tf.SparseTensorSpec):
        return tf.compat.v1.sparse_placeholder(spec.dtype, spec.shape)
    return tf.compat.v1.placeholder(spec.dtype, spec.shape) if hasattr(spec, "shape") else None


class Generators:
    """TensorFlow's global generator, where there is one, and what `tf.random.set_seed` has set.

    From that `tf.random.normal` and its like get a seed in each eager call; what they draw from
    within a graph has no state that could be read.
    """

    def read(self) -> dict[str, Any]:
        """Return their states by name."""
        shared, context = stateful_random_ops.global_generator, eager_context.context()
        states = {"op_seed": np.array([] if context._seed is None else [context._seed])}
        if (generator := getattr(context, "_rng", None)) is not None:  # none before a first seed
            states["op_words"] = np.array(generator.getstate()[1], "int64")
        return states if shared is None else {**states, "global": shared.state.numpy()}

    def restore(self, states: dict[str, Any]) -> None:
        """Set the states."""
        if "global" in states:
            tf.random.get_global_generator().reset(states["global"])
        context = eager_context.context()
        if "op_words" in states:
            context._rng = random.Random()
            context._rng.setstate((3, tuple(states["op_words"].tolist()), None))
        if "op_seed" in states:
            context._seed = next(map(int, states["op_seed"]), None)
