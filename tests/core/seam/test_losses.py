"""TARGET and other people's losses: none is replaced, each keeps what it does."""

import keras
import numpy as np
import pytest
from keras import losses, ops

import regkit
from regkit.core.seam.targets import make_target
from tests import models

CLASSES = 3
RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 4)).astype("float32")
LABELS = RNG.integers(0, CLASSES, 12)
HOT = np.eye(CLASSES, dtype="float32")[LABELS]

# What each of Keras' losses on classes takes; all others are no losses on classes.
TARGETS = {
    losses.CategoricalCrossentropy: HOT,
    losses.CategoricalFocalCrossentropy: HOT,
    losses.KLDivergence: HOT,
    losses.SparseCategoricalCrossentropy: LABELS,
    losses.CategoricalGeneralizedCrossEntropy: LABELS,
    losses.BinaryCrossentropy: (LABELS > 0).astype("float32")[:, None],
    losses.BinaryFocalCrossentropy: (LABELS > 0).astype("float32")[:, None],
}
REFUSED = RuntimeError  # TensorFlow's own: InvalidArgumentError
if keras.backend.backend() == "tensorflow":
    import tensorflow as tf

    REFUSED = tf.errors.InvalidArgumentError
WHOLE = (losses.Hinge, losses.SquaredHinge, losses.CategoricalHinge)
EMBEDDED = (losses.Circle, losses.CTC)  # their predictions are no probabilities of classes
OTHERS = [
    cls
    for cls in vars(losses).values()
    if isinstance(cls, type) and cls not in (losses.Loss, *TARGETS, *EMBEDDED)
]


def doubled(cls):
    """A subclass as a user writes it: something of its own in `call`."""

    class Twice(cls):
        def call(self, y_true, y_pred):
            return 2 * super().call(y_true, y_pred)

    return Twice()


def model(loss, binary=False, eager=True):
    """What losses do is the same compiled; one test below holds that, and the others are fast."""
    init = keras.initializers.GlorotUniform(seed=1)
    units, last = (1, "sigmoid") if binary else (CLASSES, "softmax")
    made = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(units, last, kernel_initializer=init)]
    )
    made.compile(keras.optimizers.SGD(0.0), loss, run_eagerly=eager)
    return made


def loss_of(made, y, techniques=(), weight=None):
    options = {"epochs": 1, "batch_size": len(X), "sample_weight": weight}
    return models.fit(made, X, y, techniques, **options).history["loss"][0]


def smoothed(epsilon):
    return HOT * (1 - epsilon) + (1 - HOT) * epsilon / (CLASSES - 1)


@pytest.mark.parametrize("cls", TARGETS)
def test_a_subclass_keeps_what_it_does(cls):
    y = TARGETS[cls]
    binary = y.ndim == 2 and y.shape[1] == 1
    plain = loss_of(model(cls(), binary), y, [regkit.LabelSmoothing(0.2)])
    twice = loss_of(model(doubled(cls), binary), y, [regkit.LabelSmoothing(0.2)])
    untouched = loss_of(model(cls(), binary), y)
    assert twice == pytest.approx(2 * plain, rel=1e-5)
    assert abs(plain - untouched) > 1e-3 * untouched  # it was smoothed at all


