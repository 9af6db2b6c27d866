"""Randomness: a pure function of the seed, that leaves everybody else's alone.

That the same seed is the same run is looked at compiled, on a model whose step is traced anew: what
is drawn while a step is traced stays in it. Which seed decides is found eagerly, since the seam
gives a compiled step its seeds as values.
"""

from __future__ import annotations

from regkit.testing.bench import bench, plain
from regkit.testing.checking import check
from regkit.testing.failures import CheckFailed, CheckSkipped
from regkit.testing.subject import OTHER_SEED, SEED, CannotTrain, Standard, Subject
from regkit.testing.workbench import SEED as GLOBAL_SEED
from regkit.testing.workbench import same

__all__ = ["global_randomness", "global_seed", "seed"]

_DRAW = (
    "draw by context.draws (normal, uniform, bernoulli, integers, permutation) in every stage "
    "method: no NumPy, no keras.random and no generator of your own there"
)
_OPTION = "give __init__ the option `seed: SeedOption = None`, and " + _DRAW


@check()
def seed(subject: Subject) -> None:
    """The same seed is the same run on an equal model, bit for bit; another seed is another run."""
    standard = _standard(subject)
    with_seed = "seed" in subject.options
    with bench(standard.case, twin=True).lent() as model:
        again = subject.fit(model, subject.seeded(), seed=GLOBAL_SEED + 1)
    if not subject.equals_standard(again):
        raise CheckFailed(
            f"two fits with seed={SEED} on equal models end with the same weights"
            if with_seed
            else "without an option `seed` a technique is not random",
            "they differ" if with_seed else "two fits on equal models differ",
            _DRAW if with_seed else _OPTION,
        )
    if not with_seed:
        return
    this, other = (subject.trained_eagerly(subject.seeded(number)) for number in (SEED, OTHER_SEED))
    if same(other.weights, this.weights):
        raise CheckFailed(
            f"seed={OTHER_SEED} gives another run than seed={SEED}",
            "the weights are the same",
            _DRAW + "; a technique that draws nothing has no option `seed`",
        )


def _standard(subject: Subject) -> Standard:
    """Return the standard fit; on JAX there is none where Keras' own generator is drawn from."""
    try:
        return subject.standard
    except CannotTrain as reason:
        if "[JAX RNG]" in reason.details:  # Keras' mark of this refusal
            raise CheckFailed(
                "the stage methods draw no number past the seed",
                "on JAX Keras refuses it: a compiled step would draw the same number for ever",
                _DRAW,
            ) from reason
        raise


@check()
def global_seed(subject: Subject) -> None:
    """`seed=None` follows `keras.utils.set_random_seed`."""
    if "seed" not in subject.options:
        raise CheckSkipped("it has no option `seed`")
    first, again, other = (
        subject.trained_eagerly(subject.seeded(None), seed=number).weights for number in (1, 1, 2)
    )
    if not same(first, again) or same(first, other):
        raise CheckFailed(
            "with seed=None, keras.utils.set_random_seed decides: the same seed gives the same "
            "run, another seed another",
            "the same seed gave two runs" if not same(first, again) else "two seeds gave one run",
            "leave None as it is in self.seed: the seam follows Keras then. " + _DRAW,
        )


@check()
def global_randomness(subject: Subject) -> None:
    """A fit leaves the random states of Python, NumPy and Keras as one without it does."""
    standard = subject.standard
    names = ("random", "numpy.random", "keras.random")
    pairs = zip(names, standard.run.randomness, plain(standard.case).run.randomness, strict=True)
    changed = [name for name, now, expected in pairs if now != expected]
    if changed:
        raise CheckFailed(
            "after the fit, random, numpy.random and keras.random give the numbers that they give "
            "after a fit without the technique",
            f"{', '.join(changed)} gives others",
            f"never seed or use a global generator; {_DRAW}. On the host use "
            "numpy.random.default_rng(seed)",
        )
