"""Every pair of built-in techniques, together and in either order."""

import itertools

import numpy as np
import pytest

from tests import models
from tests.registered import EFFECTIVE


def seeded(name):
    technique = EFFECTIVE[name]()
    if hasattr(technique, "seed"):
        technique.seed = 1
    return technique


@pytest.mark.slow
@pytest.mark.parametrize("pair", list(itertools.combinations(EFFECTIVE, 2)), ids="+".join)
def test_every_pair_of_techniques(pair):
    x, y = models.data()
    results = []
    for order in (pair, pair[::-1]):
        model = models.compiled(models.sequential())
        history = models.fit(model, x, y, [seeded(name) for name in order])
        assert all(np.isfinite(v) for series in history.history.values() for v in series)
        results.append(models.values(model))
    models.same(*results)
