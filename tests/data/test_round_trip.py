"""A table in a random dialect is read back as it was, or refused; never as another one."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings

from regkit.data import DataError, load
from tests.data.written import Written, tables

pytestmark = pytest.mark.backend_free


@settings(max_examples=200, deadline=None)
@given(tables())
def test_read_back_equal_or_refused(
    tmp_path_factory: pytest.TempPathFactory, table: Written
) -> None:
    path = table.save(tmp_path_factory.mktemp("guessed") / "table.csv")
    try:
        data = load(path)
    except DataError:
        return
    table.check(data)


@settings(max_examples=200, deadline=None)
@given(tables())
def test_what_options_tell_is_read_back_equal(
    tmp_path_factory: pytest.TempPathFactory, table: Written
) -> None:
    path = table.save(tmp_path_factory.mktemp("told") / "table.csv")
    table.check(load(path, **table.dialect.told))


@settings(max_examples=50, deadline=None)
@given(tables())
def test_frames_and_parquet_are_read_back_equal(
    tmp_path_factory: pytest.TempPathFactory, table: Written
) -> None:
    path = tmp_path_factory.mktemp("typed") / "table.parquet"
    frame = pd.DataFrame({f"name {i}": one for i, one in enumerate(table.columns)})
    table.check(load((frame, pd.Series(table.labels))))
    frame = frame.assign(label=table.labels)
    table.check(load(frame))
    frame.to_parquet(path)
    table.check(load(path))


@settings(max_examples=50, deadline=None)
@given(tables())
def test_arff_is_read_back_equal(tmp_path_factory: pytest.TempPathFactory, table: Written) -> None:
    path = tmp_path_factory.mktemp("arff") / "table.arff"
    path.write_text(table.arff(), encoding="utf-8")
    table.check(load(path))
