"""What is checked: a registered class, or a technique that is given, at one set of options."""

from __future__ import annotations

import copy
import functools
from dataclasses import dataclass
from typing import Any, Unpack

import keras

from regkit.core import options
from regkit.core.registry import Entry
from regkit.core.stages import Stage
from regkit.core.technique import Technique
from regkit.testing.bench import Bench, bench
from regkit.testing.cases import STANDARD, Case
from regkit.testing.failures import CheckSkipped, said
from regkit.testing.spying import Notes, spied
from regkit.testing.workbench import SEED as GLOBAL_SEED
from regkit.testing.workbench import FitOptions, Run, fit, marks, same

__all__ = ["CannotMake", "CannotTrain", "Standard", "StateRecorder", "Subject"]

SEED, OTHER_SEED = 3, 4


class CannotMake(CheckSkipped):
    """No instance can be made; the check `default_options` fails by it, others are skipped."""


class CannotTrain(CheckSkipped):
    """No model trains with the technique; the check `effect` fails by it, others are skipped."""


@dataclass
class Standard:
    """The fit that several checks look at: a technique alone, on the first case that it takes.

    Attributes:
        case: The model and the data.
        technique: The technique, after the fit.
        run: What the fit gave.
        marks: What was on the model after it.
        notes: What was seen of the stage methods.
        host: What `host_state` gave after it.
        states: The declared state at the end of each epoch.
    """

    case: Case
    technique: Technique
    run: Run
    marks: dict[str, Any]
    notes: Notes
    host: dict[str, Any]
    states: list[dict[str, Any]]


class StateRecorder(keras.callbacks.Callback):  # type: ignore[misc]  # Keras is untyped
    """Notes a technique's declared state at the end of each epoch."""

    def __init__(self, technique: Technique) -> None:
        super().__init__()
        self.technique = technique
        self.seen: list[dict[str, Any]] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Note it, where the technique acts inside the step."""
        if self.technique.stages() != (Stage.WATCH,):
            self.seen.append(self.technique.current_state())


class Subject:
    """One thing to check, and what checks do with it.

    Args:
        cls: The class; None where it cannot be loaded.
        kind: "technique", "layer", "regularizer", "model" or "ensemble".
        label: Its id, with the options where there are several instances of it.
        place: Which of the class's `checked_as` it is.
        entry: The entry point, where it is registered.
        given: The instance, where one was given.
        problem: Why it cannot be loaded.
        beside: The modules of what is checked with it.
    """

    def __init__(
        self,
        cls: type | None,
        kind: str,
        label: str,
        *,
        place: int = 0,
        entry: Entry | None = None,
        given: object = None,
        problem: str = "",
        beside: tuple[str, ...] = (),
    ) -> None:
        self.kind, self.label, self.place, self.entry = kind, label, place, entry
        self.problem, self.beside, self.given = problem, beside, given
        self._cls = cls

    def __repr__(self) -> str:
        return f"Subject({self.label!r})"

    @property
    def cls(self) -> Any:
        """The class.

        Raises:
            CannotMake: where it cannot be loaded.
        """
        if self._cls is None:
            raise CannotMake(f"it cannot be loaded: {self.problem}")
        return self._cls

    @property
    def name(self) -> str:
        """The name of the class."""
        return str(self.cls.__name__)

    # -- instances -----------------------------------------------------------------------------

    def make(self, **changes: object) -> Any:
        """Return a new instance, with other options where they are named.

        Raises:
            CannotMake: where that fails.
        """
        try:
            made = copy.deepcopy(self.given) if self.given is not None else self._declared()
            if changes:
                now = {name: getattr(made, name) for name in self.options}
                made = self.cls(**{**now, **changes})
        except CheckSkipped:
            raise
        except Exception as error:
            where = "default_options" if self.kind == "technique" else "construction"
            raise CannotMake(
                f"no instance can be made: see `{where}`",
                f"no instance can be made: {said(error, self.cls)}",
            ) from error
        return made

    def _declared(self) -> Any:
        declared = getattr(self.cls, "checked_as", None)
        return declared()[self.place] if callable(declared) else self.cls()

    @property
    def options(self) -> dict[str, options.Constraint]:
        """The declared options of a technique, by name.

        Raises:
            CannotMake: where one is not declared.
        """
        try:
            return options.constraints(self.cls)
        except TypeError as error:
            raise CannotMake(str(error)) from error

    @property
    def neutral(self) -> dict[str, Any]:
        """The options that have a value at which the technique does nothing, and that value."""
        declared = self.options.items()
        return {name: kind.neutral for name, kind in declared if kind.neutral is not None}

    def seeded(self, seed: int | None = SEED) -> Any:
        """Return a new instance with a seed, where it takes one."""
        return self.make(seed=seed) if "seed" in self.options else self.make()

    # -- training ------------------------------------------------------------------------------

    def fit(
        self,
        model: keras.Model,
        technique: Technique,
        *others: keras.callbacks.Callback,
        case: Case | None = None,
        **options: Unpack[FitOptions],
    ) -> Run:
        """Train a model, by default of the standard case, with a technique first in the list."""
        watches = Stage.WATCH in technique.stages()
        options = {"validated": watches, **options}
        return fit(model, case or self.standard.case, [technique, *others], **options)

    @functools.cached_property
    def standard(self) -> Standard:
        """The standard fit.

        Raises:
            CannotTrain: where no case trains.
        """
        if isinstance(self._failed, CannotTrain):
            raise self._failed
        refusals: dict[str, list[str]] = {}
        for case in STANDARD:
            self._bench = bench(case)
            technique = self.seeded()
            notes, states = spied(technique), StateRecorder(technique)
            try:
                with self._bench.lent() as model:
                    run = self.fit(model, technique, states, case=case, looks=True)
                    left = marks(model)
            except Exception as error:
                refusals.setdefault(said(error, self.cls), []).append(case.name)
                continue
            host = technique.host_state()
            return Standard(case, technique, run, left, notes, host, states.seen)
        reasons = "; ".join(f"{', '.join(names)}: {why}" for why, names in refusals.items())
        self._failed = CannotTrain(
            "no model of the kit trains with it: see `effect`",
            f"no model of the kit trains with it. {reasons}",
        )
        raise self._failed

    _failed: CannotTrain | None = None

    @property
    def bench(self) -> Bench:
        """The model of the standard fit, in which its step is compiled."""
        assert self.standard
        return self._bench

    def trained(self, technique: Technique, **options: Unpack[FitOptions]) -> Run:
        """Return the fit of another instance on the model of the standard fit."""
        with self.bench.lent() as model:
            return self.fit(model, technique, **options)

    def trained_eagerly(self, technique: Technique, seed: int = GLOBAL_SEED) -> Run:
        """Return an epoch of another instance, on an eager model of the standard case."""
        with bench(self.standard.case, eager=True).lent() as model:
            return self.fit(model, technique, epochs=1, seed=seed)

    def equals_standard(self, run: Run, tolerance: float = 0.0) -> bool:
        """Return whether a run ended with the weights of the standard fit."""
        return same(run.weights, self.standard.run.weights, tolerance)


# -- finding them ------------------------------------------------------------------------------
