"""Steps are calls of `train_step`, updates are the optimizer's, and neither is the other."""

import weakref

import keras
import numpy as np
import pytest
from keras import ops

import regkit
from regkit.core.seam import clock
from tests import models

BASES = (keras.optimizers.Optimizer, keras.optimizers.LossScaleOptimizer)
OPTIMIZERS = [
    name
    for name, cls in vars(keras.optimizers).items()
    if isinstance(cls, type) and issubclass(cls, BASES[0]) and cls not in BASES
]


def optimizer_named(name, every):
    if name != "MultiOptimizer":
        return getattr(keras.optimizers, name)(0.01, gradient_accumulation_steps=every)
    parts = [keras.optimizers.SGD(0.01, gradient_accumulation_steps=every) for _ in range(2)]
    which = keras.optimizers.OptimizerMap(parts[0], {"hidden/.*": parts[1]})
    return keras.optimizers.MultiOptimizer(which)


class Steps(regkit.Technique):
    """Notes the number of each step."""

    def initial_state(self, context):
        return {"steps": ops.zeros((64,), "int32"), "calls": ops.zeros((), "int32")}

    def data(self, batch, context):
        place = ops.equal(ops.arange(64), context.state["calls"])
        context.state["steps"] = ops.where(place, context.step, context.state["steps"])
        context.state["calls"] = context.state["calls"] + 1
        return batch

    def on_epoch_end(self, epoch, logs=None):
        state = self.current_state()
        self.seen = state["steps"][: state["calls"]].tolist()


class Updates(regkit.Technique):
    """Counts updates: its state is carried on only where the optimizer changed the weights."""

    def initial_state(self, context):
        return {"updates": ops.zeros((), "int32")}

    def update(self, weights, context):
        context.state["updates"] = context.state["updates"] + 1
        return weights

    def on_epoch_end(self, epoch, logs=None):
        self.count = int(self.current_state()["updates"])


def seen(model, x, y, **options):
    steps = Steps()
    models.fit(model, x, y, [steps], **options)
    return steps.seen


def test_steps_go_on_over_fits_with_and_without_techniques_and_over_compile():
    x, y = models.data()
    model = models.compiled(models.sequential())
    assert seen(model, x, y, epochs=2) == [0, 1, 2, 3, 4, 5]
    models.fit(model, x, y, epochs=1)
    assert seen(model, x, y, epochs=1) == [9, 10, 11]
    models.compiled(model, "adam")
    assert seen(model, x, y, epochs=1) == [12, 13, 14]


def test_a_loaded_model_starts_from_its_optimizers_count(tmp_path):
    x, y = models.data()
    model = models.compiled(models.sequential())
    models.fit(model, x, y, [regkit.L2(0.1)])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert seen(loaded, x, y, epochs=1) == [6, 7, 8]


def test_the_count_lives_outside_of_the_model_and_dies_with_it():
    x, y = models.data()
    model = models.compiled(models.sequential())
    names = set(vars(model))
    models.fit(model, x, y, [regkit.GaussianNoise(0.1)])
    assert set(vars(model)) - names <= {"history", "_eval_epoch_iterator", "_jax_state"}
    assert model in clock._MARKS
    assert isinstance(clock._MARKS, weakref.WeakKeyDictionary)


class OwnOptimizer(keras.Model):
    """Trains by an optimizer of its own, as a GAN does, or by none."""

    def __init__(self):
        super().__init__()
        self.out = keras.layers.Dense(1)

    def call(self, x):
        return self.out(x)

    def train_step(self, *given):
        *state, data = given
        x = data[0] if isinstance(data, tuple) else data
        return ({"v": x[0, 0]}, *state) if state else {"v": x[0, 0]}


