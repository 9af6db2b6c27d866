"""Penalties against Keras' regularizers, optimizers and scikit-learn's estimators."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import linear_model

import regkit
from regkit.techniques.penalties.elastic_net import elastic_net_penalty
from regkit.techniques.penalties.l1 import l1_penalty
from regkit.techniques.penalties.l2 import l2_penalty
from tests import models

arrays = st.lists(st.floats(-3, 3, width=32), min_size=1, max_size=6).map(
    lambda v: np.array(v, "float32")
)


@given(st.lists(arrays, min_size=1, max_size=3), st.floats(0, 2))
def test_the_formulas(weights, strength):
    flat = np.concatenate(weights).astype("float64")
    assert float(l1_penalty(weights, strength)) == pytest.approx(
        strength * np.abs(flat).sum(), abs=1e-4
    )
    assert float(l2_penalty(weights, strength)) == pytest.approx(
        strength * (flat**2).sum(), abs=1e-3
    )
    mixed = strength * (0.3 * np.abs(flat).sum() + 0.35 * (flat**2).sum())
    assert float(elastic_net_penalty(weights, strength, 0.3)) == pytest.approx(mixed, abs=1e-3)


@pytest.mark.parametrize(
    ("technique", "regularizer"),
    [
        (lambda: regkit.L1(0.03), keras.regularizers.L1(0.03)),
        (lambda: regkit.L2(0.03), keras.regularizers.L2(0.03)),
        (lambda: regkit.WeightDecay(0.06), keras.regularizers.L2(0.03)),
        (lambda: regkit.ElasticNet(0.04, 0.25), keras.regularizers.L1L2(0.01, 0.015)),
    ],
    ids=["l1", "l2", "weight_decay", "elastic_net"],
)
def test_the_hook_equals_keras_regularizer(technique, regularizer):
    x, y = models.data()

    def build(kernel_regularizer):
        return models.compiled(
            keras.Sequential(
                [
                    *models.entry(),
                    models.dense(
                        5, "hidden", 1, activation="relu", kernel_regularizer=kernel_regularizer
                    ),
                    models.dense(
                        3, "out", 2, activation="softmax", kernel_regularizer=kernel_regularizer
                    ),
                ]
            ),
            optimizer="adam",
        )

    ours, theirs = build(None), build(regularizer)
    a = models.fit(ours, x, y, [technique()], epochs=4).history
    b = models.fit(theirs, x, y, epochs=4).history
    np.testing.assert_allclose(a["loss"], b["loss"], rtol=1e-5)
    models.same(models.values(ours), models.values(theirs), 1e-5)


@pytest.mark.parametrize("decoupled", [False, True])
def test_weight_decay_equals_the_optimizers(decoupled):
    """Under SGD without momentum both forms equal SGD's decay; decoupled equals AdamW's."""
    x, y = models.data()
    rate = 0.2
    makers = {"sgd": keras.optimizers.SGD}
    if decoupled:
        makers["adamw"] = keras.optimizers.AdamW
    for name, make in makers.items():
        none = {"weight_decay": 0.0} if name == "adamw" else {}
        ours, theirs = (models.compiled(models.sequential(), optimizer=o) for o in (
            make(0.05, **none), make(0.05, weight_decay=rate)))  # fmt: skip
        theirs.optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        models.fit(ours, x, y, [regkit.WeightDecay(rate, decoupled=decoupled)], epochs=3)
        models.fit(theirs, x, y, epochs=3)
        models.same(models.values(ours), models.values(theirs), 1e-5)


def test_decoupled_decay_follows_a_learning_rate_schedule():
    x, y = models.data()
    make = lambda decay: keras.optimizers.SGD(  # noqa: E731
        keras.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5), weight_decay=decay
    )
    ours = models.compiled(models.sequential(), optimizer=make(None))
    theirs = models.compiled(models.sequential(), optimizer=make(0.5))
    theirs.optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    models.fit(ours, x, y, [regkit.WeightDecay(0.5, decoupled=True)], epochs=3)
    models.fit(theirs, x, y, epochs=3)
    models.same(models.values(ours), models.values(theirs), 1e-5)


def regression(examples=60, features=5):
    rng = np.random.default_rng(3)
    x = rng.normal(size=(examples, features)).astype("float32")
    w = np.array([2.0, -1.0, 0.0, 0.5, 0.0], "float32")
    y = x @ w + 0.7 + 0.1 * rng.normal(size=examples).astype("float32")
    return x, y.astype("float32")[:, None]


def linear(technique, x, y, steps=1500):
    model = keras.Sequential([keras.Input((x.shape[1],)), keras.layers.Dense(1)])
    rate = keras.optimizers.schedules.CosineDecay(0.1, steps)
    model.compile(keras.optimizers.SGD(rate), loss=half_squared_error)
    x, y = (np.tile(one, (steps, 1)) for one in (x, y))  # an epoch takes longer than its one step
    model.fit(x, y, batch_size=len(x) // steps, shuffle=False, verbose=0, callbacks=[technique])
    w, b = models.values(model)
    return w[:, 0], b[0]


def half_squared_error(y, y_pred):
    return 0.5 * keras.ops.mean(keras.ops.square(y - y_pred), axis=-1)


def test_a_linear_model_with_l2_reaches_ridge():
    x, y = regression()
    w, b = linear(regkit.L2(0.1), x, y)
    # ½·mean + λ‖w‖² is Ridge's sum + α‖w‖² with α = 2·n·λ
    ridge = linear_model.Ridge(alpha=2 * len(x) * 0.1).fit(x, y[:, 0])
    np.testing.assert_allclose(w, ridge.coef_, atol=1e-3)
    assert b == pytest.approx(ridge.intercept_, abs=1e-3)


@pytest.mark.parametrize("ratio", [0.2, 0.9])
def test_a_linear_model_with_elastic_net_reaches_scikit_learns(ratio):
    x, y = regression()
    w, b = linear(regkit.ElasticNet(0.1, ratio), x, y)
    net = linear_model.ElasticNet(alpha=0.1, l1_ratio=ratio, tol=1e-9).fit(x, y[:, 0])
    np.testing.assert_allclose(w, net.coef_, atol=1e-3)
    assert b == pytest.approx(net.intercept_, abs=1e-3)


def test_a_linear_model_with_l1_reaches_the_lasso():
    x, y = regression()
    w, _ = linear(regkit.L1(0.1), x, y)
    np.testing.assert_allclose(
        w, linear_model.Lasso(alpha=0.1, tol=1e-9).fit(x, y[:, 0]).coef_, atol=1e-3
    )
