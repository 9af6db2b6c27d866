"""The seam on PyTorch: the eager step, or what `torch.compile` makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import torch
from keras.src.backend.torch.core import get_device

from regkit.core.seam.adapter import Adapter, Inference
from regkit.core.seam.frame import Frame
from regkit.core.seam.runtime import Runtime
from regkit.core.seam.step_adapter import Carried
from regkit.types import Array, Nest

__all__ = ["TorchAdapter", "module_undisturbed"]


class TorchAdapter(Adapter):
    """Keras' own train function with frames around `train_step`, compiled where Keras would."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._carried: Any = None
        # A compiled step would be compiled again for every number.
        self._numbers = not self.model.jit_compile
        self._on_host = get_device() == "cpu" and self._numbers

    def function(self) -> Callable[[Any], Any]:
        """Return the function of an iterator's item that runs a step."""
        train_step = self.model.train_step

        def one_step_on_data(data: tuple[Nest]) -> Any:
            frame = Frame(self.runtime, self, self._carried, [])
            with frame.around():
                logs = train_step(frame.data(data[0]))
            self._carried = frame.carry()
            return logs

        compiles = self.model._should_torch_compile()
        return torch.compile(one_step_on_data) if compiles else one_step_on_data

    def inference(self, run: Inference) -> Callable[[Nest, int, int], Any]:
        """Return the function itself, without gradients and in the mode of evaluation."""

        def predict(x: Nest, sample: int, part: int) -> Any:
            with torch.no_grad(), module_undisturbed(self.model):
                self.model.eval()
                return run(x, sample, part, [])

        return predict

    def load(self, carried: Carried) -> None:
        """Put tensors on the device; what stays a number spares operations there."""
        self._carried = keras.tree.map_structure(
            lambda value: keras.ops.convert_to_tensor(value).detach().clone(), carried
        )
        if self._numbers:
            strengths = keras.tree.map_structure(lambda value: value.item(), carried["strengths"])
            self._carried["strengths"] = strengths
        if self._on_host:
            seeds = [int(seed) for seed in self._carried["seeds"]]
            self._carried |= {"step": int(self._carried["step"]), "seeds": seeds}

    def release(self) -> None:
        """Let go of the state, which may be as large as the model."""
        self._carried = None

    @property
    def carried(self) -> Any:
        """What the last step left."""
        carried = self._carried
        if carried is None or not self._numbers:
            return carried
        carried = carried | {"strengths": keras.tree.map_structure(np.array, carried["strengths"])}
        if self._on_host:
            carried |= {name: np.array(carried[name], "int32") for name in ("step", "seeds")}
        return carried

    def in_backward(self) -> bool:
        """Return whether autograd is running, as where a checkpoint runs a layer once more."""
        return not torch.compiler.is_compiling() and torch._C._current_graph_task_id() != -1

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def accumulated(
        self, sums: torch.Tensor, size: torch.Tensor | int, values: list[torch.Tensor]
    ) -> torch.Tensor:
        """Add without a graph of gradients, in few operations: each costs microseconds here."""
        row = torch.stack([torch.ones_like(values[0]), *values]).to(sums.dtype)
        return torch.add(sums, row, alpha=size)

    def own(self, value: torch.Tensor) -> torch.Tensor:
        """Return a copy: the optimizer changes weights in place."""
        return value.detach().clone()

    def read(self, variables: Sequence[keras.Variable]) -> list[torch.Tensor]:
        """Return the values; apart from the differentiated pass copies, which stay as they are."""
        values = [variable.value for variable in variables]
        return values if torch.is_grad_enabled() else [v.detach().clone() for v in values]

    def value_and_grad(
        self, function: Callable[[list[torch.Tensor]], torch.Tensor], at: list[torch.Tensor]
    ) -> tuple[torch.Tensor, list[torch.Tensor | None]]:
        """Differentiate with respect to fresh leaves; the parameters' own `grad` is not touched."""
        leaves = [tensor.detach().clone().requires_grad_(True) for tensor in at]
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


class Generators:
    """The global generators of PyTorch: the CPU's, and one for each device."""

    def read(self) -> dict[str, Array]:
        """Return their states by name."""
        states = {"cpu": torch.get_rng_state()}
        if torch.cuda.is_available():
            states |= {f"cuda_{k}": state for k, state in enumerate(torch.cuda.get_rng_state_all())}
        return {name: state.numpy() for name, state in states.items()}

    def restore(self, states: dict[str, Array]) -> None:
        """Set the states, of devices that are here."""
        torch.set_rng_state(torch.from_numpy(states["cpu"].copy()))
        for device in range(torch.cuda.device_count()):
            if (state := states.get(f"cuda_{device}")) is not None:
                torch.cuda.set_rng_state(torch.from_numpy(state.copy()), device)
