"""The checks of scikit-learn for its own estimators."""

import keras
import pytest
from keras import layers
from sklearn.utils.estimator_checks import parametrize_with_checks

from regkit.ensembles import BaggingClassifier, BaggingRegressor

pytestmark = [] if keras.backend.backend() == "torch" else pytest.mark.slow  # all compile anew
EITHER = {
    "check_sample_weight_equivalence_on_dense_data": "draws and batches are random, so a weight of "
    "2 is two examples in the mean only",
    "check_methods_subset_invariance": "float32 rounds in another way in batches of another size",
}
FAILED = {
    "BaggingClassifier": EITHER,
    "BaggingRegressor": EITHER
    | {"check_regressor_multioutput": "this build_model has one output, whatever the targets"},
}


class Build:
    """A function whose name has no address in it: it is part of the names of tests."""

    def __repr__(self):
        return "build"

    def __call__(self, input_shape, n_classes):
        count, activation, loss = 1, None, "mean_squared_error"
        if n_classes is not None:
            count, activation, loss = n_classes, "softmax", "sparse_categorical_crossentropy"
        model = keras.Sequential(
            [keras.Input(input_shape), layers.Dense(8, "relu"), layers.Dense(count, activation)]
        )
        model.compile(keras.optimizers.Adam(0.05), loss)
        return model


@parametrize_with_checks(
    [kind(Build(), 2, epochs=8, batch_size=16) for kind in (BaggingClassifier, BaggingRegressor)],
    expected_failed_checks=lambda estimator: FAILED[type(estimator).__name__],
)
def test_check_estimator(estimator, check):
    check(estimator)
