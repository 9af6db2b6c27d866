"""The record of a comparison: what ran, on what, and every fit; written and read as JSON."""

from __future__ import annotations

import dataclasses
import json
import math
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from regkit.core.errors import RegkitError

__all__ = ["SCHEMA", "Fit", "Record", "check_output", "read", "write"]

SCHEMA = 1
FILES = ("results.json", "forest.svg", "forest.png", "curves.svg", "curves.png")


@dataclass(frozen=True)
class Fit:
    """One training run of one arm, evaluated on clean labels at its best validation epoch.

    Accuracies are fractions, negative log likelihoods nats. `epoch_seconds` is the median without
    the first epoch, which compiles. `curves` has a value an epoch for each measure.
    """

    arm: str
    split: int
    seed: int
    best_epoch: int
    epochs: int
    test_accuracy: float
    test_nll: float
    train_accuracy: float
    train_nll: float
    val_accuracy: float
    val_nll: float
    epoch_seconds: float
    seconds: float
    curves: dict[str, list[float]] = field(repr=False)

    @property
    def gap(self) -> float:
        """The generalization gap: accuracy on the (clean) training examples minus test."""
        return self.train_accuracy - self.test_accuracy


@dataclass(frozen=True)
class Record:
    """Everything that a comparison measured, and what it takes to run it again.

    Attributes:
        arms: Name → recipe in text; the first is the baseline, whose recipe is empty.
        fits: The fits that were done.
        failures: Arm → why it was taken out.
        settings: Splits, seeds, epochs, sizes, label noise, root seed, model.
        data: Name, digest, sizes, class names, note.
        environment: Versions, hardware, command, times.
        stopped: Why it ended before all fits were done, or empty.
    """

    arms: dict[str, str]
    fits: tuple[Fit, ...]
    failures: dict[str, str]
    settings: dict[str, Any]
    data: dict[str, Any]
    environment: dict[str, Any]
    stopped: str = ""

    @property
    def baseline(self) -> str:
        """The name of the arm that the others are compared with."""
        return next(iter(self.arms))

    def of(self, arm: str) -> list[Fit]:
        """Return the fits of one arm."""
        return [fit for fit in self.fits if fit.arm == arm]


def check_output(directory: Path, force: bool) -> None:
    """Raise where writing the results would overwrite something, unless forced.

    Raises:
        RegkitError: with what is there already and what to do.
    """
    if directory.exists() and not directory.is_dir():
        raise RegkitError(f"output {str(directory)!r} is a file; name a folder")
    there = [name for name in FILES if (directory / name).exists()]
    if there and not force:
        raise RegkitError(
            f"{str(directory)!r} already holds {', '.join(there)}; name another folder "
            "(output, --output) or overwrite them (force=True, --force)"
        )


def write(record: Record, path: Path, analysis: Iterable[Any] = ()) -> None:
    """Write a record as JSON, in one move: a reader or a crash never meets half a file.

    Args:
        record: What to write.
        path: The file.
        analysis: Dataclass instances with the conclusions, for readers of the file.
    """
    document = {
        "schema": SCHEMA,
        **{f.name: getattr(record, f.name) for f in dataclasses.fields(record)},
        "fits": [dataclasses.asdict(fit) for fit in record.fits],
        "analysis": [dataclasses.asdict(one) for one in analysis],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".part")
    temporary.write_text(json.dumps(_plain(document), indent=1, allow_nan=False) + "\n", "utf-8")
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
    found = document.get("schema") if isinstance(document, dict) else None
    if found != SCHEMA:
        raise RegkitError(f"{path}: results of schema {found}; this regkit reads schema {SCHEMA}")
    names = {f.name for f in dataclasses.fields(Record)}
    kept = {key: value for key, value in document.items() if key in names}
    return Record(**{**kept, "fits": tuple(Fit(**fit) for fit in document["fits"])})


def _plain(value: Any) -> Any:
    """Return JSON's own types; numbers rounded to 6 digits, infinite ones and NaN as null."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value
