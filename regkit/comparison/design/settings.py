"""The options of a comparison, declared once: for Python, the command line and study files.

The types below carry the bounds: `regkit.compare` checks its arguments by them, the command line
shows them in `--help`, and a study file is checked by them line by line. Nothing heavy is imported
here, as the command line reads it before it starts a backend.
"""

from __future__ import annotations

import typing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypedDict

from regkit.core.options import (
    Boolean,
    Choice,
    Constraint,
    Either,
    FilePath,
    Integer,
    Name,
    Pair,
    Real,
    Several,
    checked_value,
)

__all__ = [
    "DEFAULT_NOISE",
    "DEFAULT_OUTPUT",
    "ENGINES",
    "MEASURES",
    "OPTIONS",
    "Column",
    "Columns",
    "Count",
    "Decimal",
    "Encoding",
    "EngineName",
    "File",
    "Folder",
    "Fraction",
    "Header",
    "ImageSize",
    "LabelNoise",
    "MeasureName",
    "Option",
    "OptionalCount",
    "RootSeed",
    "Scheduler",
    "Separator",
    "Settings",
    "Splits",
    "TaskName",
]

DEFAULT_NOISE = 0.3  # on the command line, where neither data nor recipes are named
DEFAULT_OUTPUT = "regkit-results"  # on the command line

ENGINES = ("vectorized", "sequential")

# Task → what may decide a comparison; the first where nothing is asked for.
MEASURES = {
    "classification": ("accuracy", "balanced_accuracy", "roc_auc", "nll"),
    "regression": ("rmse", "mae"),
}
_ANY_MEASURE = [name for names in MEASURES.values() for name in names]
_COLUMN = Either(Name("a column's name"), Integer())

Count = Annotated[int, Integer(1)]
OptionalCount = Annotated[int | None, Integer(1, optional=True)]
Splits = Annotated[int, Integer(2)]
RootSeed = Annotated[int, Integer(0)]
Fraction = Annotated[float, Real(0, 1, open_low=True, open_high=True)]
LabelNoise = Annotated[float, Real(0, 1)]
MeasureName = Annotated[str | None, Choice(*_ANY_MEASURE, optional=True)]
EngineName = Annotated[str, Choice(*ENGINES)]
TaskName = Annotated[str | None, Choice(*MEASURES, optional=True)]
Column = Annotated[str | int | None, Either(Name("a column's name"), Integer(optional=True))]
Columns = Annotated[str | int | list[str | int] | None, Several(_COLUMN, least=0, optional=True)]
Header = Annotated[
    bool | int | str | None,
    Either(Boolean(), Integer(), Name("'yes', 'no' or a line's number", optional=True)),
]
Separator = Annotated[str | None, Name("a character or its name", optional=True)]
Decimal = Annotated[str | None, Name("'point' or 'comma'", optional=True)]
Encoding = Annotated[str | None, Name("the name of an encoding", optional=True)]
ImageSize = Annotated[
    int | str | tuple[int, int] | None,
    Either(Integer(1), Pair(Integer(1)), Name("a text such as '48x64'", optional=True)),
]
File = Annotated[str | Path | None, FilePath("the path of a file", optional=True)]
Scheduler = Annotated[str | None, Name("the address of a scheduler", optional=True)]
Folder = Annotated[str | Path | None, FilePath("the path of a folder", optional=True)]


class Settings(TypedDict):
    """What determines the fits of a study, beside its data, its model and its arms."""

    measure: str
    splits: int
    seeds: int
    epochs: int
    batch_size: int
    label_noise: float
    test_size: float
    validation_size: float
    train_size: int | None
    seed: int
    engine: str
    group_size: int | None


