"""Noise on the inputs: dense ones of floating type change, and all else stays."""

# Helper module: it has no technique.

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import keras

from regkit.core.annotations import filled, without
from regkit.core.context import Context
from regkit.core.errors import AttachError
from regkit.core.stages import Batch, Phase
from regkit.core.technique import Technique
from regkit.ops.forms import is_dense
from regkit.ops.precision import dtype_of
from regkit.types import Tensor

__all__ = ["InputNoise", "changed_floats", "is_float"]


def changed_floats(function: Callable[[Tensor], Tensor], batch: Batch, owner: object) -> Batch:
    """Return a batch with its inputs of floating type changed, and all else as it is.

    Args:
        function: Called with each such input.
        batch: What DATA received.
        owner: The technique, which an error names.

    Raises:
        AttachError: where no input is of floating type, or one is sparse or ragged.

    Example:
        >>> import numpy as np
        >>> batch = Batch({"a": np.ones(2, "float32"), "b": np.ones(2, "int32")})
        >>> doubled = changed_floats(lambda x: 2 * x, batch, "Doubled()").x
        >>> {name: x.tolist() for name, x in doubled.items()}
        {'a': [2.0, 2.0], 'b': [1, 1]}
    """
    given = without(batch).x
    inputs = [x for x in keras.tree.flatten(given) if x is not None]
    if not any(is_float(x) for x in inputs):
        raise AttachError(
            f"{owner!r} needs an input of floating type; the model's inputs are "
            f"{', '.join(dtype_of(x) for x in inputs)}. Convert images by "
            'x.astype("float32")'
        )
    if any(is_float(x) and not is_dense(x) for x in inputs):
        raise AttachError(
            f"{owner!r} changes every number of an input, and one of the inputs is sparse or "
            "ragged. Make it dense in the dataset, or perturb layers' outputs, as by "
            "regkit.Dropout"
        )

    def changed(x: Tensor) -> Tensor:
        return x if x is None or not is_float(x) else function(x)

    return batch.replace(x=filled(keras.tree.map_structure(changed, given), batch.x))


def is_float(x: Tensor) -> bool:
    """Return whether a tensor is of floating type.

    Example:
        >>> import numpy as np
        >>> is_float(np.ones(2, "float16")), is_float(np.ones(2, "int32"))
        (True, False)
    """
    return "float" in dtype_of(x)


class InputNoise(Technique, ABC):
    """The base of those that change every number of the inputs by itself."""

    phases = (Phase.NOISE,)

    @abstractmethod
    def noisy(self, x: Tensor, context: Context) -> Tensor:
        """Return an input with noise, of the same type."""

    def data(self, batch: Batch, context: Context) -> Batch:
        """Return the batch with noisy inputs."""
        return changed_floats(lambda x: self.noisy(x, context), batch, self)
