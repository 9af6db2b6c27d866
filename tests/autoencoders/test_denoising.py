"""Denoising autoencoders: against the closed form of the linear one; tied, saved, in all forms."""

import keras
import numpy as np
import pytest
from keras import layers, ops

import regkit
from regkit.core.errors import AttachError, OptionError, RegkitError
from regkit.models import DenoisingAutoencoder

COLUMNS = 4
RNG = np.random.default_rng(0)
MIXED = np.array([[1.0, 0.8, 0.0, 0.0], [0.0, 0.6, 0.0, 0.0], [0.0, 0.0, 1.0, -0.5],
                  [0.0, 0.0, 0.0, 0.7]])  # fmt: skip
X = (RNG.normal(size=(512, COLUMNS)) @ MIXED).astype("float32")


def linear(corruption, epochs=160):
    """Train one linear map from corrupted inputs to clean ones, at a falling rate."""
    encoder = keras.Sequential(
        [keras.Input((COLUMNS,)), layers.Dense(COLUMNS, use_bias=False, name="map")]
    )
    model = DenoisingAutoencoder(encoder, layers.Identity(), corruption)
    rate = keras.optimizers.schedules.PolynomialDecay(0.3, epochs * 4, 0.0)
    model.compile(keras.optimizers.SGD(rate), "mse")
    model.fit(X, batch_size=128, epochs=epochs, verbose=0)
    return ops.convert_to_numpy(encoder.get_layer("map").kernel)


@pytest.mark.parametrize(
    "corruption", ["gaussian_noise(0.7, seed=1)", "masking_noise(0.4, seed=1)"]
)
def test_a_linear_one_is_the_regression_of_clean_on_corrupted(corruption):
    """W = E[x̃x̃ᵀ]⁻¹ E[x̃xᵀ], with both expectations in closed form."""
    s = X.T @ X / len(X)
    if "gaussian" in corruption:
        expected = np.linalg.solve(s + 0.49 * np.eye(COLUMNS), s)
    else:
        keep = 0.6
        second = keep**2 * s + keep * (1 - keep) * np.diag(np.diag(s))
        expected = np.linalg.solve(second, keep * s)
    # What is left is the noise of the last steps.
    np.testing.assert_allclose(linear(corruption), expected, atol=0.06)


def image_encoder(**options):
    return keras.Sequential(
        [keras.Input((4, 3)), layers.Flatten(), layers.Dense(6, "tanh"), layers.Dense(5, "relu")],
        **options,
    )


IMAGES = RNG.random((32, 4, 3)).astype("float32")


def test_a_tied_decoder_is_the_encoder_backwards():
    encoder = image_encoder()
    model = DenoisingAutoencoder(encoder, tied=True, output_activation="sigmoid")
    model.compile("adam", "binary_crossentropy")
    model.fit(IMAGES, epochs=2, batch_size=8, verbose=0)
    (w1, b1), (w2, b2) = (layer.get_weights() for layer in encoder.layers[1:])
    code = np.maximum(np.tanh(IMAGES.reshape(32, -1) @ w1 + b1) @ w2 + b2, 0)
    back2, back1 = (ops.convert_to_numpy(bias) for bias in model.decoder.biases)
    out = 1 / (1 + np.exp(-(np.tanh(code @ w2.T + back2) @ w1.T + back1)))
    np.testing.assert_allclose(model.denoise(IMAGES), out.reshape(32, 4, 3), atol=1e-5)
    assert np.abs(back1).max() > 0
    assert len(model.trainable_variables) == 6  # each kernel once


@pytest.mark.parametrize("tied", [True, False])
def test_saved_loaded_and_plain(tied, tmp_path):
    decoder = None if tied else keras.Sequential(
        [keras.Input((5,)), layers.Dense(12), layers.Reshape((4, 3))]
    )  # fmt: skip
    model = DenoisingAutoencoder(
        image_encoder(), decoder, "salt_and_pepper(0.2) + gaussian_noise(0.1)", tied=tied
    )
    model.compile("adam", "mse")
    model.fit(IMAGES, epochs=1, verbose=0)
    expected = model.denoise(IMAGES)
    model.save(tmp_path / "whole.keras")
    again = keras.saving.load_model(tmp_path / "whole.keras")
    np.testing.assert_allclose(again.denoise(IMAGES), expected, atol=1e-6)
    assert str(again.corruption) == str(model.corruption)
    again.fit(IMAGES, epochs=1, verbose=0)
    plain = model.to_keras()
    plain.save(tmp_path / "plain.keras")
    assert "regkit" not in plain.to_json()
    loaded = keras.saving.load_model(tmp_path / "plain.keras")
    np.testing.assert_allclose(loaded.predict(IMAGES, verbose=0), expected, atol=1e-6)


