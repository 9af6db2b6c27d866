"""Wrong techniques and layers, each for the check that catches it, and what the check says.

`MUTANTS` has for each check classes and a pattern of the message. What is wrong with a whole plugin
(its entry points, its imports) is in `PLUGINS`, as distributions to install.
"""

from tests.testing.mutants import (
    documents,
    ensembles,
    inputs,
    layers,
    leftovers,
    options,
    others,
    randomness,
    remembering,
    strengths,
    training,
)
from tests.testing.mutants.plugins import PLUGINS

__all__ = ["MUTANTS", "PLUGINS"]

FILES = [
    documents, options, training, strengths, randomness, remembering, inputs, leftovers, layers,
    others, ensembles,
]  # fmt: skip
MUTANTS = [
    (check, cls, message)
    for file in FILES
    for check, caught in file.CAUGHT.items()
    for cls, message in caught.items()
]
