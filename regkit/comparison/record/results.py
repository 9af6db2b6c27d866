"""The record of a comparison: what ran, on what, and every fit; written and read as JSON."""

from __future__ import annotations

import dataclasses
import json
import math
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Required, TypedDict

from regkit.comparison.design.settings import Settings
from regkit.core.errors import RegkitError

__all__ = [
    "FILES",
    "JOURNAL",
    "SCHEMA",
    "DataFacts",
    "Environment",
    "Fit",
    "Record",
    "RecordedSettings",
    "Trial",
    "check_output",
    "document",
    "label",
    "read",
    "write",
]

SCHEMA = 4
FILES = (
    "results.json", "report.html", "forest.svg", "forest.png", "curves.svg", "curves.png",
)  # fmt: skip
JOURNAL = "fits.jsonl"


@dataclass(frozen=True)
class Fit:
    """One training run of one arm, evaluated on clean labels at its best validation epoch.

    Attributes:
        arm: The arm's name.
        recipe: What was trained, in text; of an arm with alternatives, one of them.
        split: The number of the split.
        seed: The number of the seed within the split.
        best_epoch: The epoch that was evaluated, from 1.
        epochs: How many were trained.
        test: The measures on the test examples by their keys (`regkit.comparison.measures`).
        train: The same on the training examples, with clean labels.
        validation: The same on the validation examples.
        epoch_seconds: The median time of an epoch without the first, which compiles; of a member
            that of one fit of its arm by itself.
        seconds: The time of the whole fit; of a member its share.
        peak_memory: Megabytes, or None where it cannot be measured; of a member that of one fit of
            its arm by itself.
        sparsity: The fraction of the kernels' weights that are exactly 0.
        reliability: (confidence, accuracy, count) of bins of equal mass of the test examples.
        curves: A value an epoch for the loss, its parts, and the validation measures.
        engine: "vectorized", a member of a group that was trained together, or "sequential", by
            itself.
    """

    arm: str
    recipe: str
    split: int
    seed: int
    best_epoch: int
    epochs: int
    test: dict[str, float]
    train: dict[str, float]
    validation: dict[str, float]
    epoch_seconds: float
    seconds: float
    peak_memory: float | None
    sparsity: float
    reliability: list[tuple[float, float, int]] = field(repr=False)
    curves: dict[str, list[float]] = field(repr=False)
    engine: str = "sequential"


@dataclass(frozen=True)
class Trial:
    """A training run of one alternative of an arm, by which the arm chooses in its split.

    It sees no test examples. What is chosen is trained anew, from the weights and in the order that
    the other arms have.

    Attributes:
        arm: The arm's name.
        recipe: The alternative, in text.
        split: The number of the split.
        seed: The number of the seed within the split.
        best_epoch: The epoch of the best validation value, from 1; 0 where training diverged.
        validation: The measures on the validation examples at that epoch; empty where it diverged.
        diverged: How training diverged, or empty.
    """

    arm: str
    recipe: str
    split: int
    seed: int
    best_epoch: int
    validation: dict[str, float]
    diverged: str = ""


class RecordedSettings(Settings):
    """The settings of a study, and its model's name."""

    model: str


class DataFacts(TypedDict):
    """What identifies the data, with sizes and statistics of the first repeat's parts.

    `shape` is that of one example as the model gets it, `n_features` counts those of the source;
    `labels_wrong` is the fraction of the training labels that redrawing has changed.
    """

    name: str
    note: str
    sha256: str
    task: str
    shape: list[int]
    n_features: int
    columns: dict[str, int]
    classes: list[str]
    fixed_test: bool
    n_train: int
    n_validation: int
    n_test: int
    test_counts: dict[str, int]
    labels_wrong: float
    target_mean: float
    target_scale: float
    duplicates: int


class Environment(TypedDict, total=False):
    """Versions, hardware, the command that runs the comparison again, and times."""

    backend: Required[str]
    versions: Required[dict[str, str]]
    machine: Required[str]
    devices: Required[list[str]]
    parameters: Required[int]
    started: Required[str]
    command: str
    seconds: float


