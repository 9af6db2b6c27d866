"""A saved model with layers of regkit or of plugins loads; a file runs nothing by being read."""

import json
import sys
import zipfile

import keras
import numpy as np
import pytest

import regkit
from regkit.core import registry
from regkit.core.errors import OptionError, RegistryError
from tests.plugins_of_tests import install, python, site_fixture  # noqa: F401

LAYER = """\
import keras

@keras.saving.register_keras_serializable("some-plugin")
class Double(keras.layers.Layer):
    def call(self, x):
        return 2 * x
"""
REGULARIZER = """\
import keras

@keras.saving.register_keras_serializable("some-plugin")
class Small(keras.regularizers.L2):
    pass

@keras.saving.register_keras_serializable("some-plugin")
def squared(x):
    return x * x
"""
GROUPS = {
    "regkit.layers": {"double": "a_layer:Double"},
    "regkit.regularizers": {"small": "a_regularizer:Small"},
    "regkit.techniques": {"other": "a_technique:Other"},
}
FILES = {
    "a_layer.py": LAYER,
    "a_regularizer.py": REGULARIZER,
    "a_technique.py": "raise RuntimeError('nobody asked for this')",
}


@pytest.fixture
def plugin(site):
    install(site, groups=GROUPS, files=FILES)
    registry.refresh()
    return site


def saved(folder, *layers, compiled=False, name="model.keras"):
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((4, 4, 1)), *layers])
    if compiled:
        model.compile("sgd", "mse", metrics=["mae"])
    path = folder / name
    model.save(path)
    return model, path


def with_config(path, change):
    """Write a .keras file anew with another config."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(parts["config.json"])
    parts["config.json"] = json.dumps(change(config) or config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return path


def object_of(name, module, word="Mine", **config):
    return {"class_name": word, "module": module, "registered_name": name, "config": config}


def add_layer(**value):
    def change(config):
        config["config"]["layers"].append(value)

    return change


# -- what loads --------------------------------------------------------------------------------

IN_A_FRESH_PROCESS = """
import sys
import keras, numpy as np
path = {path!r}
try:
    keras.models.load_model(path)
except (TypeError, ValueError):
    print("Keras alone: no")
import regkit
model = regkit.load_model(path)
print("regkit: yes")
print(sorted(name for name in sys.modules if name.startswith("a_")))
print(sorted(name.rpartition(".")[2] for name in sys.modules if "techniques.penalties." in name))
print(np.array2string(model.predict(np.arange(16.0).reshape(1, 4, 4, 1), verbose=0), precision=4))
"""


def predicted(model):
    found = model.predict(np.arange(16.0).reshape(1, 4, 4, 1), verbose=0)
    return np.array2string(found, precision=4)


def test_layers_of_regkit_load_in_a_fresh_process(tmp_path):
    dense = keras.layers.Dense(2, activation="relu")
    layers = [regkit.layers.ElasticDistortion(3.0), keras.layers.Flatten()]
    model, path = saved(tmp_path, *layers, regkit.layers.DropConnect(dense, 0.3), compiled=True)
    done = python(tmp_path, IN_A_FRESH_PROCESS.format(path=str(path)))
    expected = ["Keras alone: no", "regkit: yes", "[]", "[]", predicted(model)]
    assert done.stdout.splitlines() == expected, done.stderr


def test_only_what_the_file_names_is_imported(plugin, tmp_path):
    double = registry.load("some-plugin:double", "layer")
    model, path = saved(tmp_path, double(), keras.layers.Flatten(), keras.layers.Dense(2))
    done = python(plugin, IN_A_FRESH_PROCESS.format(path=str(path)))
    expected = ["Keras alone: no", "regkit: yes", "['a_layer']", "[]", predicted(model)]
    assert done.stdout.splitlines() == expected, done.stderr


def test_a_regularizer_and_a_function_beside_it(plugin, tmp_path):
    small = registry.load("some-plugin:small", "regularizer")
    squared = sys.modules["a_regularizer"].squared
    dense = keras.layers.Dense(2, activation=squared, kernel_regularizer=small(0.1))
    model, path = saved(tmp_path, keras.layers.Flatten(), dense, compiled=True)
    done = python(plugin, IN_A_FRESH_PROCESS.format(path=str(path)))
    expected = ["Keras alone: no", "regkit: yes", "['a_regularizer']", "[]", predicted(model)]
    assert done.stdout.splitlines() == expected, done.stderr


def test_what_is_loaded_already_loads(plugin, tmp_path):
    double = registry.load("some-plugin:double", "layer")
    model, path = saved(tmp_path, double())
    assert predicted(regkit.load_model(path)) == predicted(model)
    assert predicted(regkit.load_model(str(path))) == predicted(model)


def test_a_folder_loads(tmp_path):
    model = keras.Sequential([keras.Input((4, 4, 1)), regkit.layers.ElasticDistortion()])
    keras.saving.save_model(model, tmp_path / "folder", zipped=False)
    assert predicted(regkit.load_model(tmp_path / "folder")) == predicted(model)


def test_a_plain_model_loads_with_its_optimizer(tmp_path):
    layers = [keras.layers.Flatten(), keras.layers.Dense(2, "relu", kernel_regularizer="l2")]
    model, path = saved(tmp_path, *layers, compiled=True)
    loaded = regkit.load_model(path)
    assert isinstance(loaded.optimizer, keras.optimizers.SGD)
    assert predicted(loaded) == predicted(model)
    assert not regkit.load_model(path, compile=False).compiled


def test_classes_of_ones_own_load_as_keras_loads_them(tmp_path):
    class Plain(keras.layers.Layer):
        def call(self, x):
            return 3 * x

    model, path = saved(tmp_path, Plain())
    with pytest.raises(RegistryError, match="not imported because a file says so"):
        regkit.load_model(path)
    assert predicted(regkit.load_model(path, custom_objects={"Plain": Plain})) == predicted(model)
    keras.saving.register_keras_serializable()(Plain)
    model, path = saved(tmp_path, Plain())
    assert predicted(regkit.load_model(path)) == predicted(model)  # registered in this process
    del keras.saving.get_custom_objects()["Custom>Plain"]
    with pytest.raises(RegistryError, match="For a class of your own import its module") as caught:
        regkit.load_model(path)
    assert "pip install" not in str(caught.value)
    with keras.saving.custom_object_scope({"Custom>Plain": Plain}):
        assert predicted(regkit.load_model(path)) == predicted(model)


def test_what_compile_false_leaves_out_is_not_needed(tmp_path):
    _, path = saved(tmp_path, keras.layers.Flatten(), compiled=True)

    def change(config):
        config["compile_config"]["loss"] = object_of("nobody>Loss", "nobody")

    with_config(path, change)
    with pytest.raises(RegistryError, match="nobody>Loss"):
        regkit.load_model(path)
    assert regkit.load_model(path, compile=False)


# -- what is refused ---------------------------------------------------------------------------


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
