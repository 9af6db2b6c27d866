import keras
import pytest
from keras import layers

import regkit
from regkit.core import select
from regkit.core.errors import SelectionError
from tests import models


def network():
    return keras.Sequential(
        [
            keras.Input((8, 8, 2)),
            layers.Conv2D(3, 3, name="conv_a"),
            layers.BatchNormalization(name="norm"),
            layers.SeparableConv2D(4, 3, name="conv_b"),
            layers.Activation("relu", name="act"),
            layers.Flatten(name="flat"),
            layers.Dense(5, name="hidden"),
            layers.Dense(3, name="out"),
            layers.Softmax(name="soft"),
        ]
    )


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("conv*", ["conv_a", "conv_b"]),
        (layers.Dense, ["hidden", "out"]),
        (lambda layer: layer.name.startswith("h"), ["hidden"]),
        (["conv_a", layers.Dense], ["conv_a", "hidden", "out"]),
    ],
    ids=["name", "class", "function", "list"],
)
def test_layer_selectors(selector, names):
    assert [layer.name for layer in select.layers_matching(network(), selector)] == names


def test_a_layer_selects_itself():
    model = network()
    assert select.layers_matching(model, model.get_layer("flat")) == [model.get_layer("flat")]


def test_kernels_only_by_default():
    found = select.weights_matching(network())
    assert [(w.layer.name, w.variable.name) for w in found] == [
        ("conv_a", "kernel"), ("conv_b", "depthwise_kernel"), ("conv_b", "pointwise_kernel"),
        ("hidden", "kernel"), ("out", "kernel"),
    ]  # fmt: skip


@pytest.mark.parametrize(("weights", "count"), [("bias", 4), (["bias", "gamma"], 5), ("*", 11)])
def test_weight_selectors(weights, count):
    assert len(select.weights_matching(network(), None, weights)) == count


def test_what_matches_nothing_lists_what_there_is():
    with pytest.raises(SelectionError, match=r"did you mean 'conv_a'.*conv_a, norm, conv_b"):
        select.layers_matching(network(), "conv_aa")
    with pytest.raises(SelectionError, match=r"norm/gamma, norm/beta"):
        select.weights_matching(network(), "norm", "kernel")
    x, y = models.data()
    model = models.compiled(models.sequential())
    with pytest.raises(SelectionError, match="hidden, norm, out"):
        models.fit(model, x, y, [regkit.L2(layers="nothing")])


def test_a_shared_layer_counts_once():
    shared = layers.Dense(4, name="shared")
    a = keras.Input((4,))
    model = keras.Model(a, layers.Dense(1, name="end")(shared(shared(shared(a)))))
    assert [w.layer.name for w in select.weights_matching(model)] == ["shared", "end"]
    models.compiled(model, loss="mse", optimizer=keras.optimizers.SGD(0.0))
    x, y = models.data()
    kernels = [w for w in models.values(model) if w.ndim == 2]
    history = models.fit(model, x.reshape(len(x), -1)[:, :4], y, [regkit.L2(1.0)], epochs=1).history
    assert history["l2_penalty"][0] == pytest.approx(sum((k**2).sum() for k in kernels), rel=1e-5)


def test_hidden_layers_are_all_but_the_outputs():
    model = network()
    assert [layer.name for layer in select.hidden_layers(model, None, "t")] == [
        "conv_a",
        "conv_b",
        "hidden",
    ]
    two = models.two_by_two()
    assert [layer.name for layer in select.hidden_layers(two, None, "t")] == ["hidden"]


def test_hidden_layers_within_nested_models():
    inner = keras.Sequential(
        [keras.Input((6,)), layers.Dense(4, name="in_1"), layers.Dense(3, name="in_2")]
    )
    a = keras.Input((6,))
    end = layers.Softmax()(inner(layers.Dense(6, name="first")(a)))
    model = keras.Model(a, end)
    assert [layer.name for layer in select.hidden_layers(model, None, "t")] == ["first", "in_1"]


def test_a_model_without_hidden_layers_and_a_subclassed_one_say_what_to_do():
    line = keras.Sequential([keras.Input((3,)), layers.Dense(1, name="only")])
    with pytest.raises(SelectionError, match="no hidden layer"):
        select.hidden_layers(line, None, "Dropout")
    with pytest.raises(SelectionError, match=r"Dropout: .*layers=\['hidden', 'out'\]"):
        select.hidden_layers(models.subclassed(), None, "Dropout")


def test_attention_and_recurrent_kernels():
    a = keras.Input((5, 6))
    x = layers.MultiHeadAttention(2, 3, name="mha")(a, a)
    x = layers.LSTM(4, name="lstm")(x)
    model = keras.Model(a, layers.Dense(2, name="out")(x))
    names = [w.variable.name for w in select.weights_matching(model)]
    assert names.count("kernel") == 6
    assert names.count("recurrent_kernel") == 1


