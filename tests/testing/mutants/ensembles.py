"""Wrong ensembles."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin


class _Constant(RegressorMixin, BaseEstimator):
    """Predicts the mean of what it was trained on."""

    def fit(self, X, y):
        self.mean_ = float(np.mean(y))
        return self

    def predict(self, X):
        return np.full(len(X), self.mean_)


class _Shares(ClassifierMixin, BaseEstimator):
    """Predicts the share of each class."""

    def fit(self, X, y):
        self.classes_, self.counts_ = np.unique(y, return_counts=True)
        return self

    def predict_proba(self, X):
        return np.tile(self.counts_ / self.counts_.sum(), (len(X), 1))

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class NoEstimator:
    pass


class TakesNothing(_Constant):
    def fit(self, X, y):
        raise RuntimeError("no model")


class ScalesInPlace(_Constant):
    def predict(self, X):
        X *= 2
        return super().predict(X)


class KeepsMembersApart(_Constant):
    def predict(self, X):
        return np.tile(super().predict(X), (2, 1))


class CountsADivergedMember(_Constant):
    def predict(self, X):
        return super().predict(X) * np.nan


class SaysNumbers(_Shares):
    def predict(self, X):
        return np.array(["0"] * len(X))


class AddsUp(_Shares):
    def predict_proba(self, X):
        return 2 * super().predict_proba(X)


class DrawsAnew(_Constant):
    def __init__(self, random_state=0):
        self.random_state = random_state

    def fit(self, X, y):
        super().fit(X, y)
        self.mean_ += np.random.default_rng().normal()
        return self


class NamesDiffer(_Constant):
    def __init__(self, members=2):
        self.count = members


class LearnsInInit(_Constant):
    made = 0

    def __init__(self):
        type(self).made += 1
        setattr(self, f"made_{self.made}_", True)


class KeepsAFunction(_Constant):
    def fit(self, X, y):
        self.call_ = lambda x: x
        return super().fit(X, y)


class ForgetsItsMean(_Constant):
    def __setstate__(self, state):
        super().__setstate__({**state, "mean_": 0.25})


CAUGHT = {
    "ensemble_predictions": {
        NoEstimator: "derives from sklearn.base.BaseEstimator.*ClassifierMixin, BaseEstimator",
        TakesNothing: r"fit\(X, y\) takes.*no model.*from a classmethod checked_as",
        ScalesInPlace: "stays as it was given.*work on a copy",
        KeepsMembersApart: r"the shape \(24,\).*over the members' axis",
        CountsADivergedMember: "finite numbers.*leave out members that have diverged",
        SaysNumbers: "labels that fit has seen.*translate class numbers back",
        AddsUp: "sum to 2.*divide by the sum of the weights",
    },
    "ensemble_randomness": {DrawsAnew: r"equal.*check_random_state\(self.random_state\)"},
    "ensemble_copies": {
        NamesDiffer: "clone copies it.*under its name",
        LearnsInInit: "has learned nothing.*set these in fit",
        KeepsAFunction: "pickle takes a fitted one.*attributes that pickle takes",
        ForgetsItsMean: "it predicts otherwise.*attributes that pickle takes",
    },
}