@dataclass(frozen=True)
class Option:
    """One option of `regkit.compare` that study files and the command line have too.

    Attributes:
        name: Its keyword; on the command line `--name`, with dashes.
        declared: Its type, annotated with its bounds.
        default: Its value where it is not given; None depends on others, as the help says.
        placeholder: What stands for its value in the command line's help.
        help: What it means.
        default_text: The default in words, where the value does not say it.
    """

    name: str
    declared: object
    default: object
    placeholder: str
    help: str
    default_text: str = ""

    @property
    def bounds(self) -> Constraint:
        """What its value may be."""
        (bounds,) = typing.get_args(self.declared)[1:]
        assert isinstance(bounds, Constraint)
        return bounds

    @property
    def kind(self) -> type[int] | type[float] | type[str]:
        """What the command line reads its text as."""
        if isinstance(self.bounds, Integer):
            return int
        return float if isinstance(self.bounds, Real) else str

    @property
    def full_help(self) -> str:
        """What it means, what it may be, and its default."""
        notes = []
        if isinstance(self.bounds, Choice):
            notes.append(", ".join(self.bounds.words))
        elif isinstance(self.bounds, Integer | Real):
            notes.append(self.bounds.describe().removesuffix(" or None"))
        default = self.default_text or ("" if self.default is None else str(self.default))
        notes += [f"default: {default}"] if default else []
        return f"{self.help} ({'; '.join(notes)})" if notes else self.help

    def check(self, value: object) -> Any:
        """Return a value in its normal form.

        Raises:
            OptionError: where it is out of bounds.
        """
        return checked_value(self.name, self.bounds, value)


OPTIONS = (
    Option("target", Column, None, "COLUMN", "the target column of a table, by name or index"),
    Option(
        "ignore",
        Columns,
        None,
        "COLUMN",
        "a column of a table to leave out, by name or index; several with commas, or given "
        "several times",
    ),
    Option(
        "header",
        Header,
        None,
        "yes|no|N",
        "whether a text's first row names the columns, or in which line",
    ),
    Option(
        "separator",
        Separator,
        None,
        "SIGN",
        "between cells: a character, comma, semicolon, tab, pipe, space",
    ),
    Option("decimal", Decimal, None, "SIGN", "the decimal mark: point or comma"),
    Option("encoding", Encoding, None, "NAME", "of a text, such as cp1252"),
    Option(
        "labels",
        File,
        None,
        "FILE",
        "the labels, where --data is an .npz or .npy of the features alone",
    ),
    Option("task", TaskName, None, "TASK", "what is learnt", "seen from the targets"),
    Option("image_size", ImageSize, None, "PIXELS", "scale a folder's images, as 64 or 48x64"),
    Option(
        "measure",
        MeasureName,
        None,
        "MEASURE",
        "what decides, and chooses the epoch; the last two are for a regression",
        "accuracy, or rmse",
    ),
    Option("splits", Splits, 10, "N", "random splits; each gives one pair; 10 find large effects"),
    Option("seeds", Count, 1, "N", "seeds a split, averaged"),
    Option("epochs", Count, 80, "N", "epochs of every arm"),
    Option(
        "batch_size", OptionalCount, None, "N", "examples a step", "a quarter of them, 16 to 256"
    ),
    Option(
        "label_noise",
        LabelNoise,
        0.0,
        "FRACTION",
        "training labels to redraw",
        f"0; where neither data nor recipes are named {DEFAULT_NOISE}",
    ),
    Option("test_size", Fraction, 0.2, "FRACTION", "tested on"),
    Option("validation_size", Fraction, 0.2, "FRACTION", "of the rest, chooses the epoch"),
    Option("train_size", OptionalCount, None, "N", "train on N examples only", "all"),
    Option("seed", RootSeed, 0, "N", "the root of all seeds"),
    Option(
        "engine",
        EngineName,
        ENGINES[0],
        "ENGINE",
        "train fits of like arms as one computation, where that can be, or each by itself",
    ),
    Option(
        "group_size",
        OptionalCount,
        None,
        "N",
        "fits in one computation",
        "by the number of fits and the free memory",
    ),
    Option("jobs", Count, 1, "N", "processes beside each other"),
    Option(
        "scheduler",
        Scheduler,
        None,
        "ADDRESS",
        "of a Dask cluster that runs the fits, such as tcp://10.0.0.1:8786",
    ),
    Option("output", Folder, None, "DIR", "results, figures and report.html", DEFAULT_OUTPUT),
)
