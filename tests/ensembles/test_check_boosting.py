"""scikit-learn's own checks of estimators, on boosting, snapshots and voting."""

import keras
import pytest
from keras import layers
from sklearn.utils.estimator_checks import parametrize_with_checks

from regkit import ensembles

pytestmark = [] if keras.backend.backend() == "torch" else pytest.mark.slow  # all compile anew


class Build:
    """A function whose name has no address in it: it is part of the names of tests."""

    def __repr__(self):
        return "build"

    def __call__(self, input_shape, n_classes):
        # Some checks have columns around 100. Every step has all examples: the last one tells.
        norm = layers.BatchNormalization(momentum=0.0)
        stack = [keras.Input(input_shape), norm, layers.Dense(8, "relu")]
        count, activation, loss = 1, None, "mean_squared_error"
        if n_classes is not None:
            count, activation, loss = n_classes, "softmax", "sparse_categorical_crossentropy"
        model = keras.Sequential([*stack, layers.Dense(count, activation)])
        model.compile(keras.optimizers.Adam(0.1), loss)
        return model


def of_four_classes():
    """A model of any number of columns, which nobody has trained."""
    mean = [layers.Reshape((-1, 1)), layers.GlobalAveragePooling1D()]
    model = keras.Sequential([keras.Input((None,)), *mean, layers.Dense(4, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


class Models(list):
    def __repr__(self):
        return "models"


WEIGHTS = {
    "check_sample_weight_equivalence_on_dense_data": "the mean and the variance in this model's "
    "batch normalization do not weigh examples"
}
ROUNDING = {
    "check_methods_subset_invariance": "float32 rounds in another way in batches of another size"
}
TRAINED = "the model is given, and the fit does not train it; this one knows nothing"
REASONS = {
    "AdaBoostClassifier": WEIGHTS,
    "AdaBoostRegressor": {
        **ROUNDING,
        "check_sample_weight_equivalence_on_dense_data": "examples are drawn, so a weight of 2 is "
        "two examples in the mean only",
        "check_sample_weights_shape": "its data hold two different examples, on both of which a "
        "member errs about as far; R2 counts errors by the largest, so none is better than chance",
        "check_fit2d_1sample": "of one example any error is the largest, so no member is better "
        "than chance",
    },
    "SnapshotEnsemble": WEIGHTS | ROUNDING,
    "VotingEnsemble": {
        "check_classifiers_classes": "the labels are given with the model, and its data have others",
        "check_classifiers_one_label": TRAINED,
        "check_classifiers_train": TRAINED,
        "check_classifiers_train(readonly_memmap=True)": TRAINED,
        "check_classifiers_train(readonly_memmap=True,X_dtype=float32)": TRAINED,
    },
}

ESTIMATORS = [
    ensembles.AdaBoostClassifier(Build(), 2, epochs=8, batch_size=256),
    ensembles.AdaBoostRegressor(Build(), 2, loss="square", epochs=15, batch_size=256),
    ensembles.SnapshotEnsemble(Build(), 2, epochs=6, batch_size=256),
    ensembles.VotingEnsemble(Models([of_four_classes()]), classes=[0, 1, 2, 3]),
]


@parametrize_with_checks(
    ESTIMATORS, expected_failed_checks=lambda estimator: REASONS.get(type(estimator).__name__, {})
)
def test_scikit_learns_checks(estimator, check):
    check(estimator)
