"""What the registry refuses by metadata alone: each with state and reason."""

import pytest

from regkit.core import registry
from regkit.core.errors import RegistryError
from regkit.core.registry import metadata
from tests.plugins_of_tests import FILES, TABLE, install, plugin_fixture, refused, site_fixture  # noqa: F401

pytestmark = pytest.mark.backend_free


def test_a_sound_plugin_is_available(plugin):
    (entry,) = plugin(requires=["keras-regkit>=0.1", "numpy"])
    assert (entry.state, entry.reason, entry.requires) == ("available", "", ">=0.1")
    assert (entry.id, entry.version) == ("some-plugin:mine", "1.2")
    assert registry.load("some-plugin:mine").__name__ == "Mine"


# -- allowed and blocked -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variable", "value", "state"),
    [
        ("REGKIT_BLOCK", "other, some-plugin", "blocked"),
        ("REGKIT_BLOCK", "Some_Plugin", "blocked"),
        ("REGKIT_BLOCK", "some.plugin", "blocked"),
        ("REGKIT_PLUGINS", "other", "not allowed"),
    ],
)
def test_distributions_can_be_blocked_or_not_allowed(plugin, monkeypatch, variable, value, state):
    monkeypatch.setenv(variable, value)
    (entry,) = plugin()
    assert entry.state == state
    assert variable in entry.reason
    refused("some-plugin:mine", f"some-plugin 1.2 is {state}", variable)
    assert registry.load("l2")


@pytest.mark.parametrize(
    ("allowed", "blocked"),
    [("SOME.plugin", ""), ("", "other"), (" , ", ","), ("some-plugin,x", "")],
)
def test_what_is_allowed_is_available(plugin, monkeypatch, allowed, blocked):
    monkeypatch.setenv("REGKIT_PLUGINS", allowed)
    monkeypatch.setenv("REGKIT_BLOCK", blocked)
    assert plugin()[0].state == "available"


def test_block_comes_before_allow(plugin, monkeypatch):
    monkeypatch.setenv("REGKIT_PLUGINS", "some-plugin")
    monkeypatch.setenv("REGKIT_BLOCK", "some-plugin,keras-regkit")
    assert plugin()[0].state == "blocked"
    assert registry.load("l2")  # built-ins cannot be blocked


# -- names -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Wrong-Name", "9lives", "with space", "a.b", "ä", "_x", "a:b"])
def test_a_name_that_breaks_the_rule_is_listed_as_such(plugin, name):
    (entry,) = plugin(groups={"regkit.techniques": {name: "mine:Mine"}})
    assert (entry.name, entry.state) == (name, "invalid name")
    refused(entry.id, "invalid name") if ":" not in name else None


@pytest.mark.parametrize("second", ["mine:Mine", "mine:Other"])
def test_a_name_that_is_there_twice_is_refused(plugin, second):
    found = plugin(groups={"regkit.techniques": f"mine = mine:Mine\nmine = {second}"})
    assert [entry.state for entry in found] == ["duplicate", "duplicate"]
    refused("some-plugin:mine", "is duplicate", "two techniques of this name")


def test_a_name_may_be_of_two_kinds(plugin):
    found = plugin(groups={**TABLE, "regkit.layers": {"mine": "mine:Mine"}})
    assert [(entry.id, entry.kind, entry.state) for entry in found] == [
        ("some-plugin:mine", "technique", "available"),
        ("some-plugin:mine", "layer", "available"),
    ]


def test_a_distribution_is_known_by_its_normal_name(plugin):
    (entry,) = plugin(name="Some-Plugin")
    assert entry.id == "some-plugin:mine"


# -- malformed metadata ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    ["", "mine", ":", "mine:", ":Mine", "mine:a.b", "mine Mine", "../x:y", "__import__('os')", "a-b:c"],
)  # fmt: skip
def test_a_malformed_target_is_broken(plugin, value):
    (entry,) = plugin(groups={"regkit.techniques": {"mine": value}})
    assert (entry.state, entry.summary) == ("broken", "")
    refused("some-plugin:mine", "must be module:Class", "some-plugin 1.2")


def test_a_line_without_a_value_is_broken_and_the_others_are_not(plugin):
    found = plugin(groups={"regkit.techniques": "# a comment\nmine = mine:Mine\nnonsense"})
    assert {entry.name: entry.state for entry in found} == {
        "mine": "available",
        "nonsense": "broken",
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "METADATA is missing"),
        ("Name: keras-regkit\nVersion: 9\n", "METADATA names keras-regkit, not some-plugin"),
        ("Version: 9\n", "METADATA names nothing"),
        ("Name: some-plugin\nName: keras-regkit\n", "METADATA names some-plugin, keras-regkit"),
    ],
)
def test_metadata_that_is_not_its_own_is_broken(plugin, text, reason):
    """Not even a distribution that says it is regkit gets a bare name."""
    (entry,) = plugin(metadata=text, groups={"regkit.techniques": {"l2": "mine:Mine"}})
    assert (entry.state, entry.id) == ("broken", "some-plugin:l2")
    assert reason in entry.reason
    assert registry.load("l2").__module__.startswith("regkit.")


