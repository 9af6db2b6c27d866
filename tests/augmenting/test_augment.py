"""Data augmented outside of a fit: each example by its number, in every form of data."""

import keras
import numpy as np
import pytest
from keras import ops
from scipy import stats

import regkit
from regkit.core.draws_of_examples import DrawsOfExamples
from regkit.core.errors import AttachError, OptionError, RecipeError
from regkit.core.stages import Stage
from tests.registered import ALL

RANDOM = np.random.default_rng(0)
X = RANDOM.random((20, 8, 8, 1)).astype("float32")
Y = RANDOM.integers(0, 3, 20)
RECIPE = "flip + rotation(15) + elastic_distortion(relative_to=28) + gaussian_noise(0.05)"
ALONE = sorted(
    name for name, make in ALL.items() if make().stages() == (Stage.DATA,)
)  # all that acts at DATA only


def test_an_example_depends_on_its_number_and_nothing_else():
    whole = regkit.augment(X, RECIPE, seed=3)
    assert (whole != X).any(axis=(1, 2, 3)).all()
    for size in (1, 7, 20):
        found = regkit.augment(X, RECIPE, seed=3, batch_size=size)
        np.testing.assert_allclose(found, whole, atol=1e-6)
    np.testing.assert_allclose(regkit.augment(X[:5], RECIPE, seed=3), whole[:5], atol=1e-6)


@pytest.mark.parametrize("name", ALONE)
def test_every_technique_that_acts_at_data_alone(name):
    """Also those whose range is by default that of the batch: here it is the example's."""
    technique = ALL[name]()
    whole = regkit.augment(X, technique, batch_size=20)
    some = regkit.augment(X, technique, batch_size=8)
    np.testing.assert_allclose(some, whole, atol=1e-6)


def test_seeds_and_epochs_draw_apart():
    found = [regkit.augment(X, RECIPE, seed=s, epoch=e) for s, e in ((0, 0), (1, 0), (0, 1))]
    for k in range(3):
        assert (found[k] != found[k - 1]).any(axis=(1, 2, 3)).all()


def test_numbers_of_examples_are_independent_and_uniform():
    examples = ops.arange(4000, dtype="int32")
    draws = DrawsOfExamples(5, 2, examples)
    first, second = (ops.convert_to_numpy(draws.uniform((4000, 3))) for _ in range(2))
    both = np.concatenate([first, second], axis=1)
    for column in both.T:
        assert stats.kstest(column, "uniform").pvalue > 1e-4
        assert abs(np.corrcoef(column[1:], column[:-1])[0, 1]) < 4 / np.sqrt(4000)
    off = np.corrcoef(both.T)[~np.eye(6, dtype=bool)]
    assert np.abs(off).max() < 4.5 / np.sqrt(4000)


def test_targets_move_with_images_and_others_stay():
    mask = (X[..., 0] > 0.5).astype("int64")
    big, texts = np.full(20, 2**40), np.array(["a"] * 20)
    y = {"mask": mask, "id": big, "name": texts}
    _, after = regkit.augment((X, y), "rotation(90, targets={'mask': 'mask'})", seed=1)
    for name in ("id", "name"):  # also what no backend has a type for
        assert after[name].dtype == y[name].dtype
        np.testing.assert_array_equal(after[name], y[name])
    assert after["mask"].dtype == mask.dtype
    assert (after["mask"] != mask).any()
    _, alone = regkit.augment((X, mask), "flip(probability=1.0, targets='mask')", seed=1)
    np.testing.assert_array_equal(alone, mask[:, :, ::-1])


def test_weights_and_labels_are_as_they_were():
    weights = RANDOM.random(20)
    _, y, w = regkit.augment((X, Y, weights), RECIPE)
    assert y is Y or (y == Y).all()
    assert w.dtype == weights.dtype
    np.testing.assert_array_equal(w, weights)


def test_nests_of_inputs_keep_their_form_and_types():
    x = {"photo": (X * 255).astype("uint8"), "age": np.arange(20.0)[:, None]}
    found = regkit.augment(x, "rotation(20)")
    assert found["photo"].dtype == np.uint8
    assert found["age"].dtype == np.float64
    np.testing.assert_array_equal(found["age"], x["age"])


def test_no_example_and_no_strength():
    assert regkit.augment(X[:0], RECIPE).shape == (0, 8, 8, 1)
    assert (
        regkit.augment(X, regkit.GaussianNoise(0.0)) is X
        or (regkit.augment(X, regkit.GaussianNoise(0.0)) == X).all()
    )


class Rows(keras.utils.PyDataset):
    def __init__(self, **options):
        super().__init__(**options)
        self.ended = 0

    def __len__(self):
        return 3

    def __getitem__(self, index):
        return X[index * 8 : (index + 1) * 8], Y[index * 8 : (index + 1) * 8]

    def on_epoch_end(self):
        self.ended += 1


