"""What DropConnect costs: a whole training step with each mask beside the same model without.

    KERAS_BACKEND=jax python benchmarks/dropconnect.py [--rounds 15] [--steps 40] [--json FILE]

784-800-800-10, batch 128, masks on both hidden layers. The two arms of a pair train in turns, in
small rounds, on the same data; the figure is the median over rounds of the ratio of their times.
Where a mask for every example is exact it is slow; what counts there is the memory that a fit takes
beyond the model's own, the peak of the process before and during it.
"""

from __future__ import annotations

import resource

from fits import about, data, mlp, parser, ratio_of_times, timed, write

import regkit


def peak_megabytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def memory_above_model(mask):
    """Return the growth of the peak by a fit with a mask, after one without it."""
    x, y = data(4)
    timed(mlp(), x, y, [], 4)
    before = peak_megabytes()
    seconds = timed(mlp(), x, y, [regkit.DropConnect(0.5, mask)], 4)
    return peak_megabytes() - before, 1e3 * seconds / 4


def main():
    options = parser(__doc__, rounds=15, steps=40).parse_args()
    machine = about(options)
    grown, milliseconds = memory_above_model("example")  # first: a peak never goes down
    print(f"example    {grown:.0f} MB above the model; {milliseconds:.0f} ms a "
          "step, compilation included", flush=True)  # fmt: skip
    figures = {"example": {"megabytes_above_model": grown}}
    x, y = data(options.steps)
    for mask in ("gaussian", "batch"):
        found = ratio_of_times((mlp(), [regkit.DropConnect(0.5, mask)]), (mlp(), []), x, y, options)
        figures[mask] = found
        print(f"{mask:<10} {found['ratio']:.2f} × the step without it (middle half "
              f"{found['low']:.2f}–{found['high']:.2f}); {found['regkit_ms']:.2f} ms beside "
              f"{found['keras_ms']:.2f} ms", flush=True)  # fmt: skip
    write(options, machine, figures)


if __name__ == "__main__":
    main()
