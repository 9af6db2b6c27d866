"""Which examples and columns each member of an ensemble sees, and the seed it begins with."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
from numpy.typing import NDArray

from regkit.core.errors import RegkitError
from regkit.types import Array

__all__ = ["Draw", "count_of", "drawn"]


@dataclass(frozen=True)
class Draw:
    """What chance gives a member.

    Attributes:
        seed: From which its weights, the order of its examples and its techniques' draws follow.
        examples: The numbers of its examples, with repeats where they are drawn with replacement.
        features: The numbers of its columns in order; None for all.
    """

    seed: int
    examples: NDArray[np.int64]
    features: Array | None


def count_of(name: str, given: float, total: int) -> int:
    """Return how many are meant: a whole number is itself, a fraction is of the total, at least 1.

    Raises:
        RegkitError: for more than there are, or none.

    Example:
        >>> count_of("max_samples", 0.5, 9), count_of("max_samples", 3, 9)
        (4, 3)
    """
    whole = isinstance(given, Integral) and not isinstance(given, bool)
    if not isinstance(given, Real):
        raise RegkitError(f"{name} must be a number; received {name}={given!r}")
    if 1 <= given <= total if whole else 0 < given <= 1 and given is not True:
        return int(given) if whole else max(1, int(given * total))
    of = "columns of X" if name == "max_features" else "examples"
    raise RegkitError(
        f"{name}={given!r} of {total} {of}; give a whole number from 1 to {total}, or a fraction "
        "in (0, 1]"
    )


def drawn(
    root: int,
    n_members: int,
    n_examples: int,
    n_columns: int | None,
    *,
    max_samples: float = 1.0,
    max_features: float = 1.0,
    bootstrap: bool = True,
    weights: Array | None = None,
) -> list[Draw]:
    """Return the draws of all members; each depends on the root and its own number only.

    Args:
        root: The seed from which all follow.
        n_members: How many.
        n_examples: The number of examples there are.
        n_columns: The number of columns of X; None where it has no columns to choose from.
        max_samples: How many examples each sees, as a number or a fraction.
        max_features: How many columns, likewise.
        bootstrap: Whether examples are drawn with replacement.
        weights: Of the examples: with replacement an example is drawn in proportion to it.

    Raises:
        RegkitError: for more examples or columns than there are.

    Example:
        >>> first, second = drawn(0, 2, 5, 3, max_features=2)
        >>> first.examples.size, first.features.size, first.seed != second.seed
        (5, 2, True)
    """
    samples = count_of("max_samples", max_samples, n_examples)
    columns = None
    if n_columns is not None:
        columns = count_of("max_features", max_features, n_columns)
    elif max_features != 1.0:
        raise RegkitError(
            f"max_features={max_features!r} chooses columns of a table; X has examples of another "
            "form. Leave it out"
        )
    chances = None if weights is None else np.asarray(weights, np.float64) / np.sum(weights)
    draws = []
    for sequence in np.random.SeedSequence(root).spawn(n_members):
        random = np.random.default_rng(sequence)
        seed = int(random.integers(2**31))
        if bootstrap:
            examples = np.sort(random.choice(n_examples, samples, p=chances))
        elif samples < n_examples:
            examples = np.sort(random.permutation(n_examples)[:samples])
        else:
            examples = np.arange(n_examples)
        features = None
        if columns is not None and columns < n_columns:  # type: ignore[operator]  # not None here
            features = np.sort(random.permutation(n_columns)[:columns])  # type: ignore[arg-type]
        draws.append(Draw(seed, examples, features))
    return draws
