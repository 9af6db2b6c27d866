"""The context's loss and gradients, against formulas in NumPy, on every backend."""

import keras
import numpy as np
import pytest
from keras import ops

import regkit
from tests import models
from tests.techniques_of_tests import FastGradientSign, SharpnessAware


def line(learning_rate=0.1, loss="mse", **options):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, name="d")])
    model.compile(keras.optimizers.SGD(learning_rate), loss, **options)
    return model


def line_data():
    rng = np.random.default_rng(0)
    return rng.normal(size=(8, 3)).astype("float32"), rng.normal(size=(8, 1)).astype("float32")


def gradients(w, b, x, y):
    error = x @ w + b - y
    return 2 * x.T @ error / len(x), 2 * error.mean(0)


def one_step(model, techniques, x, y):
    w, b = models.values(model)
    models.fit(model, x, y, techniques, epochs=1)
    return (w, b), models.values(model)


def test_sharpness_aware_step_is_the_papers():
    x, y = line_data()
    (w, b), after = one_step(line(), [SharpnessAware(0.1)], x, y)
    gw, gb = gradients(w, b, x, y)
    norm = np.sqrt((gw**2).sum() + (gb**2).sum())
    gw, gb = gradients(w + 0.1 * gw / norm, b + 0.1 * gb / norm, x, y)
    models.same(after, [w - 0.1 * gw, b - 0.1 * gb], 1e-5)


def test_fast_gradient_sign_moves_inputs_up_the_loss():
    x, y = line_data()
    (w, b), after = one_step(line(), [FastGradientSign(0.05)], x, y)
    slope = 2 * (x @ w + b - y) @ w.T / len(x)
    gw, gb = gradients(w, b, x + 0.05 * np.sign(slope), y)
    models.same(after, [w - 0.1 * gw, b - 0.1 * gb], 1e-5)


def test_sharpness_aware_sees_the_penalties():
    x, y = line_data()
    (w, b), after = one_step(line(), [SharpnessAware(0.1), regkit.L2(0.3)], x, y)

    def slopes(w, b):
        gw, gb = gradients(w, b, x, y)
        return gw + 0.6 * w, gb

    gw, gb = slopes(w, b)
    norm = np.sqrt((gw**2).sum() + (gb**2).sum())
    gw, gb = slopes(w + 0.1 * gw / norm, b + 0.1 * gb / norm)
    models.same(after, [w - 0.1 * gw, b - 0.1 * gb], 1e-5)


class Probe(regkit.Technique):
    """Runs a function of the context at GRADIENT and keeps what it returns as state."""

    def __init__(self) -> None:
        super().__init__()

    function = None

    def initial_state(self, context):
        return {"found": ops.zeros(4)}

    def gradient(self, gradients, context):
        found = [ops.cast(one, "float32") for one in type(self).function(gradients, context)]
        context.state["found"] = ops.stack(found + [ops.zeros(())] * (4 - len(found)))
        return gradients

    def on_train_end(self, logs=None):
        self.found = self.current_state()["found"]


def probed(function, model, x, y, techniques=(), **options):
    Probe.function = staticmethod(function)
    probe = Probe()
    history = models.fit(model, x, y, [probe, *techniques], epochs=1, **options)
    return probe.found, history.history


def test_the_loss_at_the_batch_is_the_steps_loss_with_the_same_draws():
    """DropConnect, dropout and noise draw in the second pass what they drew in the first."""
    x, y = models.data()

    def losses(gradients, context):
        return [context.loss_fn(), context.loss_fn()]

    model = models.compiled(models.sequential(), optimizer=keras.optimizers.SGD(0.0))
    random = [regkit.Dropout(0.5, layers="hidden", seed=1), regkit.GaussianNoise(0.3, seed=2)]
    techniques = [*random, regkit.LabelSmoothing(0.2), regkit.L2(0.1)]
    found, history = probed(losses, model, x[:8], y[:8], techniques, batch_size=8)
    assert found[0] == pytest.approx(history["loss"][0], rel=1e-5)
    assert found[1] == found[0]


