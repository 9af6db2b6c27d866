"""What a technique declares is checked when its class is defined, and found by type, not by name."""

import functools
from typing import Annotated

import numpy as np
import pytest

import regkit
from regkit.core.errors import AttachError
from regkit.core.options import Integer, LayerOption, Layers, Seed, SeedOption, Strength, Weights
from regkit.core.stages import Phase, Stage
from tests import models

METHODS = {
    "geometry": (Stage.DATA, "images"),
    "data": (Stage.DATA, "batch"),
    "forward": (Stage.FORWARD, "call, inputs"),
    "target": (Stage.TARGET, "target"),
    "penalty": (Stage.PENALTY, ""),
    "gradient": (Stage.GRADIENT, "gradients"),
    "update": (Stage.UPDATE, "weights"),
}


def method(parameters):
    names = ", ".join(part for part in ["self", parameters] if part)
    space = {}
    exec(f"def method({names}): return None", space)
    return space["method"]


@pytest.mark.parametrize("name", METHODS)
def test_a_method_of_a_stage_takes_its_values_and_the_context(name):
    stage, values = METHODS[name]
    right = ", ".join(part for part in [values, "context"] if part)
    for parameters in (right, right.replace("context", "_context"), f"{right}, *, more=None"):
        made = type("Made", (regkit.Technique,), {name: method(parameters)})
        assert made().stages() == (stage,)
    wrapped = {name: method("*args, **kwargs"), "phases": (Phase.usual(stage),)}
    assert type("Wrapped", (regkit.Technique,), wrapped)().stages() == (stage,)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("change", ["no context", "another order", "one more", "a keyword"])
def test_another_signature_is_refused_when_the_class_is_defined(name, change):
    values = METHODS[name][1]
    wrong = {
        "no context": values,
        "another order": f"context, {values or 'more'}",
        "one more": ", ".join(part for part in [values, "more", "context"] if part),
        "a keyword": ", ".join(part for part in [values, "context", "*", "more"] if part),
    }[change]
    with pytest.raises(TypeError, match=rf"Made\.{name}\(.*Give it these parameters.*_{name}"):
        type("Made", (regkit.Technique,), {name: method(wrong)})


def test_a_helper_is_not_taken_for_a_stage_where_the_class_says_its_phases():
    class Counted(regkit.Technique):
        phases = (Phase.SUM,)

        def penalty(self, context):
            self.update()
            return 0.0

        def update(self):
            self.calls = getattr(self, "calls", 0) + 1

    assert Counted().stages() == (Stage.PENALTY,)


@pytest.mark.parametrize("parameters", ["weights, ctx", "values", "*args"])
def test_phases_of_a_base_excuse_no_wrong_signature(parameters):
    """The class that has the method must itself say that it acts elsewhere."""
    with pytest.raises(TypeError, match=r"Sub\.update"):
        type("Sub", (regkit.L2,), {"update": method(parameters)})


def test_a_subclass_keeps_the_phases_of_its_base():
    class Noisy(regkit.LabelSmoothing):
        phases = (Phase.COLOUR,)

        def data(self, batch, context):
            return batch

    assert {act.phase for act in Noisy().acts()} == {Phase.COLOUR, Phase.SMOOTH}


def test_a_stage_without_a_method_is_refused_before_the_first_step():
    class Made(regkit.Technique):
        def penalty(self, context):
            return 0.0

        def stages(self):
            return (Stage.PENALTY, Stage.UPDATE)

    x, y = models.data()
    with pytest.raises(AttachError, match=r"Made\.stages\(\) names UPDATE, and the class has no"):
        models.fit(models.compiled(models.sequential()), x, y, [Made()])


def test_a_seed_that_is_not_declared_as_one_is_refused():
    class Made(regkit.Technique):
        def __init__(self, seed: Annotated[int, Integer(0)] = 0) -> None:
            super().__init__()

        def data(self, batch, context):
            return batch

    x, y = models.data()
    with pytest.raises(TypeError, match="option seed is not declared as a seed.*SeedOption"):
        models.fit(models.compiled(models.sequential()), x, y, [Made()])


