"""The kinds of new plugins: the class that the templates of each write, and its names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from regkit.core.errors import RegkitError, suggest
from regkit.core.registry.entry import KINDS
from regkit.core.stages import Stage
from regkit.core.words import registered
from regkit.scaffold.naming import class_name

__all__ = ["DEFAULT_STAGE", "PARTS", "STAGES", "Part", "chosen"]

STAGES = tuple(stage.name.lower() for stage in Stage)
DEFAULT_STAGE = "data"
_GROUPS = {kind: group for group, kind in KINDS.items()}


@dataclass(frozen=True)
class Part:
    """What a new plugin registers, until its author changes it.

    Attributes:
        kind: "technique", "layer", "regularizer", "model" or "ensemble".
        cls: The name of its class.
        does: What it does, as a sentence.
        stage: The stage at which a technique acts, in lower case.
        shown: The arguments of a technique in its example.
        needs: Further requirements of its distribution, beside regkit.
    """

    kind: str
    cls: str
    does: str
    stage: str = ""
    shown: str = ""
    needs: tuple[str, ...] = ()

    @property
    def module(self) -> str:
        """The name of its module, and of its entry point."""
        return registered(self.cls)

    @property
    def group(self) -> str:
        """The group of its entry point."""
        return _GROUPS[self.kind]

    @property
    def templates(self) -> str:
        """The folder of its own templates."""
        return f"{self.kind}/{self.stage}" if self.stage else self.kind


def _technique(stage: str, cls: str, shown: str, does: str) -> Part:
    return Part("technique", cls, does, stage, shown)


PARTS = (
    _technique(
        "data",
        "ScaledNoise",
        "0.2",
        "Add new normal noise to the inputs in each step, in proportion to each number.",
    ),
    _technique(
        "forward",
        "RandomScale",
        "0.5",
        "Multiply what hidden layers compute by random factors around 1, in training only.",
    ),
    _technique(
        "target",
        "SwapTargets",
        "0.2",
        "Give some examples the target of another example, at random in each step.",
    ),
    _technique(
        "penalty",
        "GroupLasso",
        "0.01",
        "Add the norms of each unit's incoming weights to the loss.",
    ),
    _technique(
        "gradient",
        "GradientNoise",
        "0.1",
        "Add normal noise to the gradients, less of it with every step.",
    ),
    _technique(
        "update",
        "MaxNorm",
        "2.0",
        "Keep the norm of each unit's incoming weights at a limit or below it.",
    ),
    _technique(
        "watch",
        "WeightNorm",
        "",
        "Log the norm of the weights at the end of each epoch.",
    ),
    Part(
        "layer",
        "RandomGain",
        "Multiply each example by a random factor around 1, in training only.",
    ),
    Part(
        "regularizer",
        "SmoothL1",
        "Penalize the absolute values of weights, rounded off around zero.",
    ),
    Part(
        "model",
        "DropoutMLP",
        "Compute a multilayer perceptron with dropout after each hidden layer.",
    ),
    Part(
        "ensemble",
        "SeedEnsemble",
        "Average the probabilities of models that differ in their random numbers only.",
        needs=("scikit-learn>=1.5",),
    ),
)


def chosen(kind: str = "technique", stage: str | None = None, cls: str | None = None) -> Part:
    """Return the part of a kind, of a stage where it is a technique, with another class name.

    Raises:
        RegkitError: for an unknown kind or stage, a stage where the kind is no technique, and an
            invalid class name; it names the nearest right one.

    Example:
        >>> chosen(stage="update", cls="UnitNorm").module
        'unit_norm'
    """
    _check("kind", kind, list(_GROUPS))
    if stage is not None:
        _check("stage", stage, STAGES)
        if kind != "technique":
            raise RegkitError(
                f"a technique acts at a stage, a {kind} does not: leave out --stage {stage}, or "
                f"--kind {kind}"
            )
    wanted = (stage or DEFAULT_STAGE) if kind == "technique" else ""
    (part,) = [known for known in PARTS if (known.kind, known.stage) == (kind, wanted)]
    return part if cls is None else replace(part, cls=class_name(cls))


def _check(what: str, name: str, known: Sequence[str]) -> None:
    if name not in known:
        near = suggest(name.lower(), known)
        raise RegkitError(f"no {what} is called {name!r}{near or '.'} Known: {', '.join(known)}")
