"""Saving: a trained model is saved as the plain Keras model that it is."""

from __future__ import annotations

import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import keras

from regkit.testing.bench import plain
from regkit.testing.checking import check
from regkit.testing.differences import difference
from regkit.testing.failures import CheckFailed, attempted
from regkit.testing.subject import Subject
from regkit.testing.workbench import same, values

__all__ = ["saving"]

_FIX = (
    "put no layer, regularizer, loss or other object of the plugin on the model: who loads it "
    "would need the plugin. Act in the stage methods"
)


@check()
def saving(subject: Subject) -> None:
    """A trained model is saved as a plain one is, so that it loads without the plugin."""
    case = subject.standard.case
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        with subject.bench.lent() as model, attempted("a trained model is saved and loaded", _FIX):
            subject.fit(model, subject.seeded(), epochs=1)
            model.save(path)
            weights = values(model)
        with plain(case).bench.lent() as model:
            model.save(path.with_name("plain.keras"))
        found, expected = _config(path), _config(path.with_name("plain.keras"))
        if found != expected:
            raise CheckFailed(
                "the file of a trained model says what that of a plain one says, so that Keras "
                "alone can load it",
                difference(found, expected, "config"),
                _FIX,
            )
        with attempted("keras.saving.load_model loads the trained model", _FIX):
            loaded = keras.saving.load_model(path, compile=False)
    if not same(values(loaded), weights):
        raise CheckFailed("the loaded model has the trained weights", "it has others", _FIX)


def _config(path: Path) -> Any:
    with zipfile.ZipFile(path) as archive:
        return _without_ids(json.loads(archive.read("config.json")))


def _without_ids(config: object) -> Any:
    """Leave out by what numbers a file names the objects that occur in it twice."""
    if isinstance(config, dict):
        return {k: _without_ids(v) for k, v in config.items() if k != "shared_object_id"}
    return [_without_ids(part) for part in config] if isinstance(config, list) else config
