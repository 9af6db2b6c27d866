"""Promise 2: nothing is left behind; each built-in by itself is in tests/testing."""

import json
import textwrap

import keras
import numpy as np
import pytest

import regkit
from regkit.core.errors import OptionError
from tests import models
from tests.registered import all_together
from tests.techniques_of_tests import ONE_A_STAGE, MovingAverage, SharpnessAware


def traces(model):
    """Return every place in which the seam could have left something, by name."""
    found = {}
    for owner in [*model._flatten_layers(), model.optimizer, model._compile_loss]:
        for name in ("call", "train_step", "compute_loss", "apply", "stateless_apply",
                     "stateless_call", "make_train_function", "save_weights", "load_weights",
                     "_get_metrics_result_or_logs", "rematerialized_call"):  # fmt: skip
            if owner is not None and name in vars(owner):
                found[f"{owner.name}.{name}"] = vars(owner)[name]
    return found


def trained(model):
    return [np.array(keras.ops.convert_to_numpy(v)) for v in model.trainable_variables]


def untouched(model, plain):
    """The model has the attributes of one that never met regkit, and its weights' names."""
    assert not traces(model)
    assert set(vars(model)) == set(vars(plain))
    assert len(model.variables) == len(plain.variables)


@pytest.fixture(scope="module")
def plain():
    """A model after a fit without techniques, to be looked at only."""
    model = models.compiled(models.sequential())
    models.fit(model, *models.data())
    return model


@pytest.mark.parametrize("name", ONE_A_STAGE)
def test_after_fit_the_model_is_plain_and_trains_like_one(name, plain):
    x, y = models.data()
    model = models.compiled(models.sequential())
    start = model.get_weights()
    models.fit(model, x, y, [ONE_A_STAGE[name]()])
    untouched(model, plain)
    model.set_weights(start)
    history = models.fit(model, x, y)  # the fit after a successful one
    assert set(history.history) == {"loss"}
    models.same(models.values(model), models.values(plain))


class Crash(keras.callbacks.Callback):
    def __init__(self, error, event):
        super().__init__()
        self.error = error
        setattr(self, event, self.crash)

    def crash(self, *args, **kwargs):
        raise self.error


EVENTS = ["on_train_begin", "on_epoch_begin", "on_train_batch_end", "on_epoch_end", "on_train_end"]


@pytest.mark.parametrize(
    "error", [RuntimeError("boom"), KeyboardInterrupt()], ids=["error", "interrupt"]
)
@pytest.mark.parametrize("event", EVENTS)
def test_after_a_crash_the_next_fit_is_plain(event, error, plain):
    x, y = models.data()
    model = models.compiled(models.sequential())
    start = model.get_weights()
    for order in (1, -1):
        callbacks = [*all_together(), Crash(error, event)][::order]
        with pytest.raises(type(error)):
            models.fit(model, x, y, callbacks)
    assert not [k for k in traces(model) if "call" in k or "apply" in k or "compute" in k]
    model.set_weights(start)
    model.optimizer.iterations.assign(0)
    history = models.fit(model, x, y)
    assert set(history.history) == {"loss"}
    models.same(models.values(model), models.values(plain))
    untouched(model, plain)


def test_an_error_inside_the_step_detaches_at_once_and_loses_no_weight():
    class Broken(regkit.Technique):
        def penalty(self, context):
            raise RuntimeError("inside the step")

    x, y = models.data()
    model = models.compiled(models.sequential())
    before = trained(model)
    with pytest.raises(RuntimeError, match="inside the step"):
        models.fit(model, x, y, [Broken(), regkit.Dropout(0.5)])
    assert not traces(model)
    models.same(trained(model), before)  # an eager step has moved the statistics by then
    model.predict(x, verbose=0)


def test_recompiling_after_a_crash_keeps_the_new_compilation():
    x, y = models.data()
    model = models.compiled(models.sequential())
    with pytest.raises(RuntimeError):
        models.fit(model, x, y, [regkit.L2(1.0), Crash(RuntimeError(), "on_epoch_end")])
    models.compiled(model, optimizer=keras.optimizers.SGD(0.0))
    before = models.values(model)
    models.fit(model, x, y)
    models.same(models.values(model)[:2], before[:2])


def test_a_crash_does_not_reach_the_next_fit_with_other_techniques():
    x, y = models.data()
    model, clean = models.compiled(models.sequential()), models.compiled(models.sequential())
    start = model.get_weights()
    with pytest.raises(RuntimeError):
        models.fit(model, x, y, [regkit.L2(1.0), Crash(RuntimeError(), "on_epoch_end")])
    model.set_weights(start)
    model.optimizer.iterations.assign(0)
    history = models.fit(model, x, y, [regkit.L1(0.1)])
    models.fit(clean, x, y, [regkit.L1(0.1)])
    assert "l2_penalty" not in history.history
    models.same(models.values(model), models.values(clean))


