"""`regkit.preview`: what a recipe makes of images, to look at."""

from __future__ import annotations

import base64
import html
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from regkit.core.errors import RecipeError
from regkit.core.options import Integer, checked_call
from regkit.core.recipe import Recipe
from regkit.core.technique import Technique
from regkit.data import DataError, Dataset, load
from regkit.previewing.grid import drawn_grid, png_of
from regkit.previewing.samples import Samples, sampled
from regkit.previewing.saving import place_for
from regkit.types import Array

__all__ = ["Preview", "preview"]

_SUFFIXES = (".png", ".html")
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body {{ font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem;
padding: 0 1rem; color-scheme: light dark }} img {{ max-width: 100%; background: white }}
code {{ font-size: .95em }}</style></head><body>
<h1><code>{recipe}</code></h1>
<p>{note}</p>
<img alt="A row for each example: first as it is, then as {draws} training steps show it."
 src="data:image/png;base64,{png}">
{again}
</body></html>
"""


@dataclass(frozen=True)
class Preview:
    """Images before and after a recipe; a notebook shows them as a picture.

    Attributes:
        samples: The images, as arrays.
        recipe: The recipe's text, or what Python shows of it where it has none.
        labels: Of the examples; none, or one for each.
        data: Its name.
        again: The command that shows the same, where there is one: not for arrays, nor for
            techniques without a text form.
    """

    samples: Samples
    recipe: str
    labels: tuple[str, ...]
    data: str
    again: str | None

    @property
    def note(self) -> str:
        """What is shown, in a sentence or two."""
        draws, rows = len(self.samples.after), len(self.samples.before)
        text = f"{rows} examples of {self.data}, each as {draws} training steps show it."
        if self.samples.silent:
            text += f" These change no inputs: {', '.join(self.samples.silent)}."
        return text

    def figure(self) -> Any:
        """Return a Matplotlib figure."""
        return drawn_grid(self.samples, self.recipe, list(self.labels))

    def _repr_png_(self) -> bytes:
        return png_of(self.figure())

    def save(self, path: str | Path) -> Path:
        """Write a picture (.png) or a page with it (.html), and return the path.

        Raises:
            OptionError: for another suffix.
        """
        path = place_for(path, _SUFFIXES, "a preview")
        png = self._repr_png_()
        if path.suffix == ".png":
            path.write_bytes(png)
            return path
        again = f"<p>Again: <code>{html.escape(self.again)}</code></p>" if self.again else ""
        page = _PAGE.format(
            title=html.escape(f"regkit preview: {self.recipe}"),
            recipe=html.escape(self.recipe),
            note=html.escape(self.note),
            draws=len(self.samples.after),
            png=base64.b64encode(png).decode(),
            again=again,
        )
        path.write_text(page, encoding="utf-8")
        return path


@checked_call
def preview(
    recipe: str | Technique | Iterable[Technique],
    data: object = "digits",
    *,
    n_examples: Annotated[int, Integer(1, 100)] = 6,
    n_draws: Annotated[int, Integer(1, 100)] = 8,
    seed: Annotated[int, Integer(0)] = 0,
) -> Preview:
    """Return images before and after a recipe, to look at or to save.

    The images after it are what the model would be shown in the first training steps with this
    seed. Techniques that change no inputs are named, and not applied.

    Args:
        recipe: A recipe's text, a recipe, techniques, or one.
        data: What `regkit.compare` takes: a name such as "digits" or "mnist", a path, (x, y); or
            images alone, an array of shape (examples, height, width, channels).
        n_examples: The number of examples, the first of each class in turn.
        n_draws: The number of draws of each.
        seed: From which the draws follow, where a technique has no seed of its own.

    Raises:
        AttachError: for data that are no images, or a recipe that changes no inputs.
        DataError: for data that cannot be read.

    Example:
        >>> import regkit
        >>> shown = regkit.preview("rotation(15) + elastic_distortion(relative_to=28)", n_draws=3)
        >>> shown.samples.after.shape
        (3, 6, 8, 8, 1)
    """
    whole = Recipe(recipe)
    x, labels, name = _examples(data, n_examples)
    samples = sampled(list(whole), x, n_draws, seed)
    text, again = _text(whole), None
    if text is not None and isinstance(data, str | Path):
        numbers = f"--examples {n_examples} --draws {n_draws} --seed {seed}"
        again = f"regkit preview {shlex.quote(text)} --data {shlex.quote(str(data))} {numbers}"
    shown = " + ".join(map(repr, whole)) if text is None else text
    return Preview(samples, shown, labels, name, again)


def _text(recipe: Recipe) -> str | None:
    try:
        return str(recipe)
    except RecipeError:  # a technique without a text form
        return None


def _examples(data: object, count: int) -> tuple[Array, tuple[str, ...], str]:
    """Return images, their labels and the name of the data."""
    if isinstance(data, np.ndarray) and data.ndim in (3, 4):
        return data[:count], (), "an array"
    dataset = load(data)
    if dataset.image_shape is None:
        raise DataError(
            f"{dataset.name}: a preview shows images, and each example here is a row of "
            f"{dataset.x.shape[1]} numbers. Name images: digits, mnist, fashion_mnist, cifar10, a "
            "folder of images by class, or give arrays (examples, height, width, channels)"
        )
    places = _in_turn(dataset)[:count]
    labels = [str(dataset.y[place]) for place in places]
    if dataset.class_names:
        labels = [dataset.class_names[int(dataset.y[place])] for place in places]
    return dataset.x[places], tuple(labels), dataset.name


def _in_turn(dataset: Dataset) -> Array:
    """Return the numbers of all examples: the first of each class, then the second, and so on."""
    if dataset.n_classes is None:
        return np.arange(len(dataset.y))
    order = np.argsort(dataset.y, kind="stable")
    counts = np.bincount(dataset.y[order].astype(int), minlength=dataset.n_classes)
    rank = np.concatenate([np.arange(count) for count in counts])
    return np.asarray(order[np.lexsort((dataset.y[order], rank))])
