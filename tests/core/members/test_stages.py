"""What techniques may ask of a step they may ask in a step of members: at every stage."""

import keras
import pytest
from keras import ops

import regkit
from tests import techniques_of_tests as own
from tests.core.members import small
from tests.core.members.test_equal_to_the_loop import both, same


class Momentum(regkit.Technique):
    """Keeps the gradients before in its state, and how many there were."""

    def initial_state(self, context):
        return {"sum": [ops.zeros_like(w) for w in context.values], "steps": ops.zeros((), "int32")}

    def gradient(self, gradients, context):
        pairs = zip(context.state["sum"], gradients, strict=True)
        context.state["sum"] = [0.5 * before + now for before, now in pairs]
        context.state["steps"] = context.state["steps"] + 1
        share = 1 / ops.cast(context.state["steps"], "float32")
        return [share * value for value in context.state["sum"]]


TECHNIQUES = {
    "second pass at DATA": lambda: [own.FastGradientSign()],
    "second pass at GRADIENT": lambda: [own.SharpnessAware(), regkit.L2(1e-2)],
    "perturbed weights": lambda: [own.KernelNoise()],
    "mixed examples": lambda: [own.MixUp()],
    "state": lambda: [Momentum()],
    "update": lambda: [own.HardLimit(), own.Entropy()],
}


@pytest.mark.parametrize("name", TECHNIQUES)
def test_techniques_of_others(name):
    together, in_turn = both(lambda member: TECHNIQUES[name](), n_members=2, epochs=1)
    assert together.engine == "vectorized"
    same(together, in_turn)


def test_a_technique_that_works_by_the_events_of_one_fit_goes_in_turn():
    in_turn = small.members(recipe=[own.MovingAverage()], n_members=2, epochs=1)
    assert "MovingAverage() works by the events of one fit" in in_turn.reason
    with pytest.raises(regkit.RegkitError, match="events of one fit"):
        small.members(recipe=[own.MovingAverage()], engine="vectorized")


def test_many_members_and_one():
    for count in (1, 20):
        members = small.members(n_members=count, epochs=1, engine="vectorized", validation=False)
        assert len(members) == len(
            {float(state["trainable"][0].sum()) for state in members._states}
        )
        assert isinstance(members[-1], keras.Model)