@pytest.mark.parametrize("cls", [losses.SparseCategoricalCrossentropy, losses.KLDivergence])
def test_compiled_as_eager(cls):
    for make in (cls, lambda: doubled(cls)):
        found = [
            loss_of(model(make(), eager=eager), TARGETS[cls], [regkit.LabelSmoothing(0.2)])
            for eager in (True, False)
        ]
        assert found[1] == pytest.approx(found[0], rel=1e-5)


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight"])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_sparse_loss_of_ones_own_is_the_expected_loss(reduction, weighted):
    """As Keras' own crossentropy of smoothed one-hot labels, with every reduction and weights."""

    class Mine(losses.Loss):
        def call(self, y_true, y_pred):
            labels = ops.cast(ops.reshape(y_true, (-1,)), "int32")
            hot = ops.one_hot(labels, CLASSES)
            return -ops.sum(hot * ops.log(y_pred), axis=-1)

    weight = np.linspace(0.1, 2, len(X)).astype("float32") if weighted else None
    dense = model(losses.CategoricalCrossentropy(reduction=reduction))
    right = loss_of(dense, smoothed(0.2), weight=weight)
    sparse = model(losses.SparseCategoricalCrossentropy(reduction=reduction))
    assert loss_of(sparse, LABELS, [regkit.LabelSmoothing(0.2)], weight) == pytest.approx(
        right, rel=1e-5
    )
    own = model(Mine(reduction=reduction))
    smoothing = regkit.LabelSmoothing(0.2, outputs="*")
    assert loss_of(own, LABELS, [smoothing], weight) == pytest.approx(right, rel=1e-5)


def test_a_function_around_keras_own_is_called_itself():
    def twice(y_true, y_pred):
        return 2 * losses.sparse_categorical_crossentropy(y_true, y_pred)

    right = 2 * loss_of(model("categorical_crossentropy"), smoothed(0.2))
    found = loss_of(model(twice), LABELS, [regkit.LabelSmoothing(0.2, outputs="*")])
    assert found == pytest.approx(right, rel=1e-5)
    with pytest.raises(regkit.RegkitError, match="needs a loss on classes"):
        loss_of(model(twice), LABELS, [regkit.LabelSmoothing(0.2)])  # nothing tells what it takes


class Doubled(losses.SparseCategoricalCrossentropy):
    """Drops the mask of Keras' cost, as arithmetic on it does."""

    def call(self, y_true, y_pred):
        return 2 * super().call(y_true, y_pred)


class Kept(losses.SparseCategoricalCrossentropy):
    """Hands Keras' cost on, with its mask."""

    def call(self, y_true, y_pred):
        return super().call(y_true, y_pred)


@pytest.mark.parametrize("cls", [Doubled, Kept])
def test_an_ignored_class_counts_as_the_users_own_loss_has_it(cls):
    y = LABELS.copy()
    y[:4] = -1
    plain = loss_of(model(cls(ignore_class=-1)), y)
    made = model(cls(ignore_class=-1))
    assert loss_of(made, y, [regkit.LabelSmoothing(1e-7)]) == pytest.approx(plain, rel=1e-4)


class Masked(losses.SparseCategoricalCrossentropy):
    """Leaves examples without a class out in its own way."""

    def call(self, y_true, y_pred):
        cost = super().call(ops.maximum(y_true, 0), y_pred)
        return ops.where(y_true >= 0, cost, 0.5)


def test_a_label_that_is_no_class_costs_what_the_users_loss_says():
    y = LABELS.copy()
    y[:4] = -1
    plain = loss_of(model(Masked()), y)
    found = loss_of(model(Masked()), y, [regkit.LabelSmoothing(1e-7)])
    assert found == pytest.approx(plain, rel=1e-4)


def test_targets_of_another_form_than_the_predictions_are_refused():
    """Weights packed beside the classes: smoothed along the axis they would be classes too."""

    class Packed(losses.CategoricalCrossentropy):
        def call(self, y_true, y_pred):
            return super().call(y_true[:, :CLASSES], y_pred) * y_true[:, CLASSES]

    packed = np.concatenate([HOT, np.ones((len(HOT), 1), "float32")], axis=1)
    with pytest.raises(regkit.RegkitError, match="no probabilities of its classes"):
        loss_of(model(Packed()), packed, [regkit.LabelSmoothing(0.1)])


@pytest.mark.parametrize("cls", OTHERS)
def test_losses_that_are_not_on_classes_are_left_alone_or_refused(cls):
    """By default refused; named, the loss gets smoothed targets, or says that it takes none."""
    with pytest.raises(regkit.RegkitError, match="needs a loss on classes"):
        loss_of(model(cls()), HOT, [regkit.LabelSmoothing(0.1)])
    named = regkit.LabelSmoothing(0.1, outputs="*")
    for make in (cls, lambda: doubled(cls)):
        if cls in WHOLE:
            with pytest.raises(regkit.RegkitError, match="takes whole labels"):
                loss_of(model(make()), HOT, [named])
            continue
        right = loss_of(model(make()), smoothed(0.1))
        assert loss_of(model(make()), HOT, [named]) == pytest.approx(right, rel=1e-4)


