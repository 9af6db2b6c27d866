"""Promise 1: one list, any model; each built-in by itself is in tests/testing."""

import functools

import keras
import numpy as np
import pytest

import regkit
from regkit.core.errors import AttachError, ConflictError, SelectionError
from tests import models
from tests.registered import EFFECTIVE, all_together
from tests.techniques_of_tests import ONE_A_STAGE, SharpnessAware

KINDS = {
    "sequential": models.sequential,
    "sequential_unbuilt": lambda: models.sequential(built=False),
    "functional": models.functional,
    "subclassed": models.subclassed,
    "subclassed_unbuilt": models.Subclassed,
    "own_step": models.OwnStep,
}


def finite(history):
    return all(np.isfinite(v) for series in history.history.values() for v in series)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_model_takes_all_techniques_at_once(kind):
    x, y = models.data()
    model = models.compiled(KINDS[kind]())
    history = models.fit(model, x, y, all_together())
    assert finite(history)
    plain = models.compiled(KINDS[kind]())
    models.fit(plain, x, y)
    assert any(
        not np.allclose(a, b)
        for a, b in zip(models.values(model), models.values(plain), strict=True)
    )


@pytest.mark.parametrize("name", ONE_A_STAGE)
def test_a_technique_at_any_stage_changes_training_and_stays_finite(name):
    x, y = models.data()
    model, plain = models.compiled(models.sequential()), models.compiled(models.sequential())
    assert finite(models.fit(model, x, y, [ONE_A_STAGE[name]()]))
    models.fit(plain, x, y)
    changed = any(
        not np.allclose(a, b)
        for a, b in zip(models.values(model), models.values(plain), strict=True)
    )
    assert changed or name == "state"  # a moving average only looks on


HOW = {
    "eager": {"run_eagerly": True},
    "jit": {"jit_compile": True},
    "no_jit": {"jit_compile": False},
    "many_steps": {"steps_per_execution": 3},
    "accumulation": {"optimizer": keras.optimizers.SGD(0.1, gradient_accumulation_steps=2)},
}


@pytest.mark.parametrize("how", HOW)
def test_every_way_of_compiling(how, backend, monkeypatch):
    if backend == "torch" and how == "many_steps":
        pytest.skip("PyTorch refuses steps_per_execution > 1 in this Keras")
    techniques = [*all_together(), SharpnessAware()]
    if backend == "torch" and how == "jit":
        techniques = [regkit.L2(0.01), regkit.Dropout(0.3)]  # tracing all takes a minute
        import torch

        # It traces the whole step and its gradients; the machine code is the slow test's matter.
        traced = functools.partial(torch.compile, backend="aot_eager")
        monkeypatch.setattr(torch, "compile", traced)
    trains_alike_however_compiled(how, techniques)


@pytest.mark.slow
def test_the_step_in_the_machine_code_of_pytorch(backend):
    if backend != "torch":
        pytest.skip("of another backend")
    trains_alike_however_compiled("jit", [regkit.L2(0.01), regkit.Dropout(0.3)])


def trains_alike_however_compiled(how, techniques):
    x, y = models.data()
    reference, other = models.sequential(), models.sequential()
    options = dict(HOW[how])
    if how == "accumulation":
        options["optimizer"] = keras.optimizers.SGD(0.1, gradient_accumulation_steps=2)
    models.compiled(other, **options)
    models.fit(other, x, y, techniques)
    assert all(np.isfinite(one).all() for one in models.values(other))
    if how != "accumulation":
        models.compiled(reference)
        models.fit(reference, x, y, techniques)
        models.same(models.values(other), models.values(reference), 2e-4)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("extra", [None, "gradient", "data_gradient", "state"])
