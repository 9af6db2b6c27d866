"""How far each example may be changed: up to a number in both directions, or within a range."""

# Helper module: it has no technique.

from __future__ import annotations

from typing import Annotated

from regkit.core.context import Context
from regkit.core.options import Either, Range, Real
from regkit.types import Schedule, Tensor

__all__ = ["Span", "drawn"]

Span = Annotated[
    float | Schedule | tuple[float, float],
    Either(Real(0, neutral=0, schedule=True), Range(Real())),
]


def drawn(
    span: float | Schedule | tuple[float, float], size: Tensor | int, context: Context
) -> Tensor:
    """Return a number for each example: uniform in (−span, span), or in (low, high).

    Example:
        >>> from regkit.core.draws import Draws
        >>> from regkit.core.outside import context_outside
        >>> tuple(drawn((1.0, 2.0), 3, context_outside(Draws(1, 0))).shape)
        (3,)
    """
    if isinstance(span, tuple):
        return context.draws.uniform((size,), *span)
    return context.draws.uniform((size,), -1.0, 1.0) * context.value(span)
