"""A study in a TOML file: read as it is meant, refused by line and column."""

from __future__ import annotations

from pathlib import Path

import pytest

from regkit.comparison.design.settings import OPTIONS
from regkit.comparison.design.study_file import KEYS, read

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
        ("data = 'digits'\nsplits = 1\n", "line 2: splits must be an integer of 2 or more.*received 1"),
        ("epochs = true\n", "line 1: epochs must be an integer"),
        ("label_noise = 'much'\n", "line 1: label_noise must be a fraction from 0 to 1"),
        ("data = 3\n", "line 1: data is a name or path"),
        ("data = []\n", "line 1: data is a name or path"),
        ("recipes = 'l2'\n", "line 1: recipes is a list of texts"),
        ("ignore = 1.5\n", "line 1: ignore is a column, or a list of them; received 1.5"),
        ("header = 1.5\n", "line 1: header is true, false or the number of a line; received 1.5"),
        ("target = [1]\n", r"line 1: target is a column, by name or index; received \[1\]"),
        ("separator = 3\n", "line 1: separator is a text; received 3"),
        ("model = 3\n", "line 1: model is a text; received 3"),
        ("image_size = [1, 2, 3]\n", "line 1: image_size is pixels"),
        ("splits = 3\n[arms]\nx = 3\n", "line 2: arms is a table of name"),
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


def test_every_option_can_be_in_a_file() -> None:
    assert {option.name for option in OPTIONS} <= set(KEYS)