@pytest.mark.parametrize("file", ["METADATA", "entry_points.txt"])
def test_metadata_in_no_known_encoding_is_broken(site, file):
    info = install(site, groups=TABLE, files=FILES)
    (info / file).write_bytes(b"[regkit.techniques]\nName: \xff\xfe\x00\n")
    registry.refresh()
    (entry,) = [one for one in registry.entries() if one.distribution == "some-plugin"]
    assert entry.state == "broken"
    assert "UTF-8" in entry.reason or "UnicodeDecodeError" in entry.reason


def test_others_with_odd_metadata_are_no_concern_of_ours(site):
    (install(site) / "entry_points.txt").write_bytes(b"[other]\n\xff\xfe")
    install(site, "another", groups={"other": "nonsense"})
    registry.refresh()
    assert not {"some-plugin", "another"} & {one.distribution for one in registry.entries()}


def test_what_a_plugin_says_of_itself_cannot_write_to_the_terminal(plugin):
    escape = "\x1b]0;owned\x07"
    found = plugin(
        groups={"regkit.techniques": {f"a{escape}": "mine:Mine", "b": "mine:Mine"}},
        files={"mine.py": f'class Mine:\n    """Do {escape} it.{"long " * 1000}"""\n'},
    )
    for entry in found:
        for text in (entry.name, entry.summary, entry.target):
            assert text.isprintable()
            assert len(text) <= 300


def test_a_second_distribution_called_as_regkit_has_no_bare_names_elsewhere(site):
    groups = {"regkit.techniques": {"l2": "mine:Mine", "l1": "regkit.techniques.penalties.l1:L1"}}
    install(site, "keras-regkit", "9.0", groups=groups, files=FILES)
    registry.refresh()
    with pytest.raises(RegistryError, match="a built-in lies in the package regkit"):
        registry.load("l2")
    assert registry.load("l1").__name__ == "L1"


def test_a_missing_module_is_broken_without_importing(plugin):
    (entry,) = plugin(files={})
    assert entry.state == "broken"
    assert "no module 'mine': install some-plugin again" in entry.reason


# -- versions of regkit ------------------------------------------------------------------------


@pytest.mark.parametrize("requires", ["keras-regkit>=99", "Keras_Regkit (<0.1)", "keras-regkit==0"])
def test_a_plugin_for_another_regkit_is_incompatible(plugin, requires):
    (entry,) = plugin(requires=[requires], files={"mine.py": "raise SystemExit"})
    assert entry.state == "incompatible"
    refused("some-plugin:mine", "is incompatible", "it needs keras-regkit", "this is 0.")


@pytest.mark.parametrize(
    "requires",
    [[], ["numpy>=99"], ["keras-regkit"], ["keras-regkit>=99; extra == 'x'"], ["keras-regkit>=ö"],
     ["keras-regkit @ https://example.org/x.zip"], ["keras-regkit[jax]>=0.0.1,<99"]],
)  # fmt: skip
def test_a_plugin_for_this_regkit_is_available(plugin, requires):
    assert plugin(requires=requires)[0].state == "available"


@pytest.mark.parametrize(
    ("bounds", "version", "met"),
    [
        ("", "0.1", True),
        (">=0.1", "0.1.0", True),
        (">=0.1.1", "0.1", False),
        (">=0.1,<0.2", "0.1.9", True),
        (">=0.1,<0.2", "0.2", False),
        (">0.1", "0.1.0", False),
        ("<=0.1", "0.1.1", False),
        ("==0.1.*", "0.1.7", True),
        ("==0.1.*", "0.2", False),
        ("===0.1", "0.1", True),
        ("!=0.1", "0.1.0", False),
        ("!=0.1.*", "0.2", True),
        ("~=0.1", "0.9", True),
        ("~=0.1.2", "0.1.9", True),
        ("~=0.1.2", "0.2", False),
        ("~=0.1.2", "0.1.1", False),
        (">=0.2rc1", "0.1", False),
        (">=v0.1", "0.1.0.dev3", True),
        ("nonsense", "0.1", True),
    ],
)
def test_bounds_are_compared_by_release_numbers(bounds, version, met):
    assert metadata.unmet(bounds, version) is not met
