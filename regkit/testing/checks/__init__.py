"""The checks, each in the file of its subject."""

from regkit.testing.checks import (
    composition,
    detach,
    docstring,
    dtypes,
    effect,
    ensembles,
    layers,
    options,
    others,
    randomness,
    registration,
    resume,
    round_trip,
    saving,
    schedules,
    selection,
    startup,
    state,
    structures,
    training_only,
    zero_strength,
)

__all__ = ["ORDER"]

# In which they run and are listed: what others need comes first.
ORDER = (
    registration,
    startup,
    docstring,
    options,
    effect,
    round_trip,
    zero_strength,
    schedules,
    training_only,
    randomness,
    state,
    resume,
    dtypes,
    structures,
    selection,
    detach,
    saving,
    composition,
    layers,
    others,
    ensembles,
)