def test_a_py_dataset_is_the_same_in_any_order_and_new_in_each_epoch():
    rows = Rows(workers=2)
    data = regkit.augment(rows, RECIPE, seed=4)
    assert (len(data), data.num_batches, data.workers) == (3, 3, 2)
    backwards = [data[k][0] for k in (2, 1, 0)][::-1]
    for k in range(3):
        np.testing.assert_array_equal(data[k][0], backwards[k])
        np.testing.assert_array_equal(data[k][1], Y[k * 8 : (k + 1) * 8])
    data.on_epoch_end()
    assert rows.ended == 1
    assert (data[0][0] != backwards[0]).any()
    later = regkit.augment(Rows(), RECIPE, seed=4, epoch=1)
    np.testing.assert_array_equal(later[0][0], data[0][0])


def test_a_model_trains_on_a_py_dataset():
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(3, "softmax")]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    data = regkit.augment(Rows(workers=2), RECIPE)
    history = model.fit(data, epochs=2, verbose=0, callbacks=[regkit.L2(1e-3)])
    assert np.isfinite(history.history["loss"]).all()


def test_processes_are_refused():
    with pytest.raises(AttachError, match="use_multiprocessing=False"):
        regkit.augment(Rows(workers=2, use_multiprocessing=True), RECIPE)


@pytest.fixture(name="tf")
def tf_fixture(backend):
    if backend == "torch":
        pytest.skip("TensorFlow imported after PyTorch can take the process down")
    return pytest.importorskip("tensorflow")


def test_a_tf_dataset_is_as_the_arrays_and_new_in_each_pass(tf):
    dataset = tf.data.Dataset.from_tensor_slices((X, Y)).batch(8)
    data = regkit.augment(dataset, RECIPE, seed=3)
    assert data.element_spec[0].shape.as_list() == [None, 8, 8, 1]
    assert int(data.cardinality()) == 3
    next(iter(data))  # a look at the first element is no pass
    first, second = (np.concatenate([x.numpy() for x, _ in data]) for _ in range(2))
    np.testing.assert_allclose(first, regkit.augment(X, RECIPE, seed=3), atol=2e-6)
    np.testing.assert_allclose(second, regkit.augment(X, RECIPE, seed=3, epoch=1), atol=2e-6)


def test_a_tf_dataset_whose_images_change_their_size(tf):
    dataset = tf.data.Dataset.from_tensor_slices(X).batch(8)
    data = regkit.augment(dataset, "random_crop(size=[6, 5])", seed=3)
    assert data.element_spec.shape.as_list() == [None, 6, 5, 1]
    assert next(iter(data)).shape == (8, 6, 5, 1)


def test_a_tf_dataset_of_single_numbers_is_refused(tf):
    dataset = tf.data.Dataset.from_tensor_slices((X, Y))
    with pytest.raises(AttachError, match=r"of batches.*dataset\.batch\(32\)"):
        regkit.augment(dataset, RECIPE)


@pytest.mark.parametrize(
    ("data", "recipe", "error", "message"),
    [
        (X, "dropout(0.5)", AttachError, "acts at FORWARD, which there is in model.fit only"),
        (X, "flip + mix_up", AttachError, "acts at TARGET"),
        (X, "flap", RecipeError, "flip"),
        (X, "", AttachError, "the recipe is empty"),
        (X, [], AttachError, "the recipe is empty"),
        (X.tolist(), "flip", AttachError, "Make lists arrays"),
        ((k for k in X), "flip", AttachError, "received generator"),
        ((X, Y[:3]), "flip", AttachError, r"these have \[3, 20\]"),
        ((X, Y, Y, Y), "flip", AttachError, "a tuple of 4"),
        (X[..., 0, 0], "flip", AttachError, "needs images"),
        ((X, X), "flip", AttachError, "may say where something is"),
    ],
)
def test_what_cannot_be_augmented_is_refused(data, recipe, error, message):
    with pytest.raises(error, match=message):
        regkit.augment(data, recipe)


def test_schedules_are_refused():
    schedule = keras.optimizers.schedules.ExponentialDecay(10.0, 100, 0.5)
    with pytest.raises(AttachError, match="has a schedule for degrees"):
        regkit.augment(X, regkit.Rotation(schedule))


def test_impossible_options_are_refused():
    with pytest.raises(OptionError, match="batch_size"):
        regkit.augment(X, "flip", batch_size=0)


class Pairs(regkit.Technique):
    """Acts at DATA alone, and mixes examples all the same."""

    def data(self, batch, context):
        order = context.draws.permutation(ops.shape(batch.x)[0])
        return batch.replace(x=ops.take(batch.x, order, axis=0))


class Shared(regkit.Technique):
    """Draws numbers for all examples together."""

    def data(self, batch, context):
        return batch.replace(x=batch.x + context.draws.normal((1, 8, 8, 1)))


@pytest.mark.parametrize(
    ("technique", "message"),
    [(Pairs(), "draws an order of the examples"), (Shared(), r"\(1, 8, 8, 1\) for 20 examples")],
)
def test_what_does_not_change_each_example_by_itself_is_refused(technique, message):
    with pytest.raises(AttachError, match=message):
        regkit.augment(X, technique)