def test_the_losses_of_tasks_add_up_and_have_gradients():
    x, y = models.two_by_two_data()
    model = models.two_by_two()
    weights = {"label": 0.5, "value": 2.0}
    models.compiled(
        model, loss={"label": "sparse_categorical_crossentropy", "value": "mse"},
        loss_weights=weights, optimizer=keras.optimizers.SGD(0.0),
    )  # fmt: skip

    def tasks(gradients, context):
        parts = context.task_losses()
        shared = context.values
        slopes = [
            context.value_and_grad(
                lambda ws, n=name: context.loss_fn(weights=ws, output=n), shared
            )[1]
            for name in ("label", "value")
        ]
        total = sum(ops.sum(ops.abs(a + b - g)) for a, b, g in zip(*slopes, gradients, strict=True))
        return [parts["label"], parts["value"], context.loss_fn(), total]

    found, history = probed(tasks, model, x, y, batch_size=24)
    assert found[0] + found[1] == pytest.approx(found[2], rel=1e-5)
    assert found[2] == pytest.approx(history["loss"][0], rel=1e-5)
    assert found[0] == pytest.approx(0.5 * history["label_loss"][0], rel=1e-5)
    assert found[3] < 1e-4  # the tasks' gradients add up to the step's


def test_asking_for_the_loss_leaves_no_trace():
    """Metrics, moving statistics, activity losses and other techniques' state stay as they were."""
    x, y = models.data()

    def build():
        model = models.sequential()
        model.get_layer("hidden").activity_regularizer = keras.regularizers.L2(0.01)
        return models.compiled(model, metrics=["accuracy"])

    def ask(gradients, context):
        return [context.loss_fn()]

    class Ask(regkit.Technique):
        def data(self, batch, context):
            context.loss_fn(batch.x)
            return batch

        def target(self, target, context):
            context.loss_fn(context.batch.x)
            return target

    asked, plain = build(), build()
    _, ours = probed(ask, asked, x, y, [Ask(), regkit.L2(0.1)])
    theirs = models.fit(plain, x, y, [regkit.L2(0.1)], epochs=1).history
    for name, series in theirs.items():
        np.testing.assert_allclose(ours[name], series, rtol=1e-6, err_msg=name)
    models.same(models.values(asked), models.values(plain), 1e-6)


def test_gradients_keep_their_scale_in_float16():
    keras.config.set_dtype_policy("mixed_float16")
    x, y = line_data()
    model = line(0.1)
    found, _ = probed(lambda g, c: [ops.max(ops.abs(g[0]))], model, x, y)
    keras.config.set_dtype_policy("float32")
    exact = line(0.1)
    exact.set_weights(models.values(model))
    assert 0 < found[0] < 100  # unscaled: Keras scales the loss by 2¹⁵


def test_state_must_be_declared_and_keep_its_structure():
    class Undeclared(regkit.Technique):
        def penalty(self, context):
            context.state["more"] = 1.0
            return 0.0

    x, y = line_data()
    with pytest.raises(ValueError, match="'more' was not declared"):
        models.fit(line(), x, y, [Undeclared()])


def test_state_can_be_read_during_a_fit_only():
    with pytest.raises(ValueError, match="during a fit only"):
        probe = Probe()
        Probe.function = staticmethod(lambda g, c: [])
        x, y = line_data()
        models.fit(line(), x, y, [probe], epochs=1)
        probe.current_state()


def test_weights_perturbed_in_a_scope_keep_what_the_layer_updates():
    """Batch normalization within `with_weights` still moves its statistics."""

    class Perturbed(regkit.Technique):
        def select_layers(self, model):
            return [model.get_layer("norm")]

        def forward(self, call, inputs, context):
            gamma = context.layer.gamma
            with context.with_weights([gamma], [gamma.value * 1.0]):
                return call(inputs)

    x, y = models.data()
    model, plain = models.compiled(models.sequential()), models.compiled(models.sequential())
    models.fit(model, x, y, [Perturbed()])
    models.fit(plain, x, y)
    models.same(models.values(model), models.values(plain), 1e-6)


