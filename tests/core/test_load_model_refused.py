"""A saved model that regkit cannot vouch for is refused; a file runs nothing by being read."""

import sys

import keras
import pytest

import regkit
from regkit.core import registry
from regkit.core.errors import OptionError, RegistryError
from tests.plugins_of_tests import install, site_fixture  # noqa: F401
from tests.saved_models import (  # noqa: F401
    FILES,
    LAYER,
    add_layer,
    object_of,
    plugin_fixture,
    predicted,
    saved,
    with_config,
)


def refused(path, *parts, error=RegistryError, **options):
    with pytest.raises(error) as caught:
        regkit.load_model(path, **options)
    for part in parts:
        assert part in str(caught.value), str(caught.value)


@pytest.fixture
def plain(tmp_path):
    return saved(tmp_path, keras.layers.Flatten())[1]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (object_of("not-there>Mine", "not_there"), "pip install not-there, if that is its name"),
        (object_of("Not_There>Mine", "not_there"), "pip install not-there"),
        (object_of("a b; rm>Mine", "not_there"), "'a b; rm>Mine', which no installed distribution"),
        (object_of("regkit>Nothing", "regkit"), "has no layer, regularizer or model of this name"),
        (object_of("keras-regkit>L2", "regkit"), "keras-regkit 0."),
        (object_of("some-plugin>Other", "a_technique"), "some-plugin 1.2 has no layer"),
        (object_of("some-plugin>Nothing", "a_layer"), "install the version of some-plugin"),
        (object_of("Mine", "evil_module"), "not imported because a file says so"),
        (object_of(None, "evil_module"), "'Mine', of the module 'evil_module'"),
        (object_of("system", "os", "system"), "'system', of the module 'os'"),
        (object_of("not>there", "keras.layers", "Dense"), "not>there"),
        (object_of("x", "kerasevil.layers", "Dense"), "'kerasevil.layers'"),
        ({"class_name": "function", "module": "evil_module", "config": "run",
          "registered_name": "regkit>DropConnect"}, "'run', of the module 'evil_module'"),
        ({"class_name": "__typespec__", "module": "evil_module", "spec_name": "T", "config": [],
          "registered_name": "T"}, "'T', of the module 'evil_module'"),
        ({"class_name": "A", "config": {"deep": [[{"x": object_of("p>B", "m")}]]}}, "'p>B'"),
    ],
)  # fmt: skip
def test_names_that_nothing_registers_are_refused(plugin, plain, value, message):
    (plugin / "evil_module.py").write_text("raise SystemExit('it ran')")
    refused(with_config(plain, add_layer(**value)), message)
    assert not {"evil_module", "a_layer", "a_technique"} & set(sys.modules)


def test_nothing_is_imported_where_one_name_is_missing(plugin, plain):
    with_config(plain, add_layer(**object_of("some-plugin>Double", "a_layer", "Double")))
    refused(with_config(plain, add_layer(**object_of("zzz>Mine", "zzz"))), "zzz>Mine")
    assert "a_layer" not in sys.modules


@pytest.mark.parametrize(("variable", "state"), [("BLOCK", "blocked"), ("PLUGINS", "not allowed")])
@pytest.mark.parametrize("loaded", [True, False])
def test_distributions_that_are_shut_out_stay_out(
    plugin, plain, monkeypatch, variable, state, loaded
):
    if loaded:
        registry.load("some-plugin:double", "layer")
        registry.load("some-plugin:small", "regularizer")
    value = "some-plugin" if variable == "BLOCK" else "other"
    monkeypatch.setenv(f"REGKIT_{variable}", value)
    registry.refresh()
    with_config(plain, add_layer(**object_of("some-plugin>Double", "a_layer", "Double")))
    refused(plain, f"some-plugin 1.2 is {state}")
    assert ("a_layer" in sys.modules) is loaded
    function = {"class_name": "function", "module": "builtins", "config": "some-plugin>squared"}
    refused(
        with_config(plain, lambda c: c["config"]["layers"].__setitem__(-1, function)), "squared"
    )


def test_a_name_of_two_entries_is_refused(site, plain):
    table = {"one": "one:Double", "two": "two:Double"}
    install(site, groups={"regkit.layers": table}, files={"one.py": LAYER, "two.py": LAYER})
    registry.refresh()
    with_config(plain, add_layer(**object_of("some-plugin>Double", "one", "Double")))
    refused(plain, "some-plugin 1.2 registers that name twice, for one:Double and two:Double")
    assert not {"one", "two"} & set(sys.modules)


def test_one_class_under_two_names_is_one(site, tmp_path):
    table = {"one": "a_layer:Double", "two": "a_layer:Double"}
    install(site, groups={"regkit.layers": table}, files=FILES)
    registry.refresh()
    double = registry.load("some-plugin:two", "layer")
    model, path = saved(tmp_path, double())
    assert predicted(regkit.load_model(path)) == predicted(model)


def test_a_name_that_another_registration_has_taken_is_refused(plugin, tmp_path):
    double = registry.load("some-plugin:double", "layer")
    _, path = saved(tmp_path, double())
    thief = type("Thief", (keras.layers.Layer,), {})
    keras.saving.register_keras_serializable("some-plugin", "Double")(thief)
    refused(path, "another object", "Thief", "has taken its name 'some-plugin>Double'")


def test_a_plugin_that_fails_says_so(site, plain):
    table = {"double": "a_layer:Double"}
    install(site, groups={"regkit.layers": table}, files={"a_layer.py": "import not_there"})
    registry.refresh()
    with_config(plain, add_layer(**object_of("some-plugin>Double", "a_layer", "Double")))
    refused(plain, "some-plugin 1.2", "No module named 'not_there'", "a_layer.py:1")


def test_a_lambda_is_refused_by_keras(tmp_path):
    _, path = saved(tmp_path, keras.layers.Lambda(lambda x: 2 * x))
    refused(path, "lambda", error=ValueError)
    assert regkit.load_model is not keras.models.load_model


@pytest.mark.parametrize(
    ("options", "message"),
    [({"safe_mode": False}, "safe_mode must be True"), ({"safe_mode": 1}, "safe_mode must be True"),
     ({"safemode": True}, "no option 'safemode'")],
)  # fmt: skip
def test_options_of_keras_that_are_refused(plain, options, message):
    refused(plain, message, error=OptionError, **options)
    assert regkit.load_model(plain, safe_mode=True)
