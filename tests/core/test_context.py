"""What a context gives a stage method: state, scopes of weights, the model; also under replicas."""

import pytest

import regkit
from tests import models
from tests.core.probing import Probe, line, line_data


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
