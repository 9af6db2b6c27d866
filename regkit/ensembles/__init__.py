"""Ensembles of Keras models, as scikit-learn estimators.

Names load when they are first used: a worker's process sets Keras' backend before Keras loads.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from regkit.core.errors import RegkitError, suggest
from regkit.core.host.extras import pip_line

if TYPE_CHECKING:
    from regkit.ensembles.adaboost_classifier import AdaBoostClassifier
    from regkit.ensembles.adaboost_regressor import AdaBoostRegressor
    from regkit.ensembles.bagging_classifier import BaggingClassifier
    from regkit.ensembles.bagging_regressor import BaggingRegressor
    from regkit.ensembles.snapshot import SnapshotEnsemble
    from regkit.ensembles.voting import VotingEnsemble

__all__ = [
    "AdaBoostClassifier",
    "AdaBoostRegressor",
    "BaggingClassifier",
    "BaggingRegressor",
    "SnapshotEnsemble",
    "VotingEnsemble",
]

_PLACES = {
    "AdaBoostClassifier": "adaboost_classifier",
    "AdaBoostRegressor": "adaboost_regressor",
    "BaggingClassifier": "bagging_classifier",
    "BaggingRegressor": "bagging_regressor",
    "SnapshotEnsemble": "snapshot",
    "VotingEnsemble": "voting",
}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(
            f"module {__name__!r} has no attribute {name!r}{suggest(name, __all__)}"
        )
    try:
        import sklearn  # noqa: F401
    except ImportError:
        raise RegkitError(f"ensembles are scikit-learn estimators: {pip_line('sklearn')}") from None
    value = getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
