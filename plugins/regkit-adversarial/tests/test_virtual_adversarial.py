"""Virtual adversarial training against NumPy: divergences, direction, and its promises."""

import keras
import numpy as np
import pytest
from keras import ops

import regkit
from regkit_adversarial import VirtualAdversarial
from regkit_adversarial import virtual_adversarial as module
from regkit_adversarial.predictions import Reading
from regkit_adversarial.virtual_adversarial import power_iteration, unit
from tests.small import (
    CLASSES,
    INPUTS,
    N,
    classifier,
    data,
    fit,
    fit_with_moving_statistics,
    linear,
    same,
    softmax,
    values,
)

NAME = "virtual_adversarial_penalty"


def kl(p, q):
    """Return the mean over examples of Σ p log(p/q), in a loop."""
    total = 0.0
    for one, other in zip(p, q, strict=True):
        for a, b in zip(one, other, strict=True):
            total += a * (np.log(a) - np.log(b))
    return total / len(p)


def penalty(technique, model=None, y=None, **options):
    x, labels = data()
    model = model or classifier()
    return fit(model, x, labels if y is None else y, [technique], **options)[NAME][0]


def tensor(x):
    return ops.convert_to_tensor(x, "float32")


# -- the mathematics ---------------------------------------------------------------------------


def random_probabilities(seed, shape=(N, CLASSES)):
    return softmax(np.random.default_rng(seed).normal(size=shape)).astype("float32")


@pytest.mark.parametrize("from_logits", [False, True])
def test_the_divergence_is_a_numpy_loops(from_logits):
    p, q = random_probabilities(0), random_probabilities(1)
    reading = Reading(False, from_logits)
    read = [np.log(one) + 0.7 if from_logits else one for one in (p, q)]
    found = reading.divergence(*[reading.log_probabilities(tensor(one)) for one in read])
    assert float(ops.mean(found)) == pytest.approx(kl(p, q), rel=1e-5)


@pytest.mark.parametrize("from_logits", [False, True])
def test_binary_units_are_distributions_of_their_own(from_logits):
    p, q = (np.random.default_rng(k).uniform(0.05, 0.95, (N, 2)).astype("float32") for k in (0, 1))
    reading = Reading(True, from_logits)
    read = [np.log(one / (1 - one)) if from_logits else one for one in (p, q)]
    found = reading.divergence(*[reading.log_probabilities(tensor(one)) for one in read])
    expected = sum(
        kl(np.stack([p[:, k], 1 - p[:, k]], 1), np.stack([q[:, k], 1 - q[:, k]], 1)) for k in (0, 1)
    )
    assert float(ops.mean(found)) == pytest.approx(expected, rel=1e-4)


def test_unit_vectors_are_of_all_inputs_of_an_example_together():
    random = np.random.default_rng(0)
    parts = [random.normal(size=(N, 2, 3)) * 1e-20, random.normal(size=(N, 5)) * 1e-20]
    found = [ops.convert_to_numpy(one) for one in unit([tensor(p) for p in parts])]
    length = np.sqrt((found[0] ** 2).sum((1, 2)) + (found[1] ** 2).sum(1))
    np.testing.assert_allclose(length, 1, rtol=1e-5)
    ratios = [first[:, :1, 0] / second for first, second in (found, parts)]
    np.testing.assert_allclose(*ratios, rtol=1e-4)


def test_power_iteration_converges_to_the_top_eigenvector_at_its_rate():
    random = np.random.default_rng(0)
    vectors = np.linalg.qr(random.normal(size=(N, 5, 5)))[0]
    numbers = np.array([1.0, 0.6, 0.3, 0.2, 0.1])
    matrices = ops.convert_to_tensor((vectors * numbers) @ vectors.transpose(0, 2, 1), "float32")
    start = random.normal(size=(N, 5))
    errors = []
    for iterations in (1, 10, 20):
        (found,) = power_iteration(
            lambda d: [ops.einsum("nij,nj->ni", matrices, d[0])],
            [ops.convert_to_tensor(start, "float32")],
            iterations,
        )
        along = np.abs((ops.convert_to_numpy(found) * vectors[:, :, 0]).sum(1))
        errors.append(np.sqrt(np.maximum(1 - along**2, 0)))
    parts = (start[:, None] @ vectors)[:, 0]
    tangent = np.linalg.norm(parts[:, 1:], axis=1) / np.abs(parts[:, 0])
    assert (errors[1] <= 0.6**10 * tangent + 1e-3).all()
    assert (errors[2] <= 0.6**20 * tangent + 1e-3).all()
    assert errors[0].max() > 0.1


# -- in a fit ----------------------------------------------------------------------------------


def fisher(model, x):
    """Return Σ over classes of the Fisher information of the inputs: W (diag p − p pᵀ) Wᵀ."""
    w, b = values(model)
    p = softmax(x @ w + b)
    return p, np.stack([w @ (np.diag(one) - np.outer(one, one)) @ w.T for one in p])


