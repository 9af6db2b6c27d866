"""Finished members in a folder: a fit that was broken off goes on, and nothing else is taken."""

import errno
import os

import keras
import numpy as np
import pytest
from keras import layers

import regkit
from regkit.ensembles import kept_members, trainer
from tests.ensembles.small import blobs, build, classifier, line, regressor, same_bits

pytestmark = pytest.mark.backend_free
X, Y = blobs(60)


@pytest.fixture
def trained(monkeypatch):
    """The numbers of the members that were trained here, as they come."""
    numbers, true = [], trainer.Trainer.run

    def noting(self, members, *done):
        numbers.extend(member.number for member in members)
        return true(self, members, *done)

    monkeypatch.setattr(trainer.Trainer, "run", noting)
    return numbers


def kept(folder, **options):
    return classifier(**{"engine": "sequential", "directory": folder, **options})


def test_finished_members_are_taken_and_the_rest_is_trained(tmp_path, trained):
    plain = classifier(engine="sequential", max_features=3).fit(X, Y)
    first = kept(tmp_path / "a" / "b", max_features=3).fit(X, Y)
    same_bits(first, plain)
    (tmp_path / "a" / "b" / "member-0001.npz").unlink()
    trained.clear()
    second = kept(tmp_path / "a" / "b", max_features=3).fit(X, Y)
    assert trained == [1]
    same_bits(second, plain)
    np.testing.assert_array_equal(second.predict_proba(X), plain.predict_proba(X))
    for one, other in zip(second.estimators_samples_, plain.estimators_samples_, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_fit_that_was_broken_off_goes_on(tmp_path, trained, monkeypatch):
    true, calls = trainer.train_in_turn, []

    def interrupted(*given):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return true(*given)

    with monkeypatch.context() as patch:
        patch.setattr(trainer, "train_in_turn", interrupted)
        with pytest.raises(KeyboardInterrupt):
            kept(tmp_path, n_estimators=4).fit(X, Y)
    trained.clear()
    resumed = kept(tmp_path, n_estimators=4).fit(X, Y)
    assert trained == [2, 3]
    same_bits(resumed, classifier(n_estimators=4, engine="sequential").fit(X, Y))


def test_all_are_taken_where_nothing_has_changed(tmp_path, trained):
    first = kept(tmp_path).fit(X, Y)
    for again in (kept(tmp_path), kept(tmp_path, engine="vectorized", verbose=1)):
        trained.clear()
        same_bits(again.fit(X, Y), first)
        assert not trained
    trained.clear()
    assert len(kept(tmp_path, n_estimators=5).fit(X, Y).estimators_) == 5
    assert trained == [3, 4]


def other_rate(input_shape, n_classes):
    model = build(input_shape, n_classes)
    model.optimizer.learning_rate.assign(0.1)
    return model


def other_loss(input_shape, n_classes):
    model = build(input_shape, n_classes)
    model.compile(
        model.optimizer, lambda y, p: 2 * keras.losses.sparse_categorical_crossentropy(y, p)
    )
    return model


def linear(input_shape, n_classes):
    model = keras.Sequential([keras.Input(input_shape), layers.Dense(n_classes, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


MOVED = X + np.where(np.arange(60) == 17, 1e-3, 0)[:, None].astype("float32")
CHANGES = {
    "epochs": {"epochs": 3},
    "batch_size": {"batch_size": 8},
    "shuffle": {"shuffle": False},
    "recipe": {"callbacks": "l2(0.1)"},
    "strength": {"callbacks": "l2(0.2)"},
    "seeds": {"random_state": 1},
    "bootstrap": {"bootstrap": False},
    "columns": {"max_features": 2},
    "examples": {"max_samples": 0.5},
    "validation": {"validation_data": blobs(20, seed=3)},
    "learning rate": {"build_model": other_rate},
    "loss": {"build_model": other_loss},
    "inputs": {"x": MOVED},
    "labels": {"y": np.where(np.arange(60) == 17, (Y + 1) % 3, Y)},
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_follows_from_something_else_is_trained_anew(change, tmp_path, trained):
    given = {"callbacks": "l2(0.1)"} if change == "strength" else {}
    kept(tmp_path, n_estimators=1, **given).fit(X, Y)
    given = dict(CHANGES[change])
    data = {"X": given.pop("x", X), "y": given.pop("y", Y)}
    data |= {name: given.pop(name) for name in ("validation_data",) if name in given}
    trained.clear()
    found = kept(tmp_path, n_estimators=1, **given).fit(**data)
    assert trained == [0]
    same_bits(found, classifier(engine="sequential", n_estimators=1, **given).fit(**data))


def test_weights_in_the_loss_are_part_of_it(tmp_path, trained):
    weights = np.ones(60)
    kept(tmp_path, bootstrap=False, n_estimators=1).fit(X, Y, weights)
    weights[3] = 2
    trained.clear()
    kept(tmp_path, bootstrap=False, n_estimators=1).fit(X, Y, weights)
    assert trained == [0]


def half(content):
    return content[: len(content) // 2]


@pytest.mark.parametrize(
    "broken", [half, lambda content: b"PK\x03\x04", lambda content: b"no such file" * 9]
)
def test_half_a_file_or_anothers_is_ignored(broken, tmp_path, trained):
    first = kept(tmp_path).fit(X, Y)
    path = tmp_path / "member-0002.npz"
    path.write_bytes(broken(path.read_bytes()))
    (tmp_path / "member-0000.part").write_bytes(b"half of one")
    trained.clear()
    same_bits(kept(tmp_path).fit(X, Y), first)
    assert trained == [2]
    trained.clear()
    same_bits(kept(tmp_path).fit(X, Y), first)  # the broken file was written anew
    assert not trained


def test_arrays_of_others_are_ignored(tmp_path, trained):
    np.savez(tmp_path / "member-0000.npz", weights=np.ones(3))
    same_bits(kept(tmp_path).fit(X, Y), classifier(engine="sequential").fit(X, Y))
    assert trained[:3] == [0, 1, 2]


@pytest.mark.parametrize("where", ["savez", "replace"])
def test_a_full_disk_is_said_once_and_training_goes_on(where, tmp_path, monkeypatch):
    def full(*given, **arrays):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    owner = kept_members.np if where == "savez" else kept_members.os
    plain = classifier(engine="sequential").fit(X, Y)
    with monkeypatch.context() as patch:
        patch.setattr(owner, where, full)
        with pytest.warns(UserWarning, match="cannot be kept") as caught:
            found = kept(tmp_path).fit(X, Y)
    said = [str(one.message) for one in caught if "cannot be kept" in str(one.message)]
    assert len(said) == 1
    assert "No space left on device" in said[0]
    same_bits(found, plain)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_is_refused_before_training(tmp_path, trained):
    (tmp_path / "file").touch()
    with pytest.raises(regkit.RegkitError, match=r"directory='.*/file/inside' cannot be made"):
        kept(tmp_path / "file" / "inside").fit(X, Y)
    assert not trained


def test_members_of_processes_and_of_several_architectures_are_kept(tmp_path, trained):
    options = {"build_model": [build, linear], "n_estimators": 4}
    first = kept(tmp_path, engine="joblib", n_jobs=1, **options).fit(X, Y)
    assert len(list(tmp_path.glob("member-*.npz"))) == 4
    trained.clear()
    same_bits(kept(tmp_path, **options).fit(X, Y), first)
    assert not trained


def test_regressions_are_kept_and_what_stopped_them(tmp_path, trained):
    x, y = line(60)
    options = {
        "engine": "sequential", "directory": tmp_path, "epochs": 8, "validation_fraction": 0.3,
        "callbacks": "early_stopping(patience=0, verbose=0)",
    }  # fmt: skip
    first = regressor(**options).fit(x, y)
    trained.clear()
    second = regressor(**options).fit(x, y)
    assert not trained
    same_bits(second, first)
    np.testing.assert_array_equal(second.predict(x), first.predict(x))
