"""How often an audit finds what is there, and what is not: on changes that keep labels, or do not.

    KERAS_BACKEND=torch python benchmarks/audit.py [--data digits FILE.npz] [--seeds 5]

Changes that keep what an image shows (small shifts, turns, slants, scales, noise, light) and two
that do not: a half turn and a mirror image. For each the share of audits that find a pair of
classes at risk at the full strength, over seeds that choose the examples and the draws anew.
"""

import argparse
import json
import os
import time

if os.environ.get("KERAS_BACKEND") == "torch":
    import torch  # noqa: F401  # before anything that may load TensorFlow

import regkit

KEEP = (
    "translation(0.1)",
    "rotation(20)",
    "shear(15)",
    "scale_crop([0.85, 1.15])",
    "elastic_distortion(34, 4, relative_to=28)",
    "gaussian_noise(0.2)",
    "brightness(0.3)",
    "contrast(0.3)",
)
CHANGE = ("rotation([179, 181])", "flip(horizontal=False, vertical=True)", "flip")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", nargs="+", default=["digits"], metavar="SOURCE")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", help="also write the figures to this file")
    options = parser.parse_args()
    figures = {}
    for data in options.data:
        name = os.path.basename(data)
        for kind, recipes in (("keeps labels", KEEP), ("changes labels", CHANGE)):
            for recipe in recipes:
                start = time.perf_counter()
                found = [regkit.audit(recipe, data, seed=seed) for seed in range(options.seeds)]
                seconds = (time.perf_counter() - start) / options.seeds
                full = [
                    [one for one in audit.risks if one.change == audit.trials[-1].trial.name]
                    for audit in found
                ]
                hits = sum(bool(risks) for risks in full)
                pairs = sorted(
                    {
                        f"{audit.class_names[one.label]} to {audit.class_names[one.looks_like]}"
                        for audit, risks in zip(found, full, strict=True)
                        for one in risks
                    }
                )
                figures.setdefault(name, {}).setdefault(kind, {})[recipe] = {
                    "audits": options.seeds,
                    "with a pair at risk": hits,
                    "pairs": pairs,
                }
                print(f"{name:<10} {kind:<15} {recipe:<42} {hits}/{options.seeds}   "
                      f"{seconds:.1f} s   {', '.join(pairs)}", flush=True)  # fmt: skip
    if options.json:
        with open(options.json, "w") as file:
            json.dump(figures, file, indent=1)


if __name__ == "__main__":
    main()
