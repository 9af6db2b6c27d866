import ast
import importlib.metadata
import json
import tomllib
from pathlib import Path

import keras
import pytest

import regkit
from regkit.core import registry
from regkit.core.errors import RegistryError
from regkit.core.technique import Technique
from tests.plugins_of_tests import TECHNIQUE, install, python, site_fixture  # noqa: F401

pytestmark = pytest.mark.backend_free

ROOT = Path(__file__).parents[2]
GROUPS = ("regkit.techniques", "regkit.layers")


def declared(group):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return project["entry-points"][group]


def classes():
    """Yield (module, class definition) of everything under regkit/techniques."""
    for path in (ROOT / "regkit" / "techniques").rglob("*.py"):
        module = ".".join(["regkit", *path.relative_to(ROOT / "regkit").with_suffix("").parts])
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef):
                yield module, node


def test_the_table_and_the_files_are_equal():
    """Every technique in a file is an entry point, by its own word, and nothing else is."""
    found = {
        f"{module}:{node.name}"
        for module, node in classes()
        if "Technique" in [base.id for base in node.bases if isinstance(base, ast.Name)]
    }
    assert found == set(declared("regkit.techniques").values())
    for name, target in declared("regkit.techniques").items():
        cls = registry.load(name)
        assert f"{cls.__module__}:{cls.__qualname__}" == target
        assert cls.word() == name
        assert issubclass(cls, Technique)


def test_the_table_of_layers_and_the_files_are_equal():
    """Every class that registers itself with Keras is an entry point, and public as a layer."""
    found = {
        f"{module}:{node.name}"
        for module, node in classes()
        if any("register_keras_serializable" in ast.unparse(one) for one in node.decorator_list)
    }
    table = declared("regkit.layers")
    assert found == set(table.values())
    assert {target.partition(":")[2] for target in table.values()} == set(regkit.layers.__all__)
    for name, target in table.items():
        cls = registry.load(name, "layer")
        assert issubclass(cls, keras.layers.Layer)
        assert cls is getattr(regkit.layers, target.partition(":")[2])
        assert keras.saving.get_registered_name(cls) == f"regkit>{cls.__name__}"
        assert Technique.word.__func__(cls) == name


@pytest.mark.parametrize("group", GROUPS)
def test_the_installed_metadata_is_current(group):
    points = importlib.metadata.entry_points(group=group)
    installed = {one.name: one.value for one in points if one.dist.name == registry.BUILTIN}
    assert installed == declared(group), "install again: pip install -e ."


def test_entries_have_a_summary_without_importing():
    for entry in registry.entries():
        if entry.distribution == registry.BUILTIN:
            assert entry.summary.endswith(".")
            assert (entry.state, entry.reason) == ("available", "")
    json.dumps([entry.id for entry in registry.entries()])


def test_an_id_is_unique_within_its_kind():
    pairs = [(entry.kind, entry.id) for entry in registry.entries()]
    assert len(pairs) == len(set(pairs))
    assert registry.load("drop_connect") is regkit.DropConnect
    assert registry.load("drop_connect", "layer") is regkit.layers.DropConnect
    assert registry.identify(regkit.layers.DropConnect) == "drop_connect"
    assert {entry.kind for entry in registry.entries("layer")} == {"layer"}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("dropuot", "did you mean 'dropout'"),
        ("not-there:max_norm", "no installed distribution 'not-there' registers anything"),
        ("", "no technique is called ''"),
        (":l2", "no technique is called ':l2'"),
        ("os:system", "no installed distribution 'os'"),
        ("regkit.techniques.penalties.l2:L2", "no technique is called"),
    ],
)
def test_unknown_names_say_what_to_do(name, message):
    with pytest.raises(RegistryError, match=message):
        registry.load(name)


@pytest.fixture
def plugin(site):
    """A distribution on the path, made by hand: two techniques, one of them broken."""
    table = {
        "l2": "some_plugin_works:Mine",
        "broken": "some_plugin_broken:Theirs",
        "Wrong-Name": "some_plugin_works:Mine",
    }
    files = {
        "some_plugin_works.py": TECHNIQUE,
        "some_plugin_broken.py": "raise RuntimeError('no such library')\n",
    }
    install(site, groups={"regkit.techniques": table}, files=files)
    registry.refresh()
    return site


