"""Decoding image files to one size and one number of channels, with Pillow."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regkit.data.dataset import DataError

__all__ = ["Header", "decode", "headers", "parse_size", "settle"]

Size = tuple[int, int]

GREY = ("1", "L", "LA", "I", "F")
ROTATED = (5, 6, 7, 8)  # what a camera writes for an image on its side
ORIENTATION = 0x0112
MOST_BYTES = 4 * 2**30  # of all images in float32; the comparison holds its parts beside them


class Header(NamedTuple):
    """What an image is before it is decoded."""

    height: int
    width: int
    colour: bool


def parse_size(size: Any) -> Size | None:
    """Return (height, width) of what a user gives for `image_size`.

    Raises:
        DataError: where it is neither a side nor a height and a width.

    Example:
        >>> parse_size(32), parse_size("48x64"), parse_size((48, 64)), parse_size(None)
        ((32, 32), (48, 64), (48, 64), None)
    """
    if size is None:
        return None
    sides: Any = size
    if isinstance(size, str):
        sides = [int(side) for side in re.findall(r"\d+", size)]
        sides = sides if re.fullmatch(r"\s*\d+\s*([x×,]\s*\d+\s*)?", size) else []
    elif not isinstance(size, Sequence):
        sides = [size]
    whole = [isinstance(one, int | np.integer) and not isinstance(one, bool) for one in sides]
    if len(whole) not in (1, 2) or not all(whole) or min(sides) < 1:
        raise DataError(
            f"image_size must be one side in pixels, such as 32, or height and width, such as "
            f"48x64; received {size!r}"
        )
    return int(sides[0]), int(sides[-1])


def headers(files: list[Path]) -> list[Header]:
    """Return the sizes of images, and which are in colour, without decoding them.

    Raises:
        DataError: where Pillow is missing or a file is no image.
    """
    pillow = _pillow()
    found = []
    for file in files:
        try:
            with pillow.open(file) as image:
                width, height = image.size
                if image.getexif().get(ORIENTATION) in ROTATED:
                    width, height = height, width
                found.append(Header(height, width, not _is_grey(image)))
        except Exception as error:  # a damaged file may fail in any way
            raise _damaged(file, error) from error
    return found


def settle(path: Path, found: list[Header], size: Size | None) -> tuple[Size, bool, str]:
    """Return the size and colour in which to read images, and what to say of the scaling.

    Raises:
        DataError: for several sizes where none is asked for, and for more than memory holds.
    """
    sizes = Counter((one.height, one.width) for one in found)
    colour = any(one.colour for one in found)
    if size is None and len(sizes) > 1:
        said = ", ".join(f"{h}×{w} ({n} images)" for (h, w), n in sizes.most_common(4))
        more = f" and {len(sizes) - 4} more" if len(sizes) > 4 else ""
        raise DataError(
            f"{path}: images of {len(sizes)} sizes, {said}{more} (height×width); a network needs "
            f"one. Give image_size={_proposed(found)} (--image-size {_proposed(found)}) to scale "
            "them"
        )
    height, width = size or next(iter(sizes))
    needed = len(found) * height * width * (3 if colour else 1) * 4
    if needed > MOST_BYTES:
        raise DataError(
            f"{path}: {len(found)} images of {height}×{width} take {needed / 2**30:.1f} GiB of "
            f"memory, more than {MOST_BYTES / 2**30:.0f}; scale them down, such as image_size="
            f"{min(_proposed(found), max(1, min(height, width) // 2))} (--image-size)"
        )
    scaled = "" if set(sizes) == {(height, width)} else f", scaled from {len(sizes)} sizes"
    return (height, width), colour, scaled


def _proposed(found: list[Header]) -> int:
    """Return a side that few images must be enlarged for, and that trains in reasonable time."""
    side = int(np.median([min(one.height, one.width) for one in found]))
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


def _is_grey(image: Any) -> bool:
    return image.mode in GREY or image.mode.startswith("I;16")


def _upright(image: Any) -> Any:
    from PIL import ImageOps

    return ImageOps.exif_transpose(image)


def _on_white(image: Any, pillow: ModuleType) -> Any:
    """Return an image without transparency; what lies below it in the file is arbitrary."""
    if not getattr(image, "has_transparency_data", False):
        return image
    image = image.convert("RGBA")
    return pillow.alpha_composite(pillow.new("RGBA", image.size, "white"), image)


def _pillow() -> ModuleType:
    try:
        from PIL import Image
    except ImportError as error:
        raise DataError("images are read with Pillow: pip install pillow") from error
    return Image


def _damaged(file: Path, error: Exception) -> DataError:
    said = str(error).replace(str(file), "it").strip() or type(error).__name__
    return DataError(f"{file}: not a readable image ({said}); replace or delete it")
