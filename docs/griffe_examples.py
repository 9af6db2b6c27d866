"""Griffe: show the docstrings' sections `Example:` as code, as it does those called `Examples:`."""

from __future__ import annotations

import re
from typing import Any

import griffe


class ExampleSections(griffe.Extension):
    """Rename the section in every docstring before it is parsed."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rename it in one object's docstring, where it holds a doctest."""
        if obj.docstring is not None:
            value = obj.docstring.value
            obj.docstring.value = re.sub(r"(?m)^Example:$(?=\n\s+>>>)", "Examples:", value)
