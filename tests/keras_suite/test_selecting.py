"""Tests that may come to a fit are told from those that cannot, by names alone."""

import functools
import sys
import unittest

import pytest

from tests.keras_suite.selecting import may_fit

pytestmark = pytest.mark.backend_free


def helper(model):
    further(model)


def further(model):
    return [(lambda: model.fit)() for _ in range(2)]


def circle(model):
    model.evaluate(circle)


class Helping:
    def check(self, model):
        helper(model)


class Case(unittest.TestCase, Helping):
    def directly(self, model):
        model.fit(1, 2)

    def in_a_nested_function(self, model):
        class Callback:
            def on_epoch_end(self):
                model.fit(1, 2)

    def by_helpers(self, model):
        helper(model)

    def by_a_method_inherited(self, model):
        self.check(model)

    def by_a_name_given(self, model, name="fit"):
        getattr(model, name)(1)

    @functools.wraps(directly)
    def decorated(self, *args):
        pass

    def not_at_all(self, model):
        model.evaluate(1, 2)

    def not_at_all_in_a_circle(self, model):
        circle(model)

    def not_by_words(self, model):
        "Call model.fit."
        return "fit", "getattr"


@pytest.mark.parametrize("name", [name for name in vars(Case) if not name.startswith("_")])
def test_a_method_may_fit_unless_it_cannot(name):
    found = may_fit(getattr(Case, name), sys.modules[__name__], Case)
    assert found is not name.startswith("not_")


def test_a_set_up_that_fits_counts_for_every_test():
    class Fitted(Case):
        def setUp(self):
            helper(self)

    assert may_fit(Case.not_at_all, sys.modules[__name__], Fitted)


def test_a_function_without_a_class():
    assert may_fit(helper, sys.modules[__name__], None)
    assert not may_fit(circle, sys.modules[__name__], None)
