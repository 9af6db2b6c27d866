"""`regkit plugins` and `regkit plugins doctor`: what is installed, and whether it works."""

import json

import pytest

from regkit.cli import main, probe
from regkit.core import registry
from regkit.core.errors import RegkitError
from regkit.core.registry.health import health
from tests.plugins_of_tests import TECHNIQUE, install, regkit, site_fixture, write  # noqa: F401

pytestmark = [pytest.mark.backend_free, pytest.mark.usefixtures("light_children")]


def said(capsys, *words):
    registry.refresh()
    code = main.main(words)
    out, err = capsys.readouterr()
    return code, out, err


def technique(**targets):
    return {"regkit.techniques": targets}


# -- plugins -----------------------------------------------------------------------------------


def test_no_plugins(capsys, site):
    code, out, _ = said(capsys, "plugins")
    assert code == 0
    assert out.startswith("No plugins are installed")
    assert json.loads(said(capsys, "plugins", "--json")[1]) == []


@pytest.fixture
def several(site, monkeypatch):
    monkeypatch.setenv("REGKIT_BLOCK", "c-blocked")
    groups = {**technique(mine="good:Mine", **{"Bad-Name": "good:Mine"}), "regkit.layers": {"l": "good:L"}}  # fmt: skip
    files = {"good.py": f"import time\ntime.sleep(0.2)\n{TECHNIQUE}"}
    install(site, "a-good", "1.0", groups, files, requires=["keras-regkit>=0.1"])
    install(site, "b-new", "2.0", technique(mine="good:Mine"), requires=["keras-regkit>=99"])
    install(site, "c-blocked", "3.0", technique(mine="good:Mine"))
    install(site, "d-other", "4.0")
    return site


def test_plugins_are_listed_with_their_states(capsys, several):
    code, out, _ = said(capsys, "plugins")
    lines = out.splitlines()
    assert code == 0
    assert lines[0].split() == ["distribution", "version", "needs", "regkit", "state", "names"]
    rows = {line.split()[0]: line for line in lines[1:4]}
    assert "1.0      >=0.1         1 invalid name, 2 available  Bad-Name, mine, l (layer)" in rows["a-good"]  # fmt: skip
    assert "incompatible" in rows["b-new"]
    assert "blocked" in rows["c-blocked"]
    assert "d-other" not in out
    assert "b-new:mine is incompatible: it needs keras-regkit>=99; this is 0." in out
    assert "c-blocked:mine is blocked: REGKIT_BLOCK names its distribution" in out


def test_plugins_as_json(capsys, several):
    first, second, _ = json.loads(said(capsys, "plugins", "--json")[1])
    assert (first["distribution"], first["version"], first["requires"]) == (
        "a-good",
        "1.0",
        ">=0.1",
    )
    assert first["seconds"] is None
    assert second["state"] == "incompatible"
    assert second["entries"][0]["reason"].startswith("it needs keras-regkit>=99")


def test_plugins_with_the_time_of_their_imports(capsys, several):
    first, second, third = json.loads(said(capsys, "plugins", "--time", "--json")[1])
    assert first["seconds"] >= 0.2
    assert second["seconds"] is third["seconds"] is None  # not imported
    assert "import" in said(capsys, "plugins", "--time")[1].splitlines()[0]


# -- doctor ------------------------------------------------------------------------------------


def test_the_doctor_finds_regkit_itself_well(capsys, site):
    code, out, _ = said(capsys, "plugins", "doctor")
    assert code == 0, out
    assert "ok            l2 (technique)  0.0" in out
    assert "All well, " in out


HOSTILE = {
    "ends": "import os\nos._exit(7)\n",
    "exits": "import sys\nsys.exit(3)\n",
    "hangs": "import time\ntime.sleep(600)\n",
    "kills": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n",
    "prints": f"print('hello')\n{TECHNIQUE}",
    "closes": f"import os, sys\nsys.stdout.close()\nos.close(2)\n{TECHNIQUE}",
    "lies": f'import sys\nprint(\'{{"end": 7, "error": ""}}\')\nprint(\'null\')\n{TECHNIQUE}',
    "raises": "\n\nraise RuntimeError('no such library')\n",
    "reads": "input()\n",
    "stays": "import threading, time\n"
    f"threading.Thread(target=time.sleep, args=(600,)).start()\n{TECHNIQUE}",
    "syntax": "x = 1\nclass Mine(:\n",
    "unlike": "class Mine: pass\n",
    "works": TECHNIQUE,
}
WELL = {"prints", "closes", "lies", "stays", "works"}


@pytest.fixture
def hostile(site):
    table = {name: f"h_{name}:Mine" for name in HOSTILE}
    files = {f"h_{name}.py": text for name, text in HOSTILE.items()}
    install(site, groups=technique(**table), files=files, requires=["keras-regkit>=0.1"])
    return site


