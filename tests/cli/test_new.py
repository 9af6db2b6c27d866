"""`regkit new`: names that are refused, folders that are left alone, and what it says."""

import keyword
import re
from pathlib import Path

import pytest

import regkit
from regkit.cli import main
from regkit.core import registry
from regkit.scaffold.naming import IMPORTED, RESERVED, class_name, distribution_name
from regkit.scaffold.plugin_kinds import STAGES
from tests.plugins_of_tests import install, site_fixture  # noqa: F401

pytestmark = pytest.mark.backend_free

KINDS = list(registry.KINDS.values())


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Every test runs in an empty folder."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


def said(capsys, *words):
    code = main.main(["new", *words])
    out, err = capsys.readouterr()
    return code, out, err


def written():
    return {str(path) for path in Path().rglob("*") if path.is_file()}


# -- what it makes -----------------------------------------------------------------------------


def test_it_says_what_was_made_and_what_to_do_next(capsys):
    code, out, err = said(capsys, "my-plugin")
    assert (code, err) == (0, "")
    made, _, rest = out.partition("Next:\n")
    assert made.startswith("Made my-plugin, a plugin with the technique my-plugin:scaled_noise, in")
    named = re.findall(r"(?m)^  (\S+)", made)
    assert {f"my-plugin/{one}" for one in named} == written() - {"my-plugin/.gitignore"}
    assert rest.splitlines() == [
        '  pip install --editable "./my-plugin[test]"',
        "  python -m pytest my-plugin",
        "  regkit show my-plugin:scaled_noise",
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind(capsys, kind):
    code, out, _ = said(capsys, "my-plugin", "--kind", kind)
    assert code == 0
    assert f"a plugin with the {kind} my-plugin:" in out
    project = Path("my-plugin/pyproject.toml").read_text(encoding="utf-8")
    group = next(group for group, one in registry.KINDS.items() if one == kind)
    assert f'[project.entry-points."{group}"]' in project
    assert f'dependencies = ["keras-regkit>={regkit.__version__}"' in project


@pytest.mark.parametrize("stage", STAGES)
def test_each_stage(capsys, stage):
    code, out, err = said(capsys, "my-plugin", "--stage", stage, "--class", "MaxNorm")
    assert (code, err) == (0, "")
    assert "a plugin with the technique my-plugin:max_norm, in" in out
    module = Path("my-plugin/src/my_plugin/max_norm.py").read_text(encoding="utf-8")
    assert "class MaxNorm(Technique):" in module
    assert f"def {'on_epoch_end' if stage == 'watch' else stage}(self" in module
    project = Path("my-plugin/pyproject.toml").read_text(encoding="utf-8")
    assert 'max_norm = "my_plugin.max_norm:MaxNorm"' in project


@pytest.mark.parametrize(
    ("cls", "registered"),
    [("L3", "l3"), ("DropoutMLP", "dropout_mlp"), ("X", "x"), ("SAM2Noise", "sam2_noise")],
)
@pytest.mark.parametrize("kind", KINDS)
def test_the_class_settles_the_registered_name(capsys, kind, cls, registered):
    code, out, _ = said(capsys, "my-plugin", "--kind", kind, "--class", cls)
    assert code == 0
    assert f"my-plugin:{registered}, in" in out


def test_without_a_stage_it_is_what_it_was(capsys):
    said(capsys, "one-plugin")
    said(capsys, "two-plugin", "--stage", "data", "--class", "ScaledNoise")
    files = [path for path in Path("one-plugin").rglob("*") if path.is_file()]
    assert files
    for path in files:
        other = Path(str(path).replace("one", "two"))
        text = path.read_text(encoding="utf-8")
        assert re.sub("one([-_]plugin)", r"two\1", text) == other.read_text(encoding="utf-8")


def test_a_name_is_brought_into_its_normal_form(capsys):
    assert said(capsys, "My_Good.Plugin")[0] == 0
    assert Path("my-good-plugin/src/my_good_plugin/scaled_noise.py").exists()


def test_an_empty_folder_is_filled(capsys):
    Path("my-plugin").mkdir()
    assert said(capsys, "my-plugin")[0] == 0
    assert "my-plugin/pyproject.toml" in written()


# -- what it refuses ---------------------------------------------------------------------------


def refused(capsys, words, *parts):
    before = written()
    code, out, err = said(capsys, *words)
    assert (code, out) == (2, "")
    assert err.startswith("regkit: error: ")
    assert err.count("\n") == 1, "one line"
    for part in parts:
        assert part in err, err
    assert written() == before


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("my plugin", "did you mean 'my-plugin'?"),
        ("-plugin", "did you mean 'plugin'?"),
        ("plugin.", "did you mean 'plugin'?"),
        ("../plugin", "did you mean 'plugin'?"),
        ("/tmp/plugin", "did you mean 'tmp-plugin'?"),
        ("a\\b", "did you mean 'a-b'?"),
        ("größe", "received 'größe'"),
        ("plugin\n", "did you mean 'plugin'?"),
        ("", "received ''"),
        ("…", "received '…'"),
        ("plugin\x1b[31m", r"\x1b"),
        ("a;rm -rf b", "did you mean 'a-rm-rf-b'?"),
    ],
)
def test_what_is_no_name(capsys, name, near):
    words = ["--", name] if name.startswith("-") else [name]
    refused(capsys, words, "NAME must be letters, digits", repr(name), near)