def test_mixed_precision(policy, extra):
    keras.config.set_dtype_policy(policy)
    x, y = models.data()
    optimizer = keras.optimizers.SGD(0.1)
    if policy == "mixed_float16":  # at Keras' 2¹⁵ a gradient may overflow, and the step be skipped
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=256)
    model = models.compiled(smooth(), optimizer=optimizer)
    assert finite(models.fit(model, x, y, with_one_more(extra), epochs=1))
    keras.config.set_dtype_policy("float32")
    # Later the runs part: where rounding turns a sign, the rest goes another way.
    models.same(models.values(model), in_float32(extra), 0.03)


def smooth():
    """A model in which rounding turns no unit off."""
    model = models.sequential()
    model.get_layer("hidden").activation = keras.activations.tanh
    return model


def with_one_more(extra):
    return all_together() + ([ONE_A_STAGE[extra]()] if extra else [])


@functools.cache
def in_float32(extra):
    model = models.compiled(smooth(), optimizer=keras.optimizers.SGD(0.1))
    models.fit(model, *models.data(), with_one_more(extra), epochs=1)
    return models.values(model)


def test_several_inputs_and_outputs_in_dicts():
    x, y = models.two_by_two_data()
    model = models.compiled(
        models.two_by_two(), loss={"label": "sparse_categorical_crossentropy", "value": "mse"}
    )
    techniques = [
        regkit.L2(0.01), regkit.LabelSmoothing(0.2), regkit.GaussianNoise(0.1),
        regkit.Dropout(0.3), SharpnessAware(),
    ]  # fmt: skip
    assert finite(models.fit(model, x, y, techniques))


def test_tuples_and_lists_of_inputs_and_outputs():
    x, y = models.two_by_two_data()
    nested = models.two_by_two()
    model = keras.Model(
        [nested.inputs[0], nested.inputs[1]], [nested.outputs[0], nested.outputs[1]]
    )
    models.compiled(model, loss=["sparse_categorical_crossentropy", "mse"])
    history = models.fit(
        model, [x["a"], x["b"]], [y["label"], y["value"]], [regkit.LabelSmoothing(), regkit.L1()]
    )
    assert finite(history)


@pytest.mark.parametrize("weights", ["sample_weight", "class_weight"])
def test_weights_of_examples_and_classes(weights):
    x, y = models.data()
    given = (
        {"sample_weight": np.linspace(0, 1, len(x))}
        if weights == "sample_weight"
        else {"class_weight": {0: 1.0, 1: 0.5, 2: 0.0}}
    )
    model, keras_own = models.compiled(models.sequential()), models.sequential()
    hot = np.eye(models.CLASSES, dtype="float32")[y]
    if weights == "class_weight":
        hot = y  # Keras takes class numbers there
        keras_own = models.compiled(keras_own)
        models.fit(model, x, y, [regkit.LabelSmoothing(1e-9)], **given)
    else:
        models.compiled(keras_own, loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.2))
        models.fit(model, x, y, [regkit.LabelSmoothing(0.2, spread="all")], **given)
    models.fit(keras_own, x, hot, **given)
    models.same(models.values(model), models.values(keras_own), 1e-5)


def test_a_generator_of_batches():
    x, y = models.data()

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 3

        def __getitem__(self, k):
            part = slice(k * models.BATCH, (k + 1) * models.BATCH)
            return x[part], y[part]

    model, arrays = models.compiled(models.sequential()), models.compiled(models.sequential())
    model.fit(Batches(), epochs=2, verbose=0, shuffle=False, callbacks=all_together())
    models.fit(arrays, x, y, all_together())
    models.same(models.values(model), models.values(arrays), 1e-6)


