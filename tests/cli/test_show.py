"""`regkit show`, which imports a plugin in a process of its own."""

import json
import sys

import pytest

from regkit.cli import doctor, main
from regkit.core import registry
from tests.cli.shown import PLUGIN, plugin_fixture, said  # noqa: F401
from tests.plugins_of_tests import install, python, regkit, site_fixture  # noqa: F401

pytestmark = [pytest.mark.backend_free, pytest.mark.usefixtures("light_children")]


def test_show_says_all_there_is(capsys):
    code, out, _ = said(capsys, "show", "elastic_net")
    assert code == 0
    for part in (
        "elastic_net: a technique of keras-regkit 0.",
        "‖w‖",  # the formula
        "Stages: PENALTY",
        "strength = 0.0001: a number in [0, inf) or a LearningRateSchedule",
        "l1_ratio = 0.5: a number in [0, 1] or a LearningRateSchedule",
        "Zou and Hastie",
        ">>> ",
        "elastic_net.py:",
        "regkit.techniques.penalties.elastic_net:ElasticNet",
    ):
        assert part in out


def test_show_imports_a_plugin_in_a_process_of_its_own(capsys, plugin):
    code, out, _ = said(capsys, "show", "some-plugin:max_norm")
    assert code == 0
    for part in (
        "some-plugin:max_norm: a technique of some-plugin 1.2",
        "w ← w·min(1, c/‖w‖)",
        "Stages: UPDATE",
        "limit (required): a number in (0, inf)\n      c, above 0.",
        "seed = None: a whole number",
        "Srebro and Shraibman",
        "MaxNorm(limit=2.0)",
        f"{plugin}/a_plugin.py:8",
    ):
        assert part in out, out
    assert "a_plugin" not in sys.modules


def test_show_as_json(capsys, plugin):
    found = json.loads(said(capsys, "show", "some-plugin:max_norm", "--json")[1])
    assert found["summary"] == "Keep the norm of each unit's weights at a limit."
    assert found["description"] == "w ← w·min(1, c/‖w‖)"
    assert found["stages"] == ["UPDATE"]
    limit, seed = found["options"]
    assert limit["required"]
    assert "default" not in limit
    assert limit["allowed"] == "a number in (0, inf)"
    assert (seed["required"], seed["default"], seed["keyword_only"]) == (False, None, True)
    assert found["references"].startswith("Srebro")
    assert found["state"] == "available"


def test_show_finds_the_kind(capsys, plugin):
    assert "a technique of" in said(capsys, "show", "drop_connect")[1]
    out = said(capsys, "show", "drop_connect", "--kind", "layer")[1]
    assert "drop_connect: a layer of keras-regkit" in out
    assert "layer (required)" in out
    assert "See also: regkit show drop_connect --kind technique" in out
    out = said(capsys, "show", "some-plugin:only")[1]
    assert "some-plugin:only: a layer of" in out
    assert "size = 3: int" in out


def test_show_of_what_cannot_be_used_says_why(capsys, plugin, monkeypatch):
    monkeypatch.setenv("REGKIT_PLUGINS", "none")
    registry.refresh()
    code, out, _ = said(capsys, "show", "some-plugin:max_norm")
    assert code == 0
    assert "It is not allowed: REGKIT_PLUGINS" in out
    assert "Keep the norm" in out


@pytest.mark.parametrize(
    ("name", "message"),
    [("dropuot", "did you mean 'dropout'"), ("some-plugin:onyl", "no layer is called"),
     ("nothing-like-it", "no technique is called 'nothing-like-it'"), ("max_norm", "some-plugin:max")],
)  # fmt: skip
def test_show_of_an_unknown_name_suggests(capsys, plugin, name, message):
    code, out, err = said(capsys, "show", name)
    assert (code, out) == (2, "")
    assert message in err


