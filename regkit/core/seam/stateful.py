"""What TensorFlow and PyTorch share: variables that hold their values during the step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from regkit.core.seam import applying
from regkit.core.seam.adapter import Adapter

__all__ = ["StatefulAdapter"]


class StatefulAdapter(Adapter):
    """GRADIENT and UPDATE around `optimizer.apply`."""

    def around(self, frame: Any) -> AbstractContextManager[Any]:
        """Shadow the optimizer's `apply` within the step."""
        optimizer = self.model.optimizer
        if optimizer is None:
            return nullcontext()

        def around_apply(original: Callable[..., Any]) -> Callable[..., Any]:
            def apply(grads: Sequence[Any], trainable_variables: Any = None) -> Any:
                variables = trainable_variables or optimizer._trainable_variables
                grads = applying.before(frame, grads, variables)
                count = applying.count_of(frame)
                result = original(grads, variables)
                applying.after(frame, count)
                return result

            return apply

        return self.patched(optimizer, "apply", around_apply)
