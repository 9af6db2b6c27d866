"""Pairs in either order of the list: of one technique at each stage, and, slow, of all built-ins.

The list's order acts where the plan is made, in Python. So the steps run eagerly: compiling two
steps for each pair would look at nothing more. That techniques of all stages together compile is
looked at for each technique by the conformance check `composition`.
"""

import itertools

import numpy as np
import pytest

import regkit
from tests import models
from tests.registered import EFFECTIVE
from tests.techniques_of_tests import ONE_A_STAGE, FastGradientSign, MixUp

BY_STAGE = {
    "DATA": lambda: regkit.GaussianNoise(0.1, seed=1),
    "DATA+grad": lambda: FastGradientSign(0.05),
    "DATA+TARGET": lambda: MixUp(0.3, seed=2),
    "FORWARD": lambda: regkit.Dropout(0.3, layers="hidden", seed=3),
    "TARGET": lambda: regkit.LabelSmoothing(0.1),
    "PENALTY": lambda: regkit.L2(0.01),
    "GRADIENT": ONE_A_STAGE["gradient"],
    "UPDATE": ONE_A_STAGE["update"],
    "state": ONE_A_STAGE["state"],
    "decoupled": lambda: regkit.WeightDecay(0.05, decoupled=True),
}


def seeded(name):
    technique = EFFECTIVE[name]()
    if hasattr(technique, "seed"):
        technique.seed = 1
    return technique


def trained_in_either_order(pair, make):
    """Return the weights after a fit with the pair as listed, and after one in the other order."""
    x, y = models.data()
    results = []
    for order in (pair, pair[::-1]):
        model = models.compiled(models.sequential(), run_eagerly=True)
        techniques = [make(name) for name in order]
        history = models.fit(model, x, y, techniques, batch_size=len(x))  # a step, and one after it
        assert all(np.isfinite(v) for series in history.history.values() for v in series)
        results.append(models.values(model))
    return results


@pytest.mark.parametrize("pair", list(itertools.combinations(BY_STAGE, 2)), ids="+".join)
def test_every_pair_of_stages_trains_in_either_order(pair):
    """The two orders give the same weights, unless both act in a phase that does not commute."""
    results = trained_in_either_order(pair, lambda name: BY_STAGE[name]())
    first, second = ({act.phase for act in BY_STAGE[name]().acts()} for name in pair)
    if all(phase.commutes for phase in first & second):
        models.same(*results)


@pytest.mark.slow
@pytest.mark.parametrize("pair", list(itertools.combinations(EFFECTIVE, 2)), ids="+".join)
def test_every_pair_of_techniques(pair):
    models.same(*trained_in_either_order(pair, seeded))
