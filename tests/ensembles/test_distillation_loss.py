"""What a student learns: softened distributions, their divergence, its gradient."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from keras import layers
from scipy.special import rel_entr

from regkit.ensembles.distilling import DistillationLoss, softened
from tests.ensembles.boosted import softmax

SPARSE = keras.losses.SparseCategoricalCrossentropy


# -- the mathematics -------------------------------------------------------------------------------


@pytest.mark.backend_free
@given(arrays(float, (3, 4), elements=st.floats(-8, 8)), st.floats(0.2, 20))
def test_a_softened_softmax_is_the_softmax_of_smaller_logits(z, temperature):
    np.testing.assert_allclose(softened(softmax(z), temperature), softmax(z / temperature),
                               rtol=1e-9, atol=1e-300)  # fmt: skip


@pytest.mark.backend_free
def test_at_one_it_is_the_same_and_a_class_without_probability_stays_without():
    p = np.array([[0.5, 0.25, 0.25], [1.0, 0.0, 0.0]])
    np.testing.assert_allclose(softened(p, 1.0), p)
    np.testing.assert_array_equal(softened(p, 7.0)[1], p[1])
    np.testing.assert_allclose(softened(p, 1e9)[0], 1 / 3)


def kinds(z):
    """The outputs of four kinds of students that all have the logits z; of two classes for one."""
    second = z[:, 1:2] - z[:, :1]
    return {
        (True, False): z,
        (False, False): softmax(z),
        (True, True): second,
        (False, True): 1 / (1 + np.exp(-second)),
    }


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
@pytest.mark.parametrize(("from_logits", "one"), kinds(np.zeros((1, 2))))
def test_the_loss_is_the_divergence_of_softened_distributions(temperature, from_logits, one):
    random = np.random.default_rng(0)
    classes = 2 if one else 3
    z, teacher = random.normal(size=(6, classes)), random.normal(size=(6, classes))
    q, p = softmax(teacher / temperature), softmax(z / temperature)
    expected = temperature**2 * rel_entr(q, p).sum(axis=1).mean()
    loss = DistillationLoss(temperature, from_logits, one)
    outputs = kinds(z)[from_logits, one].astype("float32")
    found = float(loss(q.astype("float32"), outputs))
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    same = kinds(teacher)[from_logits, one].astype("float32")
    assert abs(float(loss(q.astype("float32"), same))) < 1e-5


@pytest.mark.parametrize("temperature", [
    pytest.param(1.0, marks=pytest.mark.backend_free), 4.0,
])  # fmt: skip
@pytest.mark.parametrize(("from_logits", "one"), kinds(np.zeros((1, 2))))
def test_its_gradient_is_t_times_the_difference(temperature, from_logits, one):
    """A model whose inputs are zero has its bias as logits: a step of SGD moves it by −η T (p − q)."""
    random = np.random.default_rng(1)
    classes = 2 if one else 3
    bias = random.normal(size=1 if one else 3)
    q = random.dirichlet(np.ones(classes), size=5)
    activation = None if from_logits else "sigmoid" if one else "softmax"
    model = keras.Sequential([keras.Input((1,)), layers.Dense(len(bias), activation)])
    model.set_weights([np.zeros((1, len(bias))), bias])
    model.compile(keras.optimizers.SGD(0.5), DistillationLoss(temperature, from_logits, one))
    model.train_on_batch(np.zeros((5, 1)), q.astype("float32"))
    z = np.array([0, bias[0]]) if one else bias
    gradient = temperature * (softmax(z / temperature) - q.mean(axis=0))
    expected = bias - 0.5 * (gradient[1:] if one else gradient)
    np.testing.assert_allclose(model.get_weights()[1], expected, rtol=1e-4, atol=1e-6)


# -- students --------------------------------------------------------------------------------------
