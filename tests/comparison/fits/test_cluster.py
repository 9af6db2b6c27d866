"""Fits on a Dask cluster are those of one process; a scheduler may be missing, or go away."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from regkit.comparison.run import compare
from regkit.core.errors import RegkitError
from tests.comparison.small import DATA, QUICK, network
from tests.comparison.test_resume import bits

pytestmark = pytest.mark.backend_free
RECIPES = ["dropout(0.2)", "l2(0.001|0.1)"]


@pytest.fixture
def cluster() -> Iterator[Any]:
    from distributed import LocalCluster

    how = {"threads_per_worker": 1, "dashboard_address": None, "silence_logs": "CRITICAL"}
    with LocalCluster(n_workers=2, **how) as running:
        yield running


def test_a_cluster_finds_what_one_process_does_and_what_it_leaves_is_resumed(
    cluster: Any, tmp_path: Path
) -> None:
    one = compare(network, DATA, RECIPES, **QUICK)
    address = cluster.scheduler_address
    folder = {"output": tmp_path / "out", "scheduler": address}
    compare(network, DATA, RECIPES, **QUICK | {"splits": 2}, **folder)
    many = compare(network, DATA, RECIPES, resume=True, **QUICK, **folder)
    for mine, theirs in zip(bits(one), bits(many), strict=True):
        assert (mine.arm, mine.split, mine.seed) == (theirs.arm, theirs.split, theirs.seed)
        # the number of threads may change the order of a sum
        assert mine.test == pytest.approx(theirs.test, rel=1e-4)
    assert address not in many.record.environment["command"]


def test_a_scheduler_that_goes_away_is_said_and_what_is_done_is_kept(
    cluster: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    longer = QUICK | {"splits": 20, "seeds": 1, "engine": "sequential"}

    def leave() -> None:
        journal = folder / "fits.jsonl"
        while not journal.exists() or len(journal.read_text().splitlines()) < 4:
            time.sleep(0.02)
        cluster.close()

    leaving = threading.Thread(target=leave)
    leaving.start()
    with pytest.raises(RegkitError, match=r"scheduler .* gone.*resume"):
        compare(
            network, DATA, "l2(0.1)", output=folder, scheduler=cluster.scheduler_address, **longer
        )
    leaving.join()
    done = len((folder / "fits.jsonl").read_text().splitlines()) - 1
    assert 3 <= done < 40
    shorter = longer | {"splits": 2}
    assert len(compare(network, DATA, "l2(0.1)", output=folder, resume=True, **shorter).record.fits)


def test_no_scheduler_at_the_address_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regkit.comparison.fits.cluster._PATIENCE", 0.2)
    with pytest.raises(RegkitError, match=r"no scheduler answers at 'tcp://127.0.0.1:1'.*dask"):
        compare(network, DATA, "l2", scheduler="tcp://127.0.0.1:1", **QUICK)
    with pytest.raises(RegkitError, match=r"no scheduler answers at 'nonsense://x'"):
        compare(network, DATA, "l2", scheduler="nonsense://x", **QUICK)


def test_a_scheduler_without_workers_is_said() -> None:
    from distributed import LocalCluster

    with (
        LocalCluster(n_workers=0, dashboard_address=None) as empty,
        pytest.raises(RegkitError, match="has no workers; start some with: dask worker tcp"),
    ):
        compare(network, DATA, "l2", scheduler=empty.scheduler_address, **QUICK)
