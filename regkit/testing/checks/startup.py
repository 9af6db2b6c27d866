"""Start-up: importing a plugin is quick, and loads no backend but the one in use."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys

import keras

from regkit.testing.checking import check
from regkit.testing.failures import CheckFailed
from regkit.testing.subject import Subject

__all__ = ["MOST", "startup"]

MOST = 2.0  # seconds of the processor, which a busy machine does not change; beside Keras
BACKENDS = ("tensorflow", "jax", "torch")
PATIENCE = 300.0

# Keras and its backend are not the plugin's time. The time of a module is its first import's.
_SCRIPT = """
import importlib, json, sys, time
import regkit.core.recipe, regkit.core.select
costs = {}
for module in json.loads(sys.argv[1]):
    before, started = set(sys.modules), time.process_time()
    importlib.import_module(module)
    costs[module] = [time.process_time() - started, sorted(set(sys.modules) - before)]
print("\\n" + json.dumps(costs))
"""


@check("technique", "layer", "regularizer", "model", "ensemble")
def startup(subject: Subject) -> None:
    """A fresh process imports the module by two seconds of work, and no other backend with it."""
    module = subject.cls.__module__
    modules = tuple(dict.fromkeys([*subject.beside, module]))
    seconds, loaded = _costs(modules).get(module, (0.0, ()))
    others = [name for name in BACKENDS if name in loaded and name != keras.backend.backend()]
    if others:
        raise CheckFailed(
            f"importing {module} loads no backend but {keras.backend.backend()}",
            f"it loads {', '.join(others)}",
            "write the mathematics in keras.ops; import what one backend needs inside the function",
        )
    if seconds > MOST:
        raise CheckFailed(
            f"importing {module} takes {MOST:g} s of work at most, beside Keras",
            f"it takes {seconds:.1f} s",
            "import heavy packages inside the functions that use them, and compute nothing at "
            "import; `python -X importtime` says what takes the time",
        )


@functools.cache
def _costs(modules: tuple[str, ...]) -> dict[str, tuple[float, tuple[str, ...]]]:
    """Return seconds and loaded modules of each import, one after another in one process."""
    path = os.pathsep.join(path or os.getcwd() for path in sys.path)
    environment = os.environ | {"PYTHONPATH": path, "KERAS_BACKEND": keras.backend.backend()}
    done = subprocess.run(
        [sys.executable, "-P", "-c", _SCRIPT, json.dumps(modules)],
        env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    if done.returncode:
        raise CheckFailed(
            f"a fresh process imports {', '.join(modules)}",
            " ".join(done.stderr.split())[-400:],
            "let each module import what it needs, in whatever order they are imported",
        )
    costs = json.loads(done.stdout.splitlines()[-1])
    return {module: (seconds, tuple(loaded)) for module, (seconds, loaded) in costs.items()}
