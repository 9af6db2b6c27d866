"""What a new plugin of each kind is: the class that its templates write, and its names."""

from __future__ import annotations

from dataclasses import dataclass

from regkit.core.registry.entry import KINDS

__all__ = ["PARTS", "Part"]

_GROUPS = {kind: group for group, kind in KINDS.items()}


@dataclass(frozen=True)
class Part:
    """The one thing that a new plugin registers, until its author changes it.

    Attributes:
        kind: "technique", "layer", "regularizer", "model" or "ensemble".
        cls: The name of its class.
        module: The name of its module, and of its entry point.
        does: What it does, as a sentence.
        needs: What its distribution needs beside regkit.
    """

    kind: str
    cls: str
    module: str
    does: str
    needs: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        """The group of its entry point."""
        return _GROUPS[self.kind]


_CHOSEN = (
    Part(
        "technique",
        "ScaledNoise",
        "scaled_noise",
        "Add normal noise to the inputs, in proportion to each number, anew in each step.",
    ),
    Part(
        "layer",
        "RandomGain",
        "random_gain",
        "Multiply each example by a random factor around 1, in training only.",
    ),
    Part(
        "regularizer",
        "SmoothL1",
        "smooth_l1",
        "Penalize the absolute values of weights, rounded off around zero.",
    ),
    Part(
        "model",
        "DropoutMLP",
        "dropout_mlp",
        "Compute a multilayer perceptron with dropout after each hidden layer.",
    ),
    Part(
        "ensemble",
        "SeedEnsemble",
        "seed_ensemble",
        "Average the probabilities of models that differ in their random numbers only.",
        ("scikit-learn>=1.5",),
    ),
)

PARTS = {one.kind: one for one in _CHOSEN}
