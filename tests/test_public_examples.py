"""Every name that users call has an example: the names of regkit, options, context, testing.

`tests/test_docs.py` runs the examples of all docstrings; here they are found missing.
"""

import doctest
import inspect
import re
import typing

import pytest

import regkit
import regkit.ensembles
import regkit.layers
import regkit.testing
from regkit.core import options
from regkit.core.context import Context
from regkit.core.draws import Draws
from regkit.core.options import kinds

pytestmark = pytest.mark.backend_free

PARSER = doctest.DocTestParser()


def exported(module):
    """Yield (name, object) of what a module exports; a text such as `__version__` needs none."""
    for name in module.__all__:
        value = getattr(module, name)
        if not isinstance(value, str) and not inspect.ismodule(value):
            yield f"{module.__name__}.{name}", value


def members(cls):
    """Yield (name, object) of the public methods and properties that a class defines."""
    for name, value in vars(cls).items():
        if not name.startswith("_") and (inspect.isfunction(value) or isinstance(value, property)):
            yield f"{cls.__name__}.{name}", value


PUBLIC = dict(
    [
        *exported(regkit),
        *exported(regkit.layers),
        *exported(regkit.ensembles),
        *exported(options),
        *exported(regkit.testing),
        *members(Context),
        *members(Draws),
    ]
)


def examples(name, value):
    """Return the examples of a docstring; of an alias, those of its module that name it."""
    if typing.get_origin(value) is not typing.Annotated:
        return PARSER.get_examples(inspect.getdoc(value) or "")
    word = name.rpartition(".")[2]
    declared = PARSER.get_examples(inspect.getdoc(kinds) or "")
    return [example for example in declared if re.search(rf"\b{word}\b", example.source)]


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_has_an_example(name):
    assert examples(name, PUBLIC[name]), f"the docstring of {name} has no example (>>>)"


def test_the_names_are_there():
    assert {"regkit.L2", "regkit.compare", "regkit.core.options.Rate", "Context.value"} < {*PUBLIC}
