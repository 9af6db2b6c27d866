"""regkit.layers.ElasticDistortion: the technique's mathematics, as a Keras layer."""

import keras
import numpy as np
import pytest
from keras import ops

import regkit
from regkit.core.errors import OptionError
from tests import models

X = np.random.default_rng(0).random((5, 12, 10, 2)).astype("float32")


def out(layer, x=X, training=True):
    return ops.convert_to_numpy(layer(ops.convert_to_tensor(x), training=training))


def test_it_distorts_in_training_only_and_anew_each_time():
    layer = regkit.layers.ElasticDistortion(8.0, 2.0, seed=1)
    np.testing.assert_array_equal(out(layer, training=False), X)
    first, second = out(layer), out(layer)
    assert np.abs(first - X).max() > 0.05
    assert np.abs(first - second).max() > 0.05
    np.testing.assert_array_equal(first, out(regkit.layers.ElasticDistortion(8.0, 2.0, seed=1)))
    assert np.abs(first - out(regkit.layers.ElasticDistortion(8.0, 2.0, seed=2))).max() > 0.05


def test_strength_zero_is_identity():
    for layer in (
        regkit.layers.ElasticDistortion(0.0),
        regkit.layers.ElasticDistortion(probability=0.0),
    ):
        np.testing.assert_array_equal(out(layer), X)


def test_the_field_has_the_techniques_deviation():
    rows, columns = np.mgrid[:25, :25].astype("float32")
    x = np.tile(np.stack([columns, rows], -1), (600, 1, 1, 1))
    layer = regkit.layers.ElasticDistortion(15.0, 3.0, fill_mode="nearest", seed=3)
    moved = (out(layer, x) - x)[:, 12, 12].ravel()
    expected = 15.0 / (3.0 * np.sqrt(12 * np.pi))
    assert np.std(moved) == pytest.approx(expected, abs=4 * expected / np.sqrt(2 * moved.size))


def test_the_configuration_and_the_saved_model_come_back(tmp_path):
    layer = regkit.layers.ElasticDistortion(
        (2.0, 8.0), 2.0, "bicubic", 24, probability=0.5, fill_mode="reflect", seed=4, name="warp"
    )
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    np.testing.assert_array_equal(out(again), out(layer))
    model = keras.Sequential([keras.Input(X.shape[1:]), layer, keras.layers.Flatten()])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.get_layer("warp").get_config() == layer.get_config()
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), X.reshape(5, -1))


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_a_model_with_the_layer_trains(policy):
    keras.config.set_dtype_policy(policy)
    layer = regkit.layers.ElasticDistortion(3.0, 1.0, seed=1)
    model = models.compiled(keras.Sequential([keras.Input(models.SHAPE), layer, *models.body()]))
    x, y = models.data()
    history = models.fit(model, x, y)
    assert np.isfinite(history.history["loss"]).all()
    assert model.output_shape == (None, models.CLASSES)


def test_it_maps_over_a_dataset(backend):
    tf = pytest.importorskip("tensorflow") if backend != "torch" else None
    if tf is None:
        pytest.skip("TensorFlow imported after PyTorch can take the process down")
    layer = regkit.layers.ElasticDistortion(8.0, 2.0, seed=1)
    images = tf.data.Dataset.from_tensor_slices(X).batch(2)  # the last of one example
    if backend == "jax":
        with pytest.raises(ValueError, match="TensorFlow backend"):
            images.map(lambda x: layer(x, training=True))
        return
    found = [one.numpy() for one in images.map(lambda x: layer(x, training=True))]
    assert [one.shape for one in found] == [(2, 12, 10, 2)] * 2 + [(1, 12, 10, 2)]
    moved = np.concatenate(found)
    assert all(np.abs(moved[k] - X[k]).max() > 0.05 for k in range(5))


@pytest.mark.parametrize("shape", [(12, 10, 2), (5, 4)])
def test_images_come_in_batches(shape):
    with pytest.raises(ValueError, match="rank 4"):
        regkit.layers.ElasticDistortion()(np.zeros(shape, "float32"), training=True)


def test_a_schedule_is_the_techniques():
    schedule = keras.optimizers.schedules.CosineDecay(1.0, 10)
    with pytest.raises(OptionError, match="Use the technique"):
        regkit.layers.ElasticDistortion(schedule)
