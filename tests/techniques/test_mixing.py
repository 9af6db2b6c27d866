"""MixUp and CutMix: shares by their distribution, targets by the same shares, to the pixel."""

import keras
import numpy as np
import pytest
from keras import ops
from scipy import stats

import regkit
from regkit.core.draws import Draws
from regkit.core.errors import AttachError, ConflictError
from regkit.core.outside import changed_batch
from regkit.core.stages import Batch, Phase
from tests.techniques.distorting import once

MANY = 1500
CLASSES = 4


def numbered(count=MANY, size=(6, 7), channels=1):
    """Images each of which has one value, its number, so that pixels tell whose they are."""
    x = np.arange(1, count + 1, dtype="float32")
    return np.tile(x[:, None, None, None], (1, *size, channels))


@pytest.mark.parametrize("alpha", [0.05, 0.2, 1.0, 3.0])
def test_shares_are_of_the_beta_distribution(alpha):
    found = ops.convert_to_numpy(Draws(11, 0).beta(4000, alpha))
    assert np.isfinite(found).all()
    # Below float32's digits next to 1 numbers fall together; the lower half has them all.
    lower = found[found < 0.5]
    assert stats.kstest(lower, lambda v: 2 * stats.beta(alpha, alpha).cdf(v)).pvalue > 0.01
    assert stats.binomtest(len(lower), 4000, 0.5).pvalue > 0.01


def test_mix_up_mixes_each_example_by_a_share_of_its_own():
    x = np.random.default_rng(0).normal(size=(MANY, 2)).astype("float32")
    x[:, 0] = np.arange(MANY)
    found = once(regkit.MixUp(1.0, seed=1), x)
    # In two columns of numbers a mixture tells its partner: it lies on the line between both.
    shares, partners = [], []
    for k, (a, b) in enumerate(found):
        with np.errstate(divide="ignore", invalid="ignore"):
            share = 1 - (a - x[k, 0]) / (x[:, 0] - x[k, 0])
            gap = np.abs(x[k, 1] * share + (1 - share) * x[:, 1] - b)
        gap[~((share > -1e-3) & (share < 1 + 1e-3))] = np.inf
        place = int(np.nanargmin(np.where(np.isnan(gap), np.inf, gap)))
        if gap[place] < 1e-4:
            partners.append(place)
            shares.append(share[place])
    assert len(shares) > 0.9 * MANY
    assert len(set(partners)) > 0.9 * len(partners)  # an order of the batch
    assert stats.kstest(shares, stats.uniform.cdf).pvalue > 0.001  # Beta(1, 1)


class Kept(regkit.Technique):
    """Keeps what the loss gets."""

    phases = (Phase.ADVERSARIAL, Phase.SMOOTH)

    def data(self, batch, context):
        self.x, self.weights = (
            ops.convert_to_numpy(batch.x),
            None if batch.sample_weight is None else (ops.convert_to_numpy(batch.sample_weight)),
        )
        return batch

    def target(self, target, context):
        self.y = ops.convert_to_numpy(target.y)
        self.ys = {**getattr(self, "ys", {}), target.name: self.y}
        return target


def trained(technique, x, y, loss="sparse_categorical_crossentropy", units=CLASSES, **options):
    model = keras.Sequential(
        [keras.Input(x.shape[1:]), keras.layers.Flatten(),
         keras.layers.Dense(units, None if loss == "mse" else "softmax")]
    )  # fmt: skip
    model.compile(
        keras.optimizers.SGD(0.0), loss, run_eagerly=True, metrics=options.pop("metrics", [])
    )
    kept = Kept()
    history = model.fit(x, y, batch_size=len(x), verbose=0, shuffle=False,
                        callbacks=[technique, kept], **options)  # fmt: skip
    return kept, history.history


@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", "categorical_crossentropy"])
def test_the_labels_mass_is_the_pixels_mass(loss):
    count = 24
    x = numbered(count)
    labels = np.arange(count)
    y = labels if loss.startswith("sparse") else np.eye(count)[labels]
    kept, _ = trained(regkit.CutMix(1.0, seed=2), x, y, loss, units=count)
    for k, image in enumerate(kept.x):
        pixels = np.bincount(image.astype(int).ravel() - 1, minlength=count) / image[..., 0].size
        np.testing.assert_allclose(kept.y[k], pixels, atol=1e-6)
    assert (kept.y[np.arange(count), labels] < 1).mean() > 0.2


