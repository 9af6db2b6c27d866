"""EarlyStopping in real fits: evaluation disturbs nothing, and it stops where it should."""

import keras
import numpy as np
import pytest

import regkit
from tests import models
from tests.techniques.stopping import VALIDATION, Recorder, X, Y, fit, network, steps


@pytest.mark.parametrize(
    "how",
    [{"jit_compile": "auto"}, {"jit_compile": False, "run_eagerly": True}],
    ids=["compiled", "eager"],
)
@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside"])
def test_evaluating_inside_the_epoch_disturbs_nothing(how, beside):
    """The same weights and history, bit for bit, shuffling and a seed that evaluation moves."""

    def run(*watching):
        keras.utils.set_random_seed(1)
        others = [regkit.L2(0.01), regkit.Dropout(0.3, layers="hidden", seed=1)] if beside else []
        model = network(jitter=True, **how)
        history = fit(
            model, [*watching, *others], epochs=2, shuffle=True, validation_data=VALIDATION
        )
        generators = [one for layer in model._flatten_layers() for one in layer._seed_generators]
        seeds = [keras.ops.convert_to_numpy(one.state) for one in generators]
        return history.history, models.values(model) + seeds

    stopping = steps(patience=100, restore_best_weights=False)
    history, weights = run(stopping)
    plain_history, plain_weights = run()
    assert [step for step, _ in stopping.history] == [2, 4, 6, 8, 10]
    assert history == plain_history
    models.same(weights, plain_weights)


def test_the_logs_of_every_step_and_the_mode_of_the_module_stay(backend):
    def run(*watching):
        seen = []

        def note(batch, logs):
            modes = [m.training for m in model.modules()] if backend == "torch" else None
            seen.append((dict(logs), modes))

        model = network()
        fit(model, [*watching, keras.callbacks.LambdaCallback(on_train_batch_end=note)])
        return seen

    assert run(steps(every=1, patience=100, restore_best_weights=False)) == run()


def test_an_evaluation_that_fails_leaves_the_fit_as_it_was(backend):
    from regkit.core.seam.evaluation import evaluate

    def run(failing):
        def note(batch, logs):
            if failing:
                with pytest.raises(Exception):  # noqa: PT011  # each backend has its own
                    evaluate(model, (X[:, :2], Y))

        model = network()
        watch = keras.callbacks.LambdaCallback(on_train_batch_end=note)
        return fit(model, [watch], epochs=1).history, models.values(model)

    (history, weights), (plain_history, plain_weights) = run(True), run(False)
    assert history == plain_history
    models.same(weights, plain_weights)


@pytest.mark.parametrize("restore", [True, False])
def test_it_stops_at_a_step_inside_the_epoch(restore):
    model, recorder = network(), Recorder()
    stopping = steps(min_delta=10.0, patience=3, restore_best_weights=restore)
    history = fit(model, [stopping, recorder], validation_data=VALIDATION)
    assert (stopping.stopped_step, stopping.stopped_epoch) == (8, 1)
    assert (stopping.best_step, stopping.best_epoch) == (2, 0)
    assert int(model.optimizer.iterations) == len(recorder.weights) == 8
    assert len(history.history["loss"]) == 2
    models.same(models.values(model), recorder.weights[1 if restore else 7])
    assert not vars(model).keys() & {"make_train_function", "save_weights", "load_weights"}


@pytest.mark.parametrize("every", ["epoch", 2])
def test_the_best_weights_come_back_also_after_the_last_epoch(every):
    given = iter([3.0, 2.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0])

    def valley(logs):
        return next(given)

    model, recorder = network(), Recorder("epoch" if every == "epoch" else "step")
    stopping = steps(every, monitor=valley, mode="min", patience=100)
    fit(model, [stopping, recorder], epochs=5 if every == "epoch" else 3)
    assert (stopping.best_step, stopping.best_epoch) == ((15, 2) if every == "epoch" else (6, 1))
    best = recorder.weights[2 if every == "epoch" else 5]
    models.same(models.values(model), best)
    assert not np.array_equal(best[2], recorder.weights[-1][2])  # what was restored had changed
    assert stopping.reason.startswith("training ran to its last epoch")
    assert stopping.stopped_step is None


