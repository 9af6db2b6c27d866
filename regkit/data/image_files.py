"""Decoding image files to one size and one number of channels, with Pillow."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regkit.data.dataset import DataError

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["Header", "SizeOption", "common_form", "decode", "headers", "parse_size"]

Size = tuple[int, int]
SizeOption = int | str | Sequence[int] | None  # as users give it

GREY = ("1", "L", "LA", "I", "F")
ROTATED = (5, 6, 7, 8)  # values of the EXIF orientation that swap height and width
ORIENTATION = 0x0112
MOST_BYTES = 4 * 2**30  # of all images in float32; the comparison copies parts of them


class Header(NamedTuple):
    """What is known of an image before it is decoded."""

    height: int
    width: int
    colour: bool


def parse_size(size: SizeOption) -> Size | None:
    """Return (height, width) for a value of the option `image_size`.

    Raises:
        DataError: for anything but a side, or a height and a width.

    Example:
        >>> parse_size(32), parse_size("48x64"), parse_size((48, 64)), parse_size(None)
        ((32, 32), (48, 64), (48, 64), None)
    """
    if size is None:
        return None
    sides: Any = size
    if isinstance(size, str):
        written = re.fullmatch(r"\s*\d+\s*([x×,]\s*\d+\s*)?", size)
        sides = [int(side) for side in re.findall(r"\d+", size)] if written else []
    elif not isinstance(size, Sequence):
        sides = [size]
    whole = [isinstance(side, int | np.integer) and not isinstance(side, bool) for side in sides]
    if len(whole) not in (1, 2) or not all(whole) or min(sides) < 1:
        raise DataError(
            f"image_size must be one side in pixels, such as 32, or height and width, such as "
            f"48x64; received {size!r}"
        )
    return int(sides[0]), int(sides[-1])


def headers(files: list[Path]) -> list[Header]:
    """Return the size of each image and whether it is in colour, without decoding it.

    Raises:
        DataError: where Pillow is missing or a file is no image.
    """
    pillow = _pillow()
    read = []
    for file in files:
        try:
            with pillow.open(file) as image:
                width, height = image.size
                if image.getexif().get(ORIENTATION) in ROTATED:
                    width, height = height, width
                read.append(Header(height, width, not _is_grey(image)))
        except Exception as error:  # a damaged file may fail in any way
            raise _damaged(file, error) from error
    return read


def common_form(path: Path, images: list[Header], size: Size | None) -> tuple[Size, bool, str]:
    """Return the size and colour in which to read all images, and a note on their scaling.

    Raises:
        DataError: for several sizes where `size` is None, and for more than memory holds.
    """
    sizes = Counter((image.height, image.width) for image in images)
    colour = any(image.colour for image in images)
    if size is None and len(sizes) > 1:
        listed = ", ".join(f"{h}×{w} ({n} images)" for (h, w), n in sizes.most_common(4))
        more = f" and {len(sizes) - 4} more" if len(sizes) > 4 else ""
        raise DataError(
            f"{path}: images of {len(sizes)} sizes, {listed}{more} (height×width); a network needs "
            f"one. Give image_size={_proposed(images)} (--image-size {_proposed(images)}) to scale "
            "them"
        )
    height, width = size or next(iter(sizes))
    needed = len(images) * height * width * (3 if colour else 1) * 4
    if needed > MOST_BYTES:
        raise DataError(
            f"{path}: {len(images)} images of {height}×{width} take {needed / 2**30:.1f} GiB of "
            f"memory, more than {MOST_BYTES / 2**30:.0f}; scale them down, such as image_size="
            f"{min(_proposed(images), max(1, min(height, width) // 2))} (--image-size)"
        )
    scaled = "" if set(sizes) == {(height, width)} else f", scaled from {len(sizes)} sizes"
    return (height, width), colour, scaled


def _proposed(images: list[Header]) -> int:
    """Return a side to which few images must be enlarged, and that trains in reasonable time."""
    side = int(np.median([min(image.height, image.width) for image in images]))
    return min(64, side // 8 * 8 or side)


def decode(files: list[Path], size: Size, colour: bool) -> NDArray[np.uint8]:
    """Return images as `(n, height, width, 3)`, or `(n, height, width, 1)` where all are grey.

    Raises:
        DataError: where Pillow is missing or a file is damaged.
    """
    pillow = _pillow()
    height, width = size
    images = np.empty((len(files), height, width, 3 if colour else 1), np.uint8)
    for index, file in enumerate(files):
        try:
            with pillow.open(file) as opened:
                image = _on_white(_upright(opened), pillow)
                if image.mode.startswith("I"):  # 16 bits, of which 8 are kept
                    image = pillow.fromarray((np.asarray(image) >> 8).astype(np.uint8))
                image = image.convert("RGB" if colour else "L")
                if image.size != (width, height):
                    image = image.resize((width, height), pillow.Resampling.BILINEAR)
                images[index] = np.asarray(image).reshape(images.shape[1:])
        except Exception as error:  # a damaged file may fail in any way
            raise _damaged(file, error) from error
    return images


def _is_grey(image: Image) -> bool:
    return image.mode in GREY or image.mode.startswith("I;16")


def _upright(image: Image) -> Image:
    """Return an image turned as its camera noted."""
    from PIL import ImageOps

    upright: Image = ImageOps.exif_transpose(image)
    return upright


def _on_white(image: Image, pillow: ModuleType) -> Image:
    """Return an image on white, as the colour of transparent pixels in a file is arbitrary."""
    if not getattr(image, "has_transparency_data", False):
        return image
    image = image.convert("RGBA")
    white: Image = pillow.alpha_composite(pillow.new("RGBA", image.size, "white"), image)
    return white


def _pillow() -> ModuleType:
    try:
        from PIL import Image
    except ImportError as error:
        raise DataError("images are read with Pillow: pip install pillow") from error
    return Image


def _damaged(file: Path, error: Exception) -> DataError:
    reason = str(error).replace(str(file), "it").strip() or type(error).__name__
    return DataError(f"{file}: not a readable image ({reason}); replace or delete it")
