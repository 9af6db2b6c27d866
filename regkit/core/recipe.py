"""Recipes: techniques as text and back, exactly.

    recipe = technique ("+" technique)*
    technique = name ["(" [argument ("," argument)*] ")"]
    name = word | distribution ":" word
    argument = [word "="] (number | 'text' | True | False | None | list | schedule)
    schedule = word "(" arguments ")"          a Keras learning rate schedule, `cosine_decay(…)`

A text is data: literals, registered names and schedules. Nothing in it is evaluated.

The text of a recipe shows the strengths of its techniques also where they are the defaults, and
other options where they are not: it says what runs, and makes exactly it again.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NoReturn, overload

from regkit.core import options, registry, schedules
from regkit.core.errors import RecipeError, RegkitError, suggest
from regkit.core.grouped import Grouped
from regkit.core.options.bounds import Constraint
from regkit.core.plan import Plan
from regkit.core.technique import Technique
from regkit.core.words import number

__all__ = ["Recipe", "explain"]

_TOKEN = re.compile(
    r"\s*(?:(?P<name>\w[\w.-]*:[A-Za-z_]\w*|[A-Za-z_]\w*)"
    r"|(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
    r"|(?P<text>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
    r"|(?P<mark>[()\[\],=+])|(?P<end>$)|(?P<wrong>.))",
    re.DOTALL,
)
_CONSTANTS = {"True": True, "False": False, "None": None}
_NO_NUMBERS = ("nan", "inf", "infinity")


class Recipe(Grouped, Sequence[Technique]):
    """An ordered set of techniques, from text or objects; a callback as each of them is.

    Args:
        source: A text such as `"l2(1e-4) + label_smoothing(epsilon=0.1)"`, a technique, or several.

    Raises:
        RecipeError: where the text does not parse or names nothing known, with a caret; or for what
            is neither text nor techniques.
        ConflictError: where two techniques contradict each other.

    Example, as in `model.fit(x, y, callbacks=[Recipe("l2(0.001) + label_smoothing")])`:

        >>> str(Recipe("l2(0.001)+ label_smoothing"))
        'l2(1e-3) + label_smoothing(0.1)'
    """

    def __init__(self, source: str | Technique | Iterable[Technique] = "") -> None:
        super().__init__()
        self._techniques = tuple(_techniques(source))
        Plan(self._techniques)  # contradictions are refused here, not in the middle of a study

    @overload
    def __getitem__(self, index: int) -> Technique: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Technique]: ...
    def __getitem__(self, index: int | slice) -> Technique | Sequence[Technique]:
        return self._techniques[index]

    def __len__(self) -> int:
        return len(self._techniques)

    def __iter__(self) -> Iterator[Technique]:
        return iter(self._techniques)

    def __add__(self, other: str | Technique | Iterable[Technique]) -> Recipe:
        return Recipe([*self, *_techniques(other)])

    def __str__(self) -> str:
        return " + ".join(_text(one) for one in self)

    def __repr__(self) -> str:
        return f"Recipe([{', '.join(repr(one) for one in self)}])"

    def explain(self) -> str:
        """Return the training step as it will run with these techniques."""
        return Plan(self).explain()


class _Printed(str):
    """A text that has been printed: where Python shows what a call returns, it is not shown again.

    Example:
        >>> _Printed("once")
        <BLANKLINE>
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return ""


def explain(recipe: str | Technique | Iterable[Technique]) -> str:
    """Print the training step as it will run with a recipe, and return the text.

    Args:
        recipe: What `Recipe` takes: a text, a technique, or several.

    Raises:
        RecipeError: as `Recipe`.
        ConflictError: likewise.

    Example:
        >>> from regkit import L2
        >>> text = explain(L2(0.001))
        (loss)    the model's own loss
        PENALTY   add to the loss                        sum         l2: L2(strength=0.001)
        (apply)   the model's own optimizer
    """
    text = Recipe(recipe).explain()
    print(text)
    return _Printed(text)


def _techniques(source: object) -> list[Technique]:
    """Return the techniques that a text, an object or several objects mean."""
    if isinstance(source, str):
        return _Parser(source).recipe() if source.strip() else []
    if isinstance(source, Technique):
        return [source]
    if not isinstance(source, Iterable):
        raise RecipeError(
            "a recipe is a text such as 'l2(1e-4) + dropout(0.5)', a technique, or a list of "
            f"techniques; received {_named(source)}"
        )
    techniques = list(source)
    for one in techniques:
        if not isinstance(one, Technique):
            raise RecipeError(
                f"a recipe holds techniques; received {_named(one)}. Other Keras callbacks go "
                "beside it: callbacks=[recipe, other]"
            )
    return techniques


def _named(wrong: object) -> str:
    if isinstance(wrong, type) and issubclass(wrong, Technique):
        return f"the class {wrong.__name__}; call it, as in {wrong.__name__}()"
    return f"{wrong!r}"


# -- to text -----------------------------------------------------------------------------------


def _text(technique: Technique) -> str:
    """Return the text of a technique, its strengths visible: `dropout(0.5)`, not `dropout`."""
    identifier = registry.identify(type(technique))
    if identifier is None:
        raise RecipeError(
            f"{technique!r} has no text form: {type(technique).__name__} is not registered under "
            "the entry point group 'regkit.techniques'"
        )
    return text_under(identifier, technique)


