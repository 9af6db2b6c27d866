"""Albumentations as it is imported: the right one, silently, with OpenCV in one thread."""

import os
import subprocess
import sys
import threading

import cv2
import pytest

import regkit
from regkit_albumentations import library
from regkit_albumentations.library import single_threaded_opencv
from tests.small import BACKEND

OFFLINE = """
import socket, urllib.request

def asked(*args, **options):
    raise SystemExit(f"the network was asked: {args}")

socket.socket.connect = socket.socket.connect_ex = asked
socket.getaddrinfo = socket.create_connection = urllib.request.urlopen = asked
"""


def run(code):
    """Run Python in a process of its own and return its last line."""
    env = {one: value for one, value in os.environ.items() if one != "NO_ALBUMENTATIONS_UPDATE"}
    env["KERAS_BACKEND"] = BACKEND
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, env=env
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def test_the_package_itself_imports_nothing():
    code = "import sys, regkit_albumentations; print(*sys.modules)"
    names = {"keras", "albumentations", "cv2", "tensorflow", "jax", "torch"}
    assert not names & set(run(code).split())


def test_the_import_asks_no_network_and_leaves_the_environment_as_it_was():
    code = """
import os, sys
from regkit_albumentations.library import albumentations
before = sorted(os.environ.items())
library = albumentations()
assert sys.modules.get("torch", "unset") is not None, "nobody could import it now"
assert sorted(os.environ.items()) == before
assert "torch" not in sys.modules or os.environ["KERAS_BACKEND"] == "torch", "it brought PyTorch"
print(library.__version__, os.environ.get("NO_ALBUMENTATIONS_UPDATE"))
"""
    assert run(OFFLINE + code) == "2.0.8 None"


@pytest.fixture
def anew():
    library.albumentations.cache_clear()
    yield
    library.albumentations.cache_clear()


def test_what_the_user_has_set_stays(anew, monkeypatch):
    monkeypatch.setenv("NO_ALBUMENTATIONS_UPDATE", "0")
    library.albumentations()
    assert os.environ["NO_ALBUMENTATIONS_UPDATE"] == "0"


def test_the_successor_is_refused(anew, tmp_path, monkeypatch):
    info = tmp_path / "albumentationsx-2.1.3.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: albumentationsx\nVersion: 2.1.3\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(regkit.RegkitError, match=r"AlbumentationsX 2\.1\.3, .*AGPL.*pip uninstall"):
        library.albumentations()


def test_that_it_is_missing_is_said(anew, monkeypatch):
    monkeypatch.setitem(sys.modules, "albumentations", None)
    monkeypatch.delenv("NO_ALBUMENTATIONS_UPDATE", raising=False)
    with pytest.raises(regkit.RegkitError, match=r'cannot be imported .*pip install "albument'):
        library.albumentations()
    assert "NO_ALBUMENTATIONS_UPDATE" not in os.environ


# -- OpenCV's threads ------------------------------------------------------------------------------


@pytest.fixture
def several():
    """Give OpenCV three threads, as a process has by default one for each core."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(3)
    yield
    cv2.setNumThreads(before)


def test_opencv_has_one_thread_inside_and_its_own_number_after(several):
    with single_threaded_opencv():
        assert cv2.getNumThreads() == 1  # as it reports the number 0
        with single_threaded_opencv():
            assert cv2.getNumThreads() == 1
        assert cv2.getNumThreads() == 1
    assert cv2.getNumThreads() == 3


def test_also_after_an_exception(several):
    with pytest.raises(ZeroDivisionError), single_threaded_opencv():
        raise ZeroDivisionError
    assert cv2.getNumThreads() == 3


def test_the_last_of_several_threads_puts_it_back(several):
    inside, leave = threading.Barrier(3), threading.Event()
    counts = []

    def work():
        with single_threaded_opencv():
            inside.wait(30)
            counts.append(cv2.getNumThreads())
            leave.wait(30)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for one in threads:
        one.start()
    with single_threaded_opencv():
        inside.wait(30)
    assert cv2.getNumThreads() == 1  # two are inside still
    leave.set()
    for one in threads:
        one.join(30)
    assert counts == [1, 1]
    assert cv2.getNumThreads() == 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no os.fork, and no lock to renew")
@pytest.mark.filterwarnings("ignore:.*fork.*")
def test_a_process_that_is_forked_inside_begins_anew():
    with single_threaded_opencv():
        child = os.fork()
        if child == 0:
            fine = library._inside == 0 and library._lock.acquire(timeout=5)
            os._exit(0 if fine else 1)
        assert os.waitpid(child, 0)[1] == 0
