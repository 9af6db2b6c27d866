"""The pages that several files look at, made once."""

from __future__ import annotations

import pytest

from tests.comparison.pages import of_several, pages
from tests.comparison.records import record


@pytest.fixture(scope="package")
def usual() -> str:
    """A comparison of the built-ins on one data set."""
    return pages(record())


@pytest.fixture(scope="package")
def several() -> str:
    """Two arms on three data sets."""
    return of_several()
