"""One backend a process: `KERAS_BACKEND` chooses it, as for Keras itself."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import pytest

from regkit.testing.quick import spend_little


def pytest_sessionstart(session):
    if not session.config.getoption("numprocesses", None):  # who has workers runs no test itself
        spend_little()  # the models here are small


@pytest.fixture(autouse=True)
def seeded():
    import keras

    from regkit.testing.workbench import start_session

    start_session(0)
    yield
    keras.config.set_dtype_policy("float32")
