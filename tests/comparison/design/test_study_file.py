"""A study in a TOML file: read as it is meant, refused by line and column."""

from __future__ import annotations

from pathlib import Path

import pytest

from regkit.comparison.design.settings import OPTIONS
from regkit.comparison.design.study_file import BOUNDS, read
from regkit.core.errors import RegkitError

pytestmark = pytest.mark.backend_free

WHOLE = """
data = ["digits", "table.csv"]
model = "mine.py:build"
splits = 20
label_noise = 0.3
image_size = [32, 24]
ignore = ["id", 3]
target = 2
header = false
separator = ";"
decimal = ","
encoding = "cp1252"
labels = "labels.npz"
output = "results"

[arms]
"a little" = "l2(1e-4)"
much = "l2(1e-2)"
"""


def test_a_whole_study(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(WHOLE)
    (tmp_path / "table.csv").write_text("a,b\n1,2\n")
    found = read(tmp_path / "study.toml")
    assert found == {
        "data": ["digits", str(tmp_path / "table.csv")],
        "model": str(tmp_path / "mine.py:build"),
        "splits": 20,
        "label_noise": 0.3,
        "image_size": (32, 24),
        "ignore": ["id", 3],
        "target": 2,
        "header": False,
        "separator": ";",
        "decimal": ",",
        "encoding": "cp1252",
        "labels": str(tmp_path / "labels.npz"),
        "output": str(tmp_path / "results"),
        "arms": {"a little": "l2(1e-4)", "much": "l2(1e-2)"},
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("splits = \n", r"line 1, column 10"),
        ("\n\nsplit = 3\n", r"study.toml, line 3: no option is called 'split'; did you mean 'splits'"),
        ("data = 'digits'\nsplits = 1\n", "line 2: splits must be a whole number of at least 2; received splits=1"),
        ("epochs = true\n", "line 1: epochs must be a whole number"),
        ("label_noise = 'much'\n", r"line 1: label_noise must be a number in \[0, 1\]"),
        ("data = 3\n", "line 1: data must be a name or path, or a list of these"),
        ("data = []\n", "line 1: data must be a name or path, or a list of these"),
        ("recipes = 'l2'\n", "line 1: recipes must be a list of recipes in text"),
        ("ignore = 1.5\n", "line 1: ignore must be a column's name or a whole number, or a list of these.*received ignore=1.5"),
        ("header = 1.5\n", "line 1: header must be True or False or a whole number or .*; received header=1.5"),
        ("target = [1]\n", r"line 1: target must be a column's name or a whole number or None; received target=\[1\]"),
        ("separator = 3\n", "line 1: separator must be a character or its name or None; received separator=3"),
        ("model = 3\n", "line 1: model must be mlp, cnn or path.py:function; received model=3"),
        ("image_size = [1, 2, 3]\n", "line 1: image_size must be a whole number of at least 1 or a pair"),
        ("splits = 3\n[arms]\nx = 3\n", "line 2: arms must be a table of name"),
        ("recipes = ['l2']\n[arms]\nx = 'l1'\n", "line 2: arms and recipes say the same"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "study.toml").write_text(text)
    with pytest.raises(ValueError, match=said):
        read(tmp_path / "study.toml")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no readable study file"):
        read(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes("model = 'é'".encode("latin-1"))
    with pytest.raises(ValueError, match="no readable study file"):
        read(tmp_path / "latin.toml")


def as_toml(value: object) -> str | None:
    """Return a value as TOML writes it; None where it has no form for it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        items = [as_toml(item) for item in value]
        return None if None in items else f"[{', '.join(filter(None, items))}]"
    return None


@pytest.mark.parametrize("key", BOUNDS)
def test_every_bad_value_is_refused_by_line_and_name(tmp_path: Path, key: str) -> None:
    written = [text for value in BOUNDS[key].bad_values() if (text := as_toml(value))]
    assert written
    for text in written:
        (tmp_path / "study.toml").write_text(f"\n{key} = {text}\n")
        with pytest.raises(RegkitError, match=f"study.toml, line 2: {key} must be ") as raised:
            read(tmp_path / "study.toml")
        assert f"received {key}=" in str(raised.value)


def test_every_option_can_be_in_a_file() -> None:
    assert {option.name for option in OPTIONS} <= set(BOUNDS)
