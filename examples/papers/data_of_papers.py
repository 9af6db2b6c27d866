"""MNIST as the scripts of this folder take it."""

import keras
import numpy as np


def mnist(path):
    """Return images in [0, 1], training and test, (examples, 28, 28), and their labels.

    Args:
        path: An mnist.npz; None lets keras.datasets fetch it.
    """
    if path is None:
        (x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
    else:
        with np.load(path) as file:
            x, y, x_test, y_test = (file[k] for k in ("x_train", "y_train", "x_test", "y_test"))
    return x / np.float32(255), x_test / np.float32(255), y, y_test
