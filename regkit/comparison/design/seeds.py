"""The repeats of a comparison with the seeds of each, all from one root seed.

Everything here is a pure function, so that a repeat can be run again alone, and no arm can get
another initialization or another order than the baseline.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

__all__ = ["Repeat", "arm_order", "for_member", "for_trials", "repeats"]


@dataclass(frozen=True)
class Repeat:
    """One split with one seed; every arm is fitted once in it.

    Attributes:
        split: The number of the split into training, validation and test.
        seed: The number of the seed within the split.
        init_seed: Seeds initialization and whatever a model or technique draws.
        order_seed: Seeds the order of the training examples.
        noise_seed: Seeds which labels are redrawn.
        turn_seed: Seeds the order in which the arms take their turn.
    """

    split: int
    seed: int
    init_seed: int
    order_seed: int
    noise_seed: int
    turn_seed: int

    @property
    def examples(self) -> tuple[int, int]:
        """What its examples and their labels follow from."""
        return self.split, self.noise_seed


def repeats(splits: int, seeds: int, root: int) -> list[Repeat]:
    """Return the repeats, split by split, with seeds spawned from one root.

    Example:
        >>> [(repeat.split, repeat.seed) for repeat in repeats(2, 2, root=0)]
        [(0, 0), (0, 1), (1, 0), (1, 1)]
    """
    return [
        Repeat(split, seed, *_four_seeds(root, 1, split, seed))
        for split in range(splits)
        for seed in range(seeds)
    ]


def for_trials(repeat: Repeat, root: int) -> Repeat:
    """Return the repeat in which alternatives are tried: its examples, other weights and order.

    What is chosen is then fitted anew in the repeat itself. Where nothing makes a difference, the
    best of several fits is one that was lucky; its luck must not count for it.
    """
    init_seed, order_seed, _, _ = _four_seeds(root, 3, repeat.split, repeat.seed)
    return replace(repeat, init_seed=init_seed, order_seed=order_seed)


def for_member(repeat: Repeat, number: int) -> Repeat:
    """Return the repeat of an ensemble's member: its examples, weights and order of its own.

    Member 0 is the fit that the arm without the ensemble would be.

    Example:
        >>> repeat = repeats(1, 1, root=0)[0]
        >>> for_member(repeat, 0) == repeat, for_member(repeat, 1).init_seed == repeat.init_seed
        (True, False)
    """
    if number == 0:
        return repeat
    key = (4, repeat.split, repeat.seed, number)
    init_seed, order_seed, _, _ = _four_seeds(repeat.init_seed, *key)
    return replace(repeat, init_seed=init_seed, order_seed=order_seed)


def _four_seeds(root: int, *key: int) -> list[int]:
    state = np.random.SeedSequence(root, spawn_key=key).generate_state(4)
    return [int(word) >> 1 for word in state]  # Keras takes 31 bits


def arm_order(repeat: Repeat, n_arms: int) -> list[int]:
    """Return the order in which the arms run in a repeat; 0 is the baseline.

    Drawn anew for each repeat: a machine that warms up or slows down favours no arm.
    """
    return [int(arm) for arm in np.random.default_rng(repeat.turn_seed).permutation(n_arms)]
