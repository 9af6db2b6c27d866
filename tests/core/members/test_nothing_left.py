"""After members nothing is changed of what the user holds, whatever happened within."""

import gc
import random
import weakref
from pathlib import Path

import keras
import numpy as np
import pytest
from keras.src.utils import rng_utils

import regkit
from regkit.core.members import group
from tests.core.members import small

ENGINES = ("vectorized", "sequential")


def drawn():
    """The next numbers of every generator that a user may draw from."""
    numbers = [random.random(), np.random.random(), float(keras.random.uniform(()))]
    if keras.backend.backend() == "torch":
        import torch

        numbers.append(float(torch.rand(())))
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        numbers.append(float(tf.random.uniform(())))
    return numbers


def seeded(seed):
    """Begin all generators anew: up to Keras 3.12 `set_random_seed` leaves its global one as it is."""
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(seed)


@pytest.mark.parametrize("engine", ENGINES)
def test_generators_go_on_where_they_were(engine):
    seeded(3)
    drawn()
    expected = drawn()
    seeded(3)
    drawn()
    members = small.members(recipe="dropout(0.5)", engine=engine, epochs=1)
    members[1]  # builds a model
    assert drawn() == expected
    assert rng_utils.get_random_seed() == 3


def test_members_without_seeds_follow_the_seed_of_keras_and_differ_from_call_to_call():
    keras.utils.set_random_seed(3)
    first, second = (small.members(seeds=None, epochs=1).seeds for _ in range(2))
    assert first != second
    keras.utils.set_random_seed(3)
    assert small.members(seeds=None, epochs=1).seeds == first


@pytest.mark.parametrize("engine", ENGINES)
def test_techniques_given_as_objects_are_as_before(engine):
    given = [regkit.Dropout(0.3, layers="hidden"), regkit.EarlyStopping(patience=1)]
    before = [dict(vars(technique)) for technique in given]
    members = small.members(recipe=given, engine=engine)
    assert [dict(vars(technique)) for technique in given] == before
    own = [technique for techniques in members.techniques for technique in techniques]
    assert not {id(technique) for technique in own} & {id(technique) for technique in given}


@pytest.mark.parametrize("engine", ENGINES)
def test_models_that_build_model_has_given_are_as_they_were(engine):
    built = []

    def build():
        built.append(small.build())
        return built[-1]

    members = small.members(build, n_members=2, engine=engine, epochs=1)
    again = members[0]
    assert all(again is not model for model in built[:-1])
    if engine == "vectorized":
        keras.utils.set_random_seed(members.seeds[0])
        for mine, fresh in zip(built[0].get_weights(), small.build().get_weights(), strict=True):
            np.testing.assert_array_equal(mine, fresh)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_an_error_within_leaves_generators_and_techniques(error, monkeypatch):
    run = group.Group.epoch
    calls = []

    def interrupted(self, *args):
        calls.append(1)
        if len(calls) == 2:
            raise error("within")
        return run(self, *args)

    monkeypatch.setattr(group.Group, "epoch", interrupted)
    seeded(5)
    expected = drawn()
    seeded(5)
    given = [regkit.Dropout(0.3, layers="hidden")]
    with pytest.raises(error, match="within"):
        small.members(recipe=given, engine="vectorized")
    assert drawn() == expected
    assert given[0].rate == 0.3


def test_memory_is_given_back(monkeypatch):
    groups = []
    init = group.Group.__init__

    def noted(self, *args, **kwargs):
        init(self, *args, **kwargs)
        groups.append(weakref.ref(self))

    monkeypatch.setattr(group.Group, "__init__", noted)
    members = small.members(engine="vectorized", epochs=1)
    gc.collect()
    assert groups
    assert groups[0]() is None
    del members


FIRST = """
import numpy as np, keras, regkit

def build(input_shape, n_classes):
    model = keras.Sequential([keras.Input(input_shape), keras.layers.Dense(n_classes)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model

members = regkit.fit_members(build, np.ones((8, 2)), np.arange(8) % 2, n_members=2)
if keras.backend.backend() == "tensorflow":
    from tensorflow.python.eager import context
    assert context.global_seed() is None
print(members.engine)
"""


def test_members_are_the_first_thing_that_a_process_does(fresh, tmp_path):
    """Before any seed is set, TensorFlow has no generator to keep."""
    root = Path(__file__).parents[3]
    done = fresh.run(FIRST, folder=tmp_path, path=[root], CUDA_VISIBLE_DEVICES="")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["vectorized"]
