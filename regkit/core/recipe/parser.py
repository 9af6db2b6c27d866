"""The text of a recipe, read: its grammar, and where it does not follow it.

    recipe = technique ("+" technique)*
    technique = name ["(" [argument ("," argument)*] ")"]
    name = word | distribution ":" word
    argument = [word "="] (value | alternatives)
    value = number | 'text' | True | False | None | list | dict | schedule
    dict = "{" [key ":" value ("," key ":" value)*] "}"        key = 'text' | whole number
    schedule = word "(" arguments ")"          a Keras learning rate schedule, `cosine_decay(…)`
    alternatives = (value | range) ("|" (value | range))*      where several recipes are allowed
    range = number ".." number                 values on a logarithmic scale

A text is data: literals, registered names and schedules. Nothing in it is evaluated.
"""

from __future__ import annotations

import ast
import itertools
import re
from typing import Any, NoReturn

from regkit.core import registry, schedules
from regkit.core.errors import RecipeError, RegkitError, suggest
from regkit.core.recipe.arguments import (
    Argument,
    by_name,
    by_position,
    in_order_of_signature,
    place_of_difference,
)
from regkit.core.recipe.ranges import log_spaced
from regkit.core.recipe.writer import text_of
from regkit.core.technique import Technique

__all__ = ["read", "read_alternatives"]

_TOKEN = re.compile(
    r"\s*(?:(?P<name>\w[\w.-]*:[A-Za-z_]\w*|[A-Za-z_]\w*)"
    r"|(?P<number>[-+]?(?:\d+(?:\.(?!\.)\d*)?|\.\d+)(?:[eE][-+]?\d+)?)"
    r"|(?P<text>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
    r"|(?P<mark>\.\.|[()\[\]{},:=+|])|(?P<end>$)|(?P<wrong>.))",
    re.DOTALL,
)
_CONSTANTS = {"True": True, "False": False, "None": None}
_NO_NUMBERS = ("nan", "inf", "infinity")
_OF_ALTERNATIVES = (("mark", "|"), ("mark", ".."))
_WHERE = "alternatives are values of a technique's option, as in dropout(0.1|0.3) or l2(1e-5..1e-2)"
_MOST = 100  # recipes that a text stands for: each is trained


def read(text: str) -> list[Technique]:
    """Return the techniques that a text names.

    Raises:
        RecipeError: where it does not follow the grammar or names nothing known, with a caret.

    Example:
        >>> read("l2(0.5) + dropout")
        [L2(strength=0.5), Dropout()]
    """
    return [technique for (technique,) in _Parser(text, alternatives=False).recipe()]


def read_alternatives(text: str) -> list[list[Technique]]:
    """Return, for each technique that a text names, all that it may be by its alternatives.

    In the order of the options in the technique's signature, the values of the last of them in
    turn first; it does not depend on the order of keywords in the text.

    Raises:
        RecipeError: as `read`; also for an alternative given twice, and for too many of them.

    Example:
        >>> read_alternatives("l2(0.5) + dropout(0.1|0.3)")
        [[L2(strength=0.5)], [Dropout(rate=0.1), Dropout(rate=0.3)]]
    """
    return _Parser(text, alternatives=True).recipe()


