"""Label smoothing against Keras' own and against the formula."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from keras import losses, ops

import regkit
from regkit.techniques.labels.label_smoothing import smooth, smooth_binary
from tests import models

probabilities = hnp.arrays("float32", (4, 3), elements=st.floats(0, 1, width=32))


@given(probabilities, st.floats(0, 0.99), st.sampled_from(["others", "all"]))
def test_smoothing_keeps_mass_and_is_the_formula(y, epsilon, spread):
    out = ops.convert_to_numpy(smooth(ops.convert_to_tensor(y), epsilon, spread))
    mass = y.sum(-1, keepdims=True)
    np.testing.assert_allclose(out.sum(-1, keepdims=True), mass, atol=1e-5)
    expected = (1 - epsilon) * y + epsilon * ((mass - y) / 2 if spread == "others" else mass / 3)
    np.testing.assert_allclose(out, expected, atol=1e-6)


def test_hard_labels_keep_one_minus_epsilon():
    out = ops.convert_to_numpy(smooth(ops.convert_to_tensor(np.eye(5, dtype="float32")), 0.2))
    np.testing.assert_allclose(np.diag(out), 0.8, rtol=1e-6)
    np.testing.assert_allclose(out[0, 1:], 0.05, rtol=1e-6)


@pytest.mark.parametrize("axis", [1, -1, 2])
def test_any_axis(axis):
    y = np.random.default_rng(0).random((2, 3, 4)).astype("float32")
    out = ops.convert_to_numpy(smooth(ops.convert_to_tensor(y), 0.3, "others", axis))
    moved = ops.convert_to_numpy(smooth(ops.convert_to_tensor(np.moveaxis(y, axis, -1)), 0.3))
    np.testing.assert_allclose(np.moveaxis(out, axis, -1), moved, rtol=1e-5)


def test_binary():
    y = ops.convert_to_tensor(np.array([0.0, 1.0], "float32"))
    np.testing.assert_allclose(ops.convert_to_numpy(smooth_binary(y, 0.2)), [0.2, 0.8], rtol=1e-6)
    np.testing.assert_allclose(
        ops.convert_to_numpy(smooth_binary(y, 0.2, "all")), [0.1, 0.9], rtol=1e-6
    )


def trained(loss, y, techniques=(), build=models.sequential, x=None):
    model = models.compiled(build(), loss=loss)
    history = models.fit(model, models.data()[0] if x is None else x, y, techniques, epochs=3)
    return models.values(model), history.history["loss"]


HOT = models.data(sparse=False)[1]
SPARSE = models.data()[1]


@pytest.mark.parametrize("from_logits", [False, True])
@pytest.mark.parametrize("targets", ["hot", "sparse", "sparse_column", "sparse_float"])
def test_all_equals_keras_label_smoothing(from_logits, targets):
    reference = losses.CategoricalCrossentropy(from_logits=from_logits, label_smoothing=0.15)
    expected, expected_losses = trained(reference, HOT)
    y = {
        "hot": HOT,
        "sparse": SPARSE,
        "sparse_column": SPARSE[:, None],
        "sparse_float": SPARSE * 1.0,
    }[targets]
    kind = (
        losses.CategoricalCrossentropy if targets == "hot" else losses.SparseCategoricalCrossentropy
    )
    found, found_losses = trained(
        kind(from_logits=from_logits), y, [regkit.LabelSmoothing(0.15, "all")]
    )
    models.same(found, expected, 1e-6)
    np.testing.assert_allclose(found_losses, expected_losses, rtol=1e-6)


def test_others_equals_smoothed_targets():
    expected, _ = trained("categorical_crossentropy", 0.85 * HOT + 0.075 * (1 - HOT))
    for loss, y in (("categorical_crossentropy", HOT), ("sparse_categorical_crossentropy", SPARSE),
                    ("crossentropy", SPARSE)):  # fmt: skip
        found, _ = trained(loss, y, [regkit.LabelSmoothing(0.15)])
        models.same(found, expected, 1e-6)


def binary():
    return keras.Sequential(
        [
            *models.entry(),
            models.dense(4, "hidden", 1),
            models.dense(1, "out", 2, activation="sigmoid"),
        ]
    )


@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
def test_binary_targets_equal_keras(shape):
    y = (SPARSE > 0).astype("float32")
    reference = losses.BinaryCrossentropy(label_smoothing=0.2)
    expected, _ = trained(reference, y.reshape(-1, 1), build=binary)
    found, _ = trained(
        "binary_crossentropy", y.reshape(shape), [regkit.LabelSmoothing(0.2, "all")], build=binary
    )
    models.same(found, expected, 1e-6)
    halved, _ = trained(
        "binary_crossentropy", y.reshape(shape), [regkit.LabelSmoothing(0.1)], build=binary
    )
    models.same(halved, expected, 1e-6)  # for two classes ε/2 to the other is the same


def segmenter():
    return keras.Sequential(
        [keras.Input((4, 4, 2)), keras.layers.Conv2D(models.CLASSES, 1, activation="softmax",
         kernel_initializer=keras.initializers.GlorotUniform(seed=3))]
    )  # fmt: skip


def test_an_ignored_class_costs_nothing_and_does_not_count(backend):
    if backend == "torch":
        pytest.skip("Keras itself fails there on PyTorch: grad_input must be contiguous")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(8, 4, 4, 2)).astype("float32")
    y = rng.integers(0, models.CLASSES, (8, 4, 4))
    y[rng.random(y.shape) < 0.4] = 255
    loss = losses.SparseCategoricalCrossentropy(ignore_class=255)
    tiny, tiny_losses = trained(loss, y, [regkit.LabelSmoothing(1e-9)], segmenter, x)
    plain, plain_losses = trained(loss, y, (), segmenter, x)
    if np.isfinite(plain_losses).all():  # Keras 3.12 itself gives NaN here, which ours does not
        np.testing.assert_allclose(tiny_losses, plain_losses, rtol=1e-5)
        models.same(tiny, plain, 1e-5)
    assert np.isfinite(tiny_losses).all()
    smoothed, _ = trained(loss, y, [regkit.LabelSmoothing(0.2)], segmenter, x)
    hot = np.eye(models.CLASSES, dtype="float32")[np.where(y == 255, 0, y)]
    hot = 0.8 * hot + 0.1 * (1 - hot)
    kept = models.compiled(segmenter(), loss="categorical_crossentropy")
    # sample weights that remove the ignored pixels, and restore the mean over those that count
    counted = (y != 255).astype("float32")
    counted *= counted.size / counted.sum()  # all examples are one batch
    kept.fit(
        x, hot, sample_weight=counted, batch_size=models.BATCH, epochs=3, verbose=0, shuffle=False
    )
    models.same(smoothed, models.values(kept), 1e-5)


def test_only_the_named_output_is_smoothed():
    x, y = models.two_by_two_data()
    loss = {"label": "sparse_categorical_crossentropy", "value": "mse"}

    def run(**options):
        model = models.compiled(models.two_by_two(), loss=loss, optimizer=keras.optimizers.SGD(0.0))
        return models.fit(model, x, y, [regkit.LabelSmoothing(0.3, **options)], epochs=1).history

    plain = models.compiled(models.two_by_two(), loss=loss, optimizer=keras.optimizers.SGD(0.0))
    before = models.fit(plain, x, y, epochs=1).history
    after = run()
    assert after["value_loss"] == pytest.approx(before["value_loss"])
    assert after["label_loss"] != pytest.approx(before["label_loss"], rel=1e-3)
    assert run(outputs="lab*") == after
    with pytest.raises(ValueError, match="its outputs are label, value"):
        run(outputs="nothing")


def test_a_squared_error_on_one_hot_targets_when_named():
    expected, _ = trained("mse", 0.7 * HOT + 0.1)
    found, _ = trained("mse", HOT, [regkit.LabelSmoothing(0.3, "all", outputs="ms*")])
    models.same(found, expected, 1e-6)