def text_under(identifier: str, technique: Technique) -> str:
    """Return the text of a technique that is, or will be, registered under an id.

    Raises:
        RecipeError: for an option that has no text form.
    """
    given, cls = [], type(technique)
    constraints, strengths = options.constraints(cls), options.strengths(cls)
    for place, (name, default) in enumerate(options.defaults(cls).items()):
        value = getattr(technique, name)
        if name not in strengths and type(value) is type(default) and value == default:
            continue
        written = _written(value, name, constraints[name])
        given.append(written if name in strengths and place == 0 else f"{name}={written}")
    return f"{identifier}({', '.join(given)})" if given else identifier


def _written(value: object, option: str, constraint: Constraint) -> str:
    """Return an option's value; without a point where the option makes a float of an integer."""
    if isinstance(value, float) and value.is_integer() and math.copysign(1, value) > 0:
        try:
            same = constraint.check(int(value))
        except (TypeError, ValueError):
            same = None
        if type(same) is float and same == value:
            return min(str(int(value)), number(value), key=len)
    return _literal(value, option)


def _literal(value: object, option: str) -> str:
    if isinstance(value, float):
        return number(value)
    if value is None or isinstance(value, bool | int | str):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_literal(one, option) for one in value)}]"
    if (written := schedules.text(value, lambda one: _literal(one, option))) is not None:
        return written
    raise RecipeError(
        f"{option}={value!r} has no text form; text holds numbers, strings, lists and Keras "
        "schedules. Build the technique in Python instead"
    )


# -- from text ---------------------------------------------------------------------------------


class _Parser:
    """A recursive-descent parser with the place of every token, for the caret."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str, int]] = []
        place = 0
        while not self.tokens or self.tokens[-1][0] != "end":
            match = _TOKEN.match(text, place)
            assert match is not None
            assert match.lastgroup is not None
            kind = match.lastgroup
            self.tokens.append((kind, match[kind], match.start(kind)))
            place = match.end()
        self.next = 0

    def recipe(self) -> list[Technique]:
        found = [self.technique()]
        while self.peek() != ("end", ""):
            self.expect("+", "'+' between techniques")
            found.append(self.technique())
        return found

    def technique(self) -> Technique:
        kind, name, place = self.tokens[self.next]
        if kind != "name":
            self.fail("a technique's name belongs here", place)
        self.next += 1
        args, kwargs = self.arguments() if self.peek() == ("mark", "(") else ([], {})
        try:
            technique = registry.load(name)(*args, **kwargs)
        except RegkitError as error:
            self.fail(str(error), place)
        assert isinstance(technique, Technique)
        return technique

    def arguments(self) -> tuple[list[Any], dict[str, Any]]:
        self.expect("(", "'('")
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        while self.peek() != ("mark", ")"):
            kind, word, place = self.tokens[self.next]
            if kind == "name" and self.tokens[self.next + 1][:2] == ("mark", "="):
                if word in kwargs:
                    self.fail(f"{word!r} is given twice", place)
                self.next += 2
                kwargs[word] = self.value()
            elif kwargs:
                self.fail("a positional argument cannot follow a named one", place)
            else:
                args.append(self.value())
            if self.peek() != ("mark", ")"):
                self.expect(",", "',' or ')'")
        self.expect(")", "')'")
        return args, kwargs

    def value(self) -> Any:
        kind, word, place = self.tokens[self.next]
        self.next += 1
        if kind == "number":
            return self.number(word, place)
        if kind == "text":
            return self.string(word, place)
        if kind == "name" and word in _CONSTANTS:
            return _CONSTANTS[word]
        if kind == "name" and self.peek() == ("mark", "("):
            return self.schedule(word, place)
        if (kind, word) == ("mark", "["):
            items = []
            while self.peek() != ("mark", "]"):
                items.append(self.value())
                if self.peek() != ("mark", "]"):
                    self.expect(",", "',' or ']'")
            self.expect("]", "']'")
            return items
        if kind == "name" and word.lower() in _NO_NUMBERS:
            self.fail(f"{word} is no number here; give a finite one, such as 0.1", place)
        if kind == "name":
            self.fail(f"text needs quotes: '{word}'", place)
        self.fail("a value belongs here: a number, 'text', True, False, None or a list", place)

    def number(self, word: str, place: int) -> float:
        try:
            return float(word) if set(word) & set(".eE") else int(word)
        except ValueError:  # Python reads some thousands of digits only
            self.fail(f"a number of {len(word)} digits is too long; write it as 1e9", place)

    def string(self, word: str, place: int) -> str:
        try:
            return str(ast.literal_eval(word))
        except SyntaxError as error:  # an escape such as \\x that Python does not know
            self.fail(f"this text is not valid: {error.msg}", place)

    def schedule(self, word: str, place: int) -> Any:
        known = schedules.by_name()
        if word not in known:
            near = suggest(word, known)
            said = f"no schedule is called {word!r}{near or '.'} Known: {', '.join(known)}"
            self.fail(said, place)
        args, kwargs = self.arguments()
        try:
            return known[word](*args, **kwargs)
        except (TypeError, ValueError) as error:
            self.fail(f"{word}: {error}", place)

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.next][:2]

    def expect(self, mark: str, what: str) -> None:
        kind, word, place = self.tokens[self.next]
        if (kind, word) != ("mark", mark):
            self.fail(f"expected {what}" + (", but the text ends" if kind == "end" else ""), place)
        self.next += 1

    def fail(self, message: str, place: int) -> NoReturn:
        line = self.text.replace("\n", " ")
        raise RecipeError(f"{message}\n    {line}\n    {' ' * place}^") from None