@dataclass(frozen=True)
class Record:
    """Everything that a comparison measured, and what it takes to run it again.

    Attributes:
        arms: Name → recipe in text, which may have alternatives; the first is the baseline, whose
            recipe is empty.
        fits: The fits that were done; of an arm with alternatives, in each split those of the
            alternative that was chosen there.
        failures: Arm → why it was taken out.
        diverged: Those of them whose training went to NaN or infinity.
        settings: What decides, splits, seeds, epochs, sizes, label noise, root seed, engine, model.
        data: Name, digest, sizes, class names, note.
        environment: Versions, hardware, command, times.
        stopped: Why it ended before all fits were done, or empty.
        by_themselves: Arm → why its fits were made one after the other, where members were asked
            for.
        alternatives: Arm → its alternatives → the options in which they differ, as
            `{"l2.strength": 0.01}`; only arms that have some.
        trials: What the alternatives measured on the validation examples of each split.
    """

    arms: dict[str, str]
    fits: tuple[Fit, ...]
    failures: dict[str, str]
    settings: RecordedSettings
    data: DataFacts
    environment: Environment
    stopped: str = ""
    diverged: tuple[str, ...] = ()
    by_themselves: dict[str, str] = field(default_factory=dict)
    alternatives: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    trials: tuple[Trial, ...] = ()

    @property
    def baseline(self) -> str:
        """The name of the arm that the others are compared with."""
        return next(iter(self.arms))

    def label(self, arm: str) -> str:
        """Return an arm as it is shown everywhere: by the text that makes it."""
        return label(arm, self.arms[arm])

    def of(self, arm: str) -> list[Fit]:
        """Return the fits of one arm."""
        return [fit for fit in self.fits if fit.arm == arm]


def label(name: str, recipe: str) -> str:
    """Return how an arm is shown: by its recipe, after a name of its own.

    Example:
        >>> label("l2(0.1)", "l2(0.1)"), label("strong", "l2(0.1)"), label("baseline", "")
        ('l2(0.1)', 'strong = l2(0.1)', 'baseline')
    """
    return name if recipe in ("", name) else f"{name} = {recipe}"


def check_output(directory: Path, force: bool) -> None:
    """Raise where writing the results would overwrite something, unless forced.

    Raises:
        RegkitError: with what is there already and what to do.
    """
    if directory.exists() and not directory.is_dir():
        raise RegkitError(f"output {str(directory)!r} is a file; name a folder")
    present = [name for name in (*FILES, JOURNAL) if (directory / name).exists()]
    if present and not force:
        goes_on = ", or go on with it (resume=True, --resume)" if JOURNAL in present else ""
        raise RegkitError(
            f"{str(directory)!r} already holds {', '.join(present)}; name another folder (output, "
            f"--output), overwrite them (force=True, --force){goes_on}"
        )


def document(record: Record, analysis: Iterable[Any] = ()) -> dict[str, Any]:
    """Return what `results.json` holds, in JSON's own types.

    Args:
        record: What was measured.
        analysis: Dataclass instances with the conclusions, for readers of the file.
    """
    fields = {
        "schema": SCHEMA,
        **{f.name: getattr(record, f.name) for f in dataclasses.fields(record)},
        "fits": [dataclasses.asdict(fit) for fit in record.fits],
        "trials": [dataclasses.asdict(trial) for trial in record.trials],
        "analysis": [dataclasses.asdict(summary) for summary in analysis],
    }
    return {key: _plain(value) for key, value in fields.items()}


def write(record: Record, path: Path, analysis: Iterable[Any] = ()) -> None:
    """Write a record as JSON, in one move: a reader or a crash never meets half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".part")
    text = json.dumps(document(record, analysis), indent=1, allow_nan=False)
    temporary.write_text(text + "\n", "utf-8")
    os.replace(temporary, path)


def read(path: str | Path) -> Record:
    """Return the record in a `results.json`.

    Raises:
        RegkitError: where it is missing, no JSON, or of another schema.
    """
    try:
        document = json.loads(Path(path).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise RegkitError(f"{path}: no readable results ({error})") from error
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != SCHEMA:
        raise RegkitError(f"{path}: results of schema {schema}; this regkit reads schema {SCHEMA}")
    names = {f.name for f in dataclasses.fields(Record)}
    kept = {key: value for key, value in document.items() if key in names}
    listed = {
        "fits": tuple(Fit(**fit) for fit in document["fits"]),
        "trials": tuple(Trial(**trial) for trial in document["trials"]),
        "diverged": tuple(kept["diverged"]),
    }
    return Record(**{**kept, **listed})


def _plain(value: object) -> Any:
    """Return JSON's own types; numbers rounded to 6 digits, infinite ones and NaN as null."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value
