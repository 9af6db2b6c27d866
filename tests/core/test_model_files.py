"""Files that are no saved model say what is wrong with them."""

import io
import json
import os
import zipfile

import keras
import pytest

import regkit
from regkit.core.errors import RegkitError
from regkit.core.registry import modelfile

pytestmark = pytest.mark.backend_free


def refused(path, message):
    with pytest.raises(RegkitError, match=message):
        regkit.load_model(path)


def zipped(config, name="config.json"):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, config)
    return packed.getvalue()


def nested(depth):
    return '{"class_name": "A", "config": ' + "[" * depth + "]" * depth + "}"


MALFORMED = {
    "empty": (b"", "not a zip file"),
    "no zip": (b"hello", "not a zip file"),
    "cut short": (zipped(nested(5))[:-30], "not a zip file"),
    "no config": (zipped("{}", "other.json"), "no config.json"),
    "no JSON": (zipped("hello"), "cannot be read"),
    "no UTF-8": (zipped(b'{"a": "\xff\xfe"}'), "cannot be read"),
    "no object": (zipped("[1, 2]"), "holds no model"),
    "no model": (zipped('{"a": 1}'), "holds no model"),
    "a model of numbers": (zipped('{"class_name": 3, "config": {}}'), "holds no model"),
    "nested for the parser": (zipped(nested(200_000)), "nested too deep"),
    "nested for Keras": (zipped(nested(400)), "nested deeper than 200"),
    "huge": (zipped(" " * (65 * 2**20)), "larger than 64 MiB"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_file_says_what_is_wrong(tmp_path, name):
    path, (content, message) = tmp_path / "model.keras", MALFORMED[name]
    path.write_bytes(content)
    refused(path, message)


def test_files_that_are_not_there_or_of_another_format(tmp_path):
    refused(tmp_path / "none.keras", "no model file")
    (tmp_path / "model.h5").write_bytes(b"x")
    refused(tmp_path / "model.h5", "is not a .keras file")
    refused("hf://some/model", "no model file")
    (tmp_path / "folder").mkdir()
    refused(tmp_path / "folder", "holds no config.json")
    assert os.listdir(tmp_path / "folder") == []


def test_the_names_are_those_of_the_file_each_once(tmp_path):
    dense = keras.layers.Dense(2, kernel_regularizer="l2")
    layers = [keras.Input((4,)), dense, regkit.layers.DropConnect(keras.layers.Dense(2))]
    model = keras.Sequential(layers)
    model.save(tmp_path / "model.keras")
    found = modelfile.names(modelfile.read_config(tmp_path / "model.keras"))
    assert len(found) == len(set(found))
    assert [one.name for one in found if ">" in one.name] == ["regkit>DropConnect"]
    assert {"Sequential", "Dense", "L2", "DropConnect"} <= {one.word for one in found}
    assert json.dumps([one.module for one in found])


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ({"class_name": "A", "registered_name": "p>A"}, "p>A"),
        ({"class_name": "A", "registered_name": None}, "A"),
        ({"class_name": "A", "registered_name": 3}, "A"),
        ({"class_name": "function", "config": "f", "registered_name": "g"}, "f"),
        ({"class_name": "__typespec__", "spec_name": "T"}, "T"),
        ({"class_name": "__typespec__"}, None),
        ({"class_name": ["A"]}, None),
        ({"class_name": "function", "config": {}}, None),
        ({"name": "A"}, None),
    ],
)
def test_a_name_is_read_as_keras_reads_it(value, name):
    assert [one.name for one in modelfile.names({"any": [value]})] == ([name] if name else [])
