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
