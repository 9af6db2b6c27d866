"""mc_predict against closed forms of the average, and what it leaves alone."""

import typing

import keras
import numpy as np
import pytest
from keras import layers
from scipy import stats

import regkit
from regkit.core.errors import AttachError, OptionError
from tests import models

RATE = 0.4


def net(activation="relu", seed=0):
    keras.utils.set_random_seed(seed)
    return keras.Sequential([keras.Input((6,)), layers.Dense(5, activation, name="hidden"),
                             layers.Dense(2, name="out")])  # fmt: skip


def data(examples=7):
    return np.random.default_rng(3).normal(size=(examples, 6)).astype("float32")


def noisy_hidden(model, x):
    kernel, bias = model.get_layer("hidden").get_weights()
    return x @ kernel + bias, np.sqrt(RATE / (1 - RATE) * (x**2 @ kernel**2))


def test_moments_of_a_linear_net():
    model, x, n = net("linear"), data(), 1500
    mean, std = regkit.mc_predict(model, x, [regkit.DropConnect(RATE)], n, seed=1, return_std=True)
    kernel, _ = model.get_layer("out").get_weights()
    spread = np.sqrt(noisy_hidden(model, x)[1] ** 2 @ kernel**2)
    np.testing.assert_allclose(std, spread, rtol=5 / np.sqrt(2 * n))
    assert np.max(np.abs(mean - model.predict(x, verbose=0)) / spread) < 4.8 / np.sqrt(n)


def test_activations_are_averaged_as_the_paper_does():
    """E relu(N(m, s²)) = m·Φ(m/s) + s·φ(m/s), handed on to the next layer."""
    model, x, n = net(), data(), 2000
    found = regkit.mc_predict(
        model, x, [regkit.DropConnect(RATE)], n, seed=1, average="activations"
    )
    mean, std = noisy_hidden(model, x)
    hidden = mean * stats.norm.cdf(mean / std) + std * stats.norm.pdf(mean / std)
    kernel, bias = model.get_layer("out").get_weights()
    error = np.sqrt(std**2 @ kernel**2) / np.sqrt(n)
    assert np.max(np.abs(found - (hidden @ kernel + bias)) / error) < 4.8
    assert np.max(np.abs(found - model.predict(x, verbose=0)) / error) > 10  # not the mean network


