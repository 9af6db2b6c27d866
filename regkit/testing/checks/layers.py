"""Layers: options, saving, inference, seeds, dtypes and shapes, as Keras' own keep them."""

from __future__ import annotations

import inspect
import json
import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from regkit.testing.cases import PICTURE
from regkit.testing.checking import check
from regkit.testing.failures import CheckFailed, CheckSkipped, attempted, said
from regkit.testing.subject import OTHER_SEED, SEED, Subject
from regkit.types import Array, Nest

__all__ = [
    "layer_config",
    "layer_dtypes",
    "layer_inference",
    "layer_saving",
    "layer_seed",
    "layer_shapes",
]

SHAPES = (PICTURE, PICTURE[1:], PICTURE[2:])  # of an example: of which rank a layer takes one
EXAMPLES = 4


def _input(subject: Subject) -> Array:
    """Return a batch of the first shape that the layer takes."""
    errors = []
    for shape in SHAPES:
        x = np.random.default_rng(1).uniform(size=(EXAMPLES, *shape)).astype("float32")
        try:
            subject.make()(x)
        except CheckSkipped:
            raise
        except Exception as error:
            errors.append(f"{shape}: {said(error, most=200)}")
            continue
        return x
    raise CheckFailed(
        f"{subject.name} takes a batch of images, sequences or vectors",
        "; ".join(errors),
        "return layers that take such inputs from a classmethod checked_as",
    )


def _numpy(x: Nest) -> Any:
    return keras.tree.map_structure(lambda tensor: np.asarray(ops.convert_to_numpy(tensor)), x)


def _equal(left: Nest, right: Nest) -> bool:
    pairs = zip(keras.tree.flatten(left), keras.tree.flatten(right), strict=True)
    return all(np.array_equal(this, other) for this, other in pairs)


@check("layer")
def layer_config(subject: Subject) -> None:
    """`get_config` is JSON, and `from_config` makes a layer with the same options of it."""
    fix = (
        "return {**super().get_config(), **options} from get_config, every argument of __init__ "
        "under its name, plain values only; layers by keras.saving.serialize_keras_object"
    )
    layer = subject.make()
    with attempted("get_config() is JSON, and from_config() takes it", fix):
        config = json.loads(json.dumps(layer.get_config()))
        again = subject.cls.from_config(json.loads(json.dumps(config))).get_config()
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    parameters = inspect.signature(subject.cls).parameters.values()
    missing = [
        parameter.name
        for parameter in parameters
        if parameter.kind in kinds and parameter.name not in config
    ]
    if missing or json.loads(json.dumps(again)) != config:
        raise CheckFailed(
            "get_config() has every argument of __init__, and from_config() keeps them",
            f"it lacks {', '.join(missing)}" if missing else f"{config} became {again}",
            fix,
        )


@check("layer")
def layer_saving(subject: Subject) -> None:
    """A model with the layer is saved and loaded, and computes the same."""
    x = _input(subject)
    fix = (
        "create variables in build() or __init__ only, decorate the class with "
        "@keras.saving.register_keras_serializable, and keep every option in get_config"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        with attempted("a model with the layer is saved and loaded", fix):
            model = keras.Sequential([keras.Input(x.shape[1:]), subject.make()])
            model.save(path)
            again = keras.saving.load_model(path)
    if not _equal(_numpy(model(x, training=False)), _numpy(again(x, training=False))):
        raise CheckFailed("the loaded model computes the same", "its outputs differ", fix)


@check("layer")
def layer_inference(subject: Subject) -> None:
    """Without `training` the layer computes the same each time, as in `predict`."""
    x, layer = _input(subject), subject.make()
    first = _numpy(layer(x, training=False))
    again, default = _numpy(layer(x, training=False)), _numpy(layer(x))
    if not (_equal(first, again) and _equal(first, default)):
        raise CheckFailed(
            "layer(x) and layer(x, training=False) compute the same, time after time",
            "the outputs differ",
            "take `training=None` in call(), and be random only where it is True",
        )


@check("layer")
def layer_seed(subject: Subject) -> None:
    """The same seed gives the same outputs in training, another seed others."""
    if "seed" not in inspect.signature(subject.cls).parameters:
        raise CheckSkipped("it has no option `seed`")
    x = _input(subject)
    # The weights of a layer inside this one follow Keras' seed.
    first, again, other = (_trained_output(subject, x, seed) for seed in (SEED, SEED, OTHER_SEED))
    if not _equal(first, again) or _equal(first, other):
        raise CheckFailed(
            "in training, equal seeds give equal outputs and another seed others",
            "another seed gave the same" if _equal(first, again) else "equal seeds gave others",
            "draw by keras.random with self.seed_generator = keras.random.SeedGenerator(seed)",
        )


def _trained_output(subject: Subject, x: Array, seed: int) -> Any:
    keras.utils.set_random_seed(0)
    config = {**subject.make().get_config(), "seed": seed}
    keras.utils.set_random_seed(0)
    return _numpy(subject.cls.from_config(config)(x, training=True))


@check("layer")
def layer_dtypes(subject: Subject) -> None:
    """Under every dtype policy the layer computes finite numbers, of the policy's type."""
    x = _input(subject)
    fix = "cast random numbers and constants: ops.cast(noise, x.dtype); name no float32 in call()"
    for policy in ("float32", "mixed_bfloat16", "mixed_float16"):
        keras.config.set_dtype_policy(policy)
        layer = subject.make()
        with attempted(f"the layer computes under {policy}", fix):
            outputs = keras.tree.flatten(layer(x, training=True))
        types = {keras.backend.standardize_dtype(output.dtype) for output in outputs}
        finite = all(bool(ops.all(ops.isfinite(output))) for output in outputs)
        if types != {layer.compute_dtype} or not finite:
            raise CheckFailed(
                f"under {policy} the outputs are finite, of the type {layer.compute_dtype}",
                f"they are {'' if finite else 'not finite, '}of {', '.join(sorted(types))}",
                fix,
            )


@check("layer")
def layer_shapes(subject: Subject) -> None:
    """Any number of examples is taken, and `compute_output_shape` says the outputs' shape."""
    x = _input(subject)
    fix = (
        "ask ops.shape(x)[0] for the number of examples, not x.shape[0], which may be None; "
        "return from compute_output_shape what call() gives, None for the examples"
    )
    layer = subject.make()
    with attempted("the layer is called on an input with an unknown number of examples", fix):
        symbolic = layer(keras.KerasTensor((None, *x.shape[1:]), "float32"))
        said_shape = layer.compute_output_shape((None, *x.shape[1:]))
        shapes = [tuple(layer(x[:size], training=True).shape) for size in (1, EXAMPLES)]
    expected = [(size, *tuple(said_shape)[1:]) for size in (1, EXAMPLES)]
    if shapes != expected or tuple(symbolic.shape) != tuple(said_shape):
        raise CheckFailed(
            f"outputs have the shape that compute_output_shape says, {tuple(said_shape)}",
            f"for 1 and {EXAMPLES} examples {shapes}, symbolically {tuple(symbolic.shape)}",
            fix,
        )
