"""Settings with which a backend trains small models quickly: less compiling, fewer threads."""

from __future__ import annotations

import importlib
import os

__all__ = ["spend_little"]


def spend_little() -> None:
    """Let the backend in `KERAS_BACKEND` spend little on what only large models gain by.

    Steps are compiled all the same, with fewer optimizations. What the environment says already
    stays. Call it before Keras is imported.
    """
    os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    if backend == "torch":  # before anything that may load TensorFlow
        importlib.import_module("torch").set_num_threads(1)
    if backend == "tensorflow":
        optimizer = importlib.import_module("tensorflow").config.optimizer
        optimizer.set_experimental_options({"disable_meta_optimizer": True})