FAILING = {
    "kills": (
        f"import os\nos.kill(os.getpid(), 9)\n{PLUGIN}",
        "importing it ended the process (signal 9)",
    ),
    "hangs": (f"import time\ntime.sleep(600)\n{PLUGIN}", "importing it takes longer than 3 s"),
    "raises as it is described": (
        f"{PLUGIN}\n\nclass Odd:\n    def __repr__(self): exit(5)\n\n\n"
        "MaxNorm.__init__.__wrapped__.__kwdefaults__['seed'] = Odd()\n",
        "describing it failed with SystemExit: 5",
    ),
}


@pytest.mark.parametrize(("text", "reason"), FAILING.values(), ids=FAILING)
def test_show_of_a_plugin_that_fails_says_so_and_breaks_nothing(
    capsys, site, monkeypatch, text, reason
):
    table = {"max_norm": "a_plugin:MaxNorm"}
    install(site, groups={"regkit.techniques": table}, files={"a_plugin.py": text})
    registry.refresh()
    monkeypatch.setattr(doctor, "LIMIT", 3.0)
    code, out, _ = said(capsys, "show", "some-plugin:max_norm", "--json")
    shown = json.loads(out)
    assert (code, shown["state"], shown["options"], shown["stages"]) == (0, "broken", [], [])
    assert reason in shown["reason"]
    assert shown["summary"] == "Keep the norm of each unit's weights at a limit."
    assert said(capsys, "show", "l2")[0] == 0
    assert "a_plugin" not in sys.modules


def test_what_a_plugin_prints_or_leaves_behind_is_kept_apart(capsys, site):
    text = f"{PLUGIN}\nprint('hello')\nimport threading, time\n"
    text += "threading.Thread(target=time.sleep, args=(600,)).start()\n"
    install(site, groups={"regkit.techniques": {"max_norm": "a_plugin:MaxNorm"}}, files={"a_plugin.py": text})  # fmt: skip
    registry.refresh()
    found = json.loads(said(capsys, "show", "some-plugin:max_norm", "--json")[1])
    assert [option["name"] for option in found["options"]] == ["limit", "seed"]


def test_what_is_blocked_is_not_run(capsys, site, monkeypatch):
    text = f"open({str(site / 'ran')!r}, 'w').close()\n{PLUGIN}"
    install(site, groups={"regkit.techniques": {"max_norm": "a_plugin:MaxNorm"}}, files={"a_plugin.py": text})  # fmt: skip
    monkeypatch.setenv("REGKIT_BLOCK", "some-plugin")
    registry.refresh()
    out = said(capsys, "show", "some-plugin:max_norm")[1]
    assert "It is blocked: REGKIT_BLOCK" in out
    assert "Args:\n  limit: c, above 0." in out  # what its docstring says is read all the same
    assert not (site / "ran").exists()
    monkeypatch.delenv("REGKIT_BLOCK")
    registry.refresh()
    said(capsys, "show", "some-plugin:max_norm")
    assert (site / "ran").exists()


def test_show_without_a_source(capsys, site):
    install(site, groups={"regkit.techniques": {"mine": "sys:Mine"}})
    registry.refresh()
    out = said(capsys, "show", "some-plugin:mine")[1]
    assert "It is broken: " in out
    assert "sys:Mine of some-plugin 1.2 failed with AttributeError" in out
    assert "Source: not to be had (sys:Mine)" in out


def test_show_without_a_backend(site):
    code = (
        "import sys\nfrom regkit.cli import backends, main\n"
        "backends._installed = lambda name: False\n"
        "sys.modules['keras'] = None\n"
        "main.main(['show', 'l2'])"
    )
    done = python(site, code, KERAS_BACKEND="")
    for part in (
        "Its options cannot be read: no Keras backend is installed: pip install",
        "Add the sum of squared weights",
        "Args:\n  strength: A number of at least 0",
    ):
        assert part in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("command", [["list"], ["show"], ["plugins"], ["plugins", "doctor"]])
def test_help_has_examples(capsys, command):
    with pytest.raises(SystemExit) as stopped:
        main.main([*command, "--help"])
    assert stopped.value.code == 0
    assert "examples:\n  regkit" in capsys.readouterr().out
