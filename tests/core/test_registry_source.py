"""What is read from source, which may be anything, and what a class says once it is imported."""

import ast
import math
import warnings
from typing import Annotated

import pytest

import regkit
from regkit.core import options, registry
from regkit.core.options import Choice, Rate, Real
from regkit.core.registry import describing, docstrings, source
from regkit.core.technique import Technique
from tests.plugins_of_tests import site_fixture, write  # noqa: F401

pytestmark = pytest.mark.backend_free

TECHNIQUES = [e for e in registry.entries("technique") if e.distribution == registry.BUILTIN]
LAYERS = [e for e in registry.entries("layer") if e.distribution == registry.BUILTIN]


@pytest.mark.parametrize("entry", TECHNIQUES, ids=lambda entry: entry.id)
def test_a_description_is_what_the_class_says(entry):
    cls = registry.load(entry.id)
    description = describing.describe(cls, "technique")
    doc = docstrings.parse(source.docstring(entry.target))
    allowed = {name: bounds.describe() for name, bounds in options.constraints(cls).items()}
    assert {option.name: option.allowed for option in description.options} == allowed
    for option in description.options:
        assert ast.literal_eval(option.default) == options.defaults(cls)[option.name]
        assert doc.arguments()[option.name].endswith(".")
    stages = Technique.stages(cls.__new__(cls))
    assert description.stages == tuple(stage.name for stage in stages)
    assert doc.summary == entry.summary
    for section in ("Args", "Raises", "References", "Example"):
        assert doc.sections[section]
    place = source.place(entry.target)
    assert place.rpartition(":")[0].endswith(f"{entry.module.replace('.', '/')}.py")


@pytest.mark.parametrize("entry", LAYERS, ids=lambda entry: entry.id)
def test_a_layer_is_described_too(entry):
    description = describing.describe(registry.load(entry.id, "layer"), "layer")
    doc = docstrings.parse(source.docstring(entry.target))
    assert description.stages == ()
    assert all(option.allowed and option.name in doc.arguments() for option in description.options)
    assert {"References", "Example"} <= set(doc.sections)


class Odd:
    """Options of every sort."""

    def __init__(
        self,
        a: Annotated[float, Real(0, open_low=True)],
        b: Rate = 0.1,
        *args: int,
        c: int = 3,
        d=None,
        e: "Annotated[str, Choice('x', 'y')]" = "x",
        f: float = math.inf,
        **others: int,
    ) -> None: ...


class Unresolved(Odd):
    """An annotation that only a type checker can follow, beside one with bounds."""

    def __init__(self, a: "Unknown", b: Rate = 0.1) -> None: ...  # noqa: F821


def test_options_have_bounds_defaults_and_a_way_to_be_given():
    described = describing.describe(Odd, "layer")
    assert [(one.name, one.default, one.allowed) for one in described.options] == [
        ("a", None, "a number in (0, inf)"),
        ("b", "0.1", "a number in [0, 1) or a LearningRateSchedule"),
        ("c", "3", "int"),
        ("d", "None", ""),
        ("e", "'x'", "'x' or 'y'"),
        ("f", "inf", "float"),
    ]
    assert [one.keyword_only for one in described.options] == [False] * 2 + [True] * 4
    assert describing.describe(object, "layer") == describing.Description()


def test_an_annotation_that_cannot_be_followed_is_shown_as_it_is_written():
    (a, b) = describing.describe(Unresolved, "layer").options
    assert (a.allowed, a.default) == ("Unknown", None)
    assert b.default == "0.1"


def test_stages_come_from_bases_too():
    class Base:
        def on_epoch_end(self, epoch, logs=None): ...

    class Mine(Base, regkit.Dropout):
        def data(self, batch, context): ...

    described = describing.describe(Mine, "technique")
    assert described.stages == ("DATA", "FORWARD", "WATCH")
    assert [option.name for option in described.options] == ["rate", "layers", "seed"]


@pytest.mark.parametrize(
    "answer",
    [None, 3, "text", [], {}, {"options": 3, "stages": {}}, {"options": [1, None], "stages": None}],
)
def test_an_answer_of_another_form_describes_nothing(answer):
    assert describing.from_answer(answer) == describing.Description()


def test_an_answer_is_kept_to_lines_of_text():
    answer = {
        "stages": ["\x1b[31m", 3],
        "options": [{"name": "a\nb", "default": 1, "allowed": None}],
    }
    described = describing.from_answer(answer)
    assert described.stages == ("?[31m", "3")
    assert described.options == (describing.Option("a b", "1", "None", False),)


def written(site, text):
    write(site, {"mine.py": text})
    registry.refresh()


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
    written(site, text)
    assert source.docstring("mine:Mine") in ("", "bytes")
    assert source.words("mine:Mine", "search_words") == ()


def test_a_source_in_an_encoding_that_it_declares_is_read(site):
    written(site, '# coding: latin-1\nclass Mine:\n    """Do größer."""\n'.encode("latin-1"))
    assert source.docstring("mine:Mine") == "Do größer."


@pytest.mark.parametrize(
    ("line", "words"),
    [("w = ('a', 'b c')", ("a", "b c")), ("w: tuple = ('a',)", ("a",)), ("w: tuple", ()),
     ("w = ['a']", ()), ("w = ('a', exit(), 3)", ("a",)), ("v = w = ('a',)", ("a",)), ("w = exit()", ())],
)  # fmt: skip
def test_words_are_read_as_they_are_written_out(site, line, words):
    written(site, f"class Mine:\n    {line}\n")
    assert source.words("mine:Mine", "w") == words


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
        written(site, 'class Mine:\n    """Do \\d."""\n')
        assert source.docstring("mine:Mine") == "Do \\d."


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
