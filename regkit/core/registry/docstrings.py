"""A docstring in its parts: summary, text, and sections such as Args and References."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass, field

__all__ = ["Docstring", "parse"]

LONGEST = 20_000  # characters that are looked at
_HEADING = re.compile(r"(?m)^([A-Z][A-Za-z ]{2,30}):[ ]*$")
_ARGUMENT = re.compile(r"(?m)^\*{0,2}(\w+)(?: \([^)\n]*\))?:")


@dataclass(frozen=True)
class Docstring:
    """The parts of a docstring; a section's text has no indentation."""

    summary: str = ""
    text: str = ""
    sections: dict[str, str] = field(default_factory=dict)

    def arguments(self) -> dict[str, str]:
        """Return what `Args` says of each argument."""
        parts = _ARGUMENT.split(self.sections.get("Args", ""))
        words = (" ".join(part.split()) for part in parts[2::2])
        return dict(zip(parts[1::2], words, strict=True))


def parse(text: str) -> Docstring:
    """Return the parts of a docstring as `ast.get_docstring` gives it.

    Example:
        >>> import inspect
        >>> parse(inspect.getdoc(parse)).summary
        'Return the parts of a docstring as `ast.get_docstring` gives it.'
    """
    kept = "".join(
        character for character in text[:LONGEST] if character.isprintable() or character == "\n"
    )
    summary, _, rest = kept.partition("\n\n")
    body, *sections = _HEADING.split(rest)
    texts = (textwrap.dedent(part.strip("\n")).rstrip() for part in sections[1::2])
    named = dict(zip(sections[0::2], texts, strict=True))
    return Docstring(" ".join(summary.split()), body.strip(), named)