class _Parser:
    """A recursive-descent parser with the place of every token, for the caret."""

    def __init__(self, text: str, alternatives: bool) -> None:
        self.text, self.alternatives = text, alternatives
        self.count = 1  # of the recipes that the text stands for, as far as it is read
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

    def recipe(self) -> list[list[Technique]]:
        techniques = [self.technique()]
        while self.peek() != ("end", ""):
            self.expect("+", "'+' between techniques")
            techniques.append(self.technique())
        return techniques

    def technique(self) -> list[Technique]:
        kind, name, place = self.tokens[self.next]
        if kind != "name":
            self.fail("a technique's name belongs here", place)
        self.next += 1
        arguments = self.arguments() if self.peek() == ("mark", "(") else []
        try:
            cls = registry.load(name)
        except RegkitError as error:
            self.fail(str(error), place)
        if all(len(argument.values) == 1 for argument in arguments):
            return [self.made(cls, arguments, place)]
        made: dict[str, Technique] = {}
        arguments = in_order_of_signature(arguments, cls)
        for chosen in itertools.product(*(argument.values for argument in arguments)):
            one = [Argument(a.name, [value]) for a, value in zip(arguments, chosen, strict=True)]
            differs = place_of_difference(arguments, chosen, place)
            technique = self.made(cls, one, differs)
            if (text := text_of(technique)) in made:
                self.fail(f"{text} is twice among the alternatives", differs)
            made[text] = technique
        return list(made.values())

    def made(self, cls: type, arguments: list[Argument], place: int) -> Technique:
        """Return a technique of arguments that have one value each."""
        try:
            technique = cls(*by_position(arguments), **by_name(arguments))
        except RegkitError as error:
            self.fail(str(error), place)
        assert isinstance(technique, Technique)
        return technique

    def arguments(self) -> list[Argument]:
        self.expect("(", "'('")
        arguments: list[Argument] = []
        while self.peek() != ("mark", ")"):
            kind, word, place = self.tokens[self.next]
            if kind == "name" and self.tokens[self.next + 1][:2] == ("mark", "="):
                if word in [argument.name for argument in arguments]:
                    self.fail(f"{word!r} is given twice", place)
                self.next += 2
                arguments.append(Argument(word, self.choice()))
            elif arguments and arguments[-1].name is not None:
                self.fail("a positional argument cannot follow a named one", place)
            else:
                arguments.append(Argument(None, self.choice()))
            if self.peek() != ("mark", ")"):
                self.expect(",", "',' or ')'")
        self.expect(")", "')'")
        return arguments

    def choice(self) -> list[tuple[Any, int]]:
        """Return the alternatives for one argument, each with its place."""
        start = self.tokens[self.next][2]
        values = self.one_or_range()
        while self.peek() == ("mark", "|"):
            self.next += 1
            values += self.one_or_range()
        self.count *= len(values)
        if self.count > _MOST:
            self.fail(
                f"the alternatives make more than {_MOST} recipes, as those of several options "
                "multiply; give fewer values, or a shorter range",
                start,
            )
        return values

    def one_or_range(self) -> list[tuple[Any, int]]:
        start = self.tokens[self.next][2]
        low = self.value()
        if self.peek() in _OF_ALTERNATIVES and not self.alternatives:
            self.fail(
                "a recipe has one value here; a text with alternatives is for "
                "regkit.core.recipe.Alternatives",
                self.tokens[self.next][2],
            )
        if self.peek() != ("mark", ".."):
            return [(low, start)]
        self.next += 1
        high = self.value()
        try:
            return [(value, start) for value in log_spaced(low, high)]
        except RegkitError as error:
            self.fail(str(error), start)

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
        if (kind, word) == ("mark", "{"):
            return self.names_and_values()
        if kind == "name" and word.lower() in _NO_NUMBERS:
            self.fail(f"{word} is no number here; give a finite one, such as 0.1", place)
        if kind == "name":
            self.fail(f"text needs quotes: '{word}'", place)
        self.fail(
            "a value belongs here: a number, 'text', True, False, None, a list or a dict", place
        )

    def names_and_values(self) -> dict[str | int, Any]:
        items: dict[str | int, Any] = {}
        while self.peek() != ("mark", "}"):
            place = self.tokens[self.next][2]
            key = self.value()
            if not isinstance(key, str | int) or isinstance(key, bool):
                self.fail("a key of a dict is a 'text' or a whole number", place)
            if key in items:
                self.fail(f"{key!r} is given twice", place)
            self.expect(":", "':' between a key and its value")
            items[key] = self.value()
            if self.peek() != ("mark", "}"):
                self.expect(",", "',' or '}'")
        self.expect("}", "'}'")
        return items

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
        arguments = self.arguments()
        for argument in arguments:
            if len(argument.values) > 1:
                self.fail(f"{_WHERE}; not of a schedule's", argument.values[0][1])
        try:
            return known[word](*by_position(arguments), **by_name(arguments))
        except (TypeError, ValueError) as error:
            self.fail(f"{word}: {error}", place)

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.next][:2]

    def expect(self, mark: str, what: str) -> None:
        kind, word, place = self.tokens[self.next]
        if (kind, word) != ("mark", mark):
            why = ", but the text ends" if kind == "end" else ""
            why = f"; {_WHERE}" if (kind, word) in _OF_ALTERNATIVES else why
            self.fail(f"expected {what}{why}", place)
        self.next += 1

    def fail(self, message: str, place: int) -> NoReturn:
        line = self.text.replace("\n", " ")
        raise RecipeError(f"{message}\n    {line}\n    {' ' * place}^") from None
