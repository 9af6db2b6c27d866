"""The seam on PyTorch: the eager step, or what `torch.compile` makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import torch
from keras.src.backend.torch.core import get_device

from regkit.core.seam.frame import Frame
from regkit.core.seam.patch import replaced
from regkit.core.seam.runtime import Runtime
from regkit.core.seam.stateful import StatefulAdapter

__all__ = ["TorchAdapter", "module_undisturbed"]

Tensor = Any


class TorchAdapter(StatefulAdapter):
    """Keras' own train function, with the step in the place of `train_step`."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._carried: Any = None
        # A compiled step would be compiled again for every integer.
        self._on_host = get_device() == "cpu" and not self.model.jit_compile

    def function(self) -> Callable[[Any], Any]:
        """Return the function of an iterator's item that runs a step."""
        model = self.model
        train_step = model.train_step

        def step(data: Any) -> Any:
            frame = Frame(self.runtime, self, self._carried, self._step(), [])
            with frame.around():
                logs = train_step(frame.data(data))
            self._carried = frame.carry()
            return logs

        plain = model.train_function
        type(model).make_train_function(model, force=True)
        own, model.train_function = model.train_function, plain

        def train_function(data: Any) -> Any:
            with replaced(model, "train_step", step):
                return own(data)

        return train_function

    def inference(self, run: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function itself, without gradients and in the mode of evaluation."""

        def predict(x: Any, sample: int, part: int) -> Any:
            with torch.no_grad(), module_undisturbed(self.model):
                self.model.eval()
                return run(x, sample, part, [])

        return predict

    def _step(self) -> Tensor | int:
        """Return the number of the step: an integer where reading it does not wait for a device."""
        count = self.counter().value
        if self._on_host:
            return int(count)
        return count.to(torch.int32, copy=True)  # the optimizer counts in place

    def host_or_tensor(self, seed: Tensor) -> Tensor | int:
        """Return a seed as the step's number is."""
        return int(seed) if self._on_host else seed

    def load(self, carried: Any) -> None:
        """Put tensors on the device."""
        self._carried = keras.tree.map_structure(
            lambda one: keras.ops.convert_to_tensor(one).detach().clone(), carried
        )

    def release(self) -> None:
        """Let go of the state, which may be as large as the model."""
        self._carried = None

    @property
    def carried(self) -> Any:
        """What the last step left."""
        return self._carried

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def accumulated(self, sums: Tensor, size: Any, values: list[Tensor]) -> Tensor:
        """Add without a graph of gradients, in few operations: each costs microseconds here."""
        row = torch.stack([torch.ones_like(values[0]), *values]).to(torch.float32)
        return torch.add(sums, row, alpha=size)

    def own(self, value: Tensor) -> Tensor:
        """Return a copy: the optimizer changes weights in place."""
        return value.detach().clone()

    def read(self, variable: keras.Variable) -> Tensor:
        """Return the value; apart from the differentiated pass a copy, which stays as it is."""
        value = variable.value
        return value if torch.is_grad_enabled() else value.detach().clone()

    def value_and_grad(
        self, function: Callable[[list[Tensor]], Tensor], at: list[Tensor]
    ) -> tuple[Tensor, list[Tensor | None]]:
        """Differentiate with respect to fresh leaves; the parameters' own `grad` is not touched."""
        leaves = [one.detach().clone().requires_grad_(True) for one in at]
        with torch.enable_grad():
            value = function(leaves)
            slopes = torch.autograd.grad(value, leaves, allow_unused=True)
        return value.detach(), list(slopes)


@contextmanager
def module_undisturbed(model: keras.Model) -> Iterator[None]:
    """Put back, after the block, each module's mode and the generator of data loaders."""
    modes = {module: module.training for module in model.modules()}
    training = model.training
    with torch.random.fork_rng(devices=[]):
        try:
            yield
        finally:
            for module in model.modules():  # Keras may have made one anew
                module.training = modes.get(module, training)
