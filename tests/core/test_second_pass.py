"""The loss at other values: what the papers say, by the draws of the step, without a trace."""

import keras
import numpy as np
import pytest
from keras import ops

import regkit
from tests import models
from tests.core.probing import line, line_data, probed
from tests.techniques_of_tests import FastGradientSign, SharpnessAware


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
