"""The line that runs a comparison again: pasted, it gets the same numbers."""

from __future__ import annotations

import html
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regkit.cli import compare as command
from regkit.cli import main
from regkit.comparison.design.arms import BASELINE, named
from regkit.comparison.record.rerun import Request, rerun_command
from regkit.comparison.record.results import Record
from regkit.comparison.report import Comparison
from regkit.comparison.run import compare
from regkit.data import from_arrays
from regkit.techniques.catalogue import default_arms
from tests.comparison.small import DATA, network

pytestmark = pytest.mark.backend_free

ROOT = Path(__file__).parents[3]
MODEL = """
import keras

def build(shape, k):
    layers = [keras.Input(shape), keras.layers.Dense(4, "relu"), keras.layers.Dense(k)]
    model = keras.Sequential(layers)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model
"""
ROWS = "".join(f"{i % 7},{i % 5},{i},{['no', 'yes'][i % 3 == 0]}\n" for i in range(90))
SMALL = ["--splits", "2", "--epochs", "2", "--batch-size", "16", "--quiet"]
OPTIONS: dict[str, Any] = {"splits": 2, "epochs": 2, "batch_size": 16, "progress": False}
SETTINGS = {"measure": "accuracy", "splits": 2, "label_noise": 0.0, "train_size": None, "seed": 0}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with data and a model in names that need quotes."""
    (tmp_path / "my table.csv").write_text("a,b's,id,class\n" + ROWS)
    (tmp_path / "my model.py").write_text(MODEL)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def pasted(line: str, folder: Path) -> Record:
    """What the line gives in a shell, run elsewhere and without what chose the backend here."""
    folder.mkdir()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    known = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}
    known.pop("KERAS_BACKEND", None)
    done = subprocess.run(line, shell=True, cwd=folder, env=known, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (found,) = folder.glob("*/results.json")
    return Comparison.load(found).record


def numbers(record: Record) -> list[Any]:
    return [
        (fit.arm, fit.split, fit.seed, fit.best_epoch, fit.test, fit.train) for fit in record.fits
    ]


def read(folder: Path) -> Record:
    """A record as it was written: numbers are rounded there."""
    return Comparison.load(folder / "results.json").record


def test_of_a_command(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["compare", "l2(1e-3)", "mine = dropout + l2", "--data", "my table.csv", "--ignore",
             "id", "--ignore", "b's", "--model", "my model.py:build", "--label-noise", "0.2",
             "--measure", "balanced_accuracy", "--output", "my out", *SMALL]  # fmt: skip
    assert main.main(words) == 0
    first = read(place / "my out")
    line = first.environment["command"]
    assert f"--backend {keras.backend.backend()}" in line
    assert not {"--resume", "--force"} & set(shlex.split(line))
    assert line in html.unescape((place / "my out" / "report.html").read_text())
    second = pasted(line, place / "elsewhere")
    assert numbers(second) == numbers(first)
    assert second.arms == first.arms
    assert second.settings | {"model": ""} == first.settings | {"model": ""}
    assert second.data == first.data
    # and what it prints itself goes to another new folder
    assert "'my out-again-2'" in second.environment["command"]


def test_of_a_study_file_that_was_resumed(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "study.toml").write_text(
        'data = "my table.csv"\nmodel = "my model.py:build"\nsplits = 2\nepochs = 2\n'
        'output = "out"\nseed = 3\nignore = ["id"]\n[arms]\nmuch = "l2(0.1)"\n'
    )
    assert main.main(["compare", "study.toml", "--quiet"]) == 0
    assert main.main(["compare", "study.toml", "--quiet", "--resume", "--splits", "3"]) == 0
    first = read(place / "out")
    assert len(first.fits) == 6
    assert numbers(pasted(first.environment["command"], place / "elsewhere")) == numbers(first)


def test_of_python_with_names_and_paths(place: Path) -> None:
    compare("my model.py:build", Path("my table.csv"), ["l2"], output="out", ignore="b's",
            **OPTIONS)  # fmt: skip
    first = read(place / "out")
    assert first.environment["command"].startswith("regkit compare 'l2(1e-4)' --data ")
    assert numbers(pasted(first.environment["command"], place / "elsewhere")) == numbers(first)


def test_of_python_with_arrays_and_a_function(place: Path) -> None:
    """It says what must be defined; with that it runs."""
    compare(network, DATA, {"a (b)": "l2(0.1)"}, output="out", seeds=2, **OPTIONS)
    first = read(place / "out")
    script = first.environment["command"]
    assert f"# Define first: build_model, which was network of {ROOT}" in script
    assert (
        f"# Define first: x and y, the arrays that were compared (SHA-256 of the data: {first.data['sha256']})"
        in script
    )
    define = "from tests.comparison.small import DATA, network as build_model\nx, y = DATA\n"
    before, after = script.split("import regkit\n")
    (place / "again.py").write_text(before + define + "import regkit\n" + after)
    line = shlex.join([sys.executable, str(place / "again.py")])
    assert numbers(pasted(line, place / "elsewhere")) == numbers(first)


def test_of_a_data_set_that_was_made_in_python() -> None:
    found = compare(network, from_arrays(*DATA, "mine"), ["l2"], **OPTIONS)
    assert "# Define first: data, the Dataset 'mine'" in found.record.environment["command"]


def test_it_is_in_the_results(place: Path) -> None:
    compare("mlp", "wine", ["l2"], output="out", **OPTIONS)
    document = json.loads((place / "out" / "results.json").read_text())
    words = shlex.split(document["environment"]["command"])
    for name, value in document["settings"].items():
        if name != "train_size":
            assert words[words.index("--" + name.replace("_", "-")) + 1] == str(value)


READING = {"target": -1, "ignore": ["-x", "a b"], "task": "regression", "image_size": (32, 24)}


def test_every_option_is_read_as_it_was_asked_for() -> None:
    request = Request("mlp", "digits", READING, Path("/there/out-again"), 3)
    options = command_line(
        shlex.split(rerun_command(request, named(["l2"]), SETTINGS, "jax", "0"))[2:]
    )
    assert options == {
        "build_model": "mlp", "data": "digits", "recipes": ["l2(1e-4)"],
        "target": "-1", "ignore": ["-x", "a b"], "task": "regression", "image_size": "32x24",
        "measure": "accuracy", "splits": 2, "label_noise": 0.0, "seed": 0, "jobs": 3,
        "output": "out-again-2", "backend": "jax",
    }  # fmt: skip


def test_the_line_of_the_readme_is_that_of_the_default_job() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    (line,) = re.findall(r"^regkit compare 'l2\(1e-4\|1e-3\)'(?:.*\\\n)*.*$", text, re.MULTILINE)
    chosen = command_line([])
    data, noise = chosen["data"], chosen["label_noise"]
    settings = {"measure": "accuracy", "splits": 10, "seeds": 1, "epochs": 80, "batch_size": 256,
                "label_noise": noise, "test_size": 0.2, "validation_size": 0.2,
                "train_size": None, "seed": 0}  # fmt: skip
    request = Request(chosen["build_model"], data, {}, Path(chosen["output"]), 1)
    arms = named(list(default_arms()))
    line = line.replace("\\\n", " ")
    assert shlex.split(line) == shlex.split(
        rerun_command(request, arms, settings, "tensorflow", "0")
    )


def test_of_a_model_that_is_no_function() -> None:
    class Builds:
        def __call__(self, shape: Any, k: Any) -> None: ...

    script = rerun_command(
        Request(Builds(), "wine", {}, None, 1), named(["l2"]), SETTINGS, "jax", "0"
    )
    assert "# Define first: build_model, which was Builds\n" in script
    assert "    'wine'," in script


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
TEXTS = st.sampled_from(["l2(0.1)", "dropout(0.3) + l2(1e-4)", "dropout(0.5, layers=\"a 'b'\")"])


@given(st.dictionaries(NAMES, TEXTS, min_size=1, max_size=3))
def test_any_names_come_back_by_the_line_or_the_script(arms: dict[str, str]) -> None:
    try:
        asked = named(arms)
    except ValueError:  # a name that is itself another recipe, or nothing but spaces
        return
    request = Request("mlp", "digits", {}, None, 1)
    text = rerun_command(request, asked, SETTINGS, "torch", "0")
    if text.startswith("regkit"):
        words = shlex.split(text)[2:]
        assert command_line(words)["recipes"] == [
            name if name == recipe else f"{name} = {recipe}"
            for name, recipe in asked.items()
            if name != BASELINE
        ]
        assert named(command_line(words)["recipes"]) == asked
    else:
        calls: list[Any] = []
        called = text.partition("import regkit\n")[2].replace("regkit.compare", "call")
        exec(called, {"call": lambda *given, **_: calls.append(given)})
        assert calls[0][0:2] == ("mlp", "digits")
        assert named(calls[0][2]) == asked


def command_line(words: list[str]) -> dict[str, Any]:
    """The options that `regkit compare` would run with."""
    return command._options(main.parser().parse_args(["compare", *words]))