def test_layers_averaged_by_themselves_draw_apart():
    """Two perturbed layers in a row: the average of the second is about the first's average."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((6,)), layers.Dense(5, "relu", name="a"),
                              layers.Dense(4, "relu", name="b"), layers.Dense(1, name="out")])  # fmt: skip
    x = data(3)
    one, two = (regkit.mc_predict(model, x, "drop_connect(0.4)", 500, seed=s, average="activations")
                for s in (1, 2))  # fmt: skip
    assert not np.array_equal(one, two)
    np.testing.assert_allclose(one, two, atol=0.25)


@pytest.mark.parametrize("average", ["outputs", "activations"])
def test_batches_do_not_matter_but_for_the_draws(average):
    model, x = net(), data(7)
    options = {"n_samples": 60, "seed": 0, "average": average}
    whole = regkit.mc_predict(model, x, "dropout(0.3)", **options)
    parts = regkit.mc_predict(model, x, "dropout(0.3)", batch_size=3, **options)
    assert whole.shape == parts.shape == (7, 2)
    np.testing.assert_array_equal(whole[:3].shape, parts[:3].shape)
    np.testing.assert_allclose(whole, parts, atol=1.0)
    twin = np.concatenate([x[:3], x[:3]])
    found = regkit.mc_predict(model, twin, "dropout(0.3)", batch_size=3, **options)
    assert not np.array_equal(found[:3], found[3:])  # batches draw apart


def test_the_seed_decides_and_the_model_stays():
    model, x = net(), data()
    before = models.values(model), set(model.__dict__), set(model.layers[0].__dict__)
    recipe = regkit.Recipe("drop_connect(0.5, mask='batch') + l2(0.1) + label_smoothing")
    a, b, c = (regkit.mc_predict(model, x, recipe, 5, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)
    keras.utils.set_random_seed(5)
    d = regkit.mc_predict(model, x, recipe, 5)
    keras.utils.set_random_seed(5)
    np.testing.assert_array_equal(d, regkit.mc_predict(model, x, recipe, 5))
    models.same(before[0], models.values(model))
    assert (set(model.__dict__), set(model.layers[0].__dict__)) == before[1:]


def test_several_inputs_and_outputs():
    model = models.two_by_two()
    x, _ = models.two_by_two_data()
    found = regkit.mc_predict(model, x, "dropout(0.3)", 4, seed=0)
    assert {name: value.shape[0] for name, value in found.items()} == {"label": 24, "value": 24}


@pytest.mark.parametrize(("options", "message"), [
    ({"n_samples": 0}, "n_samples must be a whole number of at least 1; received n_samples=0"),
    ({"batch_size": 2.5}, "batch_size must be"),
    ({"average": "median"}, "average must be 'outputs' or 'activations'"),
    ({"n_sample": 5}, "mc_predict has no option 'n_sample'; did you mean 'n_samples'"),
    ({"average": "activations", "return_std": True}, "return_std=True needs"),
    ({"x": {"a": np.zeros((2, 6)), "b": np.zeros((3, 6))}}, r"lengths are \[2, 3\]"),
    ({"x": np.zeros((0, 6))}, "at least 1"),
])  # fmt: skip
def test_impossible_options(options, message):
    given = {"x": data(), "techniques": "dropout(0.3)"} | options
    with pytest.raises(OptionError, match=message):
        regkit.mc_predict(net(), **given)


@pytest.mark.parametrize("seed", [-1, True, 1.5, 2**63, 2**70, "x", np.nan, np.int64(-1)])
def test_a_seed_that_is_none(seed):
    with pytest.raises(OptionError) as caught:
        regkit.mc_predict(net(), data(), "dropout(0.3)", 2, seed=seed)
    said = f"mc_predict: seed must be a whole number of at least 0 and at most {2**63 - 1} or None"
    assert str(caught.value) == f"{said}; received seed={seed!r}"


@pytest.mark.parametrize("seed", [0, np.int32(3), 2**32, 2**63 - 1])
def test_a_seed_of_any_size(seed):
    found = [
        regkit.mc_predict(net(), data(), "dropout(0.3)", 2, seed=one) for one in (seed, int(seed))
    ]
    np.testing.assert_array_equal(*found)


DECLARED = typing.get_type_hints(regkit.mc_predict, include_extras=True)
BAD = [
    (name, value)
    for name in ("n_samples", "seed", "average", "return_std", "batch_size")
    for value in DECLARED[name].__metadata__[0].bad_values()
]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_bad_values_of_every_option(name, value):
    with pytest.raises(OptionError, match=f"mc_predict: {name} must be .*received {name}="):
        regkit.mc_predict(net(), data(), "dropout(0.3)", **{name: value})


@pytest.mark.parametrize("recipe", ["l2(0.1)", "dropout(0.0)", ""])
def test_a_recipe_that_perturbs_nothing(recipe):
    with pytest.raises(AttachError, match="perturbs layers"):
        regkit.mc_predict(net(), data(), recipe)


def test_a_model_that_is_not_built():
    with pytest.raises(AttachError, match="is not built"):
        regkit.mc_predict(keras.Sequential([layers.Dense(2)]), data(), "dropout(0.3, layers='*')")


@pytest.mark.parametrize("technique", ["dropout(0.5)", "drop_connect(0.5)"])
def test_frozen_layers_are_perturbed_too(technique):
    model = net()
    free = regkit.mc_predict(model, data(), technique, n_samples=4, seed=1)
    model.trainable = False
    frozen = regkit.mc_predict(model, data(), technique, n_samples=4, seed=1)
    np.testing.assert_array_equal(frozen, free)
    assert not np.allclose(frozen, model.predict(data(), verbose=0), atol=1e-3)
