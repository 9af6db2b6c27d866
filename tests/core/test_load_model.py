"""A saved model with layers of regkit or of plugins loads, with what its file names and no more."""

import sys

import keras
import pytest

import regkit
from regkit.core import registry
from regkit.core.errors import RegistryError
from tests.plugins_of_tests import site_fixture  # noqa: F401
from tests.saved_models import object_of, plugin_fixture, predicted, saved, with_config  # noqa: F401

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


def test_layers_of_regkit_load_in_a_fresh_process(tmp_path, fresh):
    dense = keras.layers.Dense(2, activation="relu")
    layers = [regkit.layers.ElasticDistortion(3.0), keras.layers.Flatten()]
    model, path = saved(tmp_path, *layers, regkit.layers.DropConnect(dense, 0.3), compiled=True)
    done = fresh.run(IN_A_FRESH_PROCESS.format(path=str(path)), folder=tmp_path)
    expected = ["Keras alone: no", "regkit: yes", "[]", "[]", predicted(model)]
    assert done.stdout.splitlines() == expected, done.stderr


def test_only_what_the_file_names_is_imported(plugin, tmp_path, fresh):
    double = registry.load("some-plugin:double", "layer")
    model, path = saved(tmp_path, double(), keras.layers.Flatten(), keras.layers.Dense(2))
    code = IN_A_FRESH_PROCESS.format(path=str(path))
    done = fresh.run(code, folder=tmp_path, path=[plugin])
    expected = ["Keras alone: no", "regkit: yes", "['a_layer']", "[]", predicted(model)]
    assert done.stdout.splitlines() == expected, done.stderr


def test_a_regularizer_and_a_function_beside_it(plugin, tmp_path, fresh):
    small = registry.load("some-plugin:small", "regularizer")
    squared = sys.modules["a_regularizer"].squared
    dense = keras.layers.Dense(2, activation=squared, kernel_regularizer=small(0.1))
    model, path = saved(tmp_path, keras.layers.Flatten(), dense, compiled=True)
    code = IN_A_FRESH_PROCESS.format(path=str(path))
    done = fresh.run(code, folder=tmp_path, path=[plugin])
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
