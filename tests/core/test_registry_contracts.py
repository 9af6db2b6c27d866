"""What is loaded as a kind of thing must be one, under the name that it says itself."""

import keras
import pytest

from regkit.core import registry
from tests.plugins_of_tests import TECHNIQUE, plugin_fixture, refused, site_fixture  # noqa: F401

pytestmark = pytest.mark.backend_free

KERAS = "import keras\nregister = keras.saving.register_keras_serializable\n"


@pytest.mark.parametrize(
    ("kind", "source", "message"),
    [
        ("technique", "class Mine: pass", "must be a subclass of regkit.Technique"),
        ("technique", "from regkit import Technique as Mine", "must be a subclass"),
        ("technique", "Mine = 3", "it is no class but of type int"),
        ("technique", "def Mine(): pass", "it is no class but of type function"),
        ("technique", "import os", "has no attribute 'Mine'"),
        ("technique", "from regkit.layers import DropConnect as Mine", "must be a subclass"),
        ("layer", "from regkit import L2 as Mine", "must be a subclass of keras.layers.Layer"),
        ("layer", "class Mine(keras.layers.Layer): pass", "is not registered with Keras"),
        ("layer", "@register('other')\nclass Mine(keras.layers.Layer): pass", "itself 'other>Mine'"),
        ("layer", "@register('regkit')\nclass Mine(keras.layers.Layer): pass", "'regkit>Mine'"),
        ("layer", "@register('some-plugin', 'You')\nclass Mine(keras.layers.Layer): pass", ">You'"),
        ("layer", "@register('some-plugin')\nclass Mine(keras.layers.Layer): pass\n"
         "@register('some-plugin', 'Mine')\nclass B(keras.layers.Layer): pass", "has taken its name"),
        ("regularizer", "class Mine: pass", "must be a subclass of keras.regularizers.Regularizer"),
        ("model", "@register('some-plugin')\nclass Mine(keras.layers.Layer): pass", "keras.Model"),
        ("ensemble", "class Mine: fit = 1", "an ensemble needs the method fit"),
        ("ensemble", "class Mine:\n    def fit(self): pass", "an ensemble needs the method predict"),
    ],
)  # fmt: skip
def test_what_is_not_of_its_kind_is_refused(plugin, kind, source, message):
    group = next(group for group, word in registry.KINDS.items() if word == kind)
    plugin(groups={group: {"mine": "mine:Mine"}}, files={"mine.py": f"{KERAS}{source}\n"})
    refused("some-plugin:mine", message, "mine:Mine of some-plugin 1.2", kind=kind)
    assert registry.known("some-plugin:mine", kind).state == "broken"


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        ("layer", "@register('Some_Plugin')\nclass Mine(keras.layers.Layer): pass"),
        ("regularizer", "@register('some-plugin')\nclass Mine(keras.regularizers.L2): pass"),
        ("model", "@register('some-plugin')\nclass Mine(keras.Model): pass"),
        ("ensemble", "class Mine:\n    fit = predict = lambda self: None"),
    ],
)
def test_what_is_of_its_kind_is_loaded(plugin, kind, source):
    group = next(group for group, word in registry.KINDS.items() if word == kind)
    plugin(groups={group: {"mine": "mine:Mine"}}, files={"mine.py": f"{KERAS}{source}\n"})
    assert registry.load("some-plugin:mine", kind).__name__ == "Mine"


@pytest.mark.parametrize(
    ("own", "right"),
    [("some-plugin:mine", True), ("Some_Plugin:mine", True), ("mine", False), ("l2", False),
     ("some-plugin:yours", False), ("other:mine", False)],
)  # fmt: skip
def test_an_id_that_a_class_declares_must_be_that_of_the_metadata(plugin, own, right):
    plugin(files={"mine.py": f"{TECHNIQUE}    registered_name = {own!r}\n"})
    if right:
        assert registry.load("some-plugin:mine")
    else:
        refused("some-plugin:mine", f"the class calls itself {own!r}")


def test_a_subclass_does_not_inherit_a_declared_id(plugin):
    text = f"{TECHNIQUE}    registered_name = 'other:mine'\nBase = Mine\nclass Mine(Base): pass\n"
    plugin(files={"mine.py": text})
    assert registry.load("some-plugin:mine")


def test_layers_of_keras_own_are_not_taken(plugin):
    """Registering a built-in's name again is seen where the built-in is loaded."""
    from regkit.layers import DropConnect

    text = f"{KERAS}@register('regkit', 'DropConnect')\nclass Mine(keras.layers.Layer): pass\n"
    plugin(groups={"regkit.layers": {"mine": "mine:Mine"}}, files={"mine.py": text})
    refused("some-plugin:mine", "the class calls itself 'regkit>DropConnect'", kind="layer")
    refused("drop_connect", "has taken its name 'regkit>DropConnect'", kind="layer")
    keras.saving.get_custom_objects()["regkit>DropConnect"] = DropConnect
    registry.refresh()
    assert registry.load("drop_connect", "layer") is DropConnect
