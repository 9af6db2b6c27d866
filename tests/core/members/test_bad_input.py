"""Input that makes no sense is refused in words, before anything is trained."""

import keras
import numpy as np
import pandas as pd
import pytest
from keras import layers

import regkit
from regkit.core.members.training import checked_training

X, Y = np.random.default_rng(0).normal(size=(8, 4)), np.arange(8) % 3


def build(member=0, units=4):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(units), layers.Dense(3)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def refused(match, x=X, y=Y, build_model=build, **options):
    given = {"n_members": 2, "seeds": 0, **options}
    with pytest.raises(regkit.RegkitError, match=match):
        regkit.fit_members(build_model, x, y, **given)


class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 1

    def __getitem__(self, index):
        return X, Y


BAD_DATA = {
    "a generator": ((row for row in X), "x must be arrays.* received generator.* streams"),
    "a dataset": (Batches(), "x must be arrays.* received Batches"),
    "text": (np.array([["a"] * 4] * 8), "x must be numbers; received ndarray of <U1"),
    "a text": ("abc", "received str"),
    "objects": (pd.DataFrame({"a": ["b"] * 8}), "x must be numbers; received DataFrame of object"),
    "rows of other lengths": ([[1.0], [1.0, 2.0]], "x must be numbers"),
    "a number": (3.0, "the single number 3.0"),
    "nothing": (None, "x must be numbers; received NoneType"),
    "no examples": (np.empty((0, 4)), r"x must hold examples.*\[0\]"),
    "other lengths": (X[:6], "x has 6 examples and y 8"),
    "inputs of other lengths": ({"a": X, "b": X[:5]}, r"lengths are \[5, 8\]"),
    "a list of arrays of other lengths": ([X, X[:5]], r"lengths are \[5, 8\]"),
}


@pytest.mark.parametrize("case", BAD_DATA)
def test_data(case):
    x, match = BAD_DATA[case]
    refused(match, x=x)


BAD_OPTIONS = {
    "no members": ({"n_members": 0}, "n_members must be a whole number of at least 1"),
    "an engine": ({"engine": "vectorised"}, "did you mean 'vectorized'"),
    "shuffle": ({"shuffle": "batch"}, "shuffle must be True or False"),
    "another number of seeds": ({"seeds": [1, 2, 3]}, "one for each of 2 members; received 3"),
    "seeds in text": ({"seeds": "ab"}, "seeds must be a whole number.*received 'ab'"),
    "broken seeds": ({"seeds": [1, 0.5]}, r"received \[1, 0.5\]"),
    "a truth value": ({"seeds": True}, "received True"),
    "a seed below 0": ({"seeds": [0, -1]}, r"from 0 to 2\*\*32 - 1"),
    "a seed that is too large": ({"seeds": 2**32}, r"from 0 to 2\*\*32 - 1"),
    "weights of another shape": ({"sample_weight": np.ones(7)}, r"shape \(8,\).*received \(7,\)"),
    "weights of nobody": ({"sample_weight": np.ones((3, 8))}, r"received \(3, 8\)"),
    "weights without a number": ({"sample_weight": [np.nan] * 8}, "finite numbers of at least 0"),
    "weights below 0": ({"sample_weight": [-1.0] * 8}, "finite numbers of at least 0"),
    "weights in text": ({"sample_weight": ["a"] * 8}, "sample_weight must be numbers"),
    "weights for outputs": ({"sample_weight": {"a": np.ones(8)}}, "one array.*received dict"),
    "weights of 0": ({"sample_weight": [np.ones(8), np.zeros(8)]}, "member 1 sum to zero"),
    "weights of 0 on its own": (
        {"sample_weight": np.arange(8) > 3, "examples": [[5], [1, 2]]},
        "member 1 sum to zero on its examples",
    ),
    "examples of another number": ({"examples": [[1]]}, "each of 2 members; it holds 1"),
    "examples in a number": ({"examples": 5}, "it holds int"),
    "no example": ({"examples": [[1], []]}, r"examples\[1\] must be whole numbers in \[0, 8\)"),
    "columns of another number": ({"features": [[1]]}, r"each of 2 members.*received \[1\]"),
    "columns in a number": ({"features": 5}, "received int"),
    "columns of other numbers": ({"features": [[1], [1, 2]]}, r"as many.*received \[1, 2\]"),
    "columns beyond": ({"features": [[1], [4]]}, r"whole numbers in \[0, 4\)"),
    "columns of two inputs": ({"features": [[1], [2]], "x": (X, X)}, "one array with columns"),
    "columns that are missing": (
        {"features": [[1], [2]], "validation_data": (X[:, :3], Y)},
        r"must have the columns of x, \(4,\); it has \(3,\)",
    ),
    "examples beyond": ({"examples": [[8], [1]]}, r"examples\[0\]"),
    "examples below": ({"examples": [[-1], [1]]}, r"examples\[0\]"),
    "a mask": ({"examples": [X[:, 0] > 0] * 2}, r"examples\[0\]"),
    "validation in a list": (
        {"validation_data": [X, Y]},
        r"\(x, y, sample_weight\).*received list",
    ),
    "validation of one part": ({"validation_data": (X,)}, "received tuple of 1 parts"),
    "validation of other lengths": ({"validation_data": (X, Y[:5])}, r"they hold \[8, 5\]"),
    "validation in text": ({"validation_data": (X, ["a"] * 8)}, "y of validation_data must be nu"),
    "validation of another form": (
        {"validation_data": ({"a": X}, Y)},
        "must have the form of x: array; received {'a': array}",
    ),
    "a recipe that does not parse": ({"recipe": "l2(1e-3"}, r"l2\(1e-3"),
    "a recipe of a member that does not parse": (
        {"recipe": lambda k: ["l2(1e-3)", "l3(1e-3)"][k]},
        r"recipe\(1\), for member 1: .*l3",
    ),
}


@pytest.mark.parametrize("case", BAD_OPTIONS)
def test_options(case):
    options, match = BAD_OPTIONS[case]
    refused(match, **options)


def test_models_of_other_shapes():
    refused("member 1 a model of other shapes", build_model=lambda member: build(units=3 + member))


def test_a_model_that_is_compiled_without_an_optimizer_or_not_at_all():
    refused("not compiled", build_model=lambda: keras.Sequential([layers.Dense(3)]))


def test_a_list_of_arrays_is_several_inputs():
    training = checked_training([X, X], Y, 1, None, None, None, None, **HOW)
    assert training.input_shape == ((4,), (4,))


def test_numbers_come_in_the_precision_of_keras():
    training = checked_training(
        X.tolist(), pd.Series(Y), 1, np.ones(8), None, None, (X, Y, None), **HOW
    )
    assert training.x.dtype == training.weights.dtype == training.validation[0].dtype == "float32"
    assert training.y.dtype == "int64"
    assert len(training.validation) == 2
    images = np.zeros((8, 2, 2, 1), "uint8")
    assert checked_training(images, Y, 1, None, None, None, None, **HOW).x.dtype == "uint8"


HOW = {"epochs": 1, "batch_size": 4, "validation_batch_size": 4, "shuffle": True}
