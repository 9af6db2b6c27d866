"""TensorFlow's note on retraced functions, which fitting many models provokes, is not shown."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["no_retracing_notes"]


@contextmanager
def no_retracing_notes() -> Iterator[None]:
    """Drop TensorFlow's note on functions traced anew, within the block.

    Different models trace functions of their own; the note means a single model that is traced
    again and again. Other messages are kept.
    """
    if "tensorflow" not in sys.modules:
        yield
        return
    logger = logging.getLogger("tensorflow")
    logger.addFilter(_is_shown)
    try:
        yield
    finally:
        logger.removeFilter(_is_shown)


def _is_shown(record: logging.LogRecord) -> bool:
    return "tf.function retracing" not in record.getMessage()
