"""The test files that take the longest, printed at the end of a run of many."""

from collections import Counter

__all__ = ["longest_files"]

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
