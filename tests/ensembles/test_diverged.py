"""Members whose weights are no numbers any more."""

import keras
import numpy as np
import pytest

import regkit
from tests.ensembles.small import (
    blobs,
    build,
    classifier,
    line,
    outputs_of,
    regression,
    regressor,
)


def exploding(members):
    """A function that builds models, of which some take steps that are far too large."""

    def own(input_shape, n_classes, member):
        model = build(input_shape, n_classes) if n_classes else regression(input_shape)
        if member in members:
            model.optimizer.learning_rate.assign(1e30)
        return model

    return own


@pytest.mark.parametrize(
    "engine",
    ["vectorized"] + [pytest.param(name, marks=pytest.mark.backend_free)
                      for name in ("sequential", "joblib")],
)  # fmt: skip
def test_a_member_that_diverges_is_reported_and_left_out(engine):
    x, y = line()
    with pytest.warns(UserWarning, match=r"members \[1\] diverged and are left out"):
        ensemble = regressor(exploding([1]), n_estimators=4, engine=engine).fit(x, y)
    assert ensemble.diverged_ == [1]
    assert len(ensemble.estimators_) == len(ensemble.histories_) == 3
    calm = regressor(exploding([]), n_estimators=4, engine=engine).fit(x, y)
    assert calm.diverged_ == []
    rest = outputs_of(calm, x)[[0, 2, 3], :, 0]
    np.testing.assert_allclose(ensemble.predict(x), rest.mean(axis=0), rtol=1e-4, atol=1e-5)
    for place, number in enumerate([0, 2, 3]):
        one, other = ensemble.estimators_samples_[place], calm.estimators_samples_[number]
        np.testing.assert_array_equal(one, other)


@pytest.mark.backend_free
def test_the_out_of_bag_score_leaves_it_out_too():
    x, y = line()
    with pytest.warns(UserWarning, match="diverged"):
        ensemble = regressor(exploding([0]), n_estimators=6, oob_score=True).fit(x, y)
    outputs = outputs_of(ensemble, x)[..., 0]
    unseen = np.array([~np.isin(np.arange(90), own) for own in ensemble.estimators_samples_])
    assert len(unseen) == 5
    mean = np.where(unseen, outputs, 0).sum(axis=0)[unseen.any(axis=0)]
    mean = mean / unseen.sum(axis=0)[unseen.any(axis=0)]
    found = ensemble.oob_prediction_[unseen.any(axis=0)]
    np.testing.assert_allclose(found, mean, rtol=1e-4, atol=1e-5)


@pytest.mark.backend_free
def test_columns_stay_with_the_members_that_are_left():
    x, y = line()
    with pytest.warns(UserWarning, match="diverged"):
        ensemble = regressor(exploding([0, 2]), n_estimators=5, max_features=2).fit(x, y)
    calm = regressor(exploding([]), n_estimators=5, max_features=2).fit(x, y)
    for place, number in enumerate([1, 3, 4]):
        own, other = ensemble.estimators_features_[place], calm.estimators_features_[number]
        np.testing.assert_array_equal(own, other)
    np.testing.assert_allclose(
        ensemble.predict(x), outputs_of(ensemble, x)[..., 0].mean(axis=0), rtol=1e-4, atol=1e-5
    )


@pytest.mark.backend_free
def test_where_all_diverge_it_is_an_error_in_words():
    with pytest.raises(regkit.RegkitError, match="all 3 members diverged.*smaller learning rate"):
        regressor(exploding([0, 1, 2])).fit(*line())


@pytest.mark.backend_free
def test_a_large_loss_alone_is_no_divergence():
    """A classifier that is wrong with certainty has finite weights, and counts."""
    x, y = blobs(40)

    def certain(input_shape, n_classes):
        model = build(input_shape, n_classes)
        model.optimizer = keras.optimizers.SGD(50.0, clipnorm=1.0)
        model.compile(model.optimizer, "sparse_categorical_crossentropy")
        return model

    ensemble = classifier(certain, epochs=3).fit(x, y)
    assert ensemble.diverged_ == []
    assert np.isfinite(ensemble.predict_proba(x)).all()
