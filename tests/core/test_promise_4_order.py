"""Promise 4: order is declared, not guessed; contradictions are refused; explain tells the step."""

import itertools

import keras
import numpy as np
import pytest

import regkit
from regkit.core.errors import ConflictError
from regkit.core.plan import Plan
from regkit.core.stages import Phase, Stage
from tests import models
from tests.registered import EFFECTIVE
from tests.techniques_of_tests import MixUp


def test_penalties_sum_alike_in_any_order_bit_for_bit():
    x, y = models.data()
    results = []
    parts = [regkit.L1(0.013), regkit.L2(0.021), regkit.ElasticNet(0.017), regkit.L2(0.003)]
    for order in itertools.islice(itertools.permutations(parts), 0, 24, 5):
        model = models.compiled(models.sequential())
        models.fit(model, x, y, order, epochs=1)
        results.append(models.values(model))
    for other in results[1:]:
        models.same(other, results[0])


def test_smoothing_comes_after_mixing():
    """Mixed, then smoothed: ε of the mass is spread, not ε times a mixing weight."""
    recipe = [regkit.LabelSmoothing(0.2, spread="all"), MixUp(0.3, seed=4)]
    assert [m.word for m in Plan(recipe).at(Stage.TARGET)] == ["mix_up", "label_smoothing"]

    class Seen(regkit.Technique):
        phases = (Phase.SMOOTH,)

        def initial_state(self, context):
            return {"y": keras.ops.zeros((models.BATCH, models.CLASSES))}

        def target(self, target, context):
            context.state["y"] = target.y
            return target

        def on_train_end(self, logs=None):
            self.y = self.current_state()["y"]

    x, y = models.data()
    seen = Seen()
    models.fit(models.compiled(models.sequential()), x, y, [*recipe, seen], epochs=1)
    np.testing.assert_allclose(seen.y.sum(-1), 1, rtol=1e-6)
    floor = 0.2 / models.CLASSES
    masses = {0.0, 0.3, 0.7, 1.0}  # of a class before smoothing: not there, mixed, whole
    found = {round(float(mass), 4) for mass in ((seen.y - floor) / 0.8).ravel()}
    assert found <= masses
    assert {0.3, 0.7} <= found


@pytest.mark.parametrize(
    "recipe",
    [
        lambda: [regkit.LabelSmoothing(0.1), regkit.LabelSmoothing(0.2)],
        lambda: [regkit.LabelSmoothing(0.1), regkit.L2(1.0), regkit.LabelSmoothing(0.1, "all")],
        lambda: [regkit.L2(0.1)] * 2,
    ],
)
def test_contradictions_are_refused_before_the_first_step(recipe):
    x, y = models.data()
    model = models.compiled(models.sequential())
    before = models.values(model)
    with pytest.raises(ConflictError, match="contradict|twice"):
        models.fit(model, x, y, recipe())
    models.same(models.values(model), before)
    with pytest.raises(ConflictError):
        regkit.Recipe(recipe())


def test_a_loss_that_smooths_itself_is_a_contradiction():
    x, y = models.data(sparse=False)
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=0.1)
    model = models.compiled(models.sequential(), loss=loss)
    with pytest.raises(ConflictError, match="smooths its labels already"):
        models.fit(model, x, y, [regkit.LabelSmoothing(0.1)])


def test_two_smoothings_of_which_one_does_nothing_are_no_contradiction():
    regkit.Recipe([regkit.LabelSmoothing(0.1), regkit.LabelSmoothing(0.0)])


def test_explain_tells_the_step_in_its_order(capsys):
    text = regkit.explain("label_smoothing + l2(1e-3) + l2(0) + gaussian_noise + dropout(0.2)")
    places = [text.index(word) for word in ("gaussian_noise", "dropout", "label_smoothing", "l2:")]
    assert places == sorted(places)
    assert "L2(strength=0.001)" in text
    assert "left out" in text
    assert "L2(strength=0.0)" in text
    assert capsys.readouterr().out == f"{text}\n"
    assert repr(text) == ""  # it stands on the screen already


def test_every_built_in_is_explained_at_its_stages():
    for name, make in EFFECTIVE.items():
        technique = make()
        text = regkit.Recipe([technique]).explain()
        for stage in technique.stages():
            line = next(line for line in text.splitlines() if line.startswith(stage.name))
            assert technique.word() in line, name