def test_two_replicas_smooth_once_and_count_a_penalty_once(backend):
    if backend != "tensorflow":
        pytest.skip("MirroredStrategy is TensorFlow's")
    import os
    import subprocess
    import sys
    import textwrap

    script = """
        import tensorflow as tf
        cpus = tf.config.list_physical_devices("CPU")
        tf.config.set_logical_device_configuration(cpus[0], [tf.config.LogicalDeviceConfiguration()] * 2)
        import keras, numpy as np, regkit
        from tests import models
        x, y = models.data()
        results = []
        for strategy in (tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]), tf.distribute.get_strategy()):
            with strategy.scope():
                model = keras.Sequential([*models.entry(), models.dense(3, "out", 1, activation="softmax")])
                models.compiled(model, optimizer=keras.optimizers.SGD(0.5))
            for _ in range(2):  # nothing of the first fit is left on the losses
                recipe = [regkit.LabelSmoothing(0.2), regkit.L2(0.3), regkit.L1(0.1)]
                history = models.fit(model, x, y, recipe)
                loss, = model._compile_loss._flat_losses
                assert isinstance(loss.loss, keras.losses.Loss), loss.loss
            results.append((history.history, models.values(model)))
        models.same(results[0][1], results[1][1], 1e-5)
        for name in ("l2_penalty", "l1_penalty", "data_loss", "loss"):
            np.testing.assert_allclose(results[0][0][name], results[1][0][name], rtol=1e-5)
        parts = [results[0][0][name][0] for name in ("l2_penalty", "l1_penalty", "data_loss")]
        np.testing.assert_allclose(sum(parts), results[0][0]["loss"][0], rtol=1e-5)
        print("equal")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": "."},
    )  # fmt: skip
    assert "equal" in done.stdout, done.stderr[-3000:]


@pytest.mark.parametrize("eager", [False, True])
def test_a_stage_method_may_ask_the_technique_itself_for_the_model(eager):
    """On JAX Keras brings the variables up to date for who asks a callback, in the midst of a step."""

    class Asks(regkit.Technique):
        def data(self, batch, context):
            assert self.model is context.model
            return batch

        def forward(self, call, inputs, context):
            assert self.model is context.model
            return call(inputs)

        def penalty(self, context):
            assert self.model is context.model
            return 0.0

        def gradient(self, gradients, context):
            assert self.model is context.model
            return gradients

        def update(self, weights, context):
            assert self.model is context.model
            return weights

    x, y = models.data()
    results = []
    for techniques in ([Asks()], []):
        model = models.compiled(models.sequential(), run_eagerly=eager)
        models.fit(model, x, y, techniques, epochs=2)
        results.append(models.values(model))
    models.same(*results, tolerance=1e-6)


def test_the_losses_of_tasks_are_those_of_the_pass_that_asked():
    """A penalty within that pass asks for the loss at other weights."""

    class Tasks(regkit.Technique):
        def gradient(self, gradients, context):
            self.losses = {k: float(v) for k, v in context.task_losses().items()}
            return gradients

    class Far(regkit.Technique):
        def penalty(self, context):
            return 0 * context.loss_fn(weights=[100 + value for value in context.values])

    x, y = models.data()
    seen = []
    for others in ([], [Far()]):
        tasks = Tasks()
        model = models.compiled(models.sequential(), run_eagerly=True)
        models.fit(model, x[:8], y[:8], [tasks, *others], epochs=1)
        seen.append(tasks.losses)
    assert seen[0] == pytest.approx(seen[1], rel=1e-5)


def test_a_second_pass_is_no_proof_that_the_step_computes_its_loss():
    """Smoothing would have no effect in such a step, whoever else asks for the loss."""
    x, y = models.data()
    model = models.compiled(models.OwnStep(reaches_loss=False), run_eagerly=True)
    with pytest.raises(regkit.RegkitError, match="never calls self.compute_loss"):
        models.fit(model, x, y, [FastGradientSign(0.01), regkit.LabelSmoothing(0.1)])
