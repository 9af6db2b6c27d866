"""What is read from source is what importing would show, and a source may be anything."""

import ast
import warnings

import pytest

from regkit.core import options, registry
from regkit.core.registry import describing, docstrings, source
from regkit.core.technique import Technique
from tests.plugins_of_tests import install, site_fixture, write  # noqa: F401

pytestmark = pytest.mark.backend_free

TECHNIQUES = [e for e in registry.entries("technique") if e.distribution == registry.BUILTIN]
LAYERS = [e for e in registry.entries("layer") if e.distribution == registry.BUILTIN]


@pytest.mark.parametrize("entry", TECHNIQUES, ids=lambda entry: entry.id)
def test_a_description_is_what_the_class_says(entry):
    cls = registry.load(entry.id)
    found = describing.describe(entry)
    allowed = {name: one.describe() for name, one in options.constraints(cls).items()}
    assert {one.name: one.allowed for one in found.options} == allowed
    for one in found.options:
        default = options.defaults(cls)[one.name]
        assert ast.literal_eval(one.default) == default
        assert one.description.endswith(".")
    stages = Technique.stages(cls.__new__(cls))
    assert found.stages == tuple(stage.name for stage in stages)
    assert found.doc.summary == entry.summary
    for section in ("Args", "Raises", "References", "Example"):
        assert found.doc.sections[section]
    assert found.place.rpartition(":")[0].endswith(f"{entry.module.replace('.', '/')}.py")


@pytest.mark.parametrize("entry", LAYERS, ids=lambda entry: entry.id)
def test_a_layer_is_described_too(entry):
    found = describing.describe(entry)
    assert found.stages == ()
    assert all(one.description and one.allowed for one in found.options)
    assert {"References", "Example"} <= set(found.doc.sections)


def described(site, text, **files):
    write(site, {"mine.py": text, **{f"{name}.py": other for name, other in files.items()}})
    registry.refresh()
    entry = registry.Entry("mine", "technique", "some-plugin", "1", "available", "mine:Mine")
    return describing.describe(entry)


ALIASES = """
import regkit.core.options as opt
from typing import Annotated
import typing
from regkit.core import options
from regkit.core.options import Choice, Rate as Share, Real, Several
from words import WORDS

Positive = Annotated[float, Real(0, open_low=True)]
LOW = -1


class Mine:
    def __init__(self, a: Positive, b: Share = 0.1, *, c: opt.Strength = LOW, d: int = 3,
                 e: typing.Annotated[str, Choice(*WORDS)] = "x", f=None,
                 g: Annotated[float, options.Real(LOW, 1)] = 0, h: Several(Real(0)) = 1,
                 i: "Share" = 1, j: Unknown = 2, k: Annotated[int, Real(2**3)] = 0) -> None: ...
"""


def test_names_are_followed_and_nothing_is_run(site):
    found = described(site, ALIASES, words="WORDS = {'x': print, 'y': exit()}")
    assert {one.name: (one.default, one.allowed) for one in found.options} == {
        "a": (None, "a number in (0, inf)"),
        "b": ("0.1", "a number in [0, 1) or a LearningRateSchedule"),
        "c": ("LOW", "a number in [0, inf) or a LearningRateSchedule"),
        "d": ("3", "int"),
        "e": ("'x'", "'x' or 'y'"),
        "f": ("None", ""),
        "g": ("0", "a number in [-1, 1]"),
        "h": ("1", "Several(Real(0))"),  # no Annotated around it
        "i": ("1", "'Share'"),
        "j": ("2", "Unknown"),
        "k": ("0", "Annotated[int, Real(2 ** 3)]"),
    }
    assert [one.keyword_only for one in found.options] == [False] * 2 + [True] * 9


@pytest.mark.parametrize(
    "annotation",
    ["Annotated[int, Real(0)(1)]", "Annotated[int, print('run')]", "Annotated[int, A]",
     "Annotated[int, Real(B)]", "Annotated[int, Choice(*C)]", "Annotated[int, __import__('os')]",
     "Annotated[int, Real.describe]", "Annotated[int, options.bind]", "Annotated[int, Real('x')]",
     "Annotated[int, options.typing.sys.exit()]", "Annotated", "Annotated[int]", "Real(0).x",
     "Annotated[int, Real(low=0, nonsense=1)]", "Annotated[int, (lambda: 1)()]"],
)  # fmt: skip
def test_an_annotation_that_cannot_be_read_is_shown_as_it_is(site, annotation):
    text = (
        "from typing import Annotated\nfrom regkit.core import options\n"
        "from regkit.core.options import Choice, Real\n"
        "A = B\nB = A\nC = [D, D, D, D]\nD = [E, E, E, E]\nE = [F, F, F, F]\nF = [G, G, G, G]\n"
        "G = [C, C, C, C]\n"
        f"class Mine:\n    def __init__(self, x: {annotation} = 1): pass\n"
    )
    (option,) = described(site, text).options
    assert option.allowed == ast.unparse(ast.parse(annotation))


