"""Sets of `keras.datasets`: from the cache, downloaded, or neither; nothing here uses a network."""

from __future__ import annotations

import socket
import urllib.error
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from regkit.data import DataError, load
from regkit.data.published import PUBLISHED, TIMEOUT

pytestmark = pytest.mark.backend_free

N = 20


def made_up(side: int = 6, channels: tuple[int, ...] = ()) -> tuple[Any, Any]:
    x = np.full((N, side, side, *channels), 255, np.uint8)
    y = np.arange(N, dtype=np.uint8) % 2
    return (x, y), (x[:4], y[:4])


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "datasets").mkdir()
    return tmp_path / "datasets"


def answer(monkeypatch: pytest.MonkeyPatch, name: str, result: Any) -> list[float | None]:
    """Have `keras.datasets` return or raise this; the list gets the network's patience."""
    seen: list[float | None] = []

    def load_data() -> Any:
        seen.append(socket.getdefaulttimeout())
        if isinstance(result, BaseException):
            raise result
        return result

    monkeypatch.setattr(getattr(keras.datasets, name), "load_data", load_data)
    return seen


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_a_download(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    channels = (3,) if name == "cifar10" else ()
    (x, y), (x_test, y_test) = made_up(channels=channels)
    column = y[:, None] if name == "cifar10" else y  # as Keras has them
    seen = answer(monkeypatch, name, ((x, column), (x_test, y_test)))
    data = load(name)
    assert data.y_test is not None
    assert (data.name, data.task, len(data.y_test)) == (name, "classification", 4)
    assert data.x.shape == (N, 6, 6, *(channels or (1,)))
    assert (data.x.max(), data.y.tolist()) == (1.0, y.tolist())
    assert (seen, socket.getdefaulttimeout()) == ([TIMEOUT], None)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("mnist", r"mnist.npz; save it as \S*datasets/mnist.npz"),
        ("fashion_mnist", r"train-images-idx3-ubyte.gz.*in the folder \S*datasets/fashion-mnist"),
        ("cifar10", r"cifar-10-python.tar.gz; save it as \S*cifar-10-batches-py-target_archive"),
    ],
)
@pytest.mark.parametrize(
    "error",
    [
        Exception("URL fetch failure on https://x: None -- no route"),
        TimeoutError("no route"),
        urllib.error.URLError("no route"),
        EOFError("a file ended: no route"),
    ],
)
def test_no_download(
    name: str, kept: str, error: Exception, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    answer(monkeypatch, name, error)
    with pytest.raises(DataError, match=rf"(?s){name} is not.*no route.*{kept}.*an .npz with") as e:
        load(name)
    assert str(home) in str(e.value)
    assert socket.getdefaulttimeout() is None


def test_a_failure_without_words_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, "mnist", TimeoutError())
    with pytest.raises(DataError, match=r"\(TimeoutError\)"):
        load("mnist")


def test_ctrl_c_in_a_download_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, "mnist", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        load("mnist")
    assert socket.getdefaulttimeout() is None


def test_mnist_from_the_cache_asks_nobody(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    seen = answer(monkeypatch, "mnist", AssertionError("asked"))
    (x, y), (x_test, y_test) = made_up(28)
    np.savez(home / "mnist.npz", x_train=x, y_train=y, x_test=x_test, y_test=y_test)
    data = load("mnist")
    assert (data.name, data.x.shape, seen) == ("mnist", (N, 28, 28, 1), [])
    assert "handwritten digits" in data.note
    (home / "mnist.npz").write_bytes(b"half a file")
    with pytest.raises(DataError, match=r"datasets/mnist.npz: not a readable .npz file"):
        load("mnist")
