"""Figures of the house: how far a batch travels in it, and how much its types leave open.

    python tools/house.py            # all figures, as text
    python tools/house.py --json     # the same, to keep

They are looked at before and after something is rebuilt; ARCHITECTURE.md has the last ones. The
step is traced eagerly on the running Keras backend, with one technique at each of the commonest
stages: the call from Keras' loop to the optimizer passes some files of regkit, and goes from one
to another some number of times.
"""

from __future__ import annotations

import argparse
import ast
import itertools
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "regkit"


def annotated(tree: ast.Module) -> Iterator[ast.expr]:
    """Yield the annotation of every parameter of every function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            given = node.args
            parameters = [*given.posonlyargs, *given.args, *given.kwonlyargs]
            parameters += [extra for extra in (given.vararg, given.kwarg) if extra is not None]
            yield from (p.annotation for p in parameters if p.annotation is not None)


def aliases(tree: ast.Module) -> set[str]:
    """Return `Any` and the names that a module gives it."""
    names = {"Any"}
    for node in tree.body:
        if isinstance(node, ast.Assign) and is_open(node.value, names):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


def is_open(annotation: ast.expr, names: set[str]) -> bool:
    """Return whether an annotation is `Any`, or a union or an `Annotated` of it."""
    if isinstance(annotation, ast.Name):
        return annotation.id in names
    if isinstance(annotation, ast.BinOp):
        return is_open(annotation.left, names) or is_open(annotation.right, names)
    if isinstance(annotation, ast.Subscript) and isinstance(annotation.slice, ast.Tuple):
        marked = isinstance(annotation.value, ast.Name) and annotation.value.id == "Annotated"
        return marked and is_open(annotation.slice.elts[0], names)
    return False


def open_share() -> dict[str, str]:
    """Return, for each folder and for all, how many annotated parameters may be anything."""
    everything: Counter[str] = Counter()
    anything: Counter[str] = Counter()
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text())
        names = aliases(tree)
        parts = path.relative_to(PACKAGE).parts
        folder = "/".join(parts[:-1][:2]) or "regkit"
        for annotation in annotated(tree):
            for place in ("all", folder):
                everything[place] += 1
                anything[place] += is_open(annotation, names)
    return {
        place: f"{anything[place]} of {count} ({anything[place] / count:.1%})"
        for place, count in sorted(everything.items())
    }


def inside(frame: FrameType) -> str | None:
    """Return the file of regkit in which a frame runs, or None."""
    name = frame.f_code.co_filename
    return name if name.startswith(str(PACKAGE)) else None


def traced_fit() -> dict[str, object]:
    """Return what an eager step passes, and how often a fit asks for the stages."""
    import keras
    import numpy as np

    import regkit

    class Thrice(regkit.Technique):
        """GRADIENT and UPDATE, with a value changed at each."""

        def gradient(self, gradients, context):  # type: ignore[no-untyped-def]
            return [g * 1.5 for g in gradients]

        def update(self, values, context):  # type: ignore[no-untyped-def]
            return [v * 0.9 for v in values]

    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(8, "relu", name="hidden"), keras.layers.Dense(3)]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss, run_eagerly=True)
    x, y = np.ones((16, 4), "float32"), np.zeros(16, "int32")
    techniques = [
        regkit.GaussianNoise(0.1),
        regkit.Dropout(0.5),
        regkit.LabelSmoothing(0.1),
        regkit.L2(1e-3),
        Thrice(),
    ]
    steps: list[list[str]] = []

    class Marks(keras.callbacks.Callback):  # type: ignore[misc]  # Keras is untyped
        def on_train_batch_begin(self, batch: int, logs: object = None) -> None:
            steps.append([])

    asked = 0

    def look(frame: FrameType, event: str, argument: object) -> None:
        nonlocal asked
        if event != "call" or (file := inside(frame)) is None:
            return
        if steps:
            steps[-1].append(file)
        asked += frame.f_code.co_name == "stages" and not steps

    run_with_profile(look, lambda: model.fit(x, y, 8, verbose=0, callbacks=[*techniques, Marks()]))
    last = steps[-2]  # the last one also ends the epoch
    changes = sum(before != after for before, after in itertools.pairwise(last))
    return {
        "files in an eager step": len(set(last)),
        "of them files of core": sum(f"{PACKAGE}/core/" in file for file in set(last)),
        "changes of file in an eager step": changes,
        "calls in an eager step": len(last),
        "calls of stages() before the first step": asked,
    }


def run_with_profile(
    look: Callable[[FrameType, str, object], None], function: Callable[[], object]
) -> None:
    """Run a function under a profile function."""
    sys.setprofile(look)
    try:
        function()
    finally:
        sys.setprofile(None)


def sizes() -> dict[str, str]:
    """Return the number of files and lines in each part of the package."""
    lines: Counter[str] = Counter()
    files: Counter[str] = Counter()
    for path in PACKAGE.rglob("*.py"):
        folder = "/".join(path.relative_to(PACKAGE).parts[:-1][:2]) or "regkit"
        lines[folder] += len(path.read_text().splitlines())
        files[folder] += 1
    return {folder: f"{files[folder]} files, {lines[folder]} lines" for folder in sorted(files)}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description="Figures of the house.")
    parser.add_argument("--json", action="store_true", help="as JSON")
    chosen = parser.parse_args()
    figures: dict[str, Mapping[str, object]] = {
        "parameters that may be anything": open_share(),
        "a step": traced_fit(),
        "sizes": sizes(),
    }
    if chosen.json:
        print(json.dumps(figures, indent=1))
        return
    for title, rows in figures.items():
        print(title)
        for name, value in rows.items():
            print(f"  {name:<42} {value}")


if __name__ == "__main__":
    main()
