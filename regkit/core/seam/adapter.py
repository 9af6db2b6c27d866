"""What a backend does in its own way, and what most do alike."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import keras
from keras import ops

from regkit.core.seam.patch import Wrap
from regkit.core.seam.runtime import Runtime

__all__ = ["Adapter", "make_adapter"]

Tensor = Any


class Adapter(ABC):
    """One backend's compiled step and its ways with gradients and state.

    Args:
        runtime: The plan on the model.
    """

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.model = runtime.model

    # -- the compiled function -----------------------------------------------------------------

    @abstractmethod
    def function(self) -> Callable[..., Any]:
        """Return the train function to put on the model."""

    def prepare(self) -> None:  # noqa: B027  # most have nothing to do
        """Make the model ready for a fit that Keras could not run: on JAX, without an optimizer."""

    def build(self, iterator: Any) -> Any:
        """Build a model that Keras builds only within its first step, and return the iterator."""
        return iterator

    @abstractmethod
    def load(self, carried: Any) -> None:
        """Set what the next step gets, from host arrays or tensors."""

    @abstractmethod
    def read(self, variable: keras.Variable) -> Tensor:
        """Return a variable's value at this place of the step, not to change under one's hands."""

    @property
    @abstractmethod
    def carried(self) -> Any:
        """What came out of the last step, as arrays or tensors."""

    def steps(self) -> int | None:
        """Return the number of steps done, or None where it is not known now."""
        carried = self.carried
        return None if carried is None else int(ops.convert_to_numpy(carried["step"]))

    def begin_epoch(self) -> None:  # noqa: B027  # most have nothing to do
        """Note what the steps of an epoch take off the model."""

    def revive(self) -> None:  # noqa: B027  # most have nothing to do
        """Put values back on variables that a fit which died has left without."""

    def release(self) -> None:  # noqa: B027  # TensorFlow's graph keeps its variables
        """Let go of the state after a fit; the compiled function may be kept for the next."""

    @abstractmethod
    def inference(self, run: Callable[..., Any]) -> Callable[..., Any]:
        """Return a compiled `(x, sample, part)` of `run(x, sample, part, values)`."""

    # -- within the step -----------------------------------------------------------------------

    @abstractmethod
    def around(self, frame: Any) -> AbstractContextManager[Any]:
        """Put GRADIENT and UPDATE around the optimizer."""

    @abstractmethod
    def value_and_grad(
        self, function: Callable[[list[Tensor]], Tensor], at: list[Tensor]
    ) -> tuple[Tensor, list[Tensor | None]]:
        """Return a function's value and its gradients with respect to a list of tensors."""

    def patched(self, target: Any, name: str, wrap: Wrap) -> AbstractContextManager[None]:
        """Shadow a method for the extent of the step."""
        return self.runtime.shadows.patched(target, name, wrap)

    def reading_in_loss(self, frame: Any) -> AbstractContextManager[Any]:
        """Return a scope in which variables can be read while the loss is computed."""
        return nullcontext()

    def in_backward(self) -> bool:
        """Return whether gradients are being computed now, and layers run once more for them."""
        return False

    def length(self, x: Any) -> Any:
        """Return the number of examples in an input."""
        return ops.shape(x)[0]

    def own(self, value: Tensor) -> Tensor:
        """Return a value apart from the graph of gradients, as state."""
        return ops.stop_gradient(value)

    def replica(self) -> Tensor | int:
        """Return the place of this replica under a distribution strategy."""
        return 0

    def unscaled(self, loss: Tensor) -> Tensor:
        """Return a loss as it would be without a distribution strategy."""
        return loss

    def accumulated(self, sums: Tensor, size: Any, values: list[Tensor]) -> Tensor:
        """Return the epoch's sums with a batch of `size` added: its examples, and its values."""
        return sums + self.weighted(size, values, sums.dtype)

    def weighted(self, size: Any, values: list[Tensor], dtype: Any) -> Tensor:
        """Return the row of a batch in the epoch's sums."""
        row = ops.cast(ops.stack([ops.ones_like(values[0]), *values]), dtype)
        return ops.stop_gradient(row * ops.cast(size, dtype))

    def dense(self, gradient: Any) -> Tensor:
        """Return a gradient as a tensor, where it may be a sparse one."""
        return gradient

    def scales_loss(self) -> bool:
        """Return whether the optimizer scales the loss, as in mixed_float16."""
        return isinstance(self.model.optimizer, keras.optimizers.LossScaleOptimizer)

    def model_is_ready(self) -> bool:
        """Return whether the model, its loss and its optimizer are built."""
        loss = self.model._compile_loss
        return bool(
            all(layer.built for layer in self.model._flatten_layers())
            and (loss is None or loss.built)
            and getattr(self.model.optimizer, "built", True)
        )


def make_adapter(runtime: Runtime) -> Adapter:
    """Return the adapter of the running backend."""
    name = keras.backend.backend()
    if name == "tensorflow":
        from regkit.core.seam.tensorflow import TensorFlowAdapter as Found
    elif name == "jax":
        from regkit.core.seam.jax import JaxAdapter as Found  # type: ignore[assignment]
    elif name == "torch":
        from regkit.core.seam.torch import TorchAdapter as Found  # type: ignore[assignment]
    else:
        from regkit.core.errors import AttachError

        raise AttachError(
            f"the Keras backend {name!r} cannot train with regkit; use 'tensorflow', 'jax' or "
            "'torch' (KERAS_BACKEND)"
        )
    return Found(runtime)
