"""Elastic distortion as a layer, for models and `tf.data` pipelines."""

from __future__ import annotations

from typing import Any

import keras

from regkit.core.draws import layer_draws
from regkit.core.errors import OptionError
from regkit.core.images import on_channels_last
from regkit.core.moving import moved_images, sizes_of
from regkit.core.outside import context_outside
from regkit.techniques.augmentation import elastic_distortion
from regkit.types import Tensor

__all__ = ["ElasticDistortion"]


@keras.saving.register_keras_serializable("regkit")
class ElasticDistortion(keras.layers.Layer):  # type: ignore[misc]  # Keras is untyped
    """Distort images elastically while training: the technique of this name, as a layer.

    The mathematics and the options are those of the technique
    (`regkit.techniques.augmentation.elastic_distortion.ElasticDistortion`). A layer stays in the
    model that is saved, and whoever loads it needs regkit; the technique leaves nothing. The layer
    is for what the technique cannot reach: a `tf.data` pipeline (on the TensorFlow backend), the
    middle of a model, a training loop of your own.

    Args:
        alpha: α, at least 0, in pixels: a number, or a range (low, high) from which each example
            draws its own. A layer knows no step, so no schedule.
        sigma: σ, above 0, in pixels.
        interpolation: "bilinear", "bicubic" or "nearest".
        relative_to: None, or the side in pixels for which α and σ are meant.
        probability: The share of examples that are distorted.
        fill_mode: "constant", "nearest", "wrap", "mirror" or "reflect".
        fill_value: The value beyond the border, where `fill_mode` is "constant".
        data_format: "channels_last", "channels_first", or None for Keras' setting.
        seed: A whole number, or None to follow `keras.utils.set_random_seed`.
        **kwargs: `name`, `dtype` and what else Keras' layers take.

    Input shape:
        (batch, height, width, channels) or (batch, channels, height, width), by `data_format`,
        height and width known. The output has the same.

    Raises:
        OptionError: for an impossible option.
        ValueError: for an input that is not of rank 4, or not a tensor of the Keras backend.

    References:
        Simard, Steinkraus and Platt 2003, section 2.

    Example:
        >>> import numpy as np
        >>> layer = ElasticDistortion(alpha=(10, 40), seed=1)
        >>> tuple(layer(np.ones((2, 28, 28, 1)), training=True).shape)
        (2, 28, 28, 1)
    """

    def __init__(
        self,
        alpha: float | tuple[float, float] = 34.0,
        sigma: float = 4.0,
        interpolation: str = "bilinear",
        relative_to: float | None = None,
        *,
        probability: float = 1.0,
        fill_mode: str = "constant",
        fill_value: float = 0.0,
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)
        self._technique = elastic_distortion.ElasticDistortion(
            alpha,
            sigma,
            interpolation,
            relative_to,
            probability=probability,
            fill_mode=fill_mode,
            fill_value=fill_value,
            data_format=data_format or keras.config.image_data_format(),
            seed=seed,
        )
        for name in ("alpha", "probability"):
            if callable(getattr(self._technique, name)):
                raise OptionError(
                    f"ElasticDistortion: the layer knows no step, so {name} cannot be a schedule. "
                    "Use the technique regkit.ElasticDistortion in callbacks="
                )
        self.seed_generator = keras.random.SeedGenerator(seed)

    def __call__(self, images: Tensor, *args: object, **kwargs: object) -> Any:
        """Call the layer, after refusing a `tf.data` pipeline where the backend is another."""
        backend = keras.backend.backend()
        if type(images).__module__.startswith("tensorflow") and backend != "tensorflow":
            raise ValueError(
                f"{self.name} runs in a tf.data pipeline on the TensorFlow backend only; this is "
                f"{backend}. Put the layer into the model, or use regkit.ElasticDistortion in "
                "callbacks="
            )
        return super().__call__(images, *args, **kwargs)

    def call(self, images: Tensor, training: bool | None = None) -> Tensor:
        """Return the images, distorted where `training`."""
        if len(images.shape) != 4:
            raise ValueError(
                f"{self.name} takes images of rank 4 in a batch; received the shape "
                f"{tuple(images.shape)}. Batch before mapping; give grey images a channel: "
                "x[..., None]"
            )
        if not training or self._technique.is_neutral():
            return images
        draws = layer_draws(self.seed_generator.next(), "elastic_distortion")
        context = context_outside(draws)

        def distorted(x: Tensor) -> Tensor:
            sizes = sizes_of([x], self._technique)
            return moved_images(x, self._technique.geometry(sizes, context))

        return on_channels_last(distorted, images, self._technique.data_format)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the input's shape."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return the options."""
        options = self._technique.get_config()
        return {**super().get_config(), **{k: v for k, v in options.items() if k != "targets"}}
