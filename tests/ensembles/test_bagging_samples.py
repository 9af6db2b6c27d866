"""Samples of the examples: what members see, out-of-bag scores, weights."""

import numpy as np
import pytest

import regkit
from tests.ensembles.small import (
    QUICK,
    blobs,
    build,
    classifier,
    outputs_of,
    same_bits,
    seeds,
    weights_of,
)

HOW = {"epochs": QUICK["epochs"], "batch_size": QUICK["batch_size"]}


def test_members_are_those_of_fit_members_on_their_examples():
    x, y = blobs()
    ensemble = classifier(max_samples=40).fit(x, y)
    members = regkit.fit_members(
        build, x, y, n_members=3, seeds=seeds(3), examples=ensemble.estimators_samples_, **HOW
    )
    expected = [value for model in members for value in model.get_weights()]
    for found, value in zip(weights_of(ensemble), expected, strict=True):
        np.testing.assert_allclose(found, value, rtol=1e-5, atol=1e-6)


def test_without_bootstrap_weights_count_in_the_loss():
    x, y = blobs()
    weights = np.random.default_rng(0).uniform(0, 3, 90)
    ensemble = classifier(bootstrap=False).fit(x, y, weights)
    members = regkit.fit_members(
        build, x, y, n_members=3, seeds=seeds(3), sample_weight=weights, **HOW
    )
    expected = [value for model in members for value in model.get_weights()]
    for found, value in zip(weights_of(ensemble), expected, strict=True):
        np.testing.assert_allclose(found, value, rtol=1e-5, atol=1e-6)


@pytest.mark.backend_free
def test_with_bootstrap_examples_without_weight_do_not_matter():
    x, y = blobs()
    weights = np.where(np.arange(90) % 3 == 1, 0.0, 2.0)
    other_x, other_y = x.copy(), y.copy()
    other_x[weights == 0], other_y[weights == 0] = 1e6, 0
    one, other = classifier().fit(x, y, weights), classifier().fit(other_x, other_y, weights)
    same_bits(one, other)
    assert not np.isin(np.flatnonzero(weights == 0), np.concatenate(one.estimators_samples_)).any()


@pytest.mark.backend_free
def test_with_bootstrap_equal_weights_are_none():
    """Drawn with replacement an example counts once for each draw, whatever its weight is."""
    x, y = blobs()
    same_bits(classifier().fit(x, y, np.full(90, 5.0)), classifier().fit(x, y, np.full(90, 0.1)))
    same_bits(classifier().fit(x, y, 5.0), classifier().fit(x, y, np.full(90, 0.1)))


@pytest.mark.backend_free
@pytest.mark.parametrize("combine", ["mean", "vote"])
def test_the_out_of_bag_score_is_that_of_a_loop(combine):
    x, y = blobs(60)
    labels = np.array(["u", "v", "w"])[y]
    ensemble = classifier(n_estimators=6, oob_score=True, combine=combine).fit(x, labels)
    outputs, right, scored = outputs_of(ensemble, x), 0, 0
    for example in range(60):
        unseen = [
            own[example]
            for own, samples in zip(outputs, ensemble.estimators_samples_, strict=True)
            if example not in samples
        ]
        if combine == "vote":
            unseen = [np.eye(3)[p.argmax()] for p in unseen]
        if unseen:
            p = np.mean(unseen, axis=0)
            np.testing.assert_allclose(ensemble.oob_decision_function_[example], p, rtol=1e-5)
            right += ensemble.classes_[p.argmax()] == labels[example]
            scored += 1
        else:
            assert np.isnan(ensemble.oob_decision_function_[example]).all()
    assert ensemble.oob_score_ == right / scored
    assert scored > 30


@pytest.mark.backend_free
def test_the_out_of_bag_score_is_near_that_of_new_examples():
    x, y = blobs(400, spread=1.2)
    ensemble = classifier(n_estimators=12, epochs=8, oob_score=True).fit(x, y)
    test = ensemble.score(*blobs(2000, seed=1, spread=1.2))
    error = np.sqrt(test * (1 - test) * (1 / 400 + 1 / 2000))
    assert abs(ensemble.oob_score_ - test) < 4 * error
    train = ensemble.score(x, y)
    assert 0.5 < test < 0.95
    assert train != ensemble.oob_score_


@pytest.mark.backend_free
def test_examples_that_all_members_have_seen_are_told_of():
    x, y = blobs(40)
    ensemble = classifier(n_estimators=1, oob_score=True)
    with pytest.warns(UserWarning, match="were seen by every member") as caught:
        ensemble.fit(x, y)
    seen = len(np.unique(ensemble.estimators_samples_[0]))
    said = [str(one.message) for one in caught if "seen by every" in str(one.message)]
    assert said[0].startswith(f"{seen} of 40 examples were seen")
    assert np.isnan(ensemble.oob_decision_function_).all(axis=1).sum() == seen


@pytest.mark.backend_free
def test_members_of_a_deep_ensemble_see_all_and_differ():
    x, y = blobs()
    ensemble = classifier(bootstrap=False, n_estimators=3).fit(x, y)
    for samples in ensemble.estimators_samples_:
        np.testing.assert_array_equal(samples, np.arange(90))
    outputs = outputs_of(ensemble, x)
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert np.abs(outputs[one] - outputs[other]).max() > 0.05


def test_the_same_number_gives_the_same_bits_and_another_others():
    x, y = blobs()
    np.random.seed(1)
    one = classifier().fit(x, y)
    np.random.seed(2)
    same_bits(one, classifier().fit(x, y))


@pytest.mark.backend_free
def test_another_number_or_none_gives_other_members():
    x, y = blobs()
    one = classifier().fit(x, y)
    same_bits(one, one.fit(x, y))
    other = classifier(random_state=1).fit(x, y)
    assert np.abs(one.predict_proba(x) - other.predict_proba(x)).max() > 1e-3
    generator = np.random.RandomState(3)
    first, second = (classifier(random_state=generator).fit(x, y) for _ in range(2))
    assert np.abs(first.predict_proba(x) - second.predict_proba(x)).max() > 1e-3
    same_bits(first, classifier(random_state=np.random.RandomState(3)).fit(x, y))


@pytest.mark.backend_free
def test_more_members_leave_the_first_as_they_were():
    x, y = blobs()
    few, many = (classifier(n_estimators=k, engine="sequential").fit(x, y) for k in (2, 4))
    for found, value in zip(weights_of(few), weights_of(many), strict=False):
        np.testing.assert_array_equal(found, value)


@pytest.mark.backend_free
def test_held_out_examples_are_seen_by_nobody_and_are_of_each_class():
    x, y = blobs()
    ensemble = classifier(n_estimators=12, validation_fraction=0.3).fit(x, y)
    seen = np.unique(np.concatenate(ensemble.estimators_samples_))
    held_out = np.setdiff1d(np.arange(90), seen)
    assert np.bincount(y[held_out]).tolist() == [9, 9, 9]
    loss = [model.evaluate(x[held_out], y[held_out], verbose=0) for model in ensemble.estimators_]
    last = [history["val_loss"][-1] for history in ensemble.histories_]
    np.testing.assert_allclose(last, loss, rtol=1e-4)


@pytest.mark.backend_free
def test_weights_stay_with_their_examples_where_some_are_held_out():
    x, y = blobs()
    weights = np.where(np.arange(90) < 60, 1.0, 0.0)
    ensemble = classifier(n_estimators=5, validation_fraction=0.3).fit(x, y, weights)
    assert max(own.max() for own in ensemble.estimators_samples_) < 60
