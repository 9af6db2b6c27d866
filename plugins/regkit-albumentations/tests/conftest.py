"""One backend a process: `KERAS_BACKEND` chooses it, as for Keras itself."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
if os.environ.get("KERAS_BACKEND") == "torch":
    import torch  # before anything that may load TensorFlow

    torch.set_num_threads(1)  # the models here are small

import keras
import pytest


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy("float32")
    yield
    keras.config.set_dtype_policy("float32")
