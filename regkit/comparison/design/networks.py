"""The networks to compare on: two built in, or a function of the user's own file."""

from __future__ import annotations

import importlib.util
import math
import re
from pathlib import Path

import keras

from regkit.core.errors import RegkitError, suggest
from regkit.core.model_building import BuildModel, ModelBuilder

__all__ = ["BUILTIN", "check", "cnn", "count_parameters", "mlp", "resolve"]

OF_CLASSES = re.compile(r".*crossentropy|.*hinge|kldivergence|kld|dice|tversky|circle|ctc")
OF_POSITIVE = re.compile(r"poisson|.*percentageerror|mape|.*logarithmicerror|msle|cosinesimilarity")


def mlp(input_shape: tuple[int, ...], n_classes: int | None) -> keras.Model:
    """Return a compiled network with three hidden layers of 256 rectified units, under Adam.

    It has one logit for each class; for a regression, `n_classes=None`, one linear output.
    """
    # Of one to four layers of 128 to 1024 units, three of 256 gave the baseline of the default job
    # its best validation accuracy, as near as could be told.
    layers = [keras.Input(input_shape)]
    if len(input_shape) > 1:
        layers.append(keras.layers.Flatten())
    layers += [keras.layers.Dense(256, activation="relu") for _ in range(3)]
    return _compiled(layers, n_classes)


def cnn(input_shape: tuple[int, ...], n_classes: int | None) -> keras.Model:
    """Return a compiled convolutional network: 32 and 64 filters of 3×3, 128 dense units.

    It has one logit for each class; for a regression, `n_classes=None`, one linear output.

    Raises:
        RegkitError: where the examples are no images.
    """
    if len(input_shape) != 3:
        raise RegkitError(
            f"model 'cnn' needs images, (height, width, channels); the examples have shape "
            f"{input_shape}. Use 'mlp'"
        )
    layers = [keras.Input(input_shape)]
    for filters in (32, 64):
        layers.append(keras.layers.Conv2D(filters, 3, padding="same", activation="relu"))
        layers.append(keras.layers.MaxPooling2D(2, padding="same"))
    layers += [keras.layers.Flatten(), keras.layers.Dense(128, activation="relu")]
    return _compiled(layers, n_classes)


def _compiled(layers: list[keras.Layer], n_classes: int | None) -> keras.Model:
    model = keras.Sequential([*layers, keras.layers.Dense(1 if n_classes is None else n_classes)])
    # Logits: the loss is more exact with them than with probabilities.
    of_classes = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    loss = "mse" if n_classes is None else of_classes
    # Several small steps in one call cost less; Keras refuses that on PyTorch up to 3.15.
    together = 1 if keras.backend.backend() == "torch" else 4
    optimizer = keras.optimizers.Adam(1e-3)
    model.compile(optimizer=optimizer, loss=loss, steps_per_execution=together)
    return model


BUILTIN: dict[str, BuildModel] = {"mlp": mlp, "cnn": cnn}


def resolve(model: str | BuildModel) -> tuple[ModelBuilder, str]:
    """Return what builds a model, and its name.

    Args:
        model: `"mlp"`, `"cnn"`, `"path.py:function"` or the function itself, as `ModelBuilder`
            takes it.

    Raises:
        RegkitError: where there is no such model, file or function, or the function has a
            parameter for which there is no value.
    """
    if callable(model):
        return ModelBuilder(model), getattr(model, "__name__", type(model).__name__)
    if not isinstance(model, str):
        raise RegkitError(
            f"a model is {', '.join(BUILTIN)}, path.py:function or a function that returns a "
            f"compiled model; received {model!r}"
        )
    if model in BUILTIN:
        return ModelBuilder(BUILTIN[model]), model
    file, colon, function = model.rpartition(":")
    if not colon or not file.endswith(".py"):
        raise RegkitError(
            f"no model is called {model!r}{suggest(model, BUILTIN)}; a model is "
            f"{', '.join(BUILTIN)} or path.py:function"
        )
    return ModelBuilder(_from_file(Path(file).expanduser(), function)), model


def _from_file(path: Path, function: str) -> BuildModel:
    if not path.is_file():
        raise RegkitError(f"no file {str(path)!r} to take the model {function!r} from")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # the user's file may fail in any way; it is theirs to correct
        raise RegkitError(f"{path} fails: {type(error).__name__}: {error}") from error
    build = getattr(module, function, None)
    if not callable(build):
        own = [n for n, v in vars(module).items() if getattr(v, "__module__", "") == path.stem]
        raise RegkitError(f"{path} has no function {function!r}; it has {', '.join(own) or 'none'}")
    return build


def check(model: keras.Model, input_shape: tuple[int, ...], n_classes: int | None) -> None:
    """Raise unless the single output of a compiled model and its loss fit the labels.

    Args:
        model: What `build_model` returned.
        input_shape: The shape of one example.
        n_classes: The number of classes; None for a regression.

    Raises:
        RegkitError: with what was built, what is allowed and what to change.
    """
    _check_loss(model.loss, n_classes)
    shape = model.compute_output_shape((None, *input_shape))
    units = 1 if n_classes is None else n_classes
    if isinstance(shape, tuple) and len(shape) == 2 and shape[1] == units:
        return
    if n_classes is None:
        raise RegkitError(
            f"the model's output has shape {shape}; a regression needs (None, 1), one linear unit. "
            "build_model is given n_classes=None then"
        )
    hint = '; for quantities give task="regression" (--task regression)'
    raise RegkitError(
        f"the model's output has shape {shape}; {n_classes} classes need (None, {n_classes}), "
        f"one probability or logit each{hint if shape == (None, 1) else ''}"
    )


def _check_loss(given: object, n_classes: int | None) -> None:
    loss = given if isinstance(given, str) else getattr(given, "__name__", type(given).__name__)
    plain = loss.lower().replace("_", "")
    if n_classes is not None and plain in ("categoricalcrossentropy", "binarycrossentropy"):
        raise RegkitError(
            f"the labels are integers, 0 to {n_classes - 1}; the model is compiled with {loss}. "
            "Use sparse_categorical_crossentropy"
        )
    if n_classes is None and OF_CLASSES.fullmatch(plain):
        raise RegkitError(
            f"the labels are quantities; the model is compiled with {loss}, a loss of classes. Use "
            'mse, mae or huber, or give task="classification" (--task classification)'
        )
    if n_classes is None and OF_POSITIVE.fullmatch(plain):
        raise RegkitError(
            f"targets are standardized to mean 0 and deviation 1; {loss} needs positive ones. Use "
            "mse, mae or huber"
        )


def count_parameters(model: keras.Model) -> int:
    """Return the number of trainable parameters."""
    return sum(math.prod(weight.shape) for weight in model.trainable_variables)
