"""The command line: fast, with clear errors, and never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import pytest

from regkit.cli import backends, compare, main

HEAVY = ("keras", "tensorflow", "jax", "torch", "numpy", "scipy", "rich", "matplotlib", "sklearn")


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main.main(words)
    out, err = capsys.readouterr()
    return code, out, err


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, "list")
    assert code == 0
    assert any(line.startswith("dropout") for line in out.splitlines())


def test_list_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, "list", "--json")
    rows = json.loads(out)
    fields = {"id", "name", "kind", "distribution", "version", "state", "summary"}
    assert code == 0
    assert all(set(row) == fields for row in rows)
    assert {"l1", "l2", "dropout"} <= {row["id"] for row in rows}
    assert all(row["summary"] for row in rows if row["distribution"] == "keras-regkit")


def test_starting_imports_nothing_heavy() -> None:
    """How fast it starts is measured by `benchmarks/startup.py`."""
    code = (
        "import sys; from regkit.cli.main import main; main(['list']); "
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize("command", [[], ["--help"], ["compare", "--help"], ["explain", "--help"]])
def test_help(capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    try:
        code = main.main(command)
    except SystemExit as stop:
        code = int(stop.code or 0)
    assert code == 0
    assert "example" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "--version")[1].startswith("regkit 0.")


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, "explain", "l2(1e-4) + dropout(0.5)")
    assert code == 0
    assert "PENALTY" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["list", "--kind", "regularizer"], "No regularizer is registered; `regkit list`"),
        (["explain", ""], "There are no techniques: the step is the model's own"),
    ],
)
def test_nothing_is_said_to_be_nothing(
    capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    code, out, _ = said(capsys, *words)
    assert (code, message in out) == (0, True)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["show"], "`regkit list` prints the names"),
        (["explain", "droput"], "no technique is called 'droput'; did you mean 'dropout'"),
        (["explain", "l2", "--backend", "jaxx"], "no backend is called 'jaxx'; did you mean 'jax'"),
        (["compare", "l2", "l2"], "given twice"),
        (["compare", "l2", "--data", "nowhere.csv"], "no file 'nowhere.csv'"),
        (["compare", "l2", "--model", "mpl"], "did you mean 'mlp'"),
        (["compare", "l2", "--splits", "1"], "splits must be a whole number of at least 2"),
        (["compare", "l2(oops=1)"], "oops"),
        (["compare", "label_smoothing(1.5)"], "1.5"),
    ],
)
def test_errors_are_one_line_and_code_2(
    capsys: pytest.CaptureFixture[str], words: list[str], message: str, tmp_path: Path
) -> None:
    quiet = ["--output", str(tmp_path / "out"), "--quiet"] if words[0] == "compare" else []
    code, out, err = said(capsys, *words, *quiet)
    assert code == 2
    assert out == ""
    assert err.startswith("regkit: error: ")
    assert message in err
    assert "Traceback" not in err
    lines = err.rstrip().splitlines()
    assert len(lines) == 1 or lines[-1].strip() == "^"  # a recipe is shown with a caret below
    assert not (tmp_path / "out").exists()


def test_a_backend_that_is_not_installed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backends, "_installed", lambda name: name != "jax")
    code, _, err = said(capsys, "explain", "l2", "--backend", "jax")
    assert code == 2
    assert 'not installed: pip install "jax>=' in err


def test_the_backend_asked_for_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "_installed", lambda name: name != "tensorflow")
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert backends.choose("torch") == "torch"
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert backends.choose(None) == "jax"
    monkeypatch.delenv("KERAS_BACKEND")
    assert backends.choose(None) == "jax"
    assert os.environ["KERAS_BACKEND"] == "jax"
    monkeypatch.setattr(backends, "_installed", lambda name: False)
    monkeypatch.delenv("KERAS_BACKEND")
    with pytest.raises(
        ValueError, match=r"no Keras backend is installed: pip install .*, or pip install \"jax>="
    ):
        backends.choose(None)


def test_what_the_comparison_needs_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare, "NEEDED", ("scipy", "no_such_package"))
    code, _, err = said(capsys, "compare")
    assert code == 2
    assert "no_such_package not installed, needed here: pip install" in err
    assert '"scipy>=' in err


def test_an_interrupt_is_130(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(chosen: Any) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(backends, "start", interrupted)
    assert said(capsys, "explain", "l2")[0] == 130


def small_job(folder: Path) -> list[str]:
    model = "import keras\n" + (
        "def build(shape, k):\n"
        "    m = keras.Sequential([keras.Input(shape), keras.layers.Dense(k)])\n"
        "    m.compile('sgd', keras.losses.SparseCategoricalCrossentropy(from_logits=True))\n"
        "    return m\n"
    )
    (folder / "mine.py").write_text(model)
    rows = "".join(f"{i % 7},{i % 2},{['no', 'yes'][i % 2]}\n" for i in range(80))
    (folder / "table.csv").write_text("a,b,class\n" + rows)
    words = f"compare l2 --data {folder}/table.csv --model {folder}/mine.py:build --splits 2"
    return [*words.split(), *f"--seeds 1 --epochs 2 --batch-size 8 --output {folder}/out".split()]


def test_a_column_is_ignored(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = said(capsys, *small_job(tmp_path), "--quiet", "--ignore", "b")
    assert code == 0
    assert "ignored: 'b'" in " ".join(out.split())


def test_a_folder_that_cannot_be_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = small_job(tmp_path)
    words[-1] = "/proc/regkit-results"
    code, _, err = said(capsys, *words, "--quiet")
    assert code == 2
    assert "output '/proc/regkit-results' cannot be written" in err
    assert "--output" in err


def test_full_folders_are_refused_before_a_backend_starts(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = small_job(tmp_path)
    (tmp_path / "out" / "wine").mkdir(parents=True)
    (tmp_path / "out" / "wine" / "results.json").write_text("{}")
    monkeypatch.setattr(backends, "start", lambda name: pytest.fail("started"))
    code, _, err = said(capsys, *words, "--data", "wine")
    assert (code, "already holds results.json" in err, "starting" in err) == (2, True, False)


def test_compare_writes_and_then_refuses(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = small_job(tmp_path)
    code, out, err = said(capsys, *words)
    assert code == 0
    assert "by accuracy" in out
    assert "Labels are as given" in out
    assert "fits" in err  # progress, on standard error
    assert (tmp_path / "out" / "results.json").exists()
    code, _, err = said(capsys, *words, "--quiet")
    assert code == 2
    assert "already holds results.json" in err
    assert said(capsys, *words, "--quiet", "--force")[0] == 0


def test_a_failed_arm_is_code_1(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from regkit.comparison.fits import worker

    plain = worker.fit_arm

    def fit_arm(models: Any, task: Any, *args: Any, **options: Any) -> Any:
        if task.arm == "l2(1e-4)":
            raise RuntimeError("no")
        return plain(models, task, *args, **options)

    monkeypatch.setattr(worker, "fit_arm", fit_arm)
    code, out, err = said(capsys, *small_job(tmp_path), "--engine", "sequential")
    assert code == 1
    assert "RK001: l2(1e-4) failed and is taken out" in out
    assert "l2(1e-4) failed and is taken out" in err


def test_the_default_job_is_digits_with_redrawn_labels(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from regkit.comparison import run

    called: list[Any] = []

    def compare(*args: Any, **options: Any) -> None:
        called.append((args, options))
        raise ValueError("enough")

    monkeypatch.setattr(run, "compare", compare)
    said(capsys, "compare", "--quiet")
    said(capsys, "compare", "l2", "--data", "digits", "--quiet")
    (default, options), (_, own) = called
    assert default == ()
    named = ("build_model", "data", "recipes", "label_noise", "output")
    assert [options[name] for name in named] == ["mlp", "digits", None, 0.3, "regkit-results"]
    assert own["recipes"] == ["l2"]
    assert "label_noise" not in own


def test_the_process_uses_the_backend_of_the_tests() -> None:
    assert keras.backend.backend() == os.environ.get("KERAS_BACKEND", keras.backend.backend())
