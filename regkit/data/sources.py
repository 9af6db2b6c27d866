"""From what a user names to a `Dataset`: a known set, a file, a folder, a DataFrame, arrays."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from regkit.core.errors import suggest
from regkit.data.arff import read_arff
from regkit.data.arrays import from_arrays
from regkit.data.assembling import assemble, read_labels
from regkit.data.bundled import BUNDLED, load_bundled
from regkit.data.columns import marks_of
from regkit.data.compressed import COMPRESSED, inner_suffix
from regkit.data.dataset import DataError, Dataset
from regkit.data.decimals import parse_decimal
from regkit.data.folders import read_folder
from regkit.data.frames import from_frame, from_labels, from_pair, is_frame, is_series, read_parquet
from regkit.data.image_files import SizeOption
from regkit.data.label_values import check_task
from regkit.data.npz import read_arrays, read_two
from regkit.data.published import PUBLISHED, load_published
from regkit.data.raw import Table
from regkit.data.text import HeaderOption, parse_header, read_text

__all__ = ["NAMED", "load"]

NAMED = {**dict.fromkeys(BUNDLED, load_bundled), **dict.fromkeys(PUBLISHED, load_published)}
SUFFIXES = {
    **dict.fromkeys((".csv", ".tsv", ".tab", ".txt", ".data", ".dat"), "text"),
    ".arff": "arff",
    **dict.fromkeys((".parquet", ".pq"), "parquet"),
    **dict.fromkeys((".npz", ".npy"), "arrays"),
}
READABLE = (
    "a table (.csv, .tsv, .txt, .arff, .parquet, also compressed as .gz, .bz2, .xz or .zip), an "
    ".npz, or a folder of images (folder/<class>/*.png)"
)
TABLES = ("text", "arff", "parquet", "frame")
OF_SOME_SOURCES = {  # options of some sources only: these, and the reason in words
    "target": (TABLES, "names a column, which only a table has"),
    "ignore": ((*TABLES, "frames"), "names columns, which only a table has"),
    "separator": (("text",), "is for a table in a text file"),
    "header": (("text",), "is for a table in a text file"),
    "encoding": (("text", "arff"), "is for a table in a text file"),
    "decimal": (("text", "parquet", "frame", "frames"), "is for numbers in the texts of a table"),
    "labels": (("arrays",), "is the file of the labels beside an .npz or .npy file"),
    "image_size": (("folder",), "is for a folder of images"),
}

KINDS = {"frames": "pair", "labelled": "pair", "frame": "DataFrame", "files": "pair of files"}


def load(
    source: object,
    *,
    target: str | int | None = None,
    task: str | None = None,
    image_size: SizeOption = None,
    ignore: str | int | Sequence[str | int] | None = None,
    header: HeaderOption = None,
    separator: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    labels: str | Path | None = None,
) -> Dataset:
    """Return the data that a user names.

    The note says how a text was read: encoding, separator, header, unusual ways to write numbers.
    What the whole file leaves open is an error, which names the option that decides.

    Args:
        source: `"digits"`, `"breast_cancer"`, `"wine"` or `"diabetes"`, bundled with scikit-learn;
            `"mnist"`, `"fashion_mnist"` or `"cifar10"` of `keras.datasets`, which downloads them
            once; a path to a table (`.csv`, `.tsv`, `.txt`, `.arff`, `.parquet`, also compressed),
            to an `.npz` file or to a folder of images by class; a pandas DataFrame; a pair
            `(x, y)` of arrays, of DataFrame and Series, or of paths to two `.npz` or `.npy` files;
            or a Dataset, which is returned as it is.
        target: The label column of a table, by name or index.
        task: `"classification"` or `"regression"`; None takes labels with fractions for a
            regression and all others for classes, and the note says so.
        image_size: For a folder of images of several sizes: the side, or height and width.
        ignore: Columns of a table to leave out, by name or index: one, or several in a list or
            in a text with commas.
        header: Whether the first row of a text names the columns: True or "yes", False or "no"; or
            the number of the line that does, above which nothing is read.
        separator: What separates the cells of a text: one character, or comma, semicolon, tab,
            pipe or space.
        decimal: The decimal mark of the numbers in texts, `"."` or `","` (or point, comma).
        encoding: The encoding of a text, such as `"cp1252"`.
        labels: The `.npz` or `.npy` file of the labels, where the source has the features alone.

    Raises:
        DataError: for a source that is unknown, missing, empty, ragged or without labels, and for
            an option that such a source does not have.

    Example:
        >>> load("diabetes")
        Dataset(diabetes: 442 × (10,), regression)
    """
    check_task(task, "data")
    kind = _kind(source)
    content: Any = source  # of that kind
    options: dict[str, Any] = {
        "target": target, "ignore": ignore, "image_size": image_size, "header": header,
        "separator": separator, "decimal": decimal, "encoding": encoding, "labels": labels,
    }  # fmt: skip
    got = str(source) if isinstance(source, str | Path) else f"a {KINDS.get(kind, kind)}"
    _check_options(options, kind, got)
    if kind == "pair":
        return from_arrays(content[0], content[1], task=task)
    if kind in ("dataset", "named"):
        data: Dataset = content if kind == "dataset" else NAMED[got](got)
        if task not in (None, data.task):
            raise DataError(f"{data.name} is data for {data.task}; task={task!r} does not fit it")
        return data
    columns: dict[str, Any] = {"task": task, "ignore": ignore, "decimal": parse_decimal(decimal)}
    if kind == "frame":
        return assemble(from_frame(content), "DataFrame", target=target, **columns)
    if kind == "labelled":
        label = Table("labels", [from_labels(content[1], task)])
        return from_arrays(
            content[0], read_labels(label, 0, marks_of(label, None), task)[0], task=task
        )
    if kind == "frames":
        table, place = from_pair(content[0], content[1], task)
        return assemble(table, "DataFrame", target=place, **columns)
    paths = [Path(part).expanduser() for part in (content if kind == "files" else [content])]
    if labels is not None:
        paths.append(_labels_path(labels))
    try:
        if kind == "folder":
            return read_folder(paths[0], image_size, task)
        if len(paths) == 2:
            return read_two(paths[0], paths[1], task)
        if kind == "arrays":
            return read_arrays(paths[0], task)
        return assemble(_table(kind, paths[0], options), paths[0].name, target=target, **columns)
    except OSError as error:  # no permission, a failing disk
        raise DataError(f"{paths[0]} cannot be read: {error.strerror or error}") from error


def _check_options(options: dict[str, Any], kind: str, got: str) -> None:
    """Refuse options that a source of this kind does not have."""
    for name, (kinds, reason) in OF_SOME_SOURCES.items():
        if options[name] is not None and kind not in kinds:
            raise DataError(f"{name}={options[name]!r} {reason}; received {got}")
    parse_header(options["header"])


def _table(kind: str, path: Path, options: dict[str, Any]) -> Table:
    """Return the table in a file."""
    if kind == "parquet":
        return read_parquet(path)
    if kind == "arff":
        return read_arff(path, options["encoding"])
    return read_text(path, options["separator"], options["header"], options["encoding"])


def _labels_path(labels: str | Path) -> Path:
    path = Path(labels).expanduser()
    if _kind(labels) != "arrays":
        raise DataError(f"labels={str(labels)!r} must be an .npz or .npy file")
    return path


def _kind(source: object) -> str:
    """Return the kind of a source, before any of it is read."""
    if isinstance(source, Dataset):
        return "dataset"
    if is_frame(source):
        return "frame"
    if isinstance(source, tuple | list) and len(source) == 2:
        return _kind_of_pair(*source)
    if not isinstance(source, str | Path):
        raise DataError(
            "data must be a name, a path, a pair (x, y), a DataFrame or a Dataset; received "
            f"{type(source)}"
        )
    if str(source) in NAMED:
        return "named"
    path = Path(source).expanduser()
    if not path.exists():
        raise DataError(_no_file(str(source)))
    if path.is_dir():
        return "folder"
    suffix = inner_suffix(path)
    if suffix not in SUFFIXES:
        raise DataError(f"{source}: cannot be read; data is {READABLE}")
    kind = SUFFIXES[suffix]
    if kind == "arrays" and path.suffix.lower() in COMPRESSED:
        raise DataError(f"{source}: decompress it first; .npz files are compressed already")
    return kind


def _kind_of_pair(x: object, y: object) -> str:
    if isinstance(x, str | Path) and isinstance(y, str | Path):
        kinds = {str(path): _kind(path) for path in (x, y)}
        wrong = [path for path, kind in kinds.items() if kind != "arrays"]
        if wrong:
            raise DataError(
                f"{wrong[0]}: a pair of paths is features and labels in two .npz or .npy files; "
                "give other data as a single path"
            )
        return "files"
    if is_frame(x):
        return "frames"
    return "labelled" if is_frame(y) or is_series(y) else "pair"


def _no_file(source: str) -> str:
    near = suggest(source, NAMED)
    parts = [part.strip() for part in source.split(",")]
    if len(parts) == 2 and all(Path(part).expanduser().exists() for part in parts):
        near = f"; features and labels in two files are --data {parts[0]} --labels {parts[1]}."
    return f"no file {source!r}{near or '.'} Data is {', '.join(NAMED)}, or a path to {READABLE}"
