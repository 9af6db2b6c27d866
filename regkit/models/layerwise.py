"""`regkit.pretrain`: the layers of a model learn from inputs alone, before it is trained."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Annotated, Any

import keras
import numpy as np

from regkit.core.errors import AttachError
from regkit.core.options import Boolean, Choice, Integer, Real, checked_call
from regkit.core.recipe import Recipe
from regkit.core.technique import Technique
from regkit.models.denoising_autoencoder import DenoisingAutoencoder
from regkit.types import Array, Tensor

__all__ = ["blocks_of", "pretrain"]

_MOST_WEIGHTS = 50_000_000  # of a decoder from a code to its inputs
_AT_ONCE = 256


class _Chain(keras.layers.Layer):  # type: ignore[misc]  # Keras is untyped
    """Layers of another model, called one after the other; that model is left as it is."""

    def __init__(self, layers: list[keras.layers.Layer]) -> None:
        super().__init__()
        self.steps = layers
        self.built = True

    def call(self, x: Tensor, training: bool | None = None) -> Tensor:
        """Return what the last one returns."""
        for layer in self.steps:
            how = {"training": training} if layer._call_has_training_arg else {}
            x = layer(x, **how)
        return x


def blocks_of(model: keras.Model) -> tuple[list[keras.layers.Layer], list[list[Any]]]:
    """Return the layers before the first with a kernel, and blocks that each begin with such a one.

    Raises:
        AttachError: for a model that is no chain of layers, is not built, or has no hidden layer.

    Example:
        >>> parts = [keras.Input((3,)), keras.layers.Dense(4), keras.layers.ReLU()]
        >>> model = keras.Sequential([*parts, keras.layers.Dense(2)])
        >>> [len(block) for block in blocks_of(model)[1]]
        [2, 1]
    """
    front: list[keras.layers.Layer] = []
    blocks: list[list[Any]] = []
    for layer in _chain(model):
        if hasattr(layer, "kernel") or hasattr(layer, "embeddings"):
            blocks.append([layer])
        else:
            (blocks[-1] if blocks else front).append(layer)
    if len(blocks) < 2:
        raise AttachError(
            f"{model.name!r} has {len(blocks)} layer with a kernel; pretraining is for hidden "
            "layers, and the last is that of the outputs"
        )
    return front, blocks


def _chain(model: keras.Model) -> list[keras.layers.Layer]:
    layers = [x for x in model.layers if not isinstance(x, keras.layers.InputLayer)]
    is_chain = isinstance(model, keras.Sequential) or (
        hasattr(model, "_nodes_by_depth")
        and all(len(nodes) == 1 for nodes in model._nodes_by_depth.values())
        and len(model._nodes_by_depth) == len(model.layers)
    )
    if not is_chain or not model.built:
        raise AttachError(
            f"pretrain takes a built model whose layers follow one another; {model.name!r} "
            + (
                "is not built: begin it with keras.Input"
                if is_chain
                else "branches, or is subclassed"
            )
        )
    return layers


@checked_call
def pretrain(
    model: keras.Model,
    x: Any,
    corruption: str | Technique | Iterable[Technique] = "masking_noise(0.25)",
    *,
    layerwise: Annotated[bool, Boolean()] = True,
    epochs: Annotated[int, Integer(1)] = 10,
    batch_size: Annotated[int, Integer(1)] = 128,
    learning_rate: Annotated[float, Real(0, open_low=True)] = 1e-3,
    loss: Annotated[str, Choice("auto", "mse", "binary_crossentropy")] = "auto",
    callbacks: Iterable[keras.callbacks.Callback] = (),
    verbose: Annotated[int, Integer(0, 2)] = 0,
) -> dict[str, dict[str, list[float]]]:
    """Train the hidden layers of a model, in place, to denoise; then train it as ever by `fit`.

    Each hidden layer h = s(W·x + b) with a kernel, with what follows it (activation,
    normalization), learns with a decoder of its own, which is then thrown away, to restore its
    clean inputs from corrupted ones: first the lowest on x, then the next on what the lowest gives
    for clean x, and so on. The output layer, the optimizer and the compiled step stay as they are.

    Args:
        model: Sequential, or Functional without branches, built; compiled or not.
        x: Inputs without labels, as arrays.
        corruption: A recipe that changes inputs.
        layerwise: Whether layers are trained one after the other; else all at once.
        epochs: Of each layer.
        batch_size: The number of examples in a step.
        learning_rate: Of Adam.
        loss: "mse"; "binary_crossentropy" with a sigmoid, for numbers in [0, 1]; or "auto", that
            where all are in [0, 1] and "mse" elsewhere.
        callbacks: Further techniques and callbacks for each.
        verbose: As of `fit`.

    Returns:
        For each layer, by name, the history of its training.

    Raises:
        AttachError: for a model that is no built chain of layers, or has no hidden layer; and for a
            corruption that changes no inputs.

    References:
        Vincent et al. 2010, Stacked denoising autoencoders, section 4; Bengio et al. 2007, Greedy
        layer-wise training of deep networks.

    Example:
        >>> x = np.random.default_rng(0).random((64, 6)).astype("float32")
        >>> model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(8, "relu", name="low"),
        ...                           keras.layers.Dense(3, "softmax")])
        >>> list(pretrain(model, x, epochs=1))
        ['low']
    """
    front, blocks = blocks_of(model)
    hidden = blocks[:-1]
    if not layerwise:
        hidden = [[layer for block in hidden for layer in block]]
    inputs = _outputs(front, np.asarray(x))
    histories: dict[str, dict[str, list[float]]] = {}
    for block in hidden:
        if any(weight.trainable for layer in block for weight in layer.weights):
            autoencoder = DenoisingAutoencoder(
                _Chain(block), _decoder(block, inputs, loss), Recipe(corruption)
            )
            kind = _loss_for(inputs, loss)
            autoencoder.compile(keras.optimizers.Adam(learning_rate), kind)
            history = autoencoder.fit(
                inputs,
                epochs=epochs,
                batch_size=batch_size,
                verbose=verbose,
                callbacks=[*callbacks],
            )
            histories[block[0].name] = history.history
        inputs = _outputs(block, inputs)
    return histories


def _outputs(layers: list[keras.layers.Layer], x: Array) -> Array:
    """Return what layers give for inputs, in inference."""
    if not layers:
        return x
    chain = _Chain(layers)
    parts = [
        keras.ops.convert_to_numpy(
            chain(keras.ops.convert_to_tensor(x[at : at + _AT_ONCE]), training=False)
        )
        for at in range(0, len(x), _AT_ONCE)
    ]
    return np.concatenate(parts)


def _loss_for(x: Array, loss: str) -> str:
    if loss != "auto":
        return loss
    return "binary_crossentropy" if x.min() >= 0 and x.max() <= 1 else "mse"


def _decoder(block: list[keras.layers.Layer], x: Array, loss: str) -> keras.Model:
    """Return a dense layer from the codes of a block to its inputs.

    Raises:
        AttachError: where it would be too large, or the inputs are no floating numbers.
    """
    if x.dtype.kind != "f":
        raise AttachError(
            f"the inputs of {block[0].name!r} are {x.dtype}; what is corrupted and restored must "
            "be floating numbers"
        )
    shape = _outputs(block, x[:1]).shape[1:]
    count = math.prod(shape) * math.prod(x.shape[1:])
    if count > _MOST_WEIGHTS:
        raise AttachError(
            f"a decoder from the {shape} outputs of {block[0].name!r} to its {x.shape[1:]} inputs "
            f"has {count:,} weights; pretrain smaller layers, or build a "
            "regkit.models.DenoisingAutoencoder with a decoder of your own"
        )
    activation = "sigmoid" if _loss_for(x, loss) == "binary_crossentropy" else "linear"
    return keras.Sequential(
        [
            keras.Input(shape),
            keras.layers.Flatten(),
            keras.layers.Dense(math.prod(x.shape[1:]), activation),
            keras.layers.Reshape(x.shape[1:]),
        ]
    )
