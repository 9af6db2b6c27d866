"""What pickles with the code of its functions, and processes that load it."""

import pickle
import subprocess
import sys

import pytest

import regkit
from regkit.core.host.by_value import ByValue

pytestmark = pytest.mark.backend_free


def test_functions_come_back_with_what_they_hold():
    factor, offset = 3, [1]

    def line(x, more=2):
        return factor * x + offset[0] + more

    found = pickle.loads(pickle.dumps(ByValue({"line": line, "kind": int}))).value
    assert found["line"](5) == 18
    offset[0] = 100
    assert found["line"](5) == 18  # a copy
    assert found["kind"] is int


SCRIPT = """
import pickle, sys
from regkit.core.host.by_value import ByValue
def area(side):
    return side ** 2
if sys.argv[1] == "write":
    pickle.dump(ByValue(area), open(sys.argv[2], "wb"))
else:
    del area
    print(pickle.load(open(sys.argv[2], "rb")).value(7))
"""


def test_a_function_of_a_script_is_there_in_another_process(tmp_path):
    for what in ("write", "read"):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, what, str(tmp_path / "pickled")],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert done.stdout == "49\n"


def test_without_cloudpickle_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "cloudpickle", None)
    with pytest.raises(
        regkit.RegkitError, match=r"cloudpickle is needed: pip install .*cloudpickle>="
    ):
        pickle.dumps(ByValue(print))