def test_options_and_stages_come_from_bases_too(site):
    text = "import base\nimport regkit\nclass Mine(base.Base, regkit.Dropout):\n    def data(self): ...\n"
    found = described(site, text, base="class Base:\n    def on_epoch_end(self): ...\n")
    assert found.stages == ("DATA", "FORWARD", "WATCH")
    assert [one.name for one in found.options] == ["rate", "layers", "seed"]


def test_bases_that_go_round_end(site):
    found = described(site, "class Other(Mine): pass\nclass Mine(Other, Mine, f(), a.b.c): pass\n")
    assert found.options == ()


HOSTILE = {
    "a syntax error": "class Mine(:\n",
    "another encoding": b'class Mine:\n    """\xff\xfe."""\n',
    "a null byte": "class Mine: pass\0",
    "deep brackets": "(" * 100_000,
    "a deep expression": "x = " + "-" * 100_000 + "1",
    "a deep sum": "x = 1" + "+1" * 100_000,
    "a huge file": "x = 1\n" * 200_000 + 'class Mine:\n    """Do."""\n',
    "nothing": "",
    "another class": "class Yours: pass",
    "no docstring": "class Mine: pass",
    "a docstring that is no text": "class Mine:\n    b'bytes'\n",
    "imports in a circle": "from mine import Mine",
    "imports above the top": "from .... import Mine",
    "imports of what is not there": "from not_there.at_all import Mine",
    "a star": "from mine import *",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_source_may_be_anything(site, text):
    found = described(site, text)
    assert found.doc.summary == ""
    assert found.options == ()
    assert source.docstring("mine:Mine") in ("", "bytes")


def test_a_source_in_an_encoding_that_it_declares_is_read(site):
    text = '# coding: latin-1\nclass Mine:\n    """Do größer."""\n'.encode("latin-1")
    assert described(site, text).doc.summary == "Do größer."


def test_a_deep_annotation_ends(site):
    text = f"class Mine:\n    def __init__(self, x: {'[' * 150 + ']' * 150} = {'-' * 150}1): ...\n"
    described(site, text)


@pytest.mark.parametrize(
    "module", ["not_there", "not_there.below", "", ".", "..x", "a/b", "mine.not_there", "sys"]
)
def test_a_source_may_be_missing(site, module):
    write(site, {"mine.py": ""})
    registry.refresh()
    assert source.read(module) is None
    assert source.docstring(f"{module}:Mine") == ""


def test_reading_says_nothing_of_odd_strings(site):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert described(site, 'class Mine:\n    """Do \\d."""\n').doc.summary == "Do \\d."


def test_a_module_that_was_replaced_while_running_is_read_around(site, monkeypatch):
    import sys

    class Odd:
        def __getattr__(self, name):
            raise RuntimeError(name)

    write(site, {"mine.py": 'class Mine:\n    """Do."""\n'})
    registry.refresh()
    monkeypatch.setitem(sys.modules, "mine", Odd())
    assert source.read("mine") is None
    assert source.importable("mine")


def test_a_docstring_has_parts():
    doc = docstrings.parse(
        "Do it.\n\nf(x) = 1\n\nArgs:\n    a: First,\n        on.\n    b (int): Second.\n"
        "    **kwargs: Others.\n\nReferences:\n    Me 2020: on it.\n\nExample:\n    >>> 1\n    1"
    )
    assert (doc.summary, doc.text) == ("Do it.", "f(x) = 1")
    assert doc.arguments() == {"a": "First, on.", "b": "Second.", "kwargs": "Others."}
    assert doc.sections["References"] == "Me 2020: on it."
    assert doc.sections["Example"] == ">>> 1\n1"
    assert docstrings.parse("").summary == ""
    assert docstrings.parse("\x1b[31mred").summary == "[31mred"
