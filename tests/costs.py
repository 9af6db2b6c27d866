"""What a run of many tests cost, printed at its end: the longest files, the memory of the workers."""

import resource
from collections import Counter

__all__ = ["PeaksOfWorkers", "longest_files", "peak_memory"]

MOST, FEWEST = 12, 8  # files that are printed; fewer in a run are told apart by `--durations`


def longest_files(reports):
    """Return lines with the seconds of test files, the longest first, or none for a small run.

    The seconds are those of the workers, so two workers spend twice what the clock says.
    """
    seconds = Counter()
    for report in reports:
        seconds[report.nodeid.partition("::")[0]] += report.duration
    if len(seconds) < FEWEST:
        return []
    return [f"{spent:7.1f} s  {file}" for file, spent in seconds.most_common(MOST)]


def peak_memory():
    """Return the most memory that this process has had, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # Linux counts in KB


class PeaksOfWorkers:
    """A plugin of pytest that notes how much memory each worker has had."""

    def __init__(self):
        self.peaks = []

    def pytest_testnodedown(self, node):
        peak = getattr(node, "workeroutput", {}).get("peak_memory")  # none of one that crashed
        self.peaks += [] if peak is None else [peak]

    def __str__(self):
        return f"the most memory of each worker: {', '.join(f'{p:.1f}' for p in self.peaks)} GB"