@pytest.mark.parametrize("epsilon", [0.02, 0.7])
def test_on_a_logistic_model_the_step_is_along_the_top_eigenvector_of_fisher(epsilon):
    model, x = classifier(), data()[0].astype("float64")
    w, b = values(model)
    p, information = fisher(model, x)
    numbers, vectors = np.linalg.eigh(information)
    top = vectors[:, :, -1]
    found = penalty(VirtualAdversarial(2.0, epsilon, iterations=60, xi=0.01, seed=1), model)
    if epsilon < 0.1:  # KL is ε²λ/2 close by
        assert found == pytest.approx(2.0 * epsilon**2 / 2 * numbers[:, -1].mean(), rel=0.03)
    # The eigenvector's sign is the random start's.
    moved = [softmax((x + side * epsilon * top) @ w + b) for side in (-1, 1)]
    sides = np.stack([[kl(p[n : n + 1], q[n : n + 1]) for n in range(N)] for q in moved])
    assert 2.0 * sides.min(0).mean() * 0.999 < found < 2.0 * sides.max(0).mean() * 1.001
    assert sides.max(0).mean() / sides.min(0).mean() < 1.5  # which bounds it well


def test_one_iteration_finds_more_than_a_random_direction_and_less_than_many():
    few, many = (penalty(VirtualAdversarial(1.0, 0.5, iterations=k, seed=1)) for k in (1, 30))
    model, x = classifier(), data()[0].astype("float64")
    w, b = values(model)
    p = softmax(x @ w + b)
    d = np.random.default_rng(0).normal(size=(200, N, INPUTS))
    d /= np.linalg.norm(d, axis=-1, keepdims=True)
    at_random = np.mean([kl(p, softmax((x + 0.5 * one) @ w + b)) for one in d])
    assert 1.2 * at_random < few < many


class Spy(VirtualAdversarial):
    """Notes where the power iteration began and ended, in the last step."""

    def initial_state(self, context):
        empty = ops.zeros(self.shape)
        return {"start": empty, "end": empty}

    def penalty(self, context):
        def noted(slope, start, iterations):
            found = power_iteration(slope, start, iterations)
            context.state["start"], context.state["end"] = start[0], found[0]
            return found

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "power_iteration", noted)
            return super().penalty(context)

    def on_train_end(self, logs=None):
        self.seen = self.current_state()


def directions(model, x, y, **options):
    """Return where the power iteration of a step began and ended."""
    spy = Spy(**options, seed=1)
    spy.shape = x.shape
    fit(model, x, y, [spy], batch_size=len(x))
    return spy.seen["start"], spy.seen["end"]


def test_the_gradient_is_that_of_the_divergence_with_p_and_the_step_held():
    """Against NumPy: W moves by the derivative of KL(sg p ‖ softmax((x + r)W + b))."""
    x, y = data()
    rate, alpha = 0.5, 3.0
    model = classifier(rate=rate, loss_weights=[0.0])  # the penalty alone
    w, b = values(model)
    p = softmax(x.astype("float64") @ w + b)
    (_, direction) = directions(model, x, y, strength=alpha, epsilon=0.5)
    r = 0.5 * direction
    np.testing.assert_allclose(np.linalg.norm(r, axis=1), 0.5, rtol=1e-5)
    slope = (softmax((x + r) @ w + b) - p) / N
    moved = [w - rate * alpha * (x + r).T @ slope, b - rate * alpha * slope.sum(0)]
    same(values(model), moved, 1e-5)


def test_no_target_enters_so_examples_without_one_count():
    loss = keras.losses.SparseCategoricalCrossentropy(ignore_class=-1)
    labelled = penalty(VirtualAdversarial(seed=1), classifier(loss))
    unlabelled = penalty(VirtualAdversarial(seed=1), classifier(loss), y=np.full(N, -1))
    assert labelled == unlabelled > 0


DENSE = ["categorical_crossentropy", keras.losses.CategoricalFocalCrossentropy()]


@pytest.mark.parametrize("loss", DENSE)
def test_sparse_and_dense_losses_give_the_same(loss):
    dense = penalty(VirtualAdversarial(seed=1), classifier(loss), y=np.eye(CLASSES)[data()[1]])
    assert dense == pytest.approx(penalty(VirtualAdversarial(seed=1)), rel=1e-6)


def test_logits_are_read_as_the_loss_says():
    logits = linear(CLASSES, keras.losses.SparseCategoricalCrossentropy(from_logits=True), rate=0.0)
    found = penalty(VirtualAdversarial(seed=1), logits)
    assert found == pytest.approx(penalty(VirtualAdversarial(seed=1)), rel=1e-4)


