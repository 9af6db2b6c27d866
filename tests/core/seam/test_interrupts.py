"""Ctrl-C at any line of the seam: after the next fit, a plain one, nothing is left."""

import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import regkit
from regkit.core import seam
from tests import models
from tests.core.test_promise_2_nothing_left import traces
from tests.techniques_of_tests import MixUp, MovingAverage, SharpnessAware

SEAM = Path(seam.__file__).parent
# All of it on PyTorch, where a step is fast; elsewhere what has to do with the backend.
OURS = {
    "torch": (str(SEAM), str(Path(regkit.core.technique.__file__))),
    "jax": tuple(str(SEAM / f"{name}.py") for name in ("jax", "attached", "lifecycle")),
    "tensorflow": tuple(
        str(SEAM / f"{name}.py") for name in ("tensorflow", "stateful", "attached", "lifecycle")
    ),
}[keras.backend.backend()]


class Interrupt:
    """Raises at the n-th pass over a line of the seam, or notes which lines are passed."""

    def __init__(self, at=None):
        self.at, self.lines = at, []

    def __call__(self, frame, event, argument):
        return self.line if frame.f_code.co_filename.startswith(OURS) else None

    def line(self, frame, event, argument):
        if event == "line":
            self.lines.append((frame.f_code.co_filename, frame.f_lineno))
            if self.at == len(self.lines) - 1:
                raise KeyboardInterrupt
        return self.line

    def __enter__(self):
        sys.settrace(self)
        return self

    def __exit__(self, *error):
        sys.settrace(None)


def techniques():
    if keras.backend.backend() != "torch":
        return [regkit.Dropout(0.3), regkit.L2(0.1), regkit.WeightDecay(0.1, decoupled=True)]
    return [
        regkit.GaussianNoise(0.1), MixUp(0.3), regkit.Dropout(0.3), regkit.LabelSmoothing(0.1),
        regkit.L2(0.1), SharpnessAware(0.05), regkit.WeightDecay(0.1, decoupled=True),
        MovingAverage(0.5),
    ]  # fmt: skip


def moments(lines):
    """The first time at which each line is passed, and on PyTorch also the last."""
    first, last = {}, {}
    for place, line in enumerate(lines):
        first.setdefault(line, place)
        last[line] = place
    again = last if keras.backend.backend() == "torch" else {}
    return sorted({*first.values(), *again.values()})


def small():
    if keras.backend.backend() == "torch":
        return models.sequential()
    hidden, out = models.dense(4, "hidden", 1), models.dense(3, "out", 2, activation="softmax")
    return keras.Sequential([*models.entry(), hidden, out])


@pytest.fixture
def fits():
    x, y = models.data(examples=8)
    options = {"run_eagerly": True, "jit_compile": False}
    model, plain = (models.compiled(small(), **options) for _ in range(2))
    start = model.get_weights()

    def fit(one, given=()):
        return models.fit(one, x, y, given, epochs=1)

    fit(plain)
    fit(model)
    return model, plain, start, fit


def test_an_interrupt_at_any_line_leaves_nothing(fits):
    model, plain, start, fit = fits
    fit(model, techniques())  # what is done once is done
    with Interrupt() as course:
        fit(model, techniques())
    places = moments(course.lines)
    assert len(places) > (600 if keras.backend.backend() == "torch" else 100)
    attributes = set(vars(plain))
    expected = None
    for place in places:
        with pytest.raises(KeyboardInterrupt), Interrupt(place) as course:
            fit(model, techniques())
        where = course.lines[-1]
        model.set_weights(start)
        history = fit(model)
        assert set(history.history) == {"loss"}, where
        assert not traces(model), where
        assert set(vars(model)) == attributes, where
        found = models.values(model)
        expected = expected or found
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-6, err_msg=str(where))


def test_an_interrupted_prediction_leaves_nothing(backend):
    x = models.data()[0]
    model = models.compiled(models.sequential())
    before = model.predict(x, verbose=0)
    if backend != "torch":
        pytest.skip("mc_predict compiles there; the same code runs on PyTorch line by line")
    regkit.mc_predict(model, x, regkit.Dropout(0.5), n_samples=1)  # what is done once is done
    with Interrupt() as course:
        regkit.mc_predict(model, x, regkit.Dropout(0.5), n_samples=1)
    for place in moments(course.lines):
        with pytest.raises(KeyboardInterrupt), Interrupt(place):
            regkit.mc_predict(model, x, regkit.Dropout(0.5), n_samples=1)
        assert not traces(model), course.lines[place]
    np.testing.assert_array_equal(model.predict(x, verbose=0), before)


def test_what_an_interrupt_left_shadowed_is_swept(fits):
    """The mechanism by itself: an attribute goes back to what it was, the last one first."""
    model = fits[0]
    shadows = seam.patch.Shadows()
    layer = model.layers[0]
    blocks = [shadows.replaced(layer, "call", value) for value in (1, 2)]
    for block in blocks:
        block.__enter__()
    shadows.put(model, "optimizer", None)
    optimizer = keras.optimizers.get("sgd")
    assert vars(layer)["call"] == 2
    shadows.sweep()
    assert "call" not in vars(layer)
    assert type(model.optimizer) is type(optimizer)
