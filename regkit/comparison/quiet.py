"""While a comparison fits: silence for the one message that its way of fitting provokes."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["no_retracing_notes"]


@contextmanager
def no_retracing_notes() -> Iterator[None]:
    """Drop TensorFlow's note on functions traced anew, within the block.

    Arms are different models, so each traces its functions; the note means one model that does so
    again and again. Other messages are kept.
    """
    if "tensorflow" not in sys.modules:
        yield
        return
    logger = logging.getLogger("tensorflow")
    logger.addFilter(_is_no_note)
    try:
        yield
    finally:
        logger.removeFilter(_is_no_note)


def _is_no_note(record: logging.LogRecord) -> bool:
    return "tf.function retracing" not in record.getMessage()