def test_a_plugin_has_its_distribution_before_its_name(plugin):
    assert registry.load("l2").__module__.startswith("regkit.")  # an installed name does not change
    mine = registry.load("some-plugin:l2")
    assert mine.__name__ == "Mine"
    assert registry.load("Some_Plugin:l2") is mine  # names of distributions as pip takes them
    assert registry.identify(mine) == "some-plugin:l2"
    assert registry.find("some-plugin:l2").summary == "Do mine."
    assert str(regkit.Recipe([mine()])) == "some-plugin:l2"


@pytest.mark.parametrize("name", ["3d-noise", "4.5", "1e5", "a.b-c_d"])
def test_a_recipe_names_any_distribution(site, name):
    """PyPI allows names that begin as a number does."""
    install(site, name, groups={"regkit.techniques": {"mine": "mine_a:Mine"}}, files={"mine_a.py": TECHNIQUE})  # fmt: skip
    registry.refresh()
    (mine,) = recipe = regkit.Recipe(f"{name}:mine")
    assert registry.identify(type(mine)).endswith(":mine")
    assert str(regkit.Recipe(str(recipe))) == str(recipe)


def test_a_bare_name_never_reaches_a_plugin(site):
    install(
        site, groups={"regkit.techniques": {"max_norm": "mine_a:Mine"}}, files={"mine_a.py": ""}
    )
    registry.refresh()
    with pytest.raises(RegistryError, match="did you mean 'some-plugin:max_norm'"):
        registry.load("max_norm")


def test_a_broken_plugin_breaks_nothing_but_itself(plugin):
    assert "l2" in [entry.id for entry in registry.entries()]
    with pytest.raises(RegistryError) as caught:
        registry.load("some-plugin:broken")
    for part in (
        "some-plugin",
        "1.2",
        "some_plugin_broken:Theirs",
        "no such library",
        "some_plugin_broken.py:1",
        "REGKIT_BLOCK",
    ):
        assert part in str(caught.value)


def test_what_failed_is_listed_as_broken_until_a_refresh(plugin):
    with pytest.raises(RegistryError):
        registry.load("some-plugin:broken")
    entry = registry.known("some-plugin:broken")
    assert entry.state == "broken"
    assert "no such library" in entry.reason
    repaired = TECHNIQUE.replace("Mine", "Theirs")
    (plugin / "some_plugin_broken.py").write_text(repaired)
    with pytest.raises(RegistryError, match="no such library"):
        registry.load("some-plugin:broken")  # it is not tried again
    registry.refresh()
    assert registry.known("some-plugin:broken").state == "available"
    assert registry.load("some-plugin:broken").__name__ == "Theirs"
    assert registry.find("some-plugin:broken").summary == "Do mine."


def test_one_scan_a_process(plugin, monkeypatch):
    scans = []
    plain = importlib.metadata.distributions

    def distributions(**context):
        scans.append(context)
        return plain(**context)

    monkeypatch.setattr(importlib.metadata, "distributions", distributions)
    registry.refresh()
    registry.entries()
    registry.load("l2")
    registry.load("drop_connect", "layer")
    str(regkit.Recipe("l2 + some-plugin:l2"))
    assert len(scans) == 1
    registry.refresh()
    registry.entries()
    assert len(scans) == 2


def test_finding_imports_nothing_and_loading_only_what_is_named(site):
    table = {"one": "plugin_one:Mine", "two": "plugin_two:Mine"}
    files = {"plugin_one.py": TECHNIQUE, "plugin_two.py": TECHNIQUE}
    install(site, groups={"regkit.techniques": table}, files=files)
    code = (
        "import sys; from regkit.core import registry\n"
        "print([e.summary for e in registry.entries() if 'some' in e.id])\n"
        "print([n for n in ('keras', 'numpy', 'plugin_one', 'plugin_two') if n in sys.modules])\n"
        "registry.load('some-plugin:one')\n"
        "print([n for n in ('plugin_one', 'plugin_two') if n in sys.modules])"
    )
    done = python(site, code)
    assert done.stdout.splitlines() == ["['Do mine.', 'Do mine.']", "[]", "['plugin_one']"]


def test_a_package_may_pass_its_class_on(site):
    """The entry point names the package, whose `__init__` imports the class from where it is."""
    files = {
        "passing/__init__.py": "from .inner import Mine as Public\n",
        "passing/inner/__init__.py": "from passing.inner.deep import Mine\n",
        "passing/inner/deep.py": TECHNIQUE,
    }
    install(site, groups={"regkit.techniques": {"mine": "passing:Public"}}, files=files)
    registry.refresh()
    assert registry.find("some-plugin:mine").summary == "Do mine."
    mine = registry.load("some-plugin:mine")
    assert registry.identify(mine) == "some-plugin:mine"
