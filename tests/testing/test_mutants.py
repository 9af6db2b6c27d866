"""Every check catches a technique that is wrong, and says how to fix it."""

import re
import sys

import keras
import pytest

from regkit.core import registry
from regkit.testing.collecting import subjects
from regkit.testing.failures import CheckFailed
from regkit.testing.named_checks import chosen
from tests.plugins_of_tests import install, site_fixture  # noqa: F401
from tests.testing.mutants import MUTANTS, PLUGINS

CHECKS = {one.name: one for one in chosen()}
WRONG_PLUGINS = [(check, name) for check, found in PLUGINS.items() for name in found]


def test_every_check_has_a_mutant():
    assert {check for check, _, _ in MUTANTS} | set(PLUGINS) == set(CHECKS)


def caught(check, subject, pattern):
    with pytest.raises(CheckFailed) as failure:
        CHECKS[check](subject)
    text = str(failure.value)
    assert re.fullmatch(r"(?s)expected: .+\nfound: .+\nto fix: .+", text), text
    assert re.search(pattern, text, re.DOTALL), text


@pytest.mark.parametrize(
    ("check", "cls", "pattern"),
    MUTANTS,
    ids=[f"{check}-{cls.__name__}" for check, cls, _ in MUTANTS],
)
def test_a_mutant_is_caught(check, cls, pattern):
    (subject,) = subjects([cls])
    caught(check, subject, pattern)


@pytest.mark.backend_free
@pytest.mark.parametrize(("check", "name"), WRONG_PLUGINS, ids=lambda name: name)
def test_a_wrong_plugin_is_caught(check, name, site):
    entry, module, pattern = PLUGINS[check][name]
    other = "torch" if keras.backend.backend() != "torch" else "tensorflow"
    table = {"regkit.techniques": {entry: f"wrong_{name}:Mine"}}
    install(site, groups=table, files={f"wrong_{name}.py": module.replace("{0}", other)})
    registry.refresh()
    was_there = other in sys.modules
    try:
        (subject,) = subjects("some-plugin")
        caught(check, subject, pattern)
    finally:
        if not was_there:
            sys.modules.pop(other, None)