def test_the_doctor_survives_its_patients(capsys, hostile):
    code, out, _ = said(capsys, "plugins", "doctor", "some-plugin", "--json", "--limit", "5")
    found = json.loads(out)
    rows = {row["id"].partition(":")[2]: row for row in found["distributions"][0]["entries"]}
    assert code == 1
    assert set(rows) == set(HOSTILE)
    assert {name for name, row in rows.items() if row["state"] == "ok"} == WELL
    assert found["wrong"] == len(HOSTILE) - len(WELL)
    for name, part in {
        "ends": "importing it ended the process (exit code 7): REGKIT_BLOCK=some-plugin",
        "exits": "SystemExit: 3",
        "hangs": "importing it takes longer than 5 s",
        "kills": "importing it ended the process (signal 9)",
        "raises": "RuntimeError: no such library",
        "reads": "EOFError",
        "syntax": "SyntaxError",
        "unlike": "must be a subclass of regkit.Technique",
    }.items():
        assert part in rows[name]["error"], rows[name]
    for name, line in {"exits": 2, "raises": 3, "reads": 1, "syntax": 2}.items():
        assert rows[name]["place"].endswith(f"h_{name}.py:{line}"), rows[name]
        assert rows[name]["place"] in rows[name]["error"]
    assert rows["hangs"]["seconds"] is None
    assert rows["prints"]["printed"] == 6
    assert rows["works"]["seconds"] >= 0


def test_the_doctor_says_what_to_do(capsys, site):
    files = {"a.py": "print('hello')\n" + TECHNIQUE, "b.py": "import not_there\n"}
    install(site, groups=technique(a="a:Mine", b="b:Mine", c="not_there:Mine"), files=files)
    code, out, _ = said(capsys, "plugins", "doctor", "Some_Plugin")
    assert code == 1
    for part in (
        "some-plugin 1.2\n",
        "ok            some-plugin:a (technique)  0.",
        "it prints when it is imported",
        "broken        some-plugin:b (technique)",
        "No module named 'not_there'",
        f"{site}/b.py:1",
        "there is no module 'not_there': install some-plugin again",
        "note          it does not say which regkit it needs: dependencies = [",
        "2 wrong, 3 entries",
    ):
        assert part in out, out
    assert "keras-regkit 0" not in out  # that was not asked for
    assert "see regkit plugins doctor" not in out  # this is it


def test_stale_metadata_of_another_version(capsys, site):
    for version in ("1.0", "2.0"):
        install(site, version=version, groups=technique(a="a:Mine"), files={"a.py": TECHNIQUE})
    code, out, _ = said(capsys, "plugins", "doctor", "some-plugin")
    assert code == 1
    assert "metadata of 2 versions are there" in out
    assert "pip uninstall some-plugin until none is left" in out
    assert out.count("some-plugin:a (technique)") == 1


@pytest.mark.parametrize("gone", [True, False])
def test_an_editable_install_that_is_gone(capsys, site, tmp_path, gone):
    info = install(site, groups=technique(a="a:Mine"), files={"a.py": TECHNIQUE})
    source = tmp_path / ("gone away" if gone else "")
    origin = {"url": source.as_uri(), "dir_info": {"editable": True}}
    write(site, {f"{info.name}/direct_url.json": json.dumps(origin)})
    code, out, _ = said(capsys, "plugins", "doctor", "some-plugin")
    assert code == gone
    assert ("it is an editable install of" in out) is gone
    assert (f"{source}, which is gone: install it again" in out) is gone


@pytest.mark.parametrize("text", ["nonsense", "[1]", '{"url": 3, "dir_info": 4}', "null", ""])
def test_an_origin_that_is_malformed_is_left_alone(site, text):
    info = install(site, groups=technique(a="a:Mine"))
    write(site, {f"{info.name}/direct_url.json": text})
    (found,) = (one for one in health() if one.distribution.name == "some-plugin")
    assert found.problems == []


def test_a_misspelt_group_is_found(capsys, site):
    install(site, groups={"regkit.technique": {"a": "a:Mine"}})
    code, out, _ = said(capsys, "plugins", "doctor")
    assert code == 1
    assert "group 'regkit.technique' is not known to this regkit; did you mean 'regkit.tech" in out


@pytest.mark.parametrize(("variable", "value"), [("BLOCK", "some-plugin"), ("PLUGINS", "other")])
def test_what_is_shut_out_is_not_imported_and_not_wrong(capsys, site, monkeypatch, variable, value):
    text = "open(__file__ + '.ran', 'w').close()\n"
    install(site, groups=technique(a="a:Mine"), files={"a.py": text})
    monkeypatch.setenv(f"REGKIT_{variable}", value)
    code, out, _ = said(capsys, "plugins", "doctor", "some-plugin")
    assert code == 0
    assert f"REGKIT_{variable}" in out
    assert not (site / "a.py.ran").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["keras-regkti"], "did you mean 'keras-regkit'"),
        (["nothing-like-it"], "no installed distribution 'nothing-like-it' registers anything"),
        (["--limit", "0"], "--limit must be a number of seconds above 0"),
        (["--limit", "nan"], "--limit must be a number of seconds above 0"),
        (["--backend", "jaxx"], "did you mean 'jax'"),
    ],
)
def test_what_cannot_be_asked_for(capsys, site, words, message):
    code, out, err = said(capsys, "plugins", "doctor", *words)
    assert (code, out) == (2, "")
    assert message in err


def test_where_keras_itself_fails_it_is_said_so(site, monkeypatch):
    write(site, {"keras.py": "raise ImportError('no Keras')\n"})
    with pytest.raises(RegkitError, match="Keras cannot be imported in a process of its own"):
        probe.probe([registry.find("l2")], limit=5)


def test_the_command_line_itself(site):
    install(site, groups=technique(a="a:Mine"), files={"a.py": "import sys; sys.exit(0)"})
    done = regkit(site, "plugins", "doctor", "some-plugin")
    assert done.returncode == 1
    assert "SystemExit" in done.stdout
    assert "Traceback" not in done.stderr
