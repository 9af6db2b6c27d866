"""What TensorFlow and PyTorch share: variables that hold their values during the step."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from regkit.core.seam.adapter import Adapter
from regkit.core.seam.patch import patched

__all__ = ["StatefulAdapter"]


class StatefulAdapter(Adapter):
    """GRADIENT and UPDATE around `optimizer.apply`."""

    def around(self, frame: Any) -> AbstractContextManager[Any]:
        """Shadow the optimizer's `apply` within the step."""
        optimizer = self.model.optimizer
        original = optimizer.apply

        def apply(grads: Sequence[Any], trainable_variables: Sequence[Any] | None = None) -> Any:
            if trainable_variables is None:
                trainable_variables = optimizer._trainable_variables
            variables = list(trainable_variables)
            result = original(frame.before_apply(grads, variables), variables)
            frame.after_apply()
            return result

        return patched(optimizer, apply=apply)
