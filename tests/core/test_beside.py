"""What processes beside this one are handed down, and what is made for them."""

import os

import pytest

from regkit.core.host.beside import Known, handed_down

pytestmark = pytest.mark.backend_free
THREADS = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


def test_the_cores_are_shared_and_the_environment_comes_back(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    for name in THREADS:
        monkeypatch.delenv(name, raising=False)
    before = dict(os.environ)
    with handed_down(3, "jax"):
        assert os.environ["KERAS_BACKEND"] == "jax"
        assert {os.environ[name] for name in THREADS} == {"2"}
    assert dict(os.environ) == before
    with pytest.raises(KeyError), handed_down(100, "jax"):
        assert {os.environ[name] for name in THREADS} == {"1"}
        raise KeyError
    assert dict(os.environ) == before


def test_what_the_user_has_set_stays(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    with handed_down(2, "jax"):
        assert os.environ["OMP_NUM_THREADS"] == "5"
    assert os.environ["OMP_NUM_THREADS"] == "5"


def test_a_value_is_known_by_its_name():
    assert {Known("a", [1]): 1}[Known("a", [2])] == 1
    assert Known("a", [1]) != Known("b", [1])
    assert Known("a", [1]) != "a"
