"""`regkit list`, which imports nothing."""

import json
import re

import pytest

from regkit.core import registry
from tests.cli.shown import GROUPS, PLUGIN, plugin_fixture, said  # noqa: F401
from tests.plugins_of_tests import install, python, regkit, site_fixture  # noqa: F401

pytestmark = pytest.mark.backend_free


def test_list_shows_each_kind(capsys, plugin):
    code, out, _ = said(capsys, "list")
    assert code == 0
    techniques, layers, models, ensembles = out.split("\n\n")
    summary = "Keep the norm of each unit's weights at a limit."
    assert re.search(rf"(?m)^some-plugin:max_norm +{summary}$", techniques)
    assert layers.startswith("layers\ndrop_connect ")
    assert "some-plugin:only" in layers
    assert models.startswith("models\ndenoising_autoencoder ")
    assert ensembles.startswith("ensembles\nada_boost_classifier ")


def test_list_of_a_kind(capsys, plugin):
    _, out, _ = said(capsys, "list", "--kind", "layer")
    first = [line.split()[0] for line in out.splitlines()]
    assert first == ["drop_connect", "elastic_distortion", "some-plugin:only"]
    rows = json.loads(said(capsys, "list", "--kind", "technique", "--json")[1])
    assert {row["kind"] for row in rows} == {"technique"}
    assert said(capsys, "list", "--kind", "ensemble")[0] == 0


def test_list_of_words_searches(capsys, plugin):
    code, out, _ = said(capsys, "list", "weight", "penalty")
    assert code == 0
    assert {"l1", "l2", "weight_decay"} <= {line.split()[0] for line in out.splitlines()}
    assert [row["id"] for row in json.loads(said(capsys, "list", "ridge", "--json")[1])] == ["l2"]
    assert "Nothing that is registered has 'no such'" in said(capsys, "list", "no", "such")[1]


def test_list_says_why_something_cannot_be_used(capsys, plugin, monkeypatch):
    monkeypatch.setenv("REGKIT_BLOCK", "some-plugin")
    registry.refresh()
    assert "limit. [blocked: REGKIT_BLOCK names its distribution]" in said(capsys, "list")[1]


@pytest.mark.parametrize("command", [["list"], ["show", "l2"]])
def test_an_unknown_kind_suggests(capsys, command):
    code, _, err = said(capsys, *command, "--kind", "layers")
    assert code == 2
    assert "no kind is called 'layers'; did you mean 'layer'" in err


def test_with_300_distributions_nothing_heavy_is_imported_and_one_scan_is_made(site):
    for number in range(300):
        groups = GROUPS if number % 3 == 0 else None
        files = {f"m{number}.py": PLUGIN} if groups else {}
        groups = groups and {"regkit.techniques": {"max_norm": f"m{number}:MaxNorm"}}
        install(site, f"distribution-{number}", groups=groups, files=files)
    code = (
        "import importlib.metadata as m, sys\n"
        "scans, plain = [], m.distributions\n"
        "m.distributions = lambda **context: scans.append(1) or plain(**context)\n"
        "from regkit.cli.main import main\n"
        "main(['list'])\n"
        "heavy = ('keras', 'numpy', 'rich', 'tensorflow', 'jax', 'torch', 'm0')\n"
        "print(len(scans), [n for n in heavy if n in sys.modules], file=sys.stderr)"
    )
    done = python(site, code)
    assert done.stderr.strip() == "1 []"
    assert done.stdout.count("Keep the norm") == 100
