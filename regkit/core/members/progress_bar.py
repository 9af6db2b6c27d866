"""Progress of members on the terminal, as Keras shows that of a fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import keras

__all__ = ["shown"]


@contextmanager
def shown(total: int, verbose: int, unit: str = "epoch") -> Iterator[Callable[[int], None]]:
    """Yield what is told how much more is done.

    Args:
        total: How much there is to do at most: members may stop before their last epoch.
        verbose: 0 shows nothing, 1 a bar with the time left.
        unit: What is counted.
    """
    bar = keras.utils.Progbar(total, unit_name=unit) if verbose else None
    done = 0

    def add(more: int) -> None:
        nonlocal done
        done += more
        if bar is not None and done < total:
            bar.update(done)

    yield add
    if bar is not None:
        bar.update(total, finalize=True)
