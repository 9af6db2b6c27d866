"""Members are the same whatever trains them: as one computation, in turn, in processes."""

import keras
import numpy as np
import pytest
from keras import layers

import regkit
from regkit.ensembles import trainer
from tests.ensembles.small import (
    blobs,
    build,
    classifier,
    outputs_of,
    same_bits,
    same_weights,
    weights_of,
)

FEW = {"n_estimators": 3, "max_features": 3, "callbacks": "l2(1e-3)"}
CLOSE = {"rtol": 1e-4, "atol": 1e-5}


def test_as_one_computation_members_are_those_in_turn():
    x, y = blobs()
    together, in_turn = (
        classifier(engine=engine, **FEW).fit(x, y, validation_data=blobs(20, seed=1))
        for engine in ("vectorized", "sequential")
    )
    assert [group.engine for group in together._groups] == ["vectorized"]
    assert [group.engine for group in in_turn._groups] == ["sequential"]
    same_weights(together, in_turn, **CLOSE)
    for one, other in zip(together.histories_, in_turn.histories_, strict=True):
        for name in ("loss", "val_loss", "l2_penalty"):
            np.testing.assert_allclose(one[name], other[name], rtol=1e-4)


@pytest.mark.backend_free
@pytest.mark.parametrize("n_jobs", [None, 1])
def test_a_single_process_gives_the_same_bits(n_jobs):
    x, y = blobs()
    in_turn = classifier(engine="sequential", **FEW).fit(x, y)
    same_bits(classifier(engine="joblib", n_jobs=n_jobs, **FEW).fit(x, y), in_turn)


@pytest.mark.backend_free
def test_broken_off_in_turn_the_ensemble_predicts_with_what_is_finished(monkeypatch):
    trained, calls = trainer.train_in_turn, []

    def interrupted(*given):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return trained(*given)

    x, y = blobs()
    whole = classifier(n_estimators=5, engine="sequential").fit(x, y)
    ensemble = classifier(n_estimators=5, engine="sequential", random_state=1).fit(x, y)
    ensemble.set_params(random_state=0)
    monkeypatch.setattr(trainer, "train_in_turn", interrupted)
    with pytest.raises(KeyboardInterrupt) as caught:
        ensemble.fit(x, y)
    assert caught.value.__notes__ == [
        "2 of 5 members are finished; the ensemble predicts with these"
    ]
    expected = outputs_of(whole, x)[:2].mean(axis=0)
    np.testing.assert_allclose(ensemble.predict_proba(x), expected, rtol=1e-5)
    assert len(ensemble.estimators_) == len(ensemble.histories_) == 2
    for one, other in zip(ensemble.estimators_samples_, whole.estimators_samples_[:2], strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.backend_free
def test_broken_off_before_any_member_there_is_nothing_that_predicts(monkeypatch):
    def interrupted(*given):
        raise KeyboardInterrupt

    monkeypatch.setattr(trainer, "train_in_turn", interrupted)
    ensemble = classifier(engine="sequential")
    with pytest.raises(KeyboardInterrupt):
        ensemble.fit(*blobs())
    assert not ensemble.__sklearn_is_fitted__()


@pytest.mark.backend_free
def test_a_model_that_is_the_same_each_time_is_refused_in_turn_too():
    x, y = blobs(40)
    one = build((4,), 3)
    with pytest.raises(regkit.RegkitError, match="gave member 1 the same model"):
        classifier(lambda: one, engine="sequential").fit(x, y)


@pytest.mark.backend_free
@pytest.mark.parametrize("engine", ["vectorized", "sequential", "joblib"])
def test_progress_counts_epochs_of_members(engine, capsys):
    classifier(engine=engine, n_estimators=3, epochs=2, verbose=1).fit(*blobs(40))
    assert "6/6" in capsys.readouterr().out
    classifier(engine=engine, n_estimators=3, epochs=2).fit(*blobs(40))
    assert capsys.readouterr().out == ""


@pytest.mark.backend_free
def test_what_cannot_be_stacked_is_trained_in_turn_and_says_why():
    def running(input_shape, n_classes):
        model = keras.Sequential([keras.Input(input_shape), layers.Dense(n_classes, "softmax")])
        model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
        return model

    x, y = blobs(40)
    asked, in_turn = (classifier(running, engine=engine).fit(x, y)
                      for engine in ("vectorized", "sequential"))  # fmt: skip
    assert asked._groups[0].reason == "the model runs eagerly"
    same_bits(asked, in_turn)
    assert all(np.isfinite(value).all() for value in weights_of(asked))
