"""`check_plugin`: each backend in its own process, whatever a plugin does there."""

import json
from pathlib import Path

import keras
import pytest

import regkit.testing
from regkit.core import registry
from regkit.core.errors import RegkitError
from regkit.testing.__main__ import main
from regkit.testing.named_checks import chosen
from tests.plugins_of_tests import install, python, site_fixture  # noqa: F401
from tests.testing import good

BACKEND = keras.backend.backend()
HERE = {"backends": [BACKEND]}
HEAD = "import os, time\nfrom regkit import Technique\n\n\n"


@pytest.fixture
def plugin(site):
    """Install a plugin of one module."""

    def installed(name, text, groups=None):
        module = name.replace("-", "_")
        table = groups or {"regkit.techniques": {"mine": f"{module}:Mine"}}
        install(site, name, groups=table, files={f"{module}.py": text})
        registry.refresh()

    return installed


def test_an_ordinary_plugin_passes_every_check(plugin):
    groups = {
        group: {name: value.replace("good:", "good_plugin:") for name, value in table.items()}
        for group, table in good.GROUPS.items()
    }
    plugin("good-plugin", Path(good.__file__).read_text(), groups)
    report = regkit.testing.check_plugin("Good_Plugin", **HERE)
    assert report.ok, str(report)
    assert {one.backend for one in report} == {BACKEND}
    passed = {one.check for one in report if one.outcome == "passed"}
    assert passed == {one.name for one in chosen()} - {"selection"}  # which no option is for
    assert all(one.message for one in report if one.outcome == "skipped")


@pytest.mark.backend_free
def test_one_that_cannot_be_imported_is_one_failed_result_with_the_cause(plugin):
    plugin("some-plugin", "import no_such_package\n")
    (result,) = regkit.testing.check_plugin("some-plugin", **HERE)
    assert (result.check, result.subject) == ("registration", "some-plugin:mine")
    assert result.outcome == "failed"
    assert "No module named 'no_such_package'" in result.message


BREAKS = """
class Mine(Technique):
    '''There is no neutral value.'''

    def data(self, batch, context):
        return batch.replace(x=0.9 * batch.x)

    def get_config(self):
        print("what a plugin prints stays out of the results")
        os._exit(3)

    def __repr__(self):
        time.sleep(60)
"""


@pytest.mark.backend_free
def test_a_check_that_ends_its_process_or_hangs_costs_only_itself(plugin, capsys):
    plugin("some-plugin", HEAD + BREAKS)
    names = ["config", "representation", "selection"]
    report = regkit.testing.check_plugin("some-plugin", checks=names, limit=5, **HERE)
    assert [(one.check, one.outcome) for one in report] == [
        ("config", "error"),
        ("representation", "error"),
        ("selection", "skipped"),
    ]
    assert "it ended the process (exit code 3)" in report[0].message
    assert "it takes longer than 5 s" in report[1].message
    assert len(report.failed) == 2
    assert not report.ok
    text = str(report)
    assert "ERROR  config: some-plugin:mine on" in text
    assert "skipped  1×, no option names layers, weights or outputs (selection)" in text


RAISES = """
class Mine(Technique):
    '''There is no neutral value.'''

    def data(self, batch, context):
        return batch.replace(x=self.total * batch.x)
"""


def test_an_error_of_the_authors_is_said_once_with_its_place(plugin):
    plugin("some-plugin", HEAD + RAISES)
    report = regkit.testing.check_plugin("some-plugin", checks=["effect", "seed", "dtypes"], **HERE)
    (failed,) = report.failed
    assert failed.check == "effect"
    assert failed.message.count("'Mine' object has no attribute 'total'") == 1
    line = 1 + next(k for k, one in enumerate((HEAD + RAISES).split("\n")) if "self.total" in one)
    assert f"some_plugin.py:{line})" in failed.message
    skipped = "skipped  2×, no model of the kit trains with it: see `effect` (seed, dtypes)"
    assert skipped in str(report)


@pytest.mark.backend_free
def test_an_import_that_hangs_is_late_too(plugin):
    plugin("some-plugin", "while True: pass\n")
    (result,) = regkit.testing.check_plugin("some-plugin", limit=2, **HERE)
    assert "importing what it registers takes longer than 2 s" in result.message


@pytest.mark.backend_free
def test_it_runs_on_every_backend_that_is_installed(plugin):
    plugin("some-plugin", HEAD + "class Mine(Technique):\n    pass\n")
    report = regkit.testing.check_plugin("some-plugin", checks=["docstring"])
    assert [one.backend for one in report] == regkit.testing.plugin.installed()
    assert {one.outcome for one in report} == {"failed"}


@pytest.mark.backend_free
def test_what_cannot_be_asked_for_is_named(monkeypatch):
    with pytest.raises(
        RegkitError, match=r"no installed distribution 'keras-regkid'.*'keras-regkit'"
    ):
        regkit.testing.check_plugin("keras-regkid")
    with pytest.raises(RegkitError, match=r"no check is called 'sed'; did you mean 'seed'"):
        regkit.testing.check_plugin("keras-regkit", checks=["sed"], **HERE)
    with pytest.raises(RegkitError, match=r"no backend is called 'troch'; did you mean 'torch'"):
        regkit.testing.check_plugin("keras-regkit", backends=["troch"])
    with pytest.raises(RegkitError, match="Classes and instances.*parametrize_with_checks"):
        regkit.testing.check_plugin([regkit.L2])
    monkeypatch.setattr(regkit.testing.plugin, "installed", lambda: ["jax"])
    with pytest.raises(RegkitError, match=r"'torch' is not installed: pip install \"torch>="):
        regkit.testing.check_plugin("keras-regkit", backends=["torch"])


@pytest.mark.backend_free
def test_the_command_prints_and_exits(capsys):
    words = ["keras-regkit", "--backend", BACKEND, "--check", "docstring"]
    assert main([*words, "--json"]) == 0
    results = json.loads(capsys.readouterr().out)
    assert {one["outcome"] for one in results} == {"passed"}
    assert set(results[0]) == {"check", "subject", "backend", "outcome", "message", "seconds"}
    assert main(["keras-regkid"]) == 2
    assert "did you mean 'keras-regkit'" in capsys.readouterr().err
    assert main(["--list"]) == 0
    listed = capsys.readouterr().out
    assert all(one.name in listed and one.promise in listed for one in chosen())


@pytest.mark.backend_free
def test_asking_needs_neither_keras_nor_pytest():
    done = python(
        "", "import regkit.testing, sys; print('keras' in sys.modules or 'pytest' in sys.modules)"
    )
    assert done.stdout.strip() == "False", done.stderr