def test_it_learns_to_remove_noise():
    """On a line in four dimensions what is off the line is noise, and goes."""
    rng = np.random.default_rng(1)
    clean = rng.normal(size=(600, 1)) @ np.array([[1.0, -1.0, 0.5, 2.0]])
    clean = clean.astype("float32")
    noisy = (clean + 0.5 * rng.normal(size=clean.shape)).astype("float32")
    encoder = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    model = DenoisingAutoencoder(encoder, layers.Dense(4), "gaussian_noise(0.5)")
    model.compile(keras.optimizers.Adam(0.02), "mse")
    before = float(model.evaluate(clean, verbose=0))
    model.fit(clean, epochs=25, verbose=0)
    assert float(model.evaluate(clean, verbose=0)) < 0.2 * before
    error = np.mean((model.denoise(noisy) - clean) ** 2)
    assert error < 0.45 * np.mean((noisy - clean) ** 2)


def test_only_fit_corrupts_and_other_techniques_stand_beside_it():
    model = DenoisingAutoencoder(image_encoder(), tied=True, corruption="masking_noise(1.0)")
    model.compile(keras.optimizers.SGD(0.0), "mse")
    history = model.fit(
        IMAGES, epochs=1, verbose=0, validation_data=IMAGES, callbacks=[regkit.L2(0.1)]
    ).history
    assert "l2_penalty" in history
    clean = model.evaluate(IMAGES, verbose=0)
    zeros = float(np.mean((model.denoise(0 * IMAGES) - IMAGES) ** 2))
    assert history["val_loss"][0] == pytest.approx(clean, rel=1e-5)
    assert history["data_loss"][0] == pytest.approx(zeros, rel=1e-4)
    assert model.evaluate(IMAGES, IMAGES, verbose=0) == pytest.approx(clean)


class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 4

    def __getitem__(self, index):
        return IMAGES[8 * index : 8 * index + 8], np.zeros(8)


@pytest.mark.parametrize("form", ["arrays", "dataset", "tf.data"])
def test_forms_of_data(form, backend):
    model = DenoisingAutoencoder(
        image_encoder(), tied=True, corruption="gaussian_noise(0.1, seed=3)"
    )
    model.compile(keras.optimizers.SGD(0.1), "mse")
    data = {"arrays": IMAGES, "dataset": Batches()}.get(form)
    if form == "tf.data":
        if backend == "torch":
            pytest.skip("TensorFlow imported after PyTorch can take the process down")
        import tensorflow as tf

        data = tf.data.Dataset.from_tensor_slices(IMAGES).batch(8)
    how = {"batch_size": 8} if form == "arrays" else {}
    history = model.fit(data, epochs=2, shuffle=False, verbose=0, **how).history
    assert history["loss"][1] < history["loss"][0]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DenoisingAutoencoder(image_encoder()), "give a decoder, or tied=True"),
        (lambda: DenoisingAutoencoder(image_encoder(), layers.Dense(3), tied=True), "give a decod"),
        (lambda: DenoisingAutoencoder(image_encoder(), tied=True, corruption="l2(0.1)"),
         r"L2\(strength=0.1\), which changes no inputs; give it to callbacks="),
        (lambda: DenoisingAutoencoder(image_encoder(), tied=True, corruption=""), "corruption is e"),
        (lambda: DenoisingAutoencoder(
            keras.Sequential([keras.Input((4, 4, 1)), layers.Conv2D(2, 2)]), tied=True),
         "weights in 'conv2d.* too"),
    ],
)  # fmt: skip
def test_impossible_ones_are_refused(make, message):
    with pytest.raises((OptionError, RegkitError), match=message):
        make()


def test_targets_are_refused():
    model = DenoisingAutoencoder(image_encoder(), tied=True)
    model.compile("sgd", "mse")
    with pytest.raises(AttachError, match="give inputs alone"):
        model.fit(IMAGES, np.zeros(32))
    with pytest.raises(AttachError, match="give inputs alone"):
        model.fit(IMAGES, validation_data=(IMAGES, np.zeros(32)))
    with pytest.raises(AttachError, match="of a generator they cannot be had twice"):
        model.fit(batch for batch in [IMAGES])
