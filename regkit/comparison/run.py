"""`regkit.compare`: recipes against a baseline, on repeated splits and seeds, fairly."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

from regkit.comparison import execution, measures, results, settings
from regkit.comparison.again import Request, again
from regkit.comparison.arms import BASELINE, Recipes, default_recipes, named
from regkit.comparison.description import describe_data, describe_environment
from regkit.comparison.journal import Journal
from regkit.comparison.models import BuildModel, count_parameters, resolve
from regkit.comparison.progress import FitProgress
from regkit.comparison.report import Comparison
from regkit.comparison.several import Comparisons, folder_name
from regkit.comparison.study import Failure, Study, Task, Worker
from regkit.core.errors import RegkitError
from regkit.core.options import Boolean, checked_call
from regkit.data.dataset import Dataset
from regkit.data.sources import load

__all__ = ["compare"]


@checked_call
def compare(
    build_model: str | BuildModel,
    data: Any,
    recipes: Recipes | None = None,
    *,
    measure: str | None = None,
    splits: int = 10,
    seeds: int = 1,
    epochs: int = 80,
    batch_size: int | None = None,
    label_noise: float = 0.0,
    test_size: float = 0.2,
    validation_size: float = 0.2,
    train_size: int | None = None,
    target: str | int | None = None,
    ignore: str | int | Sequence[str | int] | None = None,
    header: bool | int | str | None = None,
    separator: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    labels: str | Path | None = None,
    task: str | None = None,
    image_size: int | str | tuple[int, int] | None = None,
    seed: int = 0,
    jobs: int = 1,
    output: str | Path | None = None,
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
        build_model: A function of an input shape and a number of classes (None for a regression)
            that returns a compiled model, or `"mlp"`, `"cnn"`, `"path.py:function"`.
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
            the next three settle what a text does not tell itself.
        separator: What separates the cells of a text: one character, or comma, semicolon, tab,
            pipe or space.
        decimal: The decimal mark of the numbers in texts, a point or a comma.
        encoding: The encoding of a text.
        labels: The file of the labels, where `data` is an `.npz` or `.npy` of the features alone.
        task: "classification" or "regression"; None sees it from the targets.
        image_size: The size to which the images of a folder are scaled in pixels: a side,
            `(height, width)` or `"48x64"`.
        seed: The root of all seeds.
        jobs: The number of processes; each fits its share and uses its share of the cores.
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
    options = {
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
    }
    settings.check({**options, "jobs": jobs})
    folder = _folder(output)
    if resume and folder is None:
        raise RegkitError("resume=True needs output, the folder of the study that was stopped")
    arms = None if recipes is None else named(recipes)
    several = _are_several(data)
    chosen: dict[str, Any] = {
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
    sources = data if several else [data]
    sets = [load(one, **chosen) for one in sources]
    folders = _folders(folder, sets) if several else [folder]
    for one in filter(None, {folder, *folders}):
        results.check_output(one, force or resume)
    build, model = resolve(build_model)
    arms = arms or named(default_recipes(sets))
    requests = [
        Request(build_model, source, chosen, place, jobs)
        for source, place in zip(sources, folders, strict=True)
    ]
    runs = [
        _Run(Study(arms, one, build, model, dict(options)), request)
        for one, request in zip(sets, requests, strict=True)
    ]
    done = [run.open(place, resume) for run, place in zip(runs, folders, strict=True)]
    found: list[Comparison] = []
    for run, place, before in zip(runs, folders, done, strict=True):
        run.go(before, jobs, progress)
        found.append(Comparison(run.record()))
        if place is not None:
            found[-1].save(place, force=True)  # checked above; what is there now is our own
        if found[-1].interrupted:
            break
    if not several:
        return found[0]
    together = Comparisons(found)
    if folder is not None:
        together.to_html(folder / "report.html")  # each has been saved as soon as it was done
    return together


def _folder(output: Any) -> Path | None:
    if output is not None and not isinstance(output, str | os.PathLike):
        raise RegkitError(f"output must be the path of a folder or None; received {output!r}")
    return None if output is None else Path(output)


def _are_several(data: Any) -> bool:
    """Return whether data is a list of sources; a list of two arrays is one source."""
    kinds = (str, Path, Dataset, tuple)
    return isinstance(data, list) and bool(data) and all(isinstance(one, kinds) for one in data)


def _folders(folder: Path | None, sets: list[Dataset]) -> list[Path | None]:
    """Return a folder for each data set, named after it."""
    names = [folder_name(one.name) for one in sets]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise RegkitError(f"two data sets are called {twice[0]!r}; their names must differ")
    if len({one.task for one in sets}) > 1:
        raise RegkitError("data sets to be ranked together must all have classes, or all values")
    return [None if folder is None else folder / name for name in names]


class _Run:
    """A study as it runs: what is done, what failed, what is written."""

    def __init__(self, study: Study, request: Request) -> None:
        self.study = study
        first = study.parts(study.tasks()[0].repeat)  # raises where the sizes cannot be
        if study.settings["batch_size"] is None:
            study.settings["batch_size"] = min(256, max(16, len(first.y_train) // 4))
        self.described = describe_data(study.data, first)
        counts = list(self.described["test_counts"].values())
        asked = study.settings["measure"]
        study.settings["measure"] = measures.chosen(asked, study.data.task, counts)
        self.worker = Worker(study)
        self.environment = describe_environment(count_parameters(self.worker.model()))
        self.environment["command"] = again(
            request, study.arms, study.settings, self.environment["backend"], study.data.sha256
        )
        self.tasks = study.tasks()
        self.found: dict[tuple[str, int, int], results.Fit | Failure] = {}
        self.journal: Journal | None = None
        self.stopped = ""
        self.start = time.perf_counter()

    def open(self, folder: Path | None, resume: bool) -> int:
        """Open the journal in a folder; return how many fits it has already."""
        if folder is None:
            return 0
        self.journal = Journal(folder, self.study.identity() | self._versions())
        if not resume:
            try:
                self.journal.begin()
            except OSError as error:
                raise RegkitError(
                    f"output {str(folder)!r} cannot be written ({error.strerror}); name a folder "
                    "that can (output, --output)"
                ) from error
            return 0
        wanted = {task.key for task in self.tasks}
        for fit in self.journal.resume(self.study.arms):
            if (fit.arm, fit.split, fit.seed) in wanted:
                self.found[fit.arm, fit.split, fit.seed] = fit
        return len(self.found)

    def _versions(self) -> dict[str, Any]:
        backend = self.environment["backend"]
        return {name: self.environment["versions"][name] for name in ("keras", backend)}

    def record(self) -> results.Record:
        """Return what is known so far, in the order in which one process would have found it."""
        fits: list[results.Fit] = []
        failures: dict[str, Failure] = {}
        for task in self.tasks:
            found = self.found.get(task.key)
            if task.arm in failures or found is None:
                continue
            if isinstance(found, Failure):
                failures[task.arm] = found
                if task.arm == BASELINE:
                    self.stopped = f"the baseline failed: {found.reason}"
                    break
            else:
                fits.append(found)
        seconds = round(time.perf_counter() - self.start, 1)
        return results.Record(
            arms=self.study.arms,
            fits=tuple(fits),
            failures={arm: one.reason for arm, one in failures.items()},
            diverged=tuple(arm for arm, one in failures.items() if one.diverged),
            settings={"model": self.study.model, **self.study.settings},
            data=self.described,
            environment={**self.environment, "seconds": seconds},
            stopped=self.stopped,
        )

    def go(self, done: int, jobs: int, shown: bool) -> None:
        """Do the tasks that are not done; keep each fit as soon as it is there."""
        left = [task for task in self.tasks if task.key not in self.found]
        with FitProgress(len(self.tasks), shown, done) as progress, self._interruptible():
            if jobs > 1:
                stream = execution.in_processes(self.study, left, jobs)
            else:
                stream = execution.one_by_one(self.worker, left, self._may(progress))
            for task, found in stream:
                self.found[task.key] = found
                if isinstance(found, Failure):
                    arm = self.study.label(task.arm)
                    progress.note(f"{arm} failed and is taken out: {found.reason}")
                    if task.arm == BASELINE:
                        break
                elif self.journal is not None and not self._written(self.journal, found):
                    break
                progress.advance()
        record = self.record()
        if not record.of(BASELINE):
            reason = record.failures.get(BASELINE, self.stopped)
            raise RegkitError(f"the baseline gave no result, so nothing can be compared: {reason}")

    def _written(self, journal: Journal, fit: results.Fit) -> bool:
        try:
            journal.add(fit, self.study.arms[fit.arm])
        except OSError as error:
            self.stopped = f"{journal.path} cannot be written ({error.strerror})"
            return False
        return True

    def _may(self, progress: FitProgress) -> Any:
        def begin(task: Task) -> bool:
            if any(isinstance(self.found.get(one.key), Failure) for one in self._of(task.arm)):
                progress.advance()
                return False
            progress.begin(self.study.label(task.arm))
            return True

        return begin

    def _of(self, arm: str) -> list[Task]:
        return [task for task in self.tasks if task.arm == arm]

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        try:
            yield
        except KeyboardInterrupt:
            if not self.found:
                raise
            self.stopped = "interrupted"
