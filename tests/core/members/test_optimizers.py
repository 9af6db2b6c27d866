"""Members with every optimizer of Keras, whether all share one or each has its own."""

import keras
import numpy as np
import pytest
from keras import layers, optimizers
from keras.optimizers.schedules import ExponentialDecay

import regkit
from regkit.core.members.stack_optimizer import is_elementwise
from tests.core.members.test_equal_to_the_loop import same

X = np.random.default_rng(0).normal(size=(10, 4))
Y = np.arange(10) % 3
# Keras rounds to float32 within its operations on PyTorch, whatever its floatx.
EXACT = 1e-5 if keras.backend.backend() == "torch" else 1e-9

ELEMENTWISE = {
    "sgd": lambda: optimizers.SGD(0.05),
    "nesterov": lambda: optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    "adam": lambda: optimizers.Adam(0.01, amsgrad=True, clipvalue=0.1),
    "adamw": lambda: optimizers.AdamW(0.01, weight_decay=0.1),
    "adamax": lambda: optimizers.Adamax(0.01),
    "rmsprop": lambda: optimizers.RMSprop(0.01, momentum=0.5, centered=True),
    "adagrad": lambda: optimizers.Adagrad(0.01),
    "adadelta": lambda: optimizers.Adadelta(0.1),
    "lion": lambda: optimizers.Lion(0.01),
    "schedule": lambda: optimizers.Adam(ExponentialDecay(0.1, 1, 0.5)),
}
MAPPED = {
    "ftrl": lambda: optimizers.Ftrl(0.01),
    "clipnorm": lambda: optimizers.SGD(0.05, clipnorm=0.1),
    "global_clipnorm": lambda: optimizers.Adam(0.05, global_clipnorm=0.1),
    "lamb": lambda: optimizers.Lamb(0.01),
    "adafactor": lambda: optimizers.Adafactor(0.01),
    "without_biases": lambda: without_biases(),
}


class Half(optimizers.SGD):
    """Takes half of a step, which its base class knows nothing of."""

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient, variable, learning_rate / 2)


class NoDecay(optimizers.SGD):
    def _apply_weight_decay(self, variables):
        pass


def without_biases():
    optimizer = optimizers.AdamW(0.01, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return optimizer


def build(optimizer):
    def built(member):
        model = keras.Sequential(
            [keras.Input((4,)), layers.Dense(3, "softmax", bias_initializer="ones")]
        )
        model.compile(optimizer(), "sparse_categorical_crossentropy")
        if isinstance(model.optimizer._learning_rate, keras.Variable):
            model.optimizer.learning_rate = model.optimizer.learning_rate * (1 + member)
        return model

    return built


def fitted(optimizer, engine="vectorized", epochs=2, **options):
    given = {"n_members": 2, "seeds": 0, "epochs": epochs, "batch_size": 4, "engine": engine}
    return regkit.fit_members(build(optimizer), X, Y, **given, **options)


@pytest.fixture
def double():
    """Computes in float64."""
    policy, floatx = keras.config.dtype_policy(), keras.config.floatx()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    if keras.backend.backend() == "jax":
        import jax

        with jax.enable_x64(True):
            yield
    else:
        yield
    keras.config.set_floatx(floatx)
    keras.config.set_dtype_policy(policy)


# Where each is compiled, a few of them show that there is one road for all.
COMPILED = {"nesterov", "adam", "global_clipnorm", "adafactor"}
NAMES = [
    name
    if name in COMPILED or keras.backend.backend() == "torch"
    else pytest.param(name, marks=pytest.mark.slow)
    for name in (*ELEMENTWISE, *MAPPED)
]


@pytest.mark.parametrize("name", NAMES)
def test_equal_to_the_loop(name, double):
    optimizer = {**ELEMENTWISE, **MAPPED}[name]
    together, in_turn = fitted(optimizer), fitted(optimizer, "sequential")
    assert together._states[0]["trainable"][0].dtype == np.float64
    same(together, in_turn, EXACT)


def test_a_hundred_steps_in_single_precision():
    options = {"epochs": 34, "recipe": "l2(1e-3)"}
    together = fitted(ELEMENTWISE["sgd"], **options)
    same(together, fitted(ELEMENTWISE["sgd"], "sequential", **options), 1e-5)


@pytest.mark.parametrize("name", [*ELEMENTWISE, *MAPPED])
def test_which_treat_each_number_by_itself(name):
    model = build({**ELEMENTWISE, **MAPPED}[name])(0)
    model.optimizer.build(model.trainable_variables)
    assert is_elementwise(model) == (name in ELEMENTWISE)


def test_one_of_the_users_own_is_not_taken_for_its_base_class():
    assert not is_elementwise(build(Half)(0))
    same(fitted(Half), fitted(Half, "sequential"))
    assert not np.allclose(
        fitted(Half)._states[0]["trainable"][0],
        fitted(optimizers.SGD)._states[0]["trainable"][0],
    )


@pytest.mark.parametrize(
    ("optimizer", "why"),
    [
        (lambda: optimizers.SGD(0.05, use_ema=True), "averages the weights"),
        (lambda: optimizers.LossScaleOptimizer(optimizers.SGD()), "scales the loss"),
        (lambda: optimizers.SGD(0.05, gradient_accumulation_steps=2), "gathers gradients"),
        (optimizers.Nadam, "_backend_update_step of its own"),
        (lambda: optimizers.Muon(0.01), "_apply_weight_decay of its own"),
        (lambda: NoDecay(0.01, weight_decay=0.1), "_apply_weight_decay of its own"),
    ],
)
def test_those_that_go_in_turn_say_why(optimizer, why):
    mapped_on_jax = keras.backend.backend() == "jax" and ("gather" in why or "of its own" in why)
    if mapped_on_jax:
        same(fitted(optimizer), fitted(optimizer, "sequential"))
        return
    with pytest.raises(regkit.RegkitError, match=why):
        fitted(optimizer)
    in_turn = fitted(optimizer, "auto")
    assert why in in_turn.reason
    assert all(np.isfinite(state["trainable"][0]).all() for state in in_turn._states)