@pytest.mark.parametrize(
    ("name", "why", "better"),
    [
        ("regkit", "it is reserved", "regkit-plugin"),
        ("Keras_Regkit", "it is reserved", "regkit-keras-regkit"),
        ("keras", "it is reserved", "regkit-keras"),
        ("3d-noise", "'3d_noise', and Python's names begin with a letter", "regkit-3d-noise"),
        ("class", "'class', a keyword of Python", "regkit-class"),
        ("json", "'json', a module of Python's standard library", "regkit-json"),
        ("pytest", "a distribution of this name is installed; pip uninstall", "regkit-pytest"),
        ("sklearn", "sklearn/__init__.py is imported under that name", "regkit-sklearn"),
    ],
)
def test_a_name_that_is_taken(capsys, name, why, better):
    refused(capsys, [name], f"NAME {name!r} cannot be used", why, f"Try {better!r}, say")


@pytest.mark.parametrize("name", [*filter(str.islower, keyword.kwlist), *RESERVED])
def test_no_word_of_python_and_no_reserved_name(name):
    with pytest.raises(regkit.RegkitError, match="cannot be used"):
        distribution_name(name)


def test_a_plugin_that_is_installed(capsys, site):
    install(site, name="my-plugin")
    refused(
        capsys, ["My.Plugin"], "a distribution of this name is installed", "pip uninstall my-pl"
    )


def test_a_folder_on_the_path_is_no_module(capsys, site):
    (site / "my_plugin").mkdir()
    assert said(capsys, "my-plugin")[0] == 0


def test_an_odd_module_is_there(capsys, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "my_plugin", object())
    refused(capsys, ["my-plugin"], "a module is imported under that name")


def test_nothing_is_overwritten(capsys):
    Path("my-plugin").mkdir()
    Path("my-plugin/notes.txt").write_text("mine")
    refused(capsys, ["my-plugin"], "'my-plugin' is not empty", "choose another NAME")
    assert Path("my-plugin/notes.txt").read_text() == "mine"
    said(capsys, "other-plugin")
    refused(capsys, ["other-plugin"], "'other-plugin' is not empty")


def test_a_file_of_that_name(capsys):
    Path("my-plugin").write_text("mine")
    refused(capsys, ["my-plugin"], "'my-plugin' is a file")
    Path("dangling").symlink_to("nowhere")
    refused(capsys, ["dangling"], "dangling")


def test_a_kind_that_there_is_not(capsys):
    refused(capsys, ["my-plugin", "--kind", "layers"], "'layers'; did you mean 'layer'?", "Known:")


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("wrong", [str.upper, str.title, lambda word: word + "s"])
def test_a_stage_that_there_is_not(capsys, stage, wrong):
    words = ["my-plugin", "--stage", wrong(stage)]
    refused(capsys, words, f"no stage is called {wrong(stage)!r}; did you mean {stage!r}?", "Known")


@pytest.mark.parametrize("kind", KINDS[1:])
def test_a_stage_of_what_has_none(capsys, kind):
    words = ["my-plugin", "--kind", kind, "--stage", "update"]
    refused(capsys, words, f"a {kind} does not: leave out --stage update, or --kind {kind}")


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("max_norm", "; did you mean 'MaxNorm'?"),
        ("max-norm", "; did you mean 'MaxNorm'?"),
        ("Max Norm", "; did you mean 'MaxNorm'?"),
        ("maxNorm", "; did you mean 'MaxNorm'?"),
        ("3DNoise", "; did you mean 'DNoise'?"),
        ("my.module:Mine", "; did you mean 'MyModuleMine'?"),
        ("Größe", "received 'Größe'"),
        ("Max\n", "; did you mean 'Max'?"),
        ("", "received ''"),
        ("42", "received '42'"),
        ("../Norm", "; did you mean 'Norm'?"),
    ],
)
def test_what_is_no_name_of_a_class(capsys, name, near):
    words = ["my-plugin", "--stage", "update", f"--class={name}"]
    refused(capsys, words, "--class must be letters and digits, with a capital first", near)


@pytest.mark.parametrize("name", ["None", "True", "ValueError", "Class", "Import", *IMPORTED])
def test_a_class_name_that_means_something_else(capsys, name):
    words = ["my-plugin", "--class", name]
    refused(capsys, words, f"--class {name!r} cannot be used", f"Try 'My{name}', say")
    assert class_name(f"My{name}")


def test_a_folder_that_cannot_be_written(capsys, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied", "my-plugin")

    monkeypatch.setattr(Path, "mkdir", refuse)
    refused(capsys, ["my-plugin"], "Permission denied", "my-plugin")


def test_help(capsys):
    with pytest.raises(SystemExit) as stopped:
        main.main(["new", "--help"])
    assert stopped.value.code == 0
    out = capsys.readouterr().out
    assert "regkit new my-plugin\n" in out
    assert "regkit new my-plugin --stage update --class MaxNorm\n" in out
    assert all(word in out for word in (*KINDS, *STAGES))
