"""The options of `EarlyStopping` for validation data of its own: whether they fit each other."""

# Helper module: it has no technique.

from __future__ import annotations

from collections.abc import Iterator

from regkit.core.decisions.own_data import OwnData
from regkit.core.errors import OptionError

__all__ = ["own_data"]


def own_data(
    data: object, every: str | int, batch_size: int | None, steps: int | None
) -> OwnData | None:
    """Return the validation data of the options, or None where there are none.

    Args:
        data: As `regkit.core.options.examples.Data` checked it.
        every: "epoch" or a number of steps.
        batch_size: The number of examples a batch, for arrays.
        steps: The number of batches; None for all.

    Raises:
        OptionError: where the options do not fit the data or each other.
    """
    if data is None and every != "epoch":
        raise OptionError(
            f"EarlyStopping: every={every} counts training steps and evaluates inside the "
            "epoch, where Keras does not give callbacks the validation data of fit. Give "
            f"EarlyStopping(every={every}, validation_data=(x, y)); received "
            "validation_data=None"
        )
    for name, value in {"validation_batch_size": batch_size, "validation_steps": steps}.items():
        if data is None and value is not None:
            raise OptionError(
                f"EarlyStopping: {name} belongs to validation_data, which is None; for its own "
                f"validation data, fit has an argument {name}. Received {name}={value}"
            )
    if not isinstance(data, tuple) and batch_size is not None:
        raise OptionError(
            "EarlyStopping: validation_batch_size must be None where validation_data comes in "
            f"batches; received validation_batch_size={batch_size}"
        )
    if isinstance(data, Iterator) and steps is None:
        raise OptionError(
            "EarlyStopping: validation_steps must say how many batches to keep of a generator, "
            "which can be read only once; received validation_steps=None"
        )
    return None if data is None else OwnData(data, batch_size, steps)