def test_what_is_found_at_a_step_is_what_evaluate_finds():
    model, recorder = network(), Recorder()
    stopping = steps(every=3, patience=100, restore_best_weights=False)
    fit(model, [stopping, recorder])
    for step, value in stopping.history:
        model.set_weights(recorder.weights[step - 1])
        assert model.evaluate(*VALIDATION, verbose=0)[0] == pytest.approx(value, rel=1e-5)


def test_by_steps_loss_is_the_mean_since_the_evaluation_before():
    model, seen = network(), []
    each = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda b, logs: seen.append(logs["loss"])
    )
    stopping = steps(every=3, monitor="loss", patience=100)
    fit(model, [stopping, each])
    running = np.array(seen).reshape(3, 5) * np.arange(1, 6)  # the mean of an epoch so far, times n
    single = np.diff(running, axis=1, prepend=0).ravel()
    means = single.reshape(5, 3).mean(axis=1)
    np.testing.assert_allclose([value for _, value in stopping.history], means, rtol=1e-4)


def test_several_steps_an_execution(backend):
    if backend == "torch":
        pytest.skip("PyTorch refuses steps_per_execution > 1 in this Keras")
    model = network(steps_per_execution=3)
    stopping = steps(every=4, patience=100)  # Keras calls after steps 3, 5, 8, 10, …
    fit(model, [stopping])
    assert [step for step, _ in stopping.history] == [5, 8, 13, 15]  # and where training ends


def test_another_callback_that_stops():
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = True

    stopping = regkit.EarlyStopping("loss", verbose=0)
    fit(network(), [Stop(), stopping])
    assert stopping.reason == "training was stopped by another callback"


class StopAt(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        self.model.stop_training = self.model.stop_training or batch == 3


@pytest.mark.parametrize("every", [2, 4, 7, 100])
@pytest.mark.parametrize("stopped", [False, True], ids=["to the end", "stopped by another"])
def test_it_looks_where_training_ends(every, stopped):
    """No multiple of `every` is at the end; the last weights may be the best all the same."""
    stopping = steps(every=every, patience=1000)
    model, recorder = network(keras.optimizers.SGD(0.05)), Recorder()
    others = [StopAt()] if stopped else []
    fit(model, [stopping, recorder, *others], epochs=3)
    end = 4 if stopped else 15
    looked = [step for step, _ in stopping.history]
    assert looked == sorted({*range(every, end + 1, every), end})
    found = {}
    for step in looked:
        model.set_weights(recorder.weights[step - 1])
        found[step] = model.evaluate(*VALIDATION, verbose=0)[0]
    assert stopping.best_step == min(found, key=found.get)
    assert stopping.best_value == pytest.approx(min(found.values()), rel=1e-5)
    assert stopping.stopped_step is None  # it ended by itself


def test_no_second_look_where_it_has_stopped():
    stopping = steps(every=2, patience=1, min_delta=100.0)
    fit(network(), [stopping], epochs=3)
    assert [step for step, _ in stopping.history] == [2, 4]
    assert stopping.stopped_step == 4


def test_a_metric_that_is_a_vector_beside_the_monitor():
    x, y = X, np.eye(3)[Y]
    data = (VALIDATION[0], np.eye(3)[VALIDATION[1]])
    model = models.compiled(
        network(), keras.optimizers.Adam(0.05), "categorical_crossentropy",
        metrics=[keras.metrics.F1Score()],
    )  # fmt: skip

    def mean(logs):
        return logs["val_f1_score"].mean()

    stopping = steps(validation_data=data, monitor=["val_loss", mean], mode=["min", "max"])
    models.fit(model, x, y, [stopping])
    assert len(stopping.history) > 2
    wrong = steps(validation_data=data, monitor="val_f1_score", mode="max")
    with pytest.raises(regkit.RegkitError, match="is a vector of 3"):
        models.fit(model, x, y, [wrong])
