"""How long `regkit list` takes from the shell, beside Python itself, with many distributions.

    python benchmarks/startup.py [--distributions 300] [--rounds 15] [--json FILE]

Each in a fresh process, in turns; the figures are the least and the median of the wall time, and
the median of the processor time. Distributions are metadata folders of which a third registers a
technique each. No backend is imported, so there is none to choose.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIST = "from regkit.cli.main import main; main(['list'])"
WHAT = {
    "python alone": ("pass", False),
    "import regkit": ("import regkit", False),
    "list": (LIST, False),
    "list, many distributions": (LIST, True),
}


def install(folder, count):
    for number in range(count):
        info = folder / f"distribution_{number}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: distribution-{number}\nVersion: 1.0\n"
            "Requires-Dist: keras-regkit>=0.1\n" + "\nDescription.\n" * 100
        )
        points = "[console_scripts]\nx = y:z\n"
        if number % 3 == 0:
            points += f"[regkit.techniques]\nmine = module_{number}:Mine\n"
            (folder / f"module_{number}.py").write_text(
                'from regkit import Technique\n\n\nclass Mine(Technique):\n    """Do mine."""\n'
                + "\n    def data(self, batch, context):\n        return batch\n" * 10
            )
        (info / "entry_points.txt").write_text(points)


def seconds(code, folder):
    environment = {**os.environ, "PYTHONPATH": str(folder) if folder else ""}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    command = [sys.executable, "-c", code]
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--distributions", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", help="also write the figures to this file")
    options = parser.parse_args()
    about = {
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} CPU cores",
        "distributions": options.distributions,
        "rounds": options.rounds,
    }
    print(about)
    with tempfile.TemporaryDirectory() as folder:
        install(Path(folder), options.distributions)
        taken = {name: [] for name in WHAT}
        for _ in range(options.rounds):
            for name, (code, many) in WHAT.items():
                taken[name].append(seconds(code, folder if many else None))
    figures = {}
    for name, times in taken.items():
        wall, processor = ([1e3 * one for one in column] for column in zip(*times, strict=True))
        figures[name] = found = {
            "least": min(wall),
            "median": statistics.median(wall),
            "processor": statistics.median(processor),
        }
        print(f"{name:<26}", ", ".join(f"{key} {one:4.0f} ms" for key, one in found.items()))
    if options.json:
        Path(options.json).write_text(
            json.dumps({"about": about, "milliseconds": figures}, indent=1) + "\n"
        )


if __name__ == "__main__":
    main()
