"""RandAugment, TrivialAugment and AugMix: what is chosen, how often, and what moves along."""

import numpy as np
import pytest
from keras import ops
from scipy import ndimage, stats

import regkit
from regkit.core.draws import Draws
from regkit.core.errors import AttachError
from regkit.core.motion import ImageSizes, Motion
from regkit.core.moving import moved_images
from regkit.core.outside import changed_batch, context_outside
from regkit.core.stages import Batch
from regkit.techniques.augmentation.aug_mix import chain_weights
from regkit.techniques.augmentation.operations import MOTIONS, Pick, motion_of
from regkit.techniques.augmentation.policy import NAMES
from tests.techniques.distorting import once, through_fit

RANDOM = np.random.default_rng(0)


def images(count, dtype="float32", channels=3):
    """Smooth images: a soft disk off the center over a slope."""
    y, x = np.mgrid[:16, :16]
    disk = 1 / (1 + np.exp(np.hypot(x - 9, y - 6) - 4))
    one = np.stack([disk, x / 20, y / 30 + 0.1], -1)[..., :channels]
    one = np.tile(one, (count, 1, 1, 1)).astype("float32")
    return (one * 255).astype("uint8") if dtype == "uint8" else one


def after(technique, x, y=None, seed=3):
    batch = changed_batch(technique, Batch(ops.convert_to_tensor(x), y), seed=seed)
    return ops.convert_to_numpy(batch.x), batch.y


def picked(technique, size=20_000):
    return technique.picks(size, context_outside(Draws(5, 0)))


def test_every_operation_is_as_likely_and_goes_both_ways():
    for one in [*picked(regkit.RandAugment(2, 0.4)), *picked(regkit.TrivialAugment())]:
        counts = np.bincount(ops.convert_to_numpy(one.which), minlength=len(NAMES))
        assert len(counts) == len(NAMES) == 14
        assert stats.chisquare(counts).pvalue > 1e-4
        assert (
            stats.binomtest(int((ops.convert_to_numpy(one.sign) > 0).sum()), 20_000).pvalue > 1e-4
        )


def test_magnitudes_are_one_number_or_uniform():
    for one in picked(regkit.RandAugment(2, 0.4)):
        np.testing.assert_allclose(ops.convert_to_numpy(one.magnitude), 0.4, rtol=1e-6)
    (one,) = picked(regkit.TrivialAugment())
    assert stats.kstest(ops.convert_to_numpy(one.magnitude), "uniform").pvalue > 1e-4


def test_operations_of_an_example_are_drawn_apart():
    first, second = picked(regkit.RandAugment(2, 0.4))
    table = np.histogram2d(
        ops.convert_to_numpy(first.which), ops.convert_to_numpy(second.which), bins=len(NAMES)
    )[0]
    assert stats.chi2_contingency(table).pvalue > 1e-4


def test_weights_of_chains_are_of_the_dirichlet_distribution():
    """Each is Beta(1, 2) for three chains, and they are 1 together."""
    weights = chain_weights(Draws(5, 0).uniform((20_000, 3)))
    weights = ops.convert_to_numpy(weights)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-5)
    for one in weights.T:
        assert stats.kstest(one, stats.beta(1, 2).cdf).pvalue > 1e-4


@pytest.mark.parametrize("name", MOTIONS)
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_motions_are_those_of_their_matrices(name, sign):
    """At the magnitude 1, by the value that each pixel gets, against SciPy."""
    reach = regkit.RandAugment.reach
    x = images(1)
    which = ops.full((1,), NAMES.index(name), "int32")
    pick = Pick(which, ops.ones(1), ops.full((1,), sign))
    place_map, still = motion_of([pick], NAMES, reach, ImageSizes(1, ((16, 16),), 0))
    assert not ops.convert_to_numpy(still).any()
    angle = np.deg2rad(reach.degrees) * sign
    by = {
        "shear_x": [[1, reach.shear * sign, 0], [0, 1, 0]],
        "shear_y": [[1, 0, 0], [reach.shear * sign, 1, 0]],
        "translate_x": [[1, 0, reach.shift * 16 * sign], [0, 1, 0]],
        "translate_y": [[1, 0, 0], [0, 1, reach.shift * 16 * sign]],
        "rotate": [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0]],
    }[name]
    np.testing.assert_allclose(ops.convert_to_numpy(place_map.matrix)[0], by, atol=1e-5)
    turn, shift = np.array(by)[::-1, :2][:, ::-1], np.array(by)[::-1, 2]
    offset = 7.5 + shift - turn @ [7.5, 7.5]
    found = ops.convert_to_numpy(moved_images(ops.convert_to_tensor(x), Motion(place_map)))[0]
    for channel in range(3):
        right = ndimage.affine_transform(x[0, ..., channel], turn, offset, order=1, mode="constant")
        inside = ndimage.affine_transform(np.ones((16, 16)), turn, offset, order=1) > 0.999
        np.testing.assert_allclose(found[..., channel][inside], right[inside], atol=1e-4)


