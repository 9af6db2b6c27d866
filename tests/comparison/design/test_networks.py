"""Models by name, of a file, and what is said where they cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from regkit.comparison.design.networks import BUILTIN, check, resolve

FILE = """
import keras
def build(input_shape, n_classes):
    model = keras.Sequential([keras.Input(input_shape), keras.layers.Dense(n_classes)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model
"""


def model(units: int = 3, loss: Any = "sparse_categorical_crossentropy") -> keras.Model:
    made = keras.Sequential([keras.Input((4,)), keras.layers.Dense(units)])
    made.compile("sgd", loss)
    return made


@pytest.mark.parametrize("name", sorted(BUILTIN))
def test_builtin_models_fit_images(name: str) -> None:
    build, said = resolve(name)
    assert said == name
    check(build((8, 8, 1), 10), (8, 8, 1), 10)


def test_a_function_of_a_file_is_held_to_its_parameters(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def build(input_shape, units): ...")
    with pytest.raises(ValueError, match="its parameter 'units' has no value"):
        resolve(f"{tmp_path}/mine.py:build")


@pytest.mark.parametrize("name", sorted(BUILTIN))
def test_builtin_models_fit_quantities(name: str) -> None:
    made = BUILTIN[name]((8, 8, 1), None)
    check(made, (8, 8, 1), None)
    made.fit(np.zeros((8, 8, 8, 1), "float32"), np.ones(8, "float32"), verbose=0)
    assert made.predict(np.zeros((2, 8, 8, 1), "float32"), verbose=0).shape == (2, 1)


def test_mlp_takes_features_and_cnn_refuses_them() -> None:
    check(BUILTIN["mlp"]((5,), 3), (5,), 3)
    with pytest.raises(ValueError, match=r"'cnn' needs images.*\(5,\).*Use 'mlp'"):
        BUILTIN["cnn"]((5,), 3)


def test_a_function_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(FILE)
    build, name = resolve(f"{tmp_path}/mine.py:build")
    assert name.endswith("mine.py:build")
    check(build((4,), 2), (4,), 2)


@pytest.mark.parametrize(
    ("text", "asked", "said"),
    [
        (FILE, "mine.py:biuld", "has no function 'biuld'; it has build"),
        ("1/0", "mine.py:build", "fails: ZeroDivisionError"),
        (FILE, "other.py:build", "no file"),
        (FILE, "mpl", "no model is called 'mpl'; did you mean 'mlp'"),
        (FILE, "build", "path.py:function"),
    ],
)
def test_models_that_cannot_be_found(tmp_path: Path, text: str, asked: str, said: str) -> None:
    (tmp_path / "mine.py").write_text(text)
    with pytest.raises(ValueError, match=said):
        resolve(f"{tmp_path}/{asked}" if ".py" in asked else asked)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: model(1), r"shape \(None, 1\); 3 classes need \(None, 3\)"),
        (lambda: model(loss="categorical_crossentropy"), "sparse_categorical_crossentropy"),
        (lambda: model(loss=keras.losses.BinaryCrossentropy()), "BinaryCrossentropy"),
    ],
)
def test_models_that_do_not_fit_the_labels(make: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check(make(), (4,), 3)


def test_a_regression_model_for_classes_is_told_of_the_task() -> None:
    with pytest.raises(ValueError, match=r"classes need \(None, 3\).*--task regression"):
        check(model(1, "mse"), (4,), 3)


def own_loss(y: Any, p: Any) -> Any:
    """A loss of the user's own."""
    return keras.ops.mean(keras.ops.abs(y - p), axis=-1)


@pytest.mark.parametrize("loss", ["mse", "mae", keras.losses.Huber(), "log_cosh", own_loss])
def test_losses_of_a_regression(loss: Any) -> None:
    check(model(1, loss), (4,), None)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: model(3, "mse"), r"shape \(None, 3\); a regression needs \(None, 1\)"),
        (lambda: model(1, "binary_crossentropy"), "binary_crossentropy, a loss of classes"),
        (lambda: model(1), "sparse_categorical_crossentropy, a loss of classes"),
        (lambda: model(1, keras.losses.SquaredHinge()), "SquaredHinge, a loss of classes"),
        (lambda: model(1, keras.losses.kl_divergence), "kl_divergence, a loss of classes"),
        (lambda: model(1, keras.losses.Poisson()), "standardized.*Poisson needs positive ones"),
        (lambda: model(1, "mean_absolute_percentage_error"), "needs positive ones"),
        (lambda: model(1, "msle"), "msle needs positive ones"),
    ],
)
def test_models_that_do_not_fit_quantities(make: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check(make(), (4,), None)
