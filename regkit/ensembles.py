"""Ensembles of Keras models, as scikit-learn estimators: `regkit.ensembles`."""

from __future__ import annotations

from regkit.core.errors import RegkitError
from regkit.core.host.extras import pip_line

try:
    import sklearn  # noqa: F401
except ImportError:
    raise RegkitError(f"ensembles are scikit-learn estimators: {pip_line('sklearn')}") from None

from regkit.techniques.ensembles.adaboost_classifier import AdaBoostClassifier
from regkit.techniques.ensembles.adaboost_regressor import AdaBoostRegressor
from regkit.techniques.ensembles.bagging_classifier import BaggingClassifier
from regkit.techniques.ensembles.bagging_regressor import BaggingRegressor
from regkit.techniques.ensembles.snapshot import SnapshotEnsemble
from regkit.techniques.ensembles.voting import VotingEnsemble

__all__ = [
    "AdaBoostClassifier",
    "AdaBoostRegressor",
    "BaggingClassifier",
    "BaggingRegressor",
    "SnapshotEnsemble",
    "VotingEnsemble",
]
