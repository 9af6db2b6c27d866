"""Promise 3: evaluate, predict and validation inside fit never see a technique.

Each built-in by itself is in tests/testing.
"""

import keras
import numpy as np
import pytest

import regkit
from tests import models
from tests.techniques_of_tests import ONE_A_STAGE


@pytest.mark.parametrize("name", ONE_A_STAGE)
def test_validation_sees_the_clean_model(name):
    x, y = models.data()
    model = models.compiled(models.sequential(), metrics=["accuracy"])
    seen = []

    def end(epoch, logs):
        clean = keras.models.clone_model(model)
        models.compiled(clean, metrics=["accuracy"])
        clean.set_weights(model.get_weights())
        seen.append(clean.evaluate(x, y, verbose=0, batch_size=models.BATCH))
        seen.append(model.evaluate(x, y, verbose=0, batch_size=models.BATCH))  # inside the fit
        np.testing.assert_allclose(
            model.predict(x, verbose=0), clean.predict(x, verbose=0), atol=1e-6
        )

    watch = keras.callbacks.LambdaCallback(on_epoch_end=end)
    history = models.fit(model, x, y, [ONE_A_STAGE[name](), watch], validation_data=(x, y))
    for epoch, (loss, accuracy) in enumerate(seen[::2]):
        assert history.history["val_loss"][epoch] == pytest.approx(loss, abs=1e-5)
        assert history.history["val_accuracy"][epoch] == pytest.approx(accuracy, abs=1e-6)
    np.testing.assert_allclose(seen[::2], seen[1::2], atol=1e-5)


def test_metrics_see_the_original_targets():
    x, y = models.data()
    model, plain = (
        models.compiled(models.sequential(), optimizer=keras.optimizers.SGD(0.0),
                        metrics=["accuracy", "sparse_categorical_crossentropy"])
        for _ in range(2)
    )  # fmt: skip
    a = models.fit(model, x, y, [regkit.LabelSmoothing(0.5)], epochs=1).history
    b = models.fit(plain, x, y, epochs=1).history
    assert a["accuracy"] == b["accuracy"]
    key = "sparse_categorical_crossentropy"
    np.testing.assert_allclose(a[key], b[key], rtol=1e-6)
    assert a["loss"][0] > b["loss"][0]


def test_the_parts_of_the_loss_add_up():
    x, y = models.data()
    model = models.compiled(models.sequential())
    penalties = [regkit.L1(0.01), regkit.L2(0.02), regkit.L2(0.03, weights="bias")]
    history = models.fit(model, x, y, penalties, epochs=3).history
    assert set(history) == {"loss", "data_loss", "l1_penalty", "l2_penalty", "l2_2_penalty"}
    parts = sum(np.array(history[k]) for k in history if k != "loss")
    np.testing.assert_allclose(parts, history["loss"], rtol=1e-5)


def test_the_first_epochs_penalty_is_the_mean_over_its_steps():
    x, y = models.data()
    model = models.compiled(models.sequential(), optimizer=keras.optimizers.SGD(0.0))
    kernels = [w for w in models.values(model) if w.ndim == 2]
    history = models.fit(model, x, y, [regkit.L2(0.5)], epochs=2, batch_size=7).history
    expected = 0.5 * sum(np.sum(k**2) for k in kernels)
    np.testing.assert_allclose(history["l2_penalty"], [expected] * 2, rtol=1e-6)


def test_a_technique_called_for_inference_inside_train_step_does_nothing(backend):
    if backend == "jax":
        pytest.skip("on JAX a train_step cannot call the model, only model.stateless_call")

    class Teacher(models.OwnStep):
        def _loss(self, x, y, y_pred):
            self.clean = self(x, training=False)
            return super()._loss(x, y, y_pred) + 0.0 * keras.ops.sum(self.clean)

    class Everything(regkit.Technique):
        calls = 0

        def select_layers(self, model):
            return [model.parts[0]]

        def forward(self, call, inputs, context):
            type(self).calls += 1
            return call(inputs)

    x, y = models.data()
    model = models.compiled(Teacher(), run_eagerly=True)
    models.fit(model, x[:8], y[:8], [Everything()], epochs=1)
    assert Everything.calls == 1
