"""What changes the values of pixels and not their places, as Pillow does it: images in [0, 1].

Images are floating, of shape (batch, height, width, channels); numbers of examples have the shape
(batch, 1, 1, 1). Levels are the 256 of 8 bits: v·255, rounded.
"""

from __future__ import annotations

from keras import ops

from regkit.types import Number, Tensor

__all__ = [
    "auto_contrasted",
    "blended",
    "equalized",
    "grey",
    "mean_grey",
    "posterized",
    "smoothed",
    "solarized",
]

_RED_GREEN_BLUE = (0.299, 0.587, 0.114)  # of ITU-R BT.601, as in Pillow's mode L
_LEVELS = 256


def blended(images: Tensor, other: Tensor, factor: Number) -> Tensor:
    """Return other + f·(images − other), cut to [0, 1]: f = 0 gives `other`, 1 the images.

    Example:
        >>> float(blended(ops.array(0.5), ops.array(0.25), 2.0))
        0.75
    """
    return ops.clip(other + factor * (images - other), 0.0, 1.0)


def grey(images: Tensor) -> Tensor:
    """Return the brightness of each pixel in every channel; images without three channels as such.

    Example:
        >>> round(float(grey(ops.array([[[[1.0, 0.0, 0.0]]]]))[0, 0, 0, 2]), 3)
        0.299
    """
    if images.shape[-1] != 3:
        return images
    weights = ops.cast(ops.convert_to_tensor(_RED_GREEN_BLUE), images.dtype)
    one = ops.sum(images * weights, axis=-1, keepdims=True)
    return ops.repeat(one, 3, axis=-1)


def mean_grey(images: Tensor) -> Tensor:
    """Return the mean brightness of each image, (batch, 1, 1, 1).

    Example:
        >>> float(mean_grey(ops.array([[[[0.0], [0.5]]]]))[0, 0, 0, 0])
        0.25
    """
    return ops.mean(grey(images), axis=(1, 2, 3), keepdims=True)


def smoothed(images: Tensor) -> Tensor:
    """Return each pixel's mean with its eight neighbours, of weight 5 itself; the border as it is.

    Example:
        >>> image = ops.reshape(ops.array([0.0] * 4 + [1.0] + [0.0] * 4), (1, 3, 3, 1))
        >>> round(float(smoothed(image)[0, 1, 1, 0]), 3)
        0.385
    """
    _, height, width, _ = images.shape
    if height < 3 or width < 3:
        return images
    rows = images[:, :-2] + images[:, 1:-1] + images[:, 2:]
    both = rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:]
    inside = (both + 4.0 * images[:, 1:-1, 1:-1]) / 13.0
    middle = ops.concatenate([images[:, 1:-1, :1], inside, images[:, 1:-1, -1:]], axis=2)
    return ops.concatenate([images[:, :1], middle, images[:, -1:]], axis=1)


def solarized(images: Tensor, threshold: Number) -> Tensor:
    """Return the images with what is of at least a level, of 256, inverted: 1 − v.

    Example:
        >>> ops.convert_to_numpy(solarized(ops.array([0.25, 0.75]), 128.0)).tolist()
        [0.25, 0.25]
    """
    return ops.where(_level(images) >= threshold, 1.0 - images, images)


def posterized(images: Tensor, bits: Tensor) -> Tensor:
    """Return the images with only the first bits of each level left.

    Args:
        images: In [0, 1].
        bits: From 0 to 8, whole.

    Example:
        >>> image = ops.reshape(ops.array([0.0, 0.4, 0.9]), (1, 1, 3, 1))
        >>> levels = posterized(image, ops.reshape(ops.array([1.0]), (1, 1, 1, 1))) * 255
        >>> ops.convert_to_numpy(levels).ravel().tolist()
        [0.0, 0.0, 128.0]
    """
    step = 2.0 ** (8.0 - ops.cast(bits, images.dtype))
    return ops.floor(_level(images) / step) * step / (_LEVELS - 1.0)


def auto_contrasted(images: Tensor) -> Tensor:
    """Return each channel of each image stretched to [0, 1]; one of a single value as it is.

    Example:
        >>> image = ops.reshape(ops.array([0.25, 0.5, 0.75]), (1, 1, 3, 1))
        >>> ops.convert_to_numpy(auto_contrasted(image)).ravel().tolist()
        [0.0, 0.5, 1.0]
    """
    low = ops.min(images, axis=(1, 2), keepdims=True, initial=1.0)
    high = ops.max(images, axis=(1, 2), keepdims=True, initial=0.0)
    differ = high > low
    return ops.where(differ, (images - low) / ops.where(differ, high - low, 1.0), images)


def equalized(images: Tensor) -> Tensor:
    """Return each channel of each image with its levels spread so that each is as frequent.

    With h the histogram of n pixels, l its last level in use and s = ⌊(n − h(l)) / 255⌋, level k
    becomes ⌊(⌊s/2⌋ + Σ_{j<k} h(j)) / s⌋; where s = 0 the channel stays.

    Example:
        >>> image = ops.reshape(ops.arange(1024, dtype="float32") / 4096, (1, 32, 32, 1))
        >>> round(float(ops.max(equalized(image))), 2)
        1.0
    """
    _, height, width, channels = images.shape
    count = ops.shape(images)[0]
    level = ops.cast(_level(images), "int32")
    rows = ops.reshape(ops.transpose(level, (0, 3, 1, 2)), (-1, height * width))
    number = count * channels
    place = ops.reshape(rows + _LEVELS * ops.arange(number, dtype="int32")[:, None], (-1,))
    # With a last histogram of nothing: on PyTorch Keras takes no empty lists.
    ones = ops.concatenate([ops.ones_like(place), ops.zeros((1,), "int32")])
    place = ops.concatenate([place, ops.zeros((1,), "int32")])
    histogram = ops.segment_sum(ones, place, num_segments=(number + 1) * _LEVELS)
    histogram = ops.reshape(histogram, (-1, _LEVELS))
    level_in_use = ops.where(histogram > 0, ops.arange(_LEVELS, dtype="int32"), 0)
    last = ops.max(level_in_use, axis=1)
    of_last = ops.take_along_axis(histogram, last[:, None], axis=1)
    step = (height * width - of_last) // (_LEVELS - 1)
    before = ops.cumsum(histogram, axis=1) - histogram
    table = (step // 2 + before) // ops.maximum(step, 1)
    table = ops.minimum(table, _LEVELS - 1)[:number]
    found = ops.take_along_axis(table, rows, axis=1)
    spread = ops.cast(found, images.dtype) / (_LEVELS - 1.0)
    spread = ops.transpose(ops.reshape(spread, (-1, channels, height, width)), (0, 2, 3, 1))
    stays = ops.reshape(step[:number], (-1, 1, 1, channels)) == 0
    return ops.where(stays, images, spread)


def _level(images: Tensor) -> Tensor:
    """Return the level of each pixel, 0 to 255, floating; of what is no number 0."""
    finite = ops.where(ops.isfinite(images), images, 0.0)
    return ops.clip(ops.floor(finite * (_LEVELS - 1.0) + 0.5), 0.0, _LEVELS - 1.0)