@pytest.mark.parametrize(
    "technique", [regkit.RandAugment(2, 0.7), regkit.TrivialAugment(), regkit.AugMix(0.8)]
)
@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_images_keep_type_and_range_and_each_is_changed_in_its_own_way(technique, dtype):
    x = images(64, dtype)
    found, _ = after(technique, x)
    assert found.dtype == x.dtype
    assert x.min() - 1e-6 <= found.min() <= found.max() <= (255 if dtype == "uint8" else x.max())
    assert len(np.unique(found.reshape(64, -1), axis=0)) > 40


@pytest.mark.parametrize("cls", [regkit.RandAugment, regkit.TrivialAugment, regkit.AugMix])
def test_probability_leaves_examples_bit_for_bit(cls):
    x = RANDOM.random((400, 6, 6, 1)).astype("float32")
    found, _ = after(cls(probability=0.25), x)
    same = (found == x).all(axis=(1, 2, 3))
    share = 0.25 if cls is regkit.AugMix else 0.25 * 13 / 14
    assert stats.binomtest(int((~same).sum()), 400, share, alternative="greater").pvalue > 1e-4
    assert same.mean() > 0.65


def test_masks_boxes_and_points_move_with_the_image():
    """As under the matrices alone: the mask is where the disk is."""
    y, x = np.mgrid[:21, :21]
    disk = (np.hypot(x - 12, y - 9) < 5).astype("float32")
    x = np.tile(disk[None, ..., None], (40, 1, 1, 1))
    for technique in (
        regkit.RandAugment(3, 0.5, targets="mask"),
        regkit.TrivialAugment(targets="mask"),
    ):
        batch = changed_batch(
            technique,
            Batch(ops.convert_to_tensor(x), ops.convert_to_tensor(x[..., 0].astype("int32"))),
        )
        mask, image = ops.convert_to_numpy(batch.y), ops.convert_to_numpy(batch.x)[..., 0]
        assert (mask != mask[:1]).any()
        for m, i in zip(mask, image, strict=True):
            if 0 < m.sum() < m.size and i.max() > i.min():
                inside, outside = i[m == 1], i[m == 0]  # perhaps inverted, or grey
                apart = abs(np.median(inside) - np.median(outside))
                assert apart >= abs(np.mean(inside) - np.mean(outside)) - 0.35


@pytest.mark.parametrize("cls", [regkit.RandAugment, regkit.TrivialAugment, regkit.AugMix])
def test_targets_of_which_nobody_speaks_are_refused(cls):
    x = images(4)
    with pytest.raises(AttachError, match="may say where something is"):
        after(cls(), x, ops.ones((4, 16, 16), "int32"))
    stays = ops.ones((4, 16, 16), "int32")
    assert after(cls(targets="stay"), x, stays)[1] is stays


def test_a_mixture_moves_nothing_along():
    with pytest.raises(AttachError, match="the targets cannot move along"):
        after(regkit.AugMix(targets="mask"), images(4), ops.ones((4, 16, 16), "int32"))


def test_a_mixture_of_one_chain_lies_between_the_image_and_its_version():
    x = RANDOM.random((100, 8, 8, 1)).astype("float32")
    found, _ = after(regkit.AugMix(1.0, chains=1), x)
    assert (np.abs(found - x).max(axis=(1, 2, 3)) > 1e-3).mean() > 0.7


@pytest.mark.parametrize("technique", [regkit.RandAugment(2, 0.5, seed=1), regkit.AugMix(seed=2)])
def test_in_a_fit_as_outside_of_one(technique):
    x = RANDOM.random((6, 9, 9, 3)).astype("float32")
    np.testing.assert_allclose(through_fit(technique, x), once(technique, x), atol=1e-5)
