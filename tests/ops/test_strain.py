"""Strain and folds of smooth fields: as measured on fields, and by chance alone."""

import numpy as np
import pytest
from keras import ops

import regkit
from regkit.core.draws import Draws
from regkit.ops import fields
from regkit.ops.strain import alpha_of, folded_share, strain_of
from regkit.techniques.augmentation.elastic_distortion import displacement

pytestmark = pytest.mark.backend_free


@pytest.mark.parametrize("strain", [0.25, 0.5, 1.0])
def test_fields_have_the_strain_the_length_and_the_folds(strain):
    side, sigma, batch = 96, 8.0, 40
    alpha = alpha_of(sigma, strain=strain)
    noise = Draws(3, 0).normal(fields.coarse_shape(batch, side, side, sigma))
    u = ops.convert_to_numpy(displacement(noise, side, side, alpha, sigma)).astype("float64")
    down, across = np.gradient(u, axis=(1, 2))
    slopes = [across[..., 0], down[..., 1], across[..., 1], down[..., 0]]
    # Differences over two pixels smooth a little: by 1 - 1/(4·sigma²)/... of the strain.
    for slope in slopes:
        assert slope.std() == pytest.approx(strain, rel=0.06)
    turned = (1 + across[..., 0]) * (1 + down[..., 1]) < across[..., 1] * down[..., 0]
    assert turned.mean() == pytest.approx(folded_share(strain), rel=0.15, abs=3e-4)
    rms = np.sqrt((u**2).sum(axis=-1).mean())
    assert rms == pytest.approx(2 * sigma * strain, rel=0.06)
    assert alpha_of(sigma, rms=rms) == pytest.approx(alpha, rel=0.06)


@pytest.mark.parametrize("strain", [0.1, 0.35, 0.7, 2.0])
def test_the_share_that_folds_is_that_of_random_slopes(strain):
    a, b, c, d = strain * np.random.default_rng(0).normal(size=(4, 1_000_000))
    share = ((1 + a) * (1 + d) < b * c).mean()
    assert folded_share(strain) == pytest.approx(share, rel=0.04, abs=1e-4)
    assert folded_share(0.0) == 0.0


def test_the_technique_speaks_of_both():
    technique = regkit.ElasticDistortion(34.0, 4.0)
    assert technique.strain == pytest.approx(0.1152 * 34 / 16, rel=1e-3)
    assert technique.rms == pytest.approx(np.sqrt(2) * 0.1629 * 34 / 4, rel=1e-3)
    assert regkit.ElasticDistortion((10.0, 34.0), 4.0).strain == technique.strain
    assert strain_of(34.0, 4.0) == pytest.approx(technique.strain)
    by = regkit.ElasticDistortion.by_strain(0.2, sigma=6.0, probability=0.5, seed=1)
    assert (by.sigma, by.probability, by.seed) == (6.0, 0.5, 1)


def test_folds_are_warned_of():
    import keras

    model = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(1)]
    )
    with pytest.warns(UserWarning, match=r"folds 1\d % of an image over itself: its strain is 0.6"):
        regkit.ElasticDistortion(85.0, 4.0).check(model)
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        regkit.ElasticDistortion().check(model)
        regkit.ElasticDistortion(keras.optimizers.schedules.CosineDecay(500.0, 9)).check(model)