@pytest.mark.parametrize("optimizer", ["adam", None])
def test_a_train_step_that_never_counts_sees_other_noise_each_step(optimizer):
    x = np.zeros((8, 4), "float32")
    model = OwnOptimizer()
    model(x)
    model.compile(optimizer=optimizer)
    schedule = keras.optimizers.schedules.PolynomialDecay(1.0, 6, 0.0)
    noise, shift = regkit.GaussianNoise(1.0, seed=1), regkit.GaussianNoise(schedule, seed=1)
    history = models.fit(model, x, None, [noise], epochs=6).history["v"]
    assert len({round(float(v), 6) for v in history}) == 6
    falling = models.fit(model, x, None, [shift], epochs=6, batch_size=8).history["v"]
    assert abs(float(falling[-1])) < 1e-6  # steps 6 to 11, where the schedule has ended
    assert model.optimizer is None or int(ops.convert_to_numpy(model.optimizer.iterations)) == 0
    assert (model.optimizer is None) == (optimizer is None)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("every", [None, 3])
def test_update_acts_once_an_update_with_every_optimizer(name, every):
    x, y = models.data()
    eager = name not in ("SGD", "Adam")  # compiled it is the same
    model = models.compiled(models.sequential(), optimizer_named(name, every), run_eagerly=eager)
    updates, steps = Updates(), Steps()
    models.fit(model, x, y, [updates, steps], batch_size=4, epochs=1)
    assert updates.count == (6 if every is None else 2)
    assert len(steps.seen) == 6  # a step is a batch all the same


def test_what_changes_weights_is_refused_beside_an_average_that_does_not_see_it():
    x, y = models.data()
    model = models.compiled(models.sequential(), keras.optimizers.SGD(0.1, use_ema=True))
    with pytest.raises(regkit.RegkitError, match="use_ema=False"):
        models.fit(model, x, y, [regkit.WeightDecay(0.1, decoupled=True)])
    fresh = models.compiled(models.sequential(), keras.optimizers.SGD(0.1, use_ema=True))
    models.fit(fresh, x, y, [regkit.L2(0.1)])  # what does not is not refused


def test_parts_that_gather_gradients_differently_have_no_one_update():
    if not hasattr(keras.optimizers, "MultiOptimizer"):
        pytest.skip("this Keras has no MultiOptimizer")
    x, y = models.data()
    optimizer = optimizer_named("MultiOptimizer", None)
    optimizer.optimizers[0].gradient_accumulation_steps = 2
    model = models.compiled(models.sequential(), optimizer)
    with pytest.raises(regkit.RegkitError, match="different numbers of steps"):
        models.fit(model, x, y, [Updates()])
    with pytest.raises(regkit.RegkitError, match="MultiOptimizer has none of its own"):
        models.fit(model, x, y, [regkit.WeightDecay(0.1, decoupled=True)])
    assert "l2_penalty" in models.fit(model, x, y, [regkit.L2(0.1)]).history


def test_update_waits_for_accumulation_and_overflow_alike():
    """Under loss scaling, whose inner optimizer accumulates."""
    x, y = models.data()
    inner = keras.optimizers.SGD(0.01, gradient_accumulation_steps=2)
    scaled = keras.optimizers.LossScaleOptimizer(inner, initial_scale=1.0)
    model = models.compiled(models.sequential(), scaled)
    updates = Updates()
    models.fit(model, x, y, [updates], batch_size=4, epochs=1)
    assert updates.count == 3


@pytest.mark.parametrize("every", [None, 4])
def test_decoupled_decay_is_the_optimizers_own(every):
    found = []
    for decay, techniques in ((None, [regkit.WeightDecay(0.5, decoupled=True)]), (0.5, [])):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, use_bias=False)])
        own = keras.optimizers.SGD(0.1, weight_decay=decay, gradient_accumulation_steps=every)
        model.compile(own, "mse")
        x, y = np.ones((8, 4), "float32"), np.zeros((8, 3), "float32")
        models.fit(model, x, y, techniques, batch_size=2, epochs=1)
        found.append(models.values(model))
    models.same(*found, 1e-6)
