"""Order is declared by phases: what a recipe does does not depend on the list, or explain says so."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops

import regkit
from regkit.core.plan import Plan
from regkit.core.stages import Phase, Stage
from tests import models

BY_STAGE = {stage: [p for p in Phase if p.stage is stage] for stage in Stage}
OF_A_STAGE = [
    pytest.param(stage, phases, id=stage.name) for stage, phases in BY_STAGE.items() if phases
]


def times(x, factor):
    return x * ops.cast(factor, x.dtype)


class Scaled:
    """x → factor·x + shift at each stage: two of these give another result in another order."""

    factor, shift = 1.0, 0.0

    def changed(self, x):
        return times(x, self.factor) + ops.cast(self.shift, x.dtype)

    def data(self, batch, context):
        return batch.replace(x=self.changed(batch.x))

    def forward(self, call, inputs, context):
        return self.changed(call(inputs))

    def target(self, target, context):
        return target.dense().replace(self.changed(target.dense().y))

    def penalty(self, context):
        return sum(ops.sum(ops.abs(self.changed(w))) for w in context.values) * 1e-3

    def gradient(self, gradients, context):
        return [self.changed(g) for g in gradients]

    def update(self, weights, context):
        return [self.changed(w) for w in weights]


def technique(phase, name="Made", factor=1.0, shift=0.0):
    """Return a technique that acts in one phase."""
    action = phase.stage.name.lower()
    body = {"phases": (phase,), "factor": factor, "shift": shift, "changed": Scaled.changed,
            action: getattr(Scaled, action)}  # fmt: skip
    if phase.stage is Stage.FORWARD:
        body["select_layers"] = lambda self, model: [model.get_layer("hidden")]
    return type(name, (regkit.Technique,), body)()


def trained(recipe):
    x, y = models.data()
    model = models.compiled(models.sequential(), run_eagerly=True)
    models.fit(model, x, y, recipe, epochs=1, batch_size=12)
    return models.values(model)


@pytest.mark.backend_free
@given(st.permutations(list(Phase)))
def test_phases_run_in_their_order_wherever_the_list_has_them(phases):
    plan = Plan([technique(phase, f"In{phase.name.title()}") for phase in phases])
    for stage, expected in BY_STAGE.items():
        assert [turn.act.phase for turn in plan.turns(stage)] == expected


@pytest.mark.parametrize(("stage", "phases"), OF_A_STAGE)
def test_two_phases_of_a_stage_train_alike_in_either_order(stage, phases):
    for first, second in itertools.combinations(phases, 2):
        pair = [(first, "First", 0.9, 0.01), (second, "Second", 1.0, 0.02)]
        results = [trained([technique(*one) for one in order]) for order in (pair, pair[::-1])]
        models.same(*results)


@pytest.mark.parametrize(("stage", "phases"), OF_A_STAGE)
def test_within_a_phase_the_list_decides_and_explain_says_so(stage, phases):
    for phase in phases:
        pair = [(phase, "Alpha", 0.9, 0.01), (phase, "Beta", 1.1, 0.02)]
        plans = [Plan([technique(*one) for one in order]) for order in (pair, pair[::-1])]
        words = [[turn.entry.word for turn in plan.turns(stage)] for plan in plans]
        assert words[0] == ["alpha", "beta"]
        assert words[1] == (words[0] if phase.commutes else words[0][::-1])
        for plan in plans:
            assert plan.explain().count("in the order of the list") == (0 if phase.commutes else 2)
            assert phase.name.lower() in plan.explain()


@pytest.mark.parametrize("stage", [Stage.DATA, Stage.TARGET, Stage.UPDATE], ids=lambda s: s.name)
def test_the_order_within_a_phase_is_what_runs(stage):
    """The one that shifts first is scaled by the other."""
    usual = Phase.usual(stage)
    pair = [(usual, "Alpha", 1.0, 0.5), (usual, "Beta", 0.5, 0.0)]
    results = [trained([technique(*one) for one in order]) for order in (pair, pair[::-1])]
    both = zip(*results, strict=True)
    assert any(not np.allclose(a, b, rtol=1e-3) for a, b in both)


@pytest.mark.parametrize("phase", [p for p in Phase if p.commutes], ids=lambda p: p.name)
def test_where_a_phase_commutes_the_list_decides_nothing_bit_for_bit(phase):
    def scaled(name, factor):
        return technique(phase, name, factor)

    parts = [("Alpha", 0.97), ("Beta", 0.89), ("Gamma", 0.93)]
    results = [
        trained([scaled(*part) for part in order]) for order in itertools.permutations(parts)
    ]
    for other in results[1:]:
        models.same(other, results[0])


@pytest.mark.backend_free
def test_every_built_in_says_its_phase_or_has_the_usual_one():
    expected = {
        "ElasticDistortion": {Phase.GEOMETRY},
        "GaussianNoise": {Phase.NOISE},
        "Dropout": {Phase.OUTPUTS},
        "DropConnect": {Phase.WEIGHTS},
        "LabelSmoothing": {Phase.SMOOTH},
        "L1": {Phase.SUM},
        "L2": {Phase.SUM},
        "ElasticNet": {Phase.SUM},
        "EarlyStopping": set(),
    }
    for name, phases in expected.items():
        assert {act.phase for act in getattr(regkit, name)().acts()} == phases
    assert {act.phase for act in regkit.WeightDecay(decoupled=True).acts()} >= {Phase.DECAY}
