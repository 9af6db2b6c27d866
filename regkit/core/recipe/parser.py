"""The text of a recipe, read: its grammar, and where it does not follow it.

    recipe = technique ("+" technique)*
    technique = name ["(" [argument ("," argument)*] ")"]
    name = word | distribution ":" word
    argument = [word "="] (number | 'text' | True | False | None | list | schedule)
    schedule = word "(" arguments ")"          a Keras learning rate schedule, `cosine_decay(…)`

A text is data: literals, registered names and schedules. Nothing in it is evaluated.
"""

from __future__ import annotations

import ast
import re
from typing import Any, NoReturn

from regkit.core import registry, schedules
from regkit.core.errors import RecipeError, RegkitError, suggest
from regkit.core.technique import Technique

__all__ = ["read"]

_TOKEN = re.compile(
    r"\s*(?:(?P<name>\w[\w.-]*:[A-Za-z_]\w*|[A-Za-z_]\w*)"
    r"|(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
    r"|(?P<text>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
    r"|(?P<mark>[()\[\],=+])|(?P<end>$)|(?P<wrong>.))",
    re.DOTALL,
)
_CONSTANTS = {"True": True, "False": False, "None": None}
_NO_NUMBERS = ("nan", "inf", "infinity")


def read(text: str) -> list[Technique]:
    """Return the techniques that a text names.

    Raises:
        RecipeError: where it does not follow the grammar or names nothing known, with a caret.

    Example:
        >>> read("l2(0.5) + dropout")
        [L2(strength=0.5), Dropout()]
    """
    return _Parser(text).recipe()


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
        techniques = [self.technique()]
        while self.peek() != ("end", ""):
            self.expect("+", "'+' between techniques")
            techniques.append(self.technique())
        return techniques

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