@pytest.mark.parametrize("cls", EMBEDDED)
def test_predictions_that_are_no_probabilities_are_refused(cls):
    target = make_target(ops.array(LABELS), ops.array(HOT), cls(), "out")
    with pytest.raises(regkit.RegkitError, match="takes whole labels"):
        target.dense()


def test_too_many_classes_and_a_call_of_ones_own_are_refused():
    class Outer(losses.SparseCategoricalCrossentropy):
        def __call__(self, y_true, y_pred, sample_weight=None):
            return 2 * super().__call__(y_true, y_pred, sample_weight)

    with pytest.raises(regkit.RegkitError, match="has a __call__ of its own"):
        loss_of(model(Outer()), LABELS, [regkit.LabelSmoothing(0.1)])
    wide = keras.Sequential([keras.Input((4,)), keras.layers.Dense(101, "softmax")])
    wide.compile("sgd", doubled(losses.SparseCategoricalCrossentropy))
    with pytest.raises(regkit.RegkitError, match="at most 100"):
        loss_of(wide, LABELS, [regkit.LabelSmoothing(0.1)])


@pytest.mark.parametrize("label", [7, -1])
def test_a_label_that_plain_keras_refuses_stays_refused(label, backend):
    y = LABELS.copy()
    y[0] = label
    if backend == "jax":  # there plain Keras trains on it, as on a row without a class
        smoothing = [regkit.LabelSmoothing(1e-7)]
        plain = loss_of(model("sparse_categorical_crossentropy"), y)
        assert loss_of(model("sparse_categorical_crossentropy"), y, smoothing) == pytest.approx(
            plain, rel=1e-4
        )
        return
    for techniques in ([], [regkit.LabelSmoothing(0.1)]):
        with pytest.raises((IndexError, RuntimeError, REFUSED)):
            loss_of(model("sparse_categorical_crossentropy", eager=False), y, techniques)


def test_without_targets_there_is_nothing_to_smooth():
    class OwnLoss(keras.layers.Layer):
        def call(self, x):
            self.add_loss(ops.mean(ops.square(x)))
            return x

    made = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4), OwnLoss()])
    made.compile("sgd")
    with pytest.raises(regkit.RegkitError, match="trained without targets"):
        made.fit(X, verbose=0, callbacks=[regkit.LabelSmoothing(0.1)])


def test_one_loss_for_several_outputs_is_left_alone_or_refused():
    """A loss of the user's may take a nest of outputs, beside one on classes."""
    inputs = keras.Input((4,))
    out = {name: keras.layers.Dense(1, name=name)(inputs) for name in ("a", "b")}
    label = keras.layers.Dense(CLASSES, "softmax", name="label")(inputs)
    made = keras.Model(inputs, {"both": out, "label": label})

    def apart(y_true, y_pred):
        return ops.mean(ops.square(y_pred["a"] - y_pred["b"] - y_true["a"]), axis=-1)

    y = {"both": dict.fromkeys(out, X[:, :1]), "label": LABELS}
    made.compile("sgd", {"both": apart, "label": "sparse_categorical_crossentropy"})
    plain = made.evaluate(X, y, verbose=0)
    smoothed_loss = made.fit(X, y, verbose=0, batch_size=12, callbacks=[regkit.LabelSmoothing(0.2)])
    assert smoothed_loss.history["loss"][0] != pytest.approx(plain[0], rel=1e-4)
    with pytest.raises(regkit.RegkitError, match="several outputs at once"):
        made.fit(X, y, verbose=0, callbacks=[regkit.LabelSmoothing(0.2, outputs="*")])
