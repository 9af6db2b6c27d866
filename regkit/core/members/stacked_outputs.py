"""What stacked members predict, as one computation."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from regkit.core.host.quiet import no_retracing_notes
from regkit.core.members.stacked_data import cut
from regkit.core.seam.pure_step import State
from regkit.ops.stacking import running_stack
from regkit.types import Nest

__all__ = ["StackedOutputs"]


class StackedOutputs:
    """The outputs of members of one architecture.

    Args:
        model: Stands for the members' models; its own values are not used.
    """

    def __init__(self, model: keras.Model) -> None:
        self._model, self._map = model, running_stack()
        self._of_shared = self._map.compiled(self._shared, consumes=False)
        self._of_own = self._map.compiled(self._own, consumes=False)

    def __call__(self, weights: State, x: Nest, batch_size: int, own: bool = False) -> Any:
        """Return the outputs of every member for inputs, (members, examples, …).

        Args:
            weights: The stacked values of variables, "trainable" and "non_trainable".
            x: The inputs, which all share.
            batch_size: The number of examples in a batch.
            own: Whether each member has inputs of its own, with a leading axis of members.
        """
        function = self._of_own if own else self._of_shared
        batches = cut(x, batch_size, axis=1 if own else 0)
        with no_retracing_notes():
            parts = [function(weights, batch) for batch in batches]
        return keras.tree.map_structure(
            lambda *arrays: np.concatenate([ops.convert_to_numpy(a) for a in arrays], axis=1),
            *parts,
        )

    def _shared(self, weights: State, x: Nest) -> Any:
        return self._map.each(lambda own: self._output(own, x))(weights)

    def _own(self, weights: State, x: Nest) -> Any:
        return self._map.each(self._output)(weights, x)

    def _output(self, weights: State, x: Nest) -> Any:
        how = {"training": False} if self._model._call_has_training_arg else {}
        trainable, others = weights["trainable"], weights["non_trainable"]
        return self._model.stateless_call(trainable, others, x, **how)[0]
