"""How much a technique costs beside plain Keras doing the same by hand.

    KERAS_BACKEND=jax python benchmarks/overhead.py [--rounds 9] [--steps 60] [--json FILE]

An MLP 784-800-800-10, batch 128. The two arms of a pair train in turns, in small rounds, on the
same data; the figure is the median over rounds of the ratio of their times, which noise hits
alike. The first (compiling) fit of each arm is left out.
"""

from __future__ import annotations

import keras
from fits import about, data, mlp, parser, ratio_of_times, write

import regkit


def smoothing_loss():
    return keras.losses.CategoricalCrossentropy(label_smoothing=0.1)


PAIRS = {
    "nothing": (mlp, list, lambda: mlp()),
    "L2": (mlp, lambda: [regkit.L2(1e-4)], lambda: mlp(keras.regularizers.L2(1e-4))),
    "LabelSmoothing": (
        mlp, lambda: [regkit.LabelSmoothing(0.1, spread="all")], lambda: mlp(loss=smoothing_loss()),
    ),
    "GaussianNoise": (mlp, lambda: [regkit.GaussianNoise(0.1)], lambda: mlp(noise=True)),
    "all three": (
        mlp,
        lambda: [
            regkit.L2(1e-4), regkit.LabelSmoothing(0.1, spread="all"), regkit.GaussianNoise(0.1),
        ],
        lambda: mlp(keras.regularizers.L2(1e-4), noise=True, loss=smoothing_loss()),
    ),
    "Dropout": (mlp, lambda: [regkit.Dropout(0.5)], lambda: mlp(dropout=True)),
}  # fmt: skip


def measure(name, options):
    build, techniques, by_hand = PAIRS[name]
    ours, theirs = (build(), techniques()), (by_hand(), [])
    return ratio_of_times(ours, theirs, *data(options.steps), options)


def main():
    arguments = parser(__doc__, rounds=9, steps=60)
    arguments.add_argument("pairs", nargs="*", help=f"some of: {', '.join(PAIRS)}")
    options = arguments.parse_args()
    machine, figures = about(options), {}
    for name in options.pairs or PAIRS:
        found = figures[name] = measure(name, options)
        print(
            f"{name:<16} {found['ratio']:.3f} × plain Keras (middle half {found['low']:.3f}–"
            f"{found['high']:.3f}); "
            f"a step {found['regkit_ms']:.2f} ms beside {found['keras_ms']:.2f} ms",
            flush=True,
        )
    write(options, machine, figures)


if __name__ == "__main__":
    main()
