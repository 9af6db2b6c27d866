"""Layers that learn from inputs alone: in place, one after the other, and nothing else moves."""

import keras
import numpy as np
import pytest
from keras import layers

import regkit
from regkit.core.errors import AttachError, OptionError

RNG = np.random.default_rng(0)
X = RNG.random((96, 6)).astype("float32")
Y = (X.sum(axis=1) > 3).astype(int)


def classifier(functional=False):
    stack = [
        layers.Dense(8, name="low"), layers.BatchNormalization(name="norm"), layers.ReLU(),
        layers.Dense(5, "tanh", name="high"), layers.Dropout(0.5), layers.Dense(2, name="out"),
    ]  # fmt: skip
    if functional:
        inputs = outputs = keras.Input((6,))
        for layer in stack:
            outputs = layer(outputs)
        model = keras.Model(inputs, outputs)
    else:
        model = keras.Sequential([keras.Input((6,)), *stack])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(), loss)
    return model


def weights(model):
    return {layer.name: [w.copy() for w in layer.get_weights()] for layer in model.layers}


@pytest.mark.parametrize("functional", [True, False])
def test_hidden_layers_move_and_nothing_else(functional):
    model = classifier(functional)
    model.fit(X, Y, epochs=1, verbose=0)
    before, optimizer = (
        weights(model),
        [keras.ops.convert_to_numpy(v) for v in model.optimizer.variables],
    )
    histories = regkit.pretrain(model, X, epochs=4, batch_size=32, learning_rate=0.01)
    assert list(histories) == ["low", "high"]
    for history in histories.values():
        assert history["loss"][-1] < history["loss"][0]
    after = weights(model)
    moved = {
        name: any((a != b).any() for a, b in zip(before[name], after[name], strict=True))
        for name in before
    }
    assert {name for name, did in moved.items() if did} == {"low", "norm", "high"}
    for own, was in zip(model.optimizer.variables, optimizer, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(own), was)
    assert model.get_layer("low").output.shape == (None, 8)  # still in one place
    model.fit(X, Y, epochs=1, verbose=0)
    assert keras.models.clone_model(model).count_params() == model.count_params()


def test_the_lowest_layer_learns_as_an_autoencoder_of_its_own():
    from regkit.models import DenoisingAutoencoder

    def first(inputs):
        keras.utils.set_random_seed(3)
        return keras.Sequential([keras.Input((6,)), layers.Dense(4, "tanh", name="low"),
                                 layers.Dense(2)]), inputs  # fmt: skip

    model, _ = first(X)
    start = model.get_layer("low").get_weights()
    regkit.pretrain(model, X, "gaussian_noise(0.1, seed=5)", epochs=2, loss="mse")
    twin = keras.Sequential([keras.Input((6,)), layers.Dense(4, "tanh")])
    twin.set_weights(start)
    assert not np.array_equal(model.get_layer("low").get_weights()[0], start[0])
    alone = DenoisingAutoencoder(twin, layers.Dense(6), "gaussian_noise(0.1, seed=5)")
    alone.compile(keras.optimizers.Adam(1e-3), "mse")
    alone.fit(X, epochs=2, batch_size=128, verbose=0)
    moved = model.get_layer("low").get_weights()[0] - start[0]
    other = twin.get_weights()[0] - start[0]
    assert np.abs(moved).max() == pytest.approx(np.abs(other).max(), rel=0.5)  # Adam's steps


def test_all_at_once():
    model = classifier()
    histories = regkit.pretrain(model, X, layerwise=False, epochs=2, callbacks=[regkit.L2(1e-4)])
    assert list(histories) == ["low"]
    assert "l2_penalty" in histories["low"]


def test_frozen_layers_stay_and_hand_on():
    model = classifier()
    for name in ("low", "norm"):
        model.get_layer(name).trainable = False
    before = weights(model)
    assert list(regkit.pretrain(model, X, epochs=1)) == ["high"]
    after = weights(model)
    for name in ("low", "norm", "out"):
        for a, b in zip(before[name], after[name], strict=True):
            np.testing.assert_array_equal(a, b)


def test_images_and_kernels_of_convolutions():
    model = keras.Sequential(
        [keras.Input((6, 6, 1)), layers.Rescaling(1 / 255), layers.Conv2D(3, 3, activation="relu"),
         layers.MaxPooling2D(), layers.Flatten(), layers.Dense(4, "relu"), layers.Dense(2)]
    )  # fmt: skip
    x = RNG.integers(0, 256, (40, 6, 6, 1)).astype("float32")
    assert len(regkit.pretrain(model, x, "masking_noise(0.1)", epochs=1)) == 2


def branching():
    inputs = keras.Input((6,))
    hidden = layers.Dense(3)(inputs)
    return keras.Model(inputs, layers.Dense(2)(layers.Add()([hidden, layers.Dense(3)(inputs)])))


@pytest.mark.parametrize(
    ("model", "x", "message"),
    [
        (branching, X, "branches, or is subclassed"),
        (lambda: keras.Sequential([layers.Dense(3), layers.Dense(2)]), X, "is not built"),
        (lambda: keras.Sequential([keras.Input((6,)), layers.Dense(2)]), X, "has 1 layer with a"),
        (classifier, (9 * X).astype("int32"), "int32; what is corrupted"),
    ],
)
def test_what_cannot_be_pretrained_is_refused(model, x, message):
    made = model()
    before = made.get_weights()
    with pytest.raises(AttachError, match=message):
        regkit.pretrain(made, x, epochs=1)
    for a, b in zip(before, made.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_impossible_options_are_refused():
    with pytest.raises(OptionError, match="pretrain: epochs must be a whole number"):
        regkit.pretrain(classifier(), X, epochs=0)
    with pytest.raises(OptionError, match="pretrain: loss must be 'auto' or"):
        regkit.pretrain(classifier(), X, loss="mae")
    with pytest.raises(AttachError, match="changes no inputs"):
        regkit.pretrain(classifier(), X, "l2(0.1)")
