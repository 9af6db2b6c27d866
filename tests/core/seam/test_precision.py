"""Policies of every precision: nothing fails, and float64 loses no digits."""

import keras
import numpy as np
import pytest
from keras import layers, ops

import regkit
from tests import models
from tests.registered import EFFECTIVE, all_together

POLICIES = ["float64", "float16", "bfloat16", "mixed_float16", "mixed_bfloat16"]


@pytest.fixture(params=POLICIES)
def policy(request, backend):
    if request.param == "float64" and backend == "jax":
        import jax

        jax.config.update("jax_enable_x64", True)
    keras.config.set_dtype_policy(request.param)
    floatx = keras.config.floatx()
    if request.param == "float64":
        keras.config.set_floatx("float64")
    yield request.param
    keras.config.set_floatx(floatx)
    keras.config.set_dtype_policy("float32")
    if request.param == "float64" and backend == "jax":
        jax.config.update("jax_enable_x64", False)


def schedule(value):
    """A constant, computed as a schedule is."""
    return keras.optimizers.schedules.PolynomialDecay(value, 9, value)


SCHEDULED = {
    "l1": lambda: regkit.L1(schedule(0.1)),
    "l2": lambda: regkit.L2(schedule(0.1)),
    "elastic_net": lambda: regkit.ElasticNet(schedule(0.1)),
    "decay": lambda: regkit.WeightDecay(schedule(0.1)),
    "decoupled": lambda: regkit.WeightDecay(schedule(0.1), decoupled=True),
    "smoothing": lambda: regkit.LabelSmoothing(schedule(0.1)),
    "noise": lambda: regkit.GaussianNoise(schedule(0.1)),
    "dropout": lambda: regkit.Dropout(schedule(0.1)),
    "drop_connect": lambda: regkit.DropConnect(schedule(0.1)),
    "mask of a batch": lambda: regkit.DropConnect(schedule(0.1), mask="batch"),
    "elastic": lambda: regkit.ElasticDistortion(schedule(5.0), 1.0),
}


def losses(techniques, **options):
    """The losses of a fit of one step."""
    x, y = models.data()
    model = models.compiled(models.sequential(), keras.optimizers.SGD(1e-3), **options)
    whole = {"epochs": 1, "batch_size": len(x)}
    return models.fit(model, x.astype(keras.config.floatx()), y, techniques, **whole).history[
        "loss"
    ]


@pytest.mark.parametrize("name", [*EFFECTIVE, *SCHEDULED])
def test_every_technique_trains_in_every_policy(name, policy):
    technique = (EFFECTIVE | SCHEDULED)[name]()
    assert np.isfinite(losses([technique], run_eagerly=True)).all()


def test_all_train_compiled_in_every_policy(policy):
    one_on_a_layer = {name: make for name, make in SCHEDULED.items() if name != "mask of a batch"}
    for techniques in (all_together(), [make() for make in one_on_a_layer.values()]):
        assert np.isfinite(losses(techniques, jit_compile=keras.backend.backend() == "jax")).all()


class Constant(keras.optimizers.schedules.LearningRateSchedule):
    """Without the roundings of Keras' own schedules."""

    def __init__(self, value):
        self.value = value

    def __call__(self, step):
        return self.value


def test_nothing_is_computed_in_float32_under_float64(policy):
    """A penalty and a loss with more digits than float32 has."""
    if policy != "float64":
        pytest.skip("of float64")
    strength = 1.0 / 3.0
    model = keras.Sequential([keras.Input((3,)), layers.Dense(1, use_bias=False)])
    kernel = np.array([[1.0], [1 / 7], [1 / 11]])
    x, y = np.array([[1 / 3, 1 / 5, 1 / 9]]), np.array([[0.1]])
    seen = {}

    class Look(regkit.Technique):
        def data(self, batch, context):
            seen["noise"] = context.draws.normal((3,)).dtype
            seen["uniform"] = context.draws.uniform((3,)).dtype
            seen["strength"] = context.value(schedule(strength)).dtype
            return batch

    model.compile(keras.optimizers.SGD(0.0), "mse")
    model.set_weights([kernel])
    plain = models.fit(model, x, y, epochs=1).history["loss"][0]
    for technique in (regkit.L2(strength), regkit.L2(Constant(strength))):
        history = models.fit(model, x, y, [technique, Look()], epochs=1).history
        penalty = strength * (kernel**2).sum()
        assert history["l2_penalty"][0] == pytest.approx(penalty, rel=1e-13)
        assert history["data_loss"][0] == pytest.approx(plain, rel=1e-13)
    assert {keras.backend.standardize_dtype(one) for one in seen.values()} == {"float64"}


def test_float64_images_keep_their_digits(policy):
    if policy != "float64":
        pytest.skip("of float64")
    from regkit.ops.fields import coarse_shape
    from regkit.techniques.augmentation.elastic_distortion import distorted

    images = ops.convert_to_tensor(np.full((2, 12, 12, 1), 1 / 3))
    noise = ops.convert_to_tensor(
        np.random.default_rng(0).normal(size=coarse_shape(2, 12, 12, 3.0))
    )
    out = ops.convert_to_numpy(distorted(images, noise, 10.0, 3.0, fill_mode="nearest"))
    assert out.dtype == np.float64
    np.testing.assert_allclose(out, 1 / 3, rtol=1e-14)