def frozen():
    model = models.compiled(models.functional())
    model.get_layer("hidden").trainable = False
    return models.compiled(model)


def with_lora():
    model = models.functional()
    model.get_layer("hidden").enable_lora(2)
    return models.compiled(model)


def quantized():
    model = models.functional()
    model.get_layer("hidden").quantize("int8")
    return models.compiled(model, keras.optimizers.SGD(1e-3))


@pytest.mark.parametrize("make", [frozen, with_lora, quantized])
def test_dropout_acts_on_layers_that_are_not_trained_as_they_are(make):
    model = make()
    assert regkit.Dropout(0.5).select_layers(model) == [model.get_layer("hidden")]
    x, y = models.data()
    plain = models.fit(make(), x, y, epochs=1).history["loss"]
    assert models.fit(model, x, y, [regkit.Dropout(0.5)], epochs=1).history["loss"] != plain


def test_with_lora_a_penalty_means_the_factors():
    model = with_lora()
    named = {one.name for one in regkit.L2(0.1, layers="hidden").select_weights(model)}
    assert named == {"lora_kernel_a", "lora_kernel_b"}
    x, y = models.data()
    history = models.fit(model, x, y, [regkit.L2(0.1)], epochs=1).history
    assert history["l2_penalty"][0] > 0
    assert {one.name for one in regkit.L2(0.1, weights="bias").select_weights(model)} == {"bias"}


@pytest.mark.parametrize(
    ("make", "message"), [(with_lora, "LoRA"), (quantized, "quantized")], ids=["lora", "int8"]
)
def test_drop_connect_refuses_kernels_that_are_no_matrix_of_weights(make, message):
    x, y = models.data()
    model = make()
    with pytest.raises(regkit.RegkitError, match=message):
        models.fit(model, x, y, [regkit.DropConnect(0.5, layers="hidden")])
    with pytest.raises(regkit.RegkitError, match=message):
        regkit.mc_predict(model, x, regkit.DropConnect(0.5, layers="hidden"), n_samples=2)


def test_drop_connect_on_the_factors_of_lora():
    x, y = models.data()
    technique = regkit.DropConnect(0.5, layers="hidden", weights="lora_kernel_a")
    models.fit(with_lora(), x, y, [technique], epochs=1)


def test_drop_connect_on_a_frozen_layer():
    x, y = models.data()
    model = frozen()
    before = models.values(model)[:2]
    plain = models.fit(frozen(), x, y, epochs=1).history["loss"]
    technique = regkit.DropConnect(0.5, layers="hidden", seed=1)
    assert models.fit(model, x, y, [technique], epochs=1).history["loss"] != plain
    models.same(models.values(model)[:2], before)


def test_weights_of_a_module_of_pytorch_are_not_perturbed_in_silence(backend):
    if backend != "torch":
        pytest.skip("Keras wraps such modules on PyTorch only")
    import torch

    from tests.techniques_of_tests import SharpnessAware

    x, y = models.data()
    module = layers.TorchModuleWrapper(torch.nn.Linear(6, 5), name="module")
    model = keras.Sequential(
        [*models.entry(), module, models.dense(3, "out", 1, activation="softmax")]
    )
    model(x)
    models.compiled(model)
    for technique in (
        regkit.DropConnect(0.5, layers="module", weights="*"),
        SharpnessAware(),
    ):
        with pytest.raises(regkit.RegkitError, match="wraps a module of PyTorch"):
            models.fit(model, x, y, [technique])
    penalty = models.fit(model, x, y, [regkit.L2(0.1, weights="*", layers="module")], epochs=1)
    assert penalty.history["l2_penalty"][0] > 0  # what reads the weights is right
    models.fit(model, x, y, [regkit.WeightDecay(0.1, decoupled=True, layers="out")])


def test_the_trainable_state_changed_without_compiling(backend):
    x, y = models.data()
    model = models.compiled(models.functional())
    models.fit(model, x, y, [regkit.L2(0.1)])
    model.get_layer("hidden").trainable = False
    if backend == "jax":
        with pytest.raises(ValueError, match=r"call compile\(\) again"):
            models.fit(model, x, y, [regkit.L2(0.1)])
    else:
        models.fit(model, x, y, [regkit.L2(0.1)])


def test_named_layers_are_masked_whether_frozen_or_not():
    model = frozen()
    both = regkit.DropConnect(0.5, layers=["hidden", "out"]).select_weights(model)
    assert [one.path.split("/")[-2] for one in both] == ["hidden", "out"]


def test_a_prediction_of_a_quantized_model_is_perturbed():
    model, x = quantized(), models.data()[0]
    spread = regkit.mc_predict(model, x, regkit.Dropout(0.5), n_samples=5, return_std=True)[1]
    assert spread.max() > 0.01
