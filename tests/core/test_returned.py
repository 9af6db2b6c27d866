"""What stage methods must return: everything else is refused by class, method and what to do."""

import keras
import numpy as np
import pytest
from keras import ops

import regkit
from regkit.core.errors import AttachError
from tests import models

WRONG = {
    "data of nothing": (
        {"data": lambda self, batch, context: None},
        r"Wrong.data must return a Batch; it returned None.*batch.replace\(x=…\)",
    ),
    "data of a tensor": (
        {"data": lambda self, batch, context: batch.x},
        "Wrong.data must return a Batch; it returned a tensor of shape",
    ),
    "target of a tensor": (
        {"target": lambda self, target, context: target.y},
        r"Wrong.target must return a Target; it returned a tensor.*target.replace\(…\)",
    ),
    "penalty of nothing": (
        {"penalty": lambda self, context: None},
        "Wrong.penalty must return a scalar that joins the loss; it returned None",
    ),
    "penalty of a vector": (
        {"penalty": lambda self, context: ops.ones((2,))},
        r"a scalar.*returned a tensor of shape \(2,\).*sum or average it",
    ),
    "gradient of nothing": (
        {"gradient": lambda self, gradients, context: None},
        r"Wrong.gradient must return a list of 6 tensors; it returned None",
    ),
    "too few gradients": (
        {"gradient": lambda self, gradients, context: gradients[1:]},
        "must return a list of 6 tensors; it returned a list of 5",
    ),
    "gradients of other shapes": (
        {"gradient": lambda self, gradients, context: [ops.sum(g) for g in gradients]},
        r"a tensor of shape \(\d+, \d+\) at place 0; it returned a tensor of shape \(\)",
    ),
    "too few weights": (
        {"update": lambda self, weights, context: []},
        "Wrong.update must return a list of 6 tensors; it returned a list of 0",
    ),
    "forward of nothing": (
        {"forward": lambda self, call, inputs, context: None},
        r"Wrong.forward must return what the layer computes; it returned None.*call\(inputs\)",
    ),
    "state that is no dict": (
        {
            "initial_state": lambda self, context: ops.zeros(3),
            "data": lambda self, batch, context: batch,
        },
        r"Wrong.initial_state must return a dict of named arrays; it returned a tensor",
    ),
    "state of another shape": (
        {
            "initial_state": lambda self, context: {"mean": np.zeros(3, "float32")},
            "data": lambda self, batch, context: (
                context.state.update(mean=ops.zeros((2,))) or batch
            ),
        },
        r"state 'mean' keeps its shape, \(3,\); it was given one of \(2,\)",
    ),
    "a misspelt stage": (
        {"dta": lambda self, batch, context: batch},
        r"acts nowhere.*data, forward, target.*\(it has 'dta'; is 'data' meant\?\)",
    ),
    "no method at all": ({}, "acts nowhere.*no event of Keras, such as on_epoch_end$"),
}


@pytest.mark.parametrize("name", WRONG)
def test_it_is_refused_and_the_next_fit_is_plain(name):
    methods, message = WRONG[name]
    technique = type("Wrong", (regkit.Technique,), methods)()
    x, y = models.data()
    model = models.compiled(models.sequential())
    with pytest.raises(AttachError, match=message):
        models.fit(model, x, y, [technique])
    models.fit(model, x, y)


def test_a_plain_number_is_a_penalty():
    class Constant(regkit.Technique):
        def penalty(self, context):
            return 0.5

    x, y = models.data()
    model = models.compiled(models.sequential())
    history = models.fit(model, x, y, [Constant()]).history
    assert history["constant_penalty"] == pytest.approx([0.5] * len(history["loss"]))
    assert keras.backend.is_float_dtype(model.weights[0].dtype)
