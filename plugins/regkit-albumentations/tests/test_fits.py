"""`augmented` in a fit: with workers, over epochs, and when Keras only looks."""

import multiprocessing
import warnings

import keras
import numpy as np
import pytest

from regkit_albumentations import augmented
from tests.small import BACKEND, BOTH, Four, X, Y, arrays, list_of, viewer

WORKERS = {
    "none": {},
    "threads": {"workers": 2},
    "processes": {"workers": 2, "use_multiprocessing": True},
}
SOURCES = {"arrays": arrays, "PyDataset": lambda **queue: augmented(Four(), BOTH, seed=1, **queue)}


def trained(dataset, epochs=2, **options):
    """Return weights that tell every batch and its place among them, from a fit on a dataset."""
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Rescaling(1 / 255), keras.layers.Flatten(), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((8, 8, 3)), *layers])
    model.compile(keras.optimizers.SGD(0.01), "mse")
    model.test_on_batch(X[:1], Y[:1])  # or Keras looks at the first batches before it begins
    model.fit(dataset, epochs=epochs, verbose=0, shuffle=False, **options)
    return model.get_weights()[0]


@pytest.mark.filterwarnings("ignore:.*fork.*")
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("workers", WORKERS)
def test_the_same_samples_whatever_the_workers(source, workers):
    dataset = SOURCES[source](**WORKERS[workers])
    found = trained(dataset)
    np.testing.assert_array_equal(found, trained(SOURCES[source]()))
    assert dataset.epoch == 2


HELD = {}  # of another process: its dataset


def hold(dataset):
    HELD["dataset"] = dataset


def held(index):
    return HELD["dataset"][index]


def test_a_process_that_is_begun_anew_makes_the_same_samples_and_tells_of_them():
    """As Keras gives a dataset to its workers where processes are not forked."""
    dataset = arrays()
    with multiprocessing.get_context("spawn").Pool(1, hold, (dataset,)) as pool:
        found = pool.apply(held, (2,))
    np.testing.assert_array_equal(found[0], arrays()[2][0])
    assert list(dataset._read) == [0, 0, 1, 0, 0]


@pytest.mark.parametrize("size", [24, 12])
def test_an_epoch_may_be_a_batch_or_two(size):
    """On TensorFlow Keras looks at two batches to learn their shapes."""
    dataset = arrays(batch_size=size)
    trained(dataset)
    assert dataset.epoch == 2


def test_a_fit_sees_each_epoch_in_turn():
    one, both = arrays(), [*list_of(arrays()), *list_of(arrays(initial_epoch=1))]

    class Listed(keras.utils.PyDataset):
        num_batches = 10

        def __getitem__(self, index):
            return both[index]

    np.testing.assert_array_equal(trained(one), trained(Listed(), epochs=1))


def test_the_callback_says_which_epoch_it_is():
    plain, told = arrays(), arrays(initial_epoch=7)
    np.testing.assert_array_equal(trained(told, callbacks=[told.callback]), trained(plain))
    assert told.epoch == 2
    again = arrays()
    trained(again, epochs=5, initial_epoch=4, callbacks=[again.callback])
    assert again.epoch == 5


def test_a_source_is_told_of_epochs():
    source = Four()
    trained(augmented(source, BOTH, seed=1))
    assert source.begun == 2
    assert source.ended >= 2


def test_a_look_at_the_first_batch_counts_for_nothing():
    dataset = arrays()
    dataset.on_epoch_begin()
    dataset[0]
    dataset.on_epoch_end()
    assert dataset.epoch == 0
    model = viewer((8, 8, 3), 5, "uint8")
    model.compile("sgd", "mse")  # neither metrics nor optimizer are built
    data = augmented((X[:20], Y[:20]), BOTH, seed=1, batch_size=5)
    model.fit(data, epochs=2, verbose=0)
    assert data.epoch == 2


def test_steps_per_epoch_count_whole_passes():
    dataset = augmented(Four(), BOTH, seed=1)
    trained(dataset, epochs=4, steps_per_epoch=3)
    assert dataset.epoch == 2


def test_with_workers_a_look_is_warned_of():
    """On TensorFlow Keras does not look ahead, and nothing is to be said."""
    data = augmented((X, Y), BOTH, seed=1, batch_size=1, workers=2, max_queue_size=2)
    model = keras.Sequential(
        [keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(1)]
    )
    model.compile("sgd", "mse")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        model.fit(data, verbose=0)
    found = [str(one.message) for one in said if "stopped before the end" in str(one.message)]
    assert all("model.test_on_batch" in one for one in found)
    assert bool(found) == (BACKEND != "tensorflow")
