"""One backend a process: `KERAS_BACKEND` chooses it, as for Keras itself."""

# ruff: noqa: E402  # Keras reads the environment when it is imported

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from regkit.testing.quick import spend_little

spend_little()  # the models here are small

import keras
import pytest

from regkit.testing.workbench import start_session


@pytest.fixture(autouse=True)
def seeded():
    start_session(0)
    yield
    keras.config.set_dtype_policy("float32")
