"""An autoencoder that learns to undo a corruption of its inputs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Self

import keras

from regkit.core.errors import AttachError, OptionError, RecipeError
from regkit.core.recipe import Recipe
from regkit.core.stages import Stage
from regkit.core.technique import Technique
from regkit.models.own_targets import with_own_targets
from regkit.models.tied import TiedDecoder
from regkit.types import Array, Nest, Tensor

__all__ = ["DenoisingAutoencoder"]


@keras.saving.register_keras_serializable("regkit")
class DenoisingAutoencoder(keras.Model):  # type: ignore[misc]  # Keras is untyped
    """An encoder and a decoder that are trained to return clean inputs from corrupted ones.

    The loss is that between x and decoder(encoder(x̃)), x̃ ~ q(x̃ | x) drawn anew in each step by a
    technique of the chapters noise or augmentation. What is learned is where the data are: the
    output moves a corrupted example back towards them. It is compiled as any model; `fit`,
    `evaluate` and `validation_data` take inputs alone, which are the targets too. Only `fit`
    corrupts. Further techniques go to `callbacks=`.

    Args:
        encoder: A model or layer, from inputs to codes.
        decoder: A model or layer, from codes to the shape of the inputs; None with `tied`.
        corruption: A recipe that changes inputs: a text, a technique or several.
        tied: Whether the decoder is the encoder backwards, with its weights transposed and biases
            of its own; for an encoder of dense layers that is built.
        output_activation: Of a tied decoder's last layer: "linear", "sigmoid" for inputs in [0, 1].
        **kwargs: `name`, `dtype` and what else Keras' models take.

    Raises:
        OptionError: for a decoder beside `tied`, or neither.
        AttachError: for a corruption that changes no inputs, and an encoder that cannot be tied.

    References:
        Vincent et al. 2010, Stacked denoising autoencoders, section 3; Goodfellow et al. 2016, Deep
        Learning, section 14.5.

    Example:
        >>> import numpy as np
        >>> x = np.random.default_rng(0).normal(size=(64, 6)).astype("float32")
        >>> encoder = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3, "tanh")])
        >>> model = DenoisingAutoencoder(encoder, tied=True, corruption="gaussian_noise(0.5)")
        >>> model.compile("adam", "mse")
        >>> history = model.fit(x, epochs=2, verbose=0)
        >>> model.denoise(x[:2]).shape
        (2, 6)
    """

    def __init__(
        self,
        encoder: keras.Model | keras.layers.Layer,
        decoder: keras.Model | keras.layers.Layer | None = None,
        corruption: str | Technique | Iterable[Technique] = "masking_noise(0.25)",
        *,
        tied: bool = False,
        output_activation: str = "linear",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if tied == (decoder is not None):
            raise OptionError(
                "DenoisingAutoencoder: give a decoder, or tied=True for the encoder backwards; "
                f"received decoder={decoder!r}, tied={tied!r}"
            )
        self.encoder = encoder
        self.tied, self.output_activation = tied, output_activation
        self.decoder = TiedDecoder(encoder, output_activation) if decoder is None else decoder
        self._corruption = _changing_inputs(corruption)

    @classmethod
    def checked_as(cls) -> list[Self]:
        """Return new instances for the conformance checks to run on."""
        encoder = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
        return [cls(encoder, keras.layers.Dense(4)), cls(encoder, tied=True)]

    @property
    def corruption(self) -> Recipe:
        """What changes the inputs while it trains."""
        return Recipe(self._corruption)

    def call(self, x: Nest, training: bool | None = None) -> Tensor:
        """Return what the decoder makes of the code."""
        return self.decode(self.encode(x, training), training)

    def encode(self, x: Nest, training: bool | None = None) -> Tensor:
        """Return the codes of inputs, as tensors."""
        return _called(self.encoder, x, training)

    def decode(self, code: Tensor, training: bool | None = None) -> Tensor:
        """Return what codes stand for, as tensors."""
        return _called(self.decoder, code, training)

    def fit(
        self,
        x: Any = None,
        y: None = None,
        *,
        validation_data: Any = None,
        callbacks: Sequence[keras.callbacks.Callback] | None = None,
        **options: Any,
    ) -> keras.callbacks.History:
        """Train on inputs alone, corrupted anew in each step.

        Args:
            x: Arrays, a tf.data.Dataset or a PyDataset of inputs.
            y: None: the targets are the inputs.
            validation_data: Inputs alone, likewise; they are not corrupted.
            callbacks: Further techniques and callbacks.
            **options: What else `keras.Model.fit` takes.

        Raises:
            AttachError: where targets are given.
        """
        self._refuse_targets(y)
        inputs, targets = with_own_targets(x)
        if validation_data is not None:
            if isinstance(validation_data, tuple):
                self._refuse_targets(*validation_data[1:])
                (validation_data,) = validation_data[:1]
            clean, same = with_own_targets(validation_data)
            validation_data = clean if same is None else (clean, same)
        return super().fit(
            inputs,
            targets,
            validation_data=validation_data,
            callbacks=[*self._corruption, *(callbacks or ())],
            **options,
        )

    def evaluate(self, x: Any = None, y: None = None, **options: Any) -> Any:
        """Return the loss, and metrics, of clean inputs against what becomes of them.

        Raises:
            AttachError: where targets are given.
        """
        inputs, targets = (x, y) if y is x else with_own_targets(x)
        self._refuse_targets(None if y is x else y)
        return super().evaluate(inputs, targets, **options)

    def denoise(self, x: Nest, batch_size: int = 256) -> Array:
        """Return what the autoencoder takes inputs for, as arrays.

        Args:
            x: Inputs, corrupted or not.
            batch_size: The number of examples in a batch.
        """
        outputs: Array = self.predict(x, batch_size=batch_size, verbose=0)
        return outputs

    def to_keras(self) -> keras.Model:
        """Return a plain Keras model with the weights as they are, which needs no regkit.

        Raises:
            AttachError: for an encoder or decoder that is no built Keras model of one input.
        """
        parts = [self.encoder] if self.tied else [self.encoder, self.decoder]
        if not all(isinstance(part, keras.Model) and part.built for part in parts):
            raise AttachError(
                "to_keras copies built models; let encoder and decoder be keras.Sequential or "
                "Functional models that begin with keras.Input"
            )
        copies = [keras.models.clone_model(part) for part in parts]
        for part, copy in zip(parts, copies, strict=True):
            copy.set_weights(part.get_weights())
        if isinstance(self.decoder, TiedDecoder):
            copies += self.decoder.plain()
        return keras.Sequential([keras.Input(self.encoder.input_shape[1:]), *copies])

    def get_config(self) -> dict[str, Any]:
        """Return the parts and options.

        Raises:
            RecipeError: for a corruption without a text form.
        """
        decoder = None if self.tied else keras.saving.serialize_keras_object(self.decoder)
        return {
            "name": self.name,
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "decoder": decoder,
            "corruption": str(self.corruption),
            "tied": self.tied,
            "output_activation": self.output_activation,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        """Return a model of parts and options."""
        parts = {name: config[name] for name in ("encoder", "decoder")}
        made = {
            name: None
            if part is None
            else keras.saving.deserialize_keras_object(part, custom_objects=custom_objects)
            for name, part in parts.items()
        }
        return cls(**{**config, **made})

    def _refuse_targets(self, *targets: object) -> None:
        if any(target is not None for target in targets):
            raise AttachError(
                "a denoising autoencoder learns to return its inputs; give inputs alone, without "
                "targets or weights"
            )


def _called(part: keras.layers.Layer, x: Nest, training: bool | None) -> Tensor:
    how = {"training": training} if part._call_has_training_arg else {}
    outputs: Tensor = part(x, **how)
    return outputs


def _changing_inputs(corruption: Any) -> list[Technique]:
    """Return the techniques of a corruption.

    Raises:
        AttachError: for one that does not change inputs.
        RecipeError: for what is no recipe.
    """
    techniques = list(Recipe(corruption))
    if not techniques:
        raise RecipeError("corruption is empty; name what changes the inputs: masking_noise(0.25)")
    for one in techniques:
        if Stage.DATA not in one.stages():
            raise AttachError(
                f"corruption= has {one!r}, which changes no inputs; give it to callbacks= of fit"
            )
    return techniques
