"""A backend's compiled step in a fit."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from keras import ops

from regkit.core.seam.step_adapter import Carried, StepAdapter
from regkit.core.services import Pairs
from regkit.types import Nest, Tensor

__all__ = ["Adapter", "Inference"]

# Takes a batch, the number of a sample and that of the batch, and the values of variables.
Inference: TypeAlias = Callable[[Nest, Tensor | int, Tensor | int, Pairs], Any]


class Adapter(StepAdapter):
    """One backend's compiled step in a fit, and what it carries from one step to the next.

    Args:
        runtime: The plan on the model.
    """

    @abstractmethod
    def function(self) -> Callable[..., Any]:
        """Return the train function to put on the model."""

    def prepare(self) -> None:  # most have nothing to do
        """Make the model ready for a fit that Keras could not run: on JAX, without an optimizer."""

    def build(self, iterator: Iterator[Nest]) -> Iterator[Nest]:
        """Build a model that Keras builds only within its first step, and return the iterator."""
        return iterator

    @abstractmethod
    def load(self, carried: Carried) -> None:
        """Set what the next step gets, from host arrays or tensors."""

    @property
    @abstractmethod
    def carried(self) -> Any:
        """What came out of the last step, as arrays or tensors."""

    def steps(self) -> int | None:
        """Return the number of steps done, or None where it is not known now."""
        carried = self.carried
        return None if carried is None else int(ops.convert_to_numpy(carried["step"]))

    def begin_epoch(self) -> None:  # most have nothing to do
        """Note what the steps of an epoch take off the model."""

    def revive(self) -> None:  # most have nothing to do
        """Put values back on variables that a fit which died has left without."""

    def release(self) -> None:  # TensorFlow's graph keeps its variables
        """Let go of the state after a fit; the compiled function may be kept for the next."""

    @abstractmethod
    def inference(self, run: Inference) -> Callable[[Nest, int, int], Any]:
        """Return a compiled `(x, sample, part)` of `run(x, sample, part, values)`."""

    def model_is_ready(self) -> bool:
        """Return whether the model, its loss and its optimizer are built."""
        loss = self.model._compile_loss
        return bool(
            all(layer.built for layer in self.model._flatten_layers())
            and (loss is None or loss.built)
            and getattr(self.model.optimizer, "built", True)
        )
