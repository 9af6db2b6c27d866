"""One training step: the stages around Keras' own `train_step`, the same on every backend.

Nothing stays on the model between steps. What has to be replaced (a layer's `call`, `compute_loss`,
the optimizer's `apply`) is replaced while the step is traced, or run eagerly, and no longer.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from regkit.core.seam import applying, batches
from regkit.core.seam.forward import layer_changes
from regkit.core.seam.losses import acts_at_loss, compute_loss
from regkit.core.seam.patch import Change
from regkit.core.seam.reached import require_applied, require_loss
from regkit.core.seam.second_pass import StepServices
from regkit.types import Nest

__all__ = ["Frame"]


class Frame(StepServices):
    """The step of one batch, with all that acts in it."""

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
        self.count = applying.count_of(self)
        return changed

    def after_update(self) -> None:
        """Run the UPDATE stage, where the optimizer has just changed the weights."""
        applying.after(self, self.count)
