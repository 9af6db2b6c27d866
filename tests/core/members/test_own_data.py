"""A group whose members have data of their own, and one that takes other members."""

import keras
import numpy as np
import pytest

import regkit
from regkit.core.members.group import Group, runtime_of
from regkit.core.plan import Plan
from regkit.core.recipe import Recipe
from regkit.core.seam.pure_step import read_state
from tests.core.members.small import build, data
from tests.models import BATCH

RECIPE = "l2(1e-2) + gaussian_noise(0.1) + label_smoothing"


def start(seeds):
    """The model that stands for all, the runtimes, the ambient seeds and the first states."""
    models = []
    for seed in seeds:
        keras.utils.set_random_seed(seed)
        model = build()
        model.optimizer.build(model.trainable_variables)
        model._symbolic_build(data_batch=tuple(part[:BATCH] for part in data()))
        models.append(model)
    runtimes = [runtime_of(models[0], Plan(list(Recipe(RECIPE)))) for _ in seeds]
    return models[0], runtimes, list(seeds), [read_state(model) for model in models]


def trained(group, orders, epochs=2):
    keras.utils.set_random_seed(0)  # PyTorch's generator, from which Keras' layers draw
    logs = [group.epoch(orders, BATCH) for _ in range(epochs)]
    return logs, [group.state_of(row)["trainable"] for row in range(len(orders))]


def same(one, other, **tolerance):
    for left, right in zip(keras.tree.flatten(one), keras.tree.flatten(other), strict=True):
        np.testing.assert_allclose(left, right, **tolerance)


def orders(members, examples=28):
    return np.stack([np.random.default_rng(k).permutation(examples) for k in range(members)])


def test_own_data_are_each_members():
    model, runtimes, ambient, states = start([3, 4, 5])
    parts = [data(28, seed) for seed in range(3)]
    own = tuple(np.stack(part) for part in zip(*parts, strict=True))
    rows = orders(3)
    together = trained(Group(model, runtimes, ambient, states, own=own), rows)
    # All data in one shared array, of which each member sees its own stretch.
    shared = tuple(np.concatenate(part) for part in zip(*parts, strict=True))
    beside = rows + 28 * np.arange(3)[:, None]
    same(together, trained(Group(model, runtimes, ambient, states, shared), beside), rtol=1e-5)


def test_a_group_takes_other_members_and_gives_the_bits_of_another_group():
    model, runtimes, ambient, states = start([3, 4, 5])
    x, y = data(28)
    used = Group(model, runtimes, ambient, states, (x, y))
    trained(used, orders(3))
    own = (np.stack([x, x + 1, x + 2]), None)
    used.begin(runtimes, ambient, states[::-1], (None, y), own)
    fresh = Group(model, runtimes, ambient, states[::-1], (None, y), own)
    same(trained(used, orders(3)), trained(fresh, orders(3)), rtol=0, atol=0)


def test_weights_are_kept_for_some_and_predicted_with():
    model, runtimes, ambient, states = start([3, 4, 5])
    x, y = data(28)
    group = Group(model, runtimes, ambient, states, (x, y))
    own = np.stack([x, x + 1, x + 2])
    before = group.predict(own, 10, own=True)
    group.keep(np.array([True, True, True]))
    trained(group, orders(3), epochs=1)
    now = group.predict(own, 28, own=True)
    group.keep(np.array([False, True, False]))
    trained(group, orders(3), epochs=1)
    kept = group.predict(own, 28, own=True, held=group.kept)
    same(kept[1], now[1], rtol=1e-5)
    same(kept[::2], before[::2], rtol=1e-5)
    same(group.predict(x, 28)[0], group.predict(own, 28, own=True)[0], rtol=1e-5)
    assert not np.allclose(now[0], before[0], rtol=1e-3)
    with pytest.raises(AssertionError):
        same(group.predict(own, 28, own=True), kept, rtol=1e-3)


def narrow(input_shape, n_classes):
    layers = [keras.Input(input_shape), keras.layers.Dense(4), keras.layers.BatchNormalization()]
    model = keras.Sequential([*layers, keras.layers.Dense(n_classes, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


@pytest.mark.parametrize("engine", ["vectorized", "sequential"])
def test_members_see_columns_of_their_own_in_training_validation_and_prediction(engine):
    x, y = (np.random.default_rng(0).normal(size=(28, 5)).astype("float32"), np.arange(28) % 3)
    columns, seeds = [[0, 1, 4], [3, 2, 0]], [7, 8]
    how = {"epochs": 2, "batch_size": 10, "recipe": "gaussian_noise(0.1)"}
    both = regkit.fit_members(
        narrow, x, y, n_members=2, features=columns, seeds=seeds, engine=engine,
        validation_data=(x[:9], y[:9]), **how,
    )  # fmt: skip
    assert both[0].input_shape == (None, 3)
    outputs = both.predict(x, batch_size=11)
    same(both.predict(x, members=[1]), outputs[1:], rtol=1e-5)
    for k, own in enumerate(columns):
        alone = regkit.fit_members(
            narrow, x[:, own], y, n_members=1, seeds=seeds[k : k + 1],
            validation_data=(x[:9, own], y[:9]), **how,
        )  # fmt: skip
        same(both.histories[k], alone.histories[0], rtol=1e-4)
        same(outputs[k], alone.predict(x[:, own])[0], rtol=1e-4, atol=1e-6)
        same(both[k].predict(x[:, own], verbose=0), outputs[k], rtol=1e-4, atol=1e-6)