def test_evaluate_and_predict_with_the_list_leave_nothing():
    x, y = models.data()
    model, plain = models.compiled(models.sequential()), models.compiled(models.sequential())
    techniques = all_together()
    model.evaluate(x, y, verbose=0, callbacks=techniques)
    model.predict(x, verbose=0, callbacks=techniques)
    assert not traces(model)
    models.fit(model, x, y)
    models.fit(plain, x, y)
    models.same(models.values(model), models.values(plain))


def test_a_class_for_a_technique_is_named_and_nothing_is_left():
    x, y = models.data()
    model, plain = models.compiled(models.sequential()), models.compiled(models.sequential())
    with pytest.raises(OptionError, match=r"the class Dropout.*callbacks=\[Dropout\(\)\].*rate"):
        models.fit(model, x, y, [regkit.L2(1e-2), regkit.Dropout])
    models.fit(model, x, y)
    models.fit(plain, x, y)
    untouched(model, plain)
    models.same(models.values(model), models.values(plain))


def test_a_fit_inside_a_fit_is_named():
    x, y = models.data()
    model = models.compiled(models.sequential())
    inner = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda *_: models.fit(model, x, y, epochs=1)
    )
    with pytest.raises(ValueError, match="begins inside a fit"):
        models.fit(model, x, y, [regkit.L2(0.1), inner])


@pytest.mark.parametrize("kind", ["sequential", "functional"])
def test_saved_models_load_and_predict_without_regkit(kind, tmp_path, fresh):
    x, y = models.data()
    model = models.compiled(getattr(models, kind)())
    models.fit(model, x, y, [*all_together(), SharpnessAware(), MovingAverage()])
    model.save(tmp_path / "model.keras")
    np.savez(tmp_path / "data.npz", x=x, y=model.predict(x, verbose=0))
    script = """
        import sys
        assert "regkit" not in sys.modules
        sys.modules["regkit"] = None  # as on a machine without it: importing it fails
        import keras, numpy as np
        data = np.load("data.npz")
        model = keras.saving.load_model("model.keras")
        np.testing.assert_allclose(model.predict(data["x"], verbose=0), data["y"], atol=1e-6)
        model.fit(data["x"], np.zeros(len(data["x"]), int), verbose=0)
        print("predicted")
    """
    done = fresh.run(textwrap.dedent(script), folder=tmp_path)
    assert "predicted" in done.stdout, done.stderr


def test_the_models_configuration_is_the_same():
    x, y = models.data()
    model = models.compiled(models.functional())
    before = json.dumps([model.get_config(), model.get_compile_config()], default=str)
    models.fit(model, x, y, all_together())
    assert json.dumps([model.get_config(), model.get_compile_config()], default=str) == before


def test_equal_techniques_compile_once():
    x, y = models.data()
    calls = []

    class Counting(keras.layers.Layer):
        def call(self, inputs, training=False):
            if training:
                calls.append(1)
            return inputs

    model = keras.Sequential([keras.Input(models.SHAPE), Counting(), *models.body()])
    models.compiled(model, steps_per_execution=1)
    schedule = keras.optimizers.schedules.PolynomialDecay(0.1, 10)
    eager = keras.backend.backend() == "torch"
    for _ in range(3):  # new objects with equal options
        models.fit(model, x, y, [regkit.L2(0.01), regkit.Dropout(schedule, seed=1)])
    once = len(calls)
    models.fit(model, x, y)
    plain = len(calls) - once
    models.fit(model, x, y, [regkit.L2(0.01), regkit.Dropout(schedule, seed=2)])
    models.fit(model, x, y, [regkit.L2(0.02), regkit.Dropout(schedule, seed=1)])
    numbers = len(calls) - once - plain
    models.fit(model, x, y, [regkit.L2(0.01, weights="bias"), regkit.Dropout(schedule, seed=1)])
    others = len(calls) - once - plain - numbers
    if eager:
        assert once == 3 * plain  # every step runs in Python
    else:
        assert once == plain  # traced as often as a plain fit is, not three times that
        assert numbers == 0  # another seed and another strength are inputs of the same step
        assert others == plain  # other weights: another step


def test_the_model_is_freed(backend):
    import gc
    import weakref

    x, y = models.data()
    model = models.compiled(models.sequential())
    models.fit(model, x, y, [regkit.L2(0.01)])
    ours = weakref.ref(model)
    del model
    plain = models.compiled(models.sequential())
    models.fit(plain, x, y)
    theirs = weakref.ref(plain)
    del plain
    gc.collect()
    assert ours() is None or theirs() is not None  # freed where Keras' own is
