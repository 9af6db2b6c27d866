"""What every layer, regularizer, model and ensemble owes: that it can be made; regularizers."""

from __future__ import annotations

import json

import keras
import numpy as np
from keras import ops

from regkit.testing.checking import check
from regkit.testing.failures import CheckFailed, attempted, said
from regkit.testing.subject import CannotMake, Subject

__all__ = ["construction", "regularizer_config", "regularizer_value"]


@check("layer", "regularizer", "model", "ensemble")
def construction(subject: Subject) -> None:
    """An instance is made without arguments, or by a classmethod `checked_as`."""
    try:
        made = subject.make()
    except CannotMake as error:
        raise CheckFailed(
            f"{subject.name}() makes one, or {subject.name}.checked_as() gives a list",
            said(error.__cause__ or error, subject.cls),
            "give every argument a default, or return instances from a classmethod checked_as",
        ) from error
    if not isinstance(made, subject.cls):
        raise CheckFailed(
            f"checked_as gives instances of {subject.name}",
            f"it gives {made!r}",
            "return [cls(...)] from it",
        )


@check("regularizer")
def regularizer_config(subject: Subject) -> None:
    """`get_config` is JSON, and `from_config` makes an equal regularizer of it."""
    fix = "return the arguments of __init__ from get_config, by name, as plain numbers"
    with attempted("get_config() is JSON, and from_config() takes it", fix):
        config = json.loads(json.dumps(subject.make().get_config()))
        again = json.loads(json.dumps(subject.cls.from_config(config).get_config()))
    if again != config:
        raise CheckFailed("from_config() keeps the options", f"{config} became {again}", fix)


@check("regularizer")
def regularizer_value(subject: Subject) -> None:
    """The penalty of a kernel of any rank is one finite number, and its gradient finite at zero."""
    regularizer = subject.make()
    for shape in ((3, 2), (2, 2, 3, 4)):
        kernel = ops.convert_to_tensor(np.random.default_rng(1).normal(size=shape), "float32")
        with attempted(
            f"the penalty of a kernel of the shape {shape} is computed",
            "sum over all axes, by keras.ops",
        ):
            value = regularizer(kernel)
        if tuple(ops.shape(value)) != () or not bool(ops.isfinite(value)):
            raise CheckFailed(
                f"the penalty of a kernel of the shape {shape} is one finite number",
                f"it is {value}",
                "sum over all axes: ops.sum(...)",
            )
    layer = keras.layers.Dense(2, kernel_initializer="zeros", kernel_regularizer=regularizer)
    model = keras.Sequential([keras.Input((3,)), layer])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
    if not all(np.isfinite(value).all() for value in model.get_weights()):
        raise CheckFailed(
            "the gradient is finite where weights are zero",
            "a step from a kernel of zeros gives NaN",
            "guard roots, ops.sqrt(x + 1e-12): their gradient at 0 is infinite",
        )
