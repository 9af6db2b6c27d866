"""`regkit.audit`: does an augmentation keep the labels true?"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from typing import Annotated, Any

import keras
import numpy as np
from rich.progress import track

from regkit.auditing.findings import Audit, Tried
from regkit.auditing.labelled_images import examples_of
from regkit.auditing.likeness import Neighbours
from regkit.auditing.risks import Risk, at_risk, confusions
from regkit.auditing.symmetries import symmetries, warned
from regkit.auditing.trials import effect_of, trials_of
from regkit.comparison.words.console import Terminal
from regkit.core.errors import AttachError, OptionError, RecipeError
from regkit.core.images import order_of
from regkit.core.options import Integer, Real, checked_call
from regkit.core.recipe import Recipe
from regkit.core.technique import Technique
from regkit.types import Array

__all__ = ["audit"]

_WORSE = 2.0  # times as often right as by chance: less, and a model does not know the data


@checked_call
def audit(
    recipe: str | Technique | Iterable[Technique],
    data: object = "digits",
    *,
    model: Any = None,
    n_examples: Annotated[int, Integer(20)] = 2000,
    rate: Annotated[float, Real(0, 1)] = 0.05,
    level: Annotated[float, Real(0, 1, open_low=True, open_high=True)] = 0.05,
    seed: Annotated[int, Integer(0)] = 0,
    verbose: Annotated[int, Integer(0, 1)] = 0,
) -> Audit:
    """Find which classes an augmentation makes look like which other ones, and how strong is safe.

    Each technique is tried at a quarter, a half, three quarters and all of its strength, then the
    recipe as a whole. A pair of classes a → b is at risk where changed examples of a look like b at
    least `rate` more often than unchanged ones, and no chance can make it so (the sign test,
    adjusted by Holm over all pairs and trials). Who says what an image looks like:

    - the nearest real images: a changed image looks like b where it is as near to a real image of b
      as nineteen in twenty of these are to the next one, and nearer than to its own class;
    - `model`, where one is given, which must not have been trained with the recipe.

    What no judge can see, as a recipe that makes all images grey, is in the effects.

    Args:
        recipe: Techniques that act at DATA only, or their text.
        data: Labelled images: "digits", "mnist", "fashion_mnist", "cifar10", a folder of images by
            class, an `.npz`, or (x, y) of arrays.
        model: A `keras.Model` that tells the classes of images as `data` gives them.
        n_examples: How many images are changed and judged, of all classes alike.
        rate: The increase from which on a pair counts.
        level: Of the tests, over all of them together.
        seed: Of the draws and of the choice of examples.
        verbose: 1 shows progress, on standard error.

    Returns:
        What was found, with `ok`, `risks`, `safe` and `save(path)`.

    Raises:
        AttachError: for techniques that act elsewhere, mix examples or change the size of images.
        DataError: for data that are no images with classes, or have few of a class.
        OptionError: for an impossible option, or a model that does not know the data.

    References:
        Cubuk et al. 2019, AutoAugment, section 4: which operations keep labels depends on the data.

    Example:
        >>> found = audit("rotation([179, 181])")
        >>> worst = [one for one in found.risks if "179" in one.change]
        >>> [(found.class_names[one.label], found.class_names[one.looks_like]) for one in worst]
        [('6', '9')]
    """
    made = recipe if isinstance(recipe, Recipe) else Recipe(recipe)
    trials = trials_of(list(made))
    if not trials:
        raise AttachError("an audit tries techniques, and the recipe is empty")
    for technique in made:
        if "images" in technique.needs and order_of(technique.image_format) != "channels_last":
            raise AttachError(
                f"{technique!r} takes images with channels first, and an audit has channels last. "
                "Give data_format='channels_last'"
            )
    examples = examples_of(data, n_examples, seed)
    x, y = examples.x[examples.checked], examples.y[examples.checked]
    n_classes = len(examples.class_names)
    neighbours = Neighbours(examples.x, examples.y, n_classes, examples.checked)
    before = {"neighbours": neighbours.unchanged.looks_like}
    if model is not None:
        before["model"] = _predicted(model, x, y, n_classes)
    found: list[Risk] = []
    tried, nearest = [], {}
    shown = track(
        trials,
        "audit",
        console=Terminal(stderr=True),
        transient=True,
        disable=not verbose,
    )
    for trial in shown:
        after = trial.run(x, seed)
        if after.shape != x.shape:
            raise AttachError(
                f"{trial.name} makes images of {after.shape[1:3]} of {x.shape[1:3]}; an audit "
                "compares images of one size. Leave it out"
            )
        changed = (after != x).any(axis=(1, 2, 3))
        likeness = neighbours(after)
        nearest[trial.name] = likeness.nearest
        looks = {"neighbours": likeness.looks_like}
        if model is not None:
            looks["model"] = _classes(model, after)
        for judge, look in looks.items():
            found += confusions(trial.name, judge, y, before[judge], look, changed, n_classes)
        tried.append(Tried(trial, effect_of(trial, x, after), after))
    n_tests = len(trials) * len(before) * n_classes * (n_classes - 1)
    risks = at_risk(found, n_tests, rate, level)
    return Audit(
        recipe=_text(made),
        data=examples.name,
        class_names=examples.class_names,
        n_examples=len(x),
        judges=tuple(before),
        trials=tuple(tried),
        risks=tuple(risks),
        symmetries=tuple(warned(symmetries(made), examples.class_names)),
        images=x,
        real=examples.x,
        nearest=nearest,
        again=_again(made, data, n_examples, rate, level, seed, model),
    )


def _predicted(model: Any, x: Array, y: Array, n_classes: int) -> Array:
    """Return the classes that a model gives unchanged images, if it knows them at all.

    Raises:
        OptionError: where it does not.
    """
    classes = _classes(model, x)
    right = float(np.mean(classes == y))
    if right < min(_WORSE / n_classes, 0.6):
        raise OptionError(
            f"audit: model gives {right:.0%} of the unchanged images their class, of {n_classes}; "
            "an audit needs one that knows them. It must take images of the shape "
            f"{x.shape[1:]}, with values from {x.min():g} to {x.max():g} here"
        )
    return classes


def _classes(model: Any, x: Array) -> Array:
    if not isinstance(model, keras.Model):
        raise OptionError(f"audit: model must be a keras.Model; received {type(model).__name__}")
    outputs = np.asarray(model.predict(x, verbose=0))
    if outputs.ndim != 2:
        raise OptionError(
            f"audit: model must return a row of numbers for each image; it returned the shape "
            f"{outputs.shape}"
        )
    if outputs.shape[1] > 1:
        return outputs.argmax(axis=1)
    if outputs.min() < 0 or outputs.max() > 1:
        raise OptionError(
            "audit: a model with one output must return probabilities; it returned numbers from "
            f"{outputs.min():.3g} to {outputs.max():.3g}. Let it end with a sigmoid"
        )
    return (outputs[:, 0] > 0.5).astype(int)


def _text(recipe: Recipe) -> str:
    try:
        return str(recipe)
    except RecipeError:  # a technique without a text form
        return repr(list(recipe))


def _again(
    recipe: Recipe, data: object, n_examples: int, rate: float, level: float, seed: int, model: Any
) -> str | None:
    """Return the command that finds the same; None for arrays, models and what has no text."""
    try:
        text = str(recipe)
    except RecipeError:
        return None
    if not isinstance(data, str) or model is not None:
        return None
    options = f"--examples {n_examples} --rate {rate:g} --level {level:g} --seed {seed}"
    return f"regkit audit {shlex.quote(text)} --data {shlex.quote(data)} {options}"