def test_mix_up_mixes_labels_as_inputs():
    count = 24
    x = np.eye(count, dtype="float32")
    kept, _ = trained(regkit.MixUp(1.0, seed=2), x, np.arange(count), units=count)
    np.testing.assert_allclose(kept.y, kept.x, atol=1e-6)
    assert (np.diag(kept.y) < 1).mean() > 0.8


def test_numbers_of_a_regression_are_mixed():
    x = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")
    kept, _ = trained(regkit.MixUp(1.0, seed=2), x, x @ [1.0, 2.0, 3.0], "mse", units=1)
    np.testing.assert_allclose(kept.y.ravel(), kept.x @ [1.0, 2.0, 3.0], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("loss", ["hinge", "squared_hinge"])
@pytest.mark.parametrize("shape", [(20,), (20, 1)])
def test_labels_that_must_stay_whole_are_refused(loss, shape):
    """A hinge of 0.3 takes it for the label itself, where 0 and 1 would be −1 and 1."""
    x = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")
    y = (x[:, 0] > 0).astype("float32").reshape(shape)
    with pytest.raises(ConflictError, match=f"the loss '{loss}'.*takes whole labels"):
        trained(regkit.MixUp(1.0), x, y, loss, units=1)


def test_a_weighted_mixture_has_the_mean_of_both_losses():
    """λ·w·ℓ(y) + (1 − λ)·w′·ℓ(y′), by the weights and targets that the loss gets."""
    count = 16
    x = np.eye(count, dtype="float32")
    weights = np.random.default_rng(0).uniform(0, 2, count).astype("float32")
    weights[3] = 0
    kept, _ = trained(regkit.MixUp(1.0, seed=2), x, np.arange(count), units=count,
                      sample_weight=weights)  # fmt: skip
    shares = kept.x  # row k: λ for k itself, 1 − λ for its partner
    np.testing.assert_allclose(
        kept.weights[:, None] * kept.y, shares * weights, rtol=1e-5, atol=1e-6
    )


def test_smoothing_is_last_whatever_the_list():
    count = 12
    x = np.eye(count, dtype="float32")
    ys = []
    for recipe in (
        "mix_up(1, seed=2) + label_smoothing(0.1)",
        "label_smoothing(0.1) + mix_up(1, seed=2)",
    ):
        kept, _ = trained(regkit.Recipe(recipe), x, np.arange(count), units=count)
        ys.append(kept.y)
        np.testing.assert_allclose(
            kept.y, 0.9 * kept.x + 0.1 * (1 - kept.x) / (count - 1), atol=1e-6
        )
    np.testing.assert_array_equal(*ys)


def test_metrics_see_the_targets_as_they_were():
    x = np.eye(CLASSES, dtype="float32").repeat(4, axis=0)
    y = np.arange(CLASSES).repeat(4)

    class Weighted(keras.metrics.Sum):
        def update_state(self, y_true, y_pred, sample_weight=None):
            places = ops.arange(16, dtype="float32")
            super().update_state(ops.cast(ops.reshape(y_true, (-1,)), "float32") * places)

    _, logs = trained(regkit.MixUp(1.0, seed=2), x, y, metrics=[Weighted(name="seen")])
    assert logs["seen"] == [float((y * np.arange(16)).sum())]


def test_masks_are_pasted_with_their_images():
    x = numbered(10, channels=2)
    masks = x[..., 0].astype("int32")
    batch = changed_batch(
        regkit.CutMix(1.0, seed=1, targets="mask"), Batch(x, ops.convert_to_tensor(masks))
    )
    image, mask = (ops.convert_to_numpy(part) for part in (batch.x, batch.y))
    np.testing.assert_array_equal(image[..., 0], mask)
    assert len(np.unique(mask[0])) + len(np.unique(mask[1])) > 2


def test_a_pasted_target_is_not_mixed_again():
    x = numbered(8)
    inputs = keras.Input(x.shape[1:])
    depth = keras.layers.Conv2D(1, 1, name="depth")(inputs)
    kind = keras.layers.Dense(CLASSES, "softmax", name="kind")(keras.layers.Flatten()(inputs))
    kinds = np.arange(8) % CLASSES
    for outputs, targets, y in (
        (depth, "image", x),
        ({"depth": depth, "kind": kind}, {"depth": "image"}, {"depth": x, "kind": kinds}),
    ):
        model = keras.Model(inputs, outputs)
        losses = {"depth": "mse", "kind": "sparse_categorical_crossentropy"}
        model.compile(
            keras.optimizers.SGD(0.0), losses if isinstance(y, dict) else "mse", run_eagerly=True
        )
        kept = Kept()
        model.fit(x, y, batch_size=8, verbose=0, shuffle=False,
                  callbacks=[regkit.CutMix(1.0, seed=1, targets=targets), kept])  # fmt: skip
        np.testing.assert_array_equal(kept.ys["depth"] if isinstance(y, dict) else kept.y, kept.x)
    assert kept.ys["kind"].shape == (8, CLASSES)
    assert 0 < kept.ys["kind"].max(axis=1).min() < 1


@pytest.mark.parametrize("technique", [regkit.MixUp(0.3, probability=0.4, seed=3),
                                       regkit.CutMix(1.0, probability=0.4, seed=3)])  # fmt: skip
def test_some_examples_stay_bit_for_bit(technique):
    x = np.random.default_rng(0).normal(size=(1000, 5, 5, 1)).astype("float32")
    same = (once(technique, x) == x).all(axis=(1, 2, 3)).mean()
    # Of those that are cut, some get a rectangle without a pixel, or their own place.
    assert 0.6 - 4 * np.sqrt(0.24 / 1000) < same < 0.75


def test_images_of_8_bits_stay_so():
    x = np.random.default_rng(0).integers(0, 256, (8, 5, 5, 1)).astype("uint8")
    for technique in (regkit.MixUp(1.0, seed=1), regkit.CutMix(1.0, seed=1)):
        found = once(technique, x)
        assert found.dtype == "uint8"
        assert (found != x).any()


@pytest.mark.parametrize(
    ("technique", "x", "message"),
    [
        (regkit.MixUp(), np.ones((4, 3), "int32"), r"of shape \(4, 3\) is of type int32"),
        (regkit.CutMix(), np.ones((4, 3), "float32"), "needs images"),
        (regkit.CutMix(), {"a": np.ones((4, 3, 3, 1), "float32"),
                           "b": np.ones((4, 5, 5, 1), "float32")}, "images of one size"),
        (regkit.Recipe("flip(targets='boxes') + mix_up"), np.ones((4, 3, 3, 1), "float32"),
         "names boxes, of which there is no mixture"),
    ],
)  # fmt: skip
def test_what_cannot_be_mixed_is_refused(technique, x, message):
    model_free = list(technique) if isinstance(technique, regkit.Recipe) else [technique]
    from regkit.core.at_data import run_data
    from regkit.core.outside import context_outside
    from regkit.core.plan import Plan
    from regkit.core.stages import Stage

    x = keras.tree.map_structure(ops.convert_to_tensor, x)
    batch = Batch(x, ops.ones((4, 2, 4)))
    with pytest.raises(AttachError, match=message):
        run_data(
            Plan(model_free).turns(Stage.DATA), batch, lambda turn: context_outside(Draws(1, 0))
        )


def test_targets_for_each_pixel_need_a_word():
    x = numbered(4)
    with pytest.raises(AttachError, match="targets='mask'"):
        changed_batch(regkit.CutMix(), Batch(x, ops.convert_to_tensor(x[..., 0].astype("int32"))))


def test_weights_of_positions_are_refused():
    x = np.ones((4, 3), "float32")
    with pytest.raises(AttachError, match="weights here are of several outputs or of positions"):
        changed_batch(regkit.MixUp(), Batch(x, None, ops.ones((4, 7))))