def test_a_private_helper_or_an_attribute_is_no_stage():
    class Made(regkit.Technique):
        data = {"not": "a method"}

        @staticmethod
        def update(values):
            return values

        def _target(self):
            return None

        def penalty(self, context):
            return 0.0

    assert "phases" not in vars(Made)
    assert Made().stages() == (Stage.PENALTY,)


def test_a_static_method_that_takes_the_context_is_refused():
    with pytest.raises(TypeError, match="Give it these parameters"):

        class Made(regkit.Technique):
            @staticmethod
            def penalty(context):
                return 0.0


@pytest.mark.parametrize(
    ("phases", "message"),
    [
        ([Phase.SUM], "must be a tuple of regkit.core.stages.Phase"),
        (("sum",), "must be a tuple of regkit.core.stages.Phase"),
        ((Phase.NOISE, Phase.COLOUR), "names NOISE, COLOUR, all of DATA"),
    ],
)
def test_wrong_phases_are_refused_when_the_class_is_defined(phases, message):
    with pytest.raises(TypeError, match=message):
        type("Made", (regkit.Technique,), {"phases": phases})


def test_a_phase_without_a_method_is_refused_before_the_first_step():
    class Made(regkit.Technique):
        phases = (Phase.SMOOTH,)

        def penalty(self, context):
            return 0.0

    x, y = models.data()
    with pytest.raises(AttachError, match=r"names the phase SMOOTH, and has no method target"):
        models.fit(models.compiled(models.sequential()), x, y, [Made()])


def test_options_are_found_by_their_declared_type():
    """Under names of the author's own; attributes called weights, layers, seed mean nothing."""

    class Named(regkit.Technique):
        def __init__(
            self,
            amount: Strength = 0.1,
            where: LayerOption = "hidden",
            which: Annotated[str, Weights()] = "bias",
            dice: SeedOption = 7,
        ) -> None:
            super().__init__()
            self.weights, self.layers, self.seed = "nothing", "nowhere", "none"

        def penalty(self, context):
            return 0.0

    model = models.compiled(models.sequential())
    technique = Named()
    hidden = model.get_layer("hidden")
    assert technique.select_weights(model) == [hidden.bias]
    assert technique.select_layers(model) == [hidden]
    assert technique.own_seed == 7


def test_the_seed_of_an_option_of_any_name_decides_the_draws():
    class Noise(regkit.Technique):
        def __init__(self, dice: SeedOption = None) -> None:
            super().__init__()

        def data(self, batch, context):
            return batch.replace(x=batch.x + context.draws.normal(batch.x.shape))

    x, y = models.data(examples=models.BATCH)
    results = []
    for seed in (1, 1, 2):
        model = models.compiled(models.sequential())
        models.fit(model, x, y, [Noise(seed)], epochs=1)
        results.append(models.values(model))
    models.same(results[0], results[1])
    assert any(not np.array_equal(a, b) for a, b in zip(results[0], results[2], strict=True))


def test_two_options_of_a_kind_ask_the_class_which_is_meant():
    class Between(regkit.Technique):
        def __init__(
            self, source: Annotated[str, Layers()] = "a", to: Annotated[str, Layers()] = "b"
        ) -> None:
            super().__init__()

        def forward(self, call, inputs, context):
            return call(inputs)

    with pytest.raises(TypeError, match=r"several options of the kind Layers: source, to.*select"):
        Between().select_layers(models.sequential())


def test_a_strength_is_an_option_with_a_neutral_value():
    from regkit.core import options

    assert options.of_kind(regkit.L2, Seed) == ()
    assert options.strengths(regkit.ElasticDistortion) == ("alpha",)
    assert options.strengths(regkit.EarlyStopping) == ()


def test_a_decorated_method_keeps_its_signature():
    def told(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            return function(*args, **kwargs)

        return wrapper

    with pytest.raises(TypeError, match="Give it these parameters"):

        class Made(regkit.Technique):
            @told
            def penalty(self):
                return 0.0
