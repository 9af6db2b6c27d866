"""One fit: same order on every backend, best epoch restored, kept models start like new ones."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from regkit.comparison.design.parts import Parts
from regkit.comparison.design.parts import parts as parts_of
from regkit.comparison.design.seeds import repeats
from regkit.comparison.design.study import Task
from regkit.comparison.fits import observer
from regkit.comparison.fits.fitting import fit_arm
from regkit.comparison.fits.model_pool import ModelPool
from regkit.comparison.statistics import measures
from regkit.core.members.stream import OrderedBatches
from regkit.core.model_building import ModelBuilder
from regkit.data import from_arrays

REPEATS = repeats(2, 1, root=0)
CLASSES: dict[str, Any] = {"measure": "accuracy"}


def blobs(n: int = 120) -> Any:
    random = np.random.default_rng(0)
    y = np.arange(n) % 3
    return from_arrays(random.normal(0, 1, (n, 5)) + np.eye(3, 5)[y], y)


def parts(index: int = 0) -> Parts:
    return parts_of(blobs(), REPEATS[index], root=0, test_size=0.25, validation_size=0.25)


def small(input_shape: tuple[int, ...], n_classes: int) -> keras.Model:
    layers = [
        keras.Input(input_shape),
        keras.layers.Dense(8, activation="relu"),
        keras.layers.BatchNormalization(),
        keras.layers.Dropout(0.3),
        keras.layers.Dense(n_classes),
    ]
    model = keras.Sequential(layers)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss)
    return model


def bench() -> ModelPool:
    return ModelPool(ModelBuilder(small), (5,), 3)


def test_batches_are_a_function_of_seed_and_place() -> None:
    x, y = np.arange(25), np.arange(25)
    one, two = (OrderedBatches((x, y), 10, 3, seed=4, rest=False) for _ in range(2))
    backwards = [two[i][0].tolist() for i in reversed(range(6))]
    assert [one[i][0].tolist() for i in range(6)] == backwards[::-1]
    assert one[0][0].tolist() != OrderedBatches((x, y), 10, 3, 5, rest=False)[0][0].tolist()
    assert len({*one[0][0], *one[1][0]}) == 20  # an epoch repeats no example


def test_the_stream_keeps_its_order_on_its_way_into_training() -> None:
    """Sorting the sums of what one unit learns from tells the order of steps apart."""
    x = np.arange(23.0, dtype=np.float32)[:, None] / 23
    batches = OrderedBatches((x, (x[:, :1] > 0.5).astype(np.float32)), 5, 3, seed=1, rest=False)

    def unit() -> keras.Model:
        start = keras.initializers.Constant(0.5)
        model = keras.Sequential(
            [keras.Input((1,)), keras.layers.Dense(1, kernel_initializer=start)]
        )
        model.compile(keras.optimizers.SGD(0.5), "mse")
        return model

    streamed, by_hand = unit(), unit()
    streamed.fit(batches.stream(), epochs=3, steps_per_epoch=4, shuffle=False, verbose=0)
    for index in range(12):
        by_hand.train_on_batch(*batches[index])
    for mine, expected in zip(streamed.get_weights(), by_hand.get_weights(), strict=True):
        assert mine == pytest.approx(expected, rel=1e-5)


def test_a_kept_model_starts_and_ends_like_a_new_one() -> None:
    options = {**CLASSES, "epochs": 3, "batch_size": 16}
    kept = bench()
    one, two = (Task("arm", "l2(0.01) + dropout(0.2)", repeat) for repeat in REPEATS[:2])
    fit_arm(kept, one, parts(0), options)
    again = fit_arm(kept, two, parts(1), options)
    fresh = fit_arm(bench(), two, parts(1), options)
    if keras.backend.backend() != "torch":
        assert kept.model("arm", 3) is kept.model("arm", 4)
    assert again.curves == fresh.curves
    assert (again.test, again.train) == (fresh.test, fresh.train)


def test_the_member_is_the_number_of_the_seed_and_no_model_serves_two() -> None:
    """A member may differ in more than its variables, as here in a rate."""

    def build(input_shape: tuple[int, ...], n_classes: int, member: int) -> keras.Model:
        model = small(input_shape, n_classes)
        model.layers[2].rate = 0.1 * member
        return model

    pool = ModelPool(ModelBuilder(build), (5,), 3)
    models: list[keras.Model] = []
    hand_out = pool.model
    pool.model = lambda *a: models.append(hand_out(*a)) or models[-1]  # type: ignore[method-assign]
    options = {**CLASSES, "epochs": 1, "batch_size": 16}
    order = [0, 1, 0, 1]
    for seed, repeat in zip(order, repeats(2, 2, root=0), strict=True):
        assert repeat.seed == seed
        fit_arm(pool, Task("a", "l2", repeat), parts(), options)
    assert [model.layers[2].rate for model in models] == [0.0, 0.1, 0.0, 0.1]
    if keras.backend.backend() != "torch":
        assert models[0] is models[2] is not models[1]
        pool.drop("a")
        assert hand_out("a", 0, 0) is not models[0]


def test_arms_start_from_the_same_weights() -> None:
    kept = bench()
    one, two = (kept.model(arm, 7).get_weights() for arm in ("a", "b"))
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


def test_a_neutral_arm_equals_the_baseline_bit_for_bit() -> None:
    """The pairing, end to end: same examples, labels, weights, order and evaluation."""
    fits = [
        fit_arm(
            bench(), Task(arm, arm, REPEATS[0]), parts(), {**CLASSES, "epochs": 4, "batch_size": 16}
        )
        for arm in ("", "l2(0.0) + dropout(0.0)")
    ]
    assert fits[0].curves["val_nll"] == fits[1].curves["val_nll"]
    assert fits[0].test == fits[1].test


@pytest.mark.parametrize(
    ("measure", "sign"), [("accuracy", 1), ("balanced_accuracy", 1), ("nll", -1)]
)
def test_the_best_epoch_is_restored_and_evaluated(
    monkeypatch: pytest.MonkeyPatch, measure: str, sign: int
) -> None:
    """Best by the measure that decides, and between equals by NLL."""
    weights: list[list[np.ndarray]] = []
    plain = observer.Observer.on_epoch_end

    def remembering(self: Any, epoch: int, logs: Any = None) -> None:
        plain(self, epoch, logs)
        weights.append(self.model.get_weights())

    monkeypatch.setattr(observer.Observer, "on_epoch_end", remembering)
    pool, one, models = bench(), parts(), []
    hand_out = pool.model
    monkeypatch.setattr(pool, "model", lambda *a: models.append(hand_out(*a)) or models[-1])
    options = {"epochs": 8, "batch_size": 16, "measure": measure}
    fit = fit_arm(pool, Task("a", "", REPEATS[0]), one, options)
    values, nlls = fit.curves[f"val_{measure}"], fit.curves["val_nll"]
    best = min(range(8), key=lambda i: (-sign * values[i], nlls[i]))
    assert (fit.best_epoch, fit.validation[measure]) == (best + 1, values[best])
    (model,) = models
    assert all(
        np.array_equal(a, b) for a, b in zip(model.get_weights(), weights[best], strict=True)
    )
    outputs = observer.outputs(model, one.x_test, 7)
    found = measures.of_outputs("classification", one.y_test, outputs)
    assert fit.test["accuracy"] == found["accuracy"]


@pytest.mark.parametrize("together", [1, 2, 4])
def test_every_fit_has_the_steps_it_should(together: int) -> None:
    """68 examples make 4 batches of 16: a multiple of 1, 2 and 4; 6 of 11 are none of 4."""
    if together > 1 and keras.backend.backend() == "torch":
        pytest.skip("Keras up to 3.15 refuses steps_per_execution > 1 on PyTorch")
    for batch_size, steps in ((16, 4), (11, 6)):
        models: list[keras.Model] = []

        def build(input_shape: tuple[int, ...], n_classes: int) -> keras.Model:
            model = small(input_shape, n_classes)
            model.steps_per_execution = together
            models.append(model)  # noqa: B023
            return model

        options = {**CLASSES, "epochs": 3, "batch_size": batch_size}
        fit_arm(
            ModelPool(ModelBuilder(build), (5,), 3), Task("a", "l2", REPEATS[0]), parts(), options
        )
        assert int(models[0].optimizer.iterations) == 3 * steps


def test_evaluation_does_not_depend_on_the_size_of_its_calls() -> None:
    model, one = bench().model("a", 0), parts()
    found = [observer.outputs(model, one.x_test, size) for size in (1, 7, 30, 64)]
    assert all(one == pytest.approx(found[0], rel=1e-5, abs=1e-6) for one in found)


def test_divergence_is_named() -> None:
    def bad(input_shape: tuple[int, ...], n_classes: int) -> keras.Model:
        model = small(input_shape, n_classes)
        model.optimizer.learning_rate = float("nan")
        return model

    options = {**CLASSES, "epochs": 3, "batch_size": 16}
    with pytest.raises(observer.Diverged, match=r"NaN|nan"):
        fit_arm(ModelPool(ModelBuilder(bad), (5,), 3), Task("a", "", REPEATS[0]), parts(), options)