@pytest.mark.parametrize("layer", [keras.layers.Dropout, keras.layers.GaussianNoise])
def test_with_a_step_of_zero_nothing_diverges_beside_keras_own_random_layers(layer):
    x, y = data()
    zero = keras.optimizers.schedules.PolynomialDecay(0.0, 1, end_learning_rate=0.0)
    parts = [layer(0.5), keras.layers.BatchNormalization(), keras.layers.Dense(3, "softmax")]
    model = keras.Sequential([keras.Input((INPUTS,)), *parts])
    model.compile(keras.optimizers.SGD(0.0), "sparse_categorical_crossentropy")
    found = fit(model, x, y, [VirtualAdversarial(1.0, zero, seed=1), regkit.GaussianNoise(0.5)])
    assert abs(found[NAME][0]) < 1e-7


def test_moving_statistics_and_metrics_are_of_the_clean_batch():
    plain, moving = fit_with_moving_statistics()
    found, moved = fit_with_moving_statistics(VirtualAdversarial(seed=1))
    np.testing.assert_allclose(found["data_loss"], plain["loss"], rtol=1e-6)
    np.testing.assert_allclose(found["accuracy"], plain["accuracy"])
    same(moved, moving)


def two_by_two(as_dict, loss):
    token, real = keras.Input((2,), dtype="int32", name="token"), keras.Input((4,), name="real")
    init = keras.initializers.RandomUniform(seed=1)
    words = keras.layers.Embedding(5, 2, embeddings_initializer=init)(token)
    both = keras.layers.Concatenate()([keras.layers.Flatten()(words), real])
    init = keras.initializers.GlorotUniform(seed=2)
    value = keras.layers.Dense(1, name="value")(both)
    label = keras.layers.Dense(3, "softmax", name="label", kernel_initializer=init)(both)
    outputs = {"value": value, "label": label} if as_dict else [value, label]
    model = keras.Model({"token": token, "real": real}, outputs)
    model.compile(keras.optimizers.SGD(0.0), loss)
    return model


def test_of_several_outputs_those_on_classes_count_however_they_are_named():
    random = np.random.default_rng(0)
    x = {"token": random.integers(0, 5, (N, 2)), "real": random.normal(size=(N, INPUTS))}
    label, value = data()[1], random.normal(size=(N, 1))
    named = {"value": "mse", "label": "sparse_categorical_crossentropy"}
    found = []
    for as_dict, loss in ((True, named), (False, named), (False, list(named.values()))):
        y = {"value": value, "label": label} if as_dict else [value, label]
        model = two_by_two(as_dict, loss)
        found.append(fit(model, x, y, [VirtualAdversarial(seed=1)])[NAME][0])
    assert found[0] > 0
    assert found == pytest.approx([found[0]] * 3, rel=1e-5)


def test_a_loss_on_numbers_is_refused_before_the_first_step():
    with pytest.raises(regkit.RegkitError, match="is compiled with the loss 'mse'"):
        fit(linear(), data()[0], np.zeros((N, 1)), [VirtualAdversarial()])


def test_tokens_are_refused():
    words = [keras.Input((2,), dtype="int32"), keras.layers.Embedding(5, 2), keras.layers.Flatten()]
    model = keras.Sequential([*words, keras.layers.Dense(1, "sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    with pytest.raises(regkit.RegkitError, match="needs an input of floating type"):
        fit(model, np.ones((N, 2), "int32"), np.zeros((N, 1)), [VirtualAdversarial()])


# -- ξ -----------------------------------------------------------------------------------------


def cosines(xi, policy="float32"):
    """Return those between one iteration's direction and the exact product G·d, of many inputs."""
    keras.config.set_dtype_policy(policy)
    random = np.random.default_rng(0)
    x, y = random.uniform(size=(64, 784)).astype("float32"), random.integers(0, CLASSES, 64)
    init = keras.initializers.GlorotUniform(seed=1)
    out = keras.layers.Dense(CLASSES, "softmax", kernel_initializer=init)
    model = keras.Sequential([keras.Input((784,)), out])
    model.compile(keras.optimizers.SGD(0.0), "sparse_categorical_crossentropy")
    start, end = (np.array(one, "float64") for one in directions(model, x, y, xi=xi))
    information = fisher(model, x.astype("float64"))[1]
    exact = (information @ start[..., None])[..., 0]
    lengths = np.linalg.norm(exact, axis=1) * np.linalg.norm(end, axis=1)
    return (exact * end).sum(1) / np.maximum(lengths, 1e-30)


def test_at_the_papers_xi_rounding_decides_the_direction_at_the_default_it_does_not():
    assert np.median(cosines(0.1)) > 0.999
    assert np.median(cosines(0.01)) > 0.999
    assert np.median(cosines(1e-6)) < 0.9


@pytest.mark.parametrize(("policy", "xi"), [("mixed_float16", 0.1), ("mixed_bfloat16", 1.0)])
def test_in_mixed_precision_the_direction_is_about_the_same(policy, xi):
    assert np.median(cosines(xi, policy)) > 0.9
