"""Saved models with layers of a plugin, and files that somebody has changed."""

import json
import zipfile

import keras
import numpy as np
import pytest

from regkit.core import registry
from tests.plugins_of_tests import install

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


@pytest.fixture(name="plugin")
def plugin_fixture(site):
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


def predicted(model):
    found = model.predict(np.arange(16.0).reshape(1, 4, 4, 1), verbose=0)
    return np.array2string(found, precision=4)
