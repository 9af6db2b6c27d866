"""One training step: the stages around Keras' own `train_step`, the same on every backend.

Nothing stays on the model between steps. What has to be replaced (a layer's `call`, `compute_loss`,
the optimizer's `apply`) is replaced while the step is traced, or run eagerly, and no longer.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from regkit.core.context import Context, Pairs
from regkit.core.plan import Member
from regkit.core.seam import applying, batches
from regkit.core.seam.adapter import Adapter, Carried
from regkit.core.seam.forward import layer_changes
from regkit.core.seam.losses import acts_at_loss, compute_loss
from regkit.core.seam.patch import Change
from regkit.core.seam.reached import require_applied, require_loss
from regkit.core.seam.runtime import Runtime
from regkit.core.seam.second_pass import StepServices
from regkit.types import Nest, Tensor

__all__ = ["Frame"]


class Frame(StepServices):
    """The step of one batch, with all that acts in it.

    Args:
        runtime: The plan on this model.
        adapter: The backend's ways.
        carried: What came out of the step before.
        values: On JAX, the value of every variable, which is not on the variables there.
        part: For sampled predictions, the number of the batch; None for a step of training.
    """

    def __init__(
        self,
        runtime: Runtime,
        adapter: Adapter,
        carried: Carried,
        values: Pairs,
        part: Tensor | int | None = None,
    ) -> None:
        super().__init__(runtime, adapter, carried, values, part)
        self._count: Tensor | None = None  # of the optimizer, before its update
        self.open(self)

    @contextmanager
    def around(self) -> Iterator[None]:
        """Put the stages into the model for a block in which Keras' own step runs."""
        changes = layer_changes(self) if self.runtime.layers else []
        if acts_at_loss(self):
            call = functools.partial(compute_loss, self)
            changes.insert(0, Change(self.model, "compute_loss", call))
        changes += self.adapter.optimizer_changes(self)
        try:
            with self.runtime.shadows.patched(changes):
                yield
        finally:
            self.close()
        if not (self.reached_loss and self.reached_target):
            require_loss(self)
        if not self.reached_apply:
            require_applied(self)

    @contextmanager
    def around_layers(self) -> Iterator[None]:
        """Put FORWARD around the calls of the layers, and nothing else."""
        with self.runtime.shadows.patched(layer_changes(self)):
            yield

    def data(self, data: Nest) -> Nest:
        """Run the DATA stage on what the iterator gave, and return it in the same form."""
        return batches.changed(self, data)

    def before_update(self, gradients: Sequence[Any], variables: Sequence[Any]) -> list[Any]:
        """Run the GRADIENT stage on what goes to the optimizer."""
        changed = applying.before(self, gradients, variables)
        self._count = applying.count_of(self)
        return changed

    def after_update(self) -> None:
        """Run the UPDATE stage, where the optimizer has just changed the weights."""
        applying.after(self, self._count)

    def context_of_state(self, member: Member) -> Context:
        """Return the view in which a technique declares its state, outside of any step."""
        return self.initial_context(self, member)