def test_a_tensorflow_dataset_of_dicts_on_a_model_that_is_not_built():
    """Any backend reads `tf.data`; TensorFlow builds the model within its first step."""
    tf = pytest.importorskip("tensorflow")
    if keras.backend.backend() == "torch":
        pytest.skip("TensorFlow imported after PyTorch can take the process down")

    class Sum(keras.Model):
        def __init__(self):
            super().__init__()
            self.hidden, self.out = models.dense(4, "hidden", 1), models.dense(3, "out", 2)

        def call(self, inputs):
            flat = keras.ops.reshape(inputs["a"] + inputs["b"], (-1, 6))
            return keras.ops.softmax(self.out(self.hidden(flat)))

    x, y = models.two_by_two_data()
    weights = np.linspace(0, 1, len(y["label"])).astype("float32")
    dataset = tf.data.Dataset.from_tensor_slices((x, y["label"], weights)).batch(8)
    model = models.compiled(Sum())
    recipe = [regkit.Dropout(0.3, layers="hidden"), regkit.L2(0.01), regkit.LabelSmoothing(0.1)]
    history = model.fit(dataset, epochs=2, verbose=0, callbacks=[*recipe, regkit.GaussianNoise()])
    assert finite(history)


def test_a_compute_loss_of_the_models_own():
    x, y = models.data(sparse=False)
    model = models.OwnLoss()
    model.compile("sgd")
    smooth = models.OwnLoss()
    smooth.compile("sgd")
    models.fit(model, x, y, [regkit.LabelSmoothing(0.2, spread="all")])
    models.fit(smooth, x, 0.8 * y + 0.2 / models.CLASSES)
    models.same(models.values(model), models.values(smooth), 1e-6)
    with pytest.raises(AttachError, match="one-hot"):
        models.fit(model, x, models.data()[1], [regkit.LabelSmoothing(0.2)])


def test_a_train_step_of_the_models_own_computes_the_same():
    x, y = models.data()
    own, keras_step = models.compiled(models.OwnStep()), models.compiled(models.sequential())
    models.fit(own, x, y, [*all_together(), SharpnessAware()])
    models.fit(keras_step, x, y, [*all_together(), SharpnessAware()])
    models.same(models.values(own), models.values(keras_step), 1e-5)


@pytest.mark.parametrize("name", ["l2", "label_smoothing"])
def test_a_train_step_that_never_computes_the_loss_is_refused_before_it_trains(name):
    x, y = models.data()
    model = models.compiled(models.OwnStep(reaches_loss=False))
    model(x[:1])
    before = models.values(model)
    with pytest.raises(AttachError, match=r"never calls self\.compute_loss"):
        models.fit(model, x, y, [EFFECTIVE[name]()])
    kernels = slice(0, 2)  # what the optimizer would have changed
    models.same(models.values(model)[kernels], before[kernels])
    models.fit(model, x, y, [regkit.GaussianNoise(0.1)])  # DATA needs no loss


def test_what_is_left_to_the_user_says_so():
    x, y = models.data()
    model = models.compiled(models.subclassed())
    with pytest.raises(SelectionError, match=r"name them, as in layers="):
        models.fit(model, x, y, [regkit.Dropout(0.5)])
    regression = models.compiled(models.sequential(), loss="mse")
    with pytest.raises(ConflictError, match="crossentropy"):
        models.fit(regression, x, models.data(sparse=False)[1], [regkit.LabelSmoothing()])
    with pytest.raises(AttachError, match="floating type"):
        embedding = keras.Sequential(
            [keras.Input((4,), dtype="int32"), keras.layers.Embedding(9, 3), keras.layers.Flatten(),
             keras.layers.Dense(3, activation="softmax")]
        )  # fmt: skip
        models.fit(
            models.compiled(embedding), np.zeros((8, 4), "int32"), y[:8], [regkit.GaussianNoise()]
        )


def test_frozen_layers_are_left_out_and_named_when_nothing_remains():
    x, y = models.data()
    model = models.sequential()
    model.get_layer("hidden").trainable = False
    models.compiled(model)
    history = models.fit(model, x, y, [regkit.L2(1.0)], epochs=1)
    largest = np.sum(np.square(models.values(model)[-2])) * 2
    assert 0 < history.history["l2_penalty"][0] < largest  # of the kernel of "out" alone
    with pytest.raises(SelectionError, match=r"out/kernel"):
        models.fit(model, x, y, [regkit.L2(1.0, layers="hidden")])
