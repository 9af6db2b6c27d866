"""`regkit.compare`: recipes against a baseline, on repeated splits and seeds, fairly."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from regkit.comparison.design.arms import Recipes, default_recipes, named
from regkit.comparison.design.networks import resolve
from regkit.comparison.design.settings import (
    Column,
    Columns,
    Count,
    Decimal,
    Encoding,
    EngineName,
    File,
    Folder,
    Fraction,
    Header,
    ImageSize,
    LabelNoise,
    MeasureName,
    OptionalCount,
    RootSeed,
    Scheduler,
    Separator,
    Splits,
    TaskName,
)
from regkit.comparison.fits.cluster import workers_of
from regkit.comparison.record.rerun import Request
from regkit.comparison.record.results import check_output
from regkit.comparison.report import Comparison
from regkit.comparison.several import Comparisons, folder_name
from regkit.comparison.study_run import StudyRun, completed
from regkit.core.errors import RegkitError
from regkit.core.model_building import BuildModel
from regkit.core.options import Boolean, checked_call
from regkit.data.dataset import Dataset
from regkit.data.sources import load

__all__ = ["compare"]


@checked_call
def compare(
    build_model: str | BuildModel,
    data: object,
    recipes: Recipes | None = None,
    *,
    measure: MeasureName = None,
    splits: Splits = 10,
    seeds: Count = 1,
    epochs: Count = 80,
    batch_size: OptionalCount = None,
    label_noise: LabelNoise = 0.0,
    test_size: Fraction = 0.2,
    validation_size: Fraction = 0.2,
    train_size: OptionalCount = None,
    target: Column = None,
    ignore: Columns = None,
    header: Header = None,
    separator: Separator = None,
    decimal: Decimal = None,
    encoding: Encoding = None,
    labels: File = None,
    task: TaskName = None,
    image_size: ImageSize = None,
    seed: RootSeed = 0,
    engine: EngineName = "vectorized",
    group_size: OptionalCount = None,
    jobs: Count = 1,
    scheduler: Scheduler = None,
    output: Folder = None,
    force: Annotated[bool, Boolean()] = False,
    resume: Annotated[bool, Boolean()] = False,
    progress: Annotated[bool, Boolean()] = True,
) -> Comparison | Comparisons:
    """Compare recipes with training without them, and say how sure the answer is.

    Each of `splits` random, stratified splits into training, validation and test is used with
    `seeds` seeds. In each of these repeats every arm gets the same examples, redrawn labels,
    initialization and order, trains for the same epochs, and is evaluated on clean labels at the
    epoch of its best validation value; the baseline is treated no differently.

    Args:
        build_model: A function that returns a compiled model, or `"mlp"`, `"cnn"`,
            `"path.py:function"`. It is called with those of these that its signature names:
            `input_shape`, that of one example; `n_classes`, None for a regression; `member`, the
            number of the seed within its split, from 0. A function of two parameters of other
            names gets the first two by position.
        data: What `regkit.data.load` takes: a name such as `"digits"`, a path to a table, an `.npz`
            or a folder of images, a pandas DataFrame, or `(x, y)`, arrays or paths to two files. A
            list of such sources compares on each of them, and ranks the arms over all.
        recipes: The arms, in text or as recipes; or a mapping from names to them. None is a
            technique or two of every chapter, as far as they suit the data.
        measure: What decides first and chooses the epoch: "accuracy", "balanced_accuracy",
            "roc_auc" (two classes) or "nll"; for a regression "rmse" or "mae". None is accuracy, or
            the RMSE. For classes the NLL decides beside it.
        splits: The number of splits, at least 2; each gives one pair for the statistics.
        seeds: The number of seeds a split; their fits are averaged, which takes out most of the
            chance in initialization, order and the choice of the epoch.
        epochs: The number of epochs that every arm trains.
        batch_size: The number of examples a step; None is a quarter of the training examples, but
            at least 16 and at most 256.
        label_noise: The fraction of the training labels redrawn uniformly at random.
        test_size: The fraction tested on; unused where the data has a fixed test part.
        validation_size: The fraction of the rest that chooses the epoch.
        train_size: Train on so many examples only.
        target: The target column of a table.
        ignore: Columns of a table to leave out, such as an identifier: one or several.
        header: Whether the first row of a text names the columns, or the line that does; this and
            the next three settle what the text itself leaves open.
        separator: What separates the cells of a text: one character, or comma, semicolon, tab,
            pipe or space.
        decimal: The decimal mark of the numbers in texts, a point or a comma.
        encoding: The encoding of a text.
        labels: The file of the labels, where `data` is an `.npz` or `.npy` of the features alone.
        task: "classification" or "regression"; None sees it from the targets.
        image_size: The size to which the images of a folder are scaled in pixels: a side,
            `(height, width)` or `"48x64"`.
        seed: The root of all seeds.
        engine: "vectorized" trains the fits of an arm, and of arms that differ in numbers only, as
            members of one computation, where that can be, and says where not; "sequential" trains
            each by itself.
        group_size: The number of fits in one computation; None chooses by the number of fits and
            the free memory. The same numbers to the last bit need the same size.
        jobs: The number of processes; each fits its share and uses its share of the cores.
        scheduler: The address of a Dask scheduler, whose workers do the fits in place of processes
            here; each needs regkit and the same backend. The numbers are those of one process, but
            for what the processors of the machines round otherwise.
        output: A folder for the results, figures and report, or None to write nothing.
        force: Whether files there may be overwritten.
        resume: Go on with the study in `output` that was stopped or killed: what it has done is
            kept, and the end is the same to the last bit. More splits or arms may be asked for.
        progress: Whether to show a bar on standard error.

    Returns:
        The comparison: print it for the table; `.summaries` and `.record` hold the numbers. For a
        list of data sets, their `Comparisons`.

    Raises:
        RegkitError: (a ValueError) for recipes, data, models and options that cannot be, before
            anything is trained; and where the baseline itself fails in the first repeat.

    An arm that fails is taken out, named with its reason, and the rest goes on. Ctrl-C ends the
    comparison with what is done.

    Example:
        >>> import numpy as np
        >>> x = np.random.default_rng(0).normal(size=(60, 3))
        >>> data = x, x[:, 0] > 0
        >>> options = {"splits": 2, "epochs": 2, "progress": False}
        >>> comparison = compare("mlp", data, {"weak": "l2(0.001)", "strong": "l2(0.1)"}, **options)
        >>> [summary.arm for summary in comparison.summaries]
        ['baseline', 'weak', 'strong']
    """
    settings = {
        "measure": measure,
        "splits": splits,
        "seeds": seeds,
        "epochs": epochs,
        "batch_size": batch_size,
        "label_noise": label_noise,
        "test_size": test_size,
        "validation_size": validation_size,
        "train_size": train_size,
        "seed": seed,
        "engine": engine,
        "group_size": group_size,
    }
    reading: dict[str, Any] = {
        "target": target,
        "ignore": ignore,
        "header": header,
        "separator": separator,
        "decimal": decimal,
        "encoding": encoding,
        "labels": labels,
        "task": task,
        "image_size": image_size,
    }
    folder = None if output is None else Path(output)
    if resume and folder is None:
        raise RegkitError("resume=True needs output, the folder of the study that was stopped")
    arms = None if recipes is None else named(recipes)
    sources = _sources(data)
    datasets = [load(source, **reading) for source in sources or [data]]
    folders = [folder] if sources is None else _folders(folder, datasets)
    for place in filter(None, {folder, *folders}):
        check_output(place, force or resume)
    jobs = jobs if scheduler is None else workers_of(scheduler)
    build, model = resolve(build_model)
    arms = arms or named(default_recipes(datasets))
    runs = [
        StudyRun(
            *completed(arms, dataset, build, model, settings),
            Request(build_model, source, reading, place, jobs, scheduler),
        )
        for dataset, source, place in zip(datasets, sources or [data], folders, strict=True)
    ]
    comparisons = _run_all(runs, resume, progress)
    if sources is None:
        return comparisons[0]
    together = Comparisons(comparisons)
    if folder is not None:
        together.to_html(folder / "report.html")  # each has been saved as soon as it was done
    return together


def _run_all(runs: list[StudyRun], resume: bool, progress: bool) -> list[Comparison]:
    """Run the studies and save each when it is done; none after one that was interrupted."""
    done_before = [run.open(resume) for run in runs]
    comparisons: list[Comparison] = []
    for run, done in zip(runs, done_before, strict=True):
        run.go(done, progress)
        comparison = Comparison(run.record())
        comparisons.append(comparison)
        if run.request.output is not None:
            # What may be overwritten was checked before the start; what is there now is our own.
            comparison.save(run.request.output, force=True)
        if comparison.interrupted:
            break
    return comparisons


def _sources(data: object) -> list[object] | None:
    """Return the sources of several data sets, None for one; a list of two arrays is one source."""
    kinds = (str, Path, Dataset, tuple)
    if isinstance(data, list) and data and all(isinstance(source, kinds) for source in data):
        return data
    return None


def _folders(folder: Path | None, datasets: list[Dataset]) -> list[Path | None]:
    """Return a folder for each data set, named after it."""
    names = [folder_name(dataset.name) for dataset in datasets]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise RegkitError(f"two data sets are called {twice[0]!r}; their names must differ")
    if len({dataset.task for dataset in datasets}) > 1:
        raise RegkitError("data sets to be ranked together must all have classes, or all values")
    return [None if folder is None else folder / name for name in names]
