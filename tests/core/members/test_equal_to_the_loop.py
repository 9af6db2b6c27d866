"""Members trained together are the same fits one by one, for every technique."""

import numpy as np
import pytest

from tests.core.members.small import members
from tests.registered import ALL


def both(recipe, **options):
    """The same members by the two engines."""
    engines = ("vectorized", "sequential")
    return [members(recipe=recipe, engine=engine, **options) for engine in engines]


def same(together, in_turn, tolerance=1e-5):
    for one, other in zip(together._states, in_turn._states, strict=True):
        for part in ("trainable", "non_trainable"):
            for left, right in zip(one[part], other[part], strict=True):
                np.testing.assert_allclose(left, right, rtol=tolerance, atol=tolerance)
    for one, other in zip(together.histories, in_turn.histories, strict=True):
        assert one.keys() == other.keys()
        for name in one:
            np.testing.assert_allclose(one[name], other[name], rtol=1e-4, atol=1e-5)


def test_without_techniques():
    together, in_turn = both(None, epochs=3)
    assert (together.engine, in_turn.engine) == ("vectorized", "sequential")
    same(together, in_turn)
    starts = [state["trainable"][0] for state in together._states]
    assert not np.allclose(starts[0], starts[1])


@pytest.mark.parametrize("name", [name for name in ALL if "early" not in name])
def test_every_technique(name):
    same(*both(lambda member: [ALL[name]()]))
