"""Fits of a study as members of one computation."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Hashable, Sequence

import keras
import numpy as np
from keras import ops

from regkit.comparison.design.ensemble_arms import split_ensemble
from regkit.comparison.design.parts import Parts
from regkit.comparison.design.seeds import Repeat
from regkit.comparison.design.study import Study, Task
from regkit.comparison.fits.fitting import techniques_of
from regkit.comparison.fits.member import MemberFit
from regkit.comparison.fits.model_pool import ModelPool
from regkit.comparison.fits.observer import CHUNK, Diverged
from regkit.comparison.fits.units import Unit
from regkit.comparison.record.results import Fit, Trial
from regkit.core.members.group import Group, runtime_of
from regkit.core.members.made import ambient_of
from regkit.core.members.order import epoch_order
from regkit.core.members.room import bytes_of_member
from regkit.core.members.stack import member_of
from regkit.core.members.together import why_in_turn
from regkit.core.method import Method
from regkit.core.plan import Plan
from regkit.core.seam.pure_step import State, read_state
from regkit.types import Array

__all__ = ["MemberFits"]

FEW_STEPS = 100  # of a fit: fewer take less time, ten times over, than compiling takes
_NAME = "members"  # of the model that stands for all, among those of the arms
_STATES = 64  # initial states that are kept, as the arms of a repeat have the same


class MemberFits:
    """Does fits of a study together.

    Args:
        study: The study.
        models: Gives a model in its initial state.
    """

    def __init__(self, study: Study, models: ModelPool) -> None:
        self.study, self._models = study, models
        self._template: keras.Model | None = None
        self._states: dict[Repeat, State] = {}
        self._groups: dict[Hashable, Group] = {}
        self._examples = _Examples([])

    # -- which fits can be members -------------------------------------------------------------

    def kind(self, recipe: str) -> tuple[Hashable | None, str]:
        """Return what is equal for recipes whose fits share groups; or None, and why one has none.

        Raises:
            RegkitError: where the recipe cannot be, as its fit by itself would.
        """
        if "member" in self.study.build.by_name and self.study.settings["seeds"] > 1:
            return None, "build_model is given the number of the member, and may build others"
        if split_ensemble(recipe)[0] is not None:
            return None, "the members of an ensemble are trained in turn, in one compiled step"
        model = self._template_model()
        if not model.built:
            return None, f"{model.name} has its weights from its first batch only"
        techniques: list[Method] = [*techniques_of(recipe)]
        reason = why_in_turn(model, [techniques, techniques], "auto")  # of two fits or more
        if reason is not None:
            return None, reason
        if self._has_few_steps():
            return None, "to compile a group takes longer than their few steps"
        return runtime_of(model, Plan(techniques)).fingerprint(), ""

    def _has_few_steps(self) -> bool:
        """Return whether a fit is so short that compiling decides; a size that is given decides."""
        settings = self.study.settings
        if settings["group_size"] is not None or keras.backend.backend() == "torch":
            return False
        count = len(self.study.parts(self.study.tasks()[0].repeat).y_train)
        return settings["epochs"] * (count // min(settings["batch_size"], count)) < FEW_STEPS

    def bytes_of_member(self, parts: Parts, batch_size: int) -> int:
        """Return what a fit takes of the memory as a member, by a cautious estimate."""
        first = self.study.tasks()[0].repeat
        examples = (parts.x_train, parts.y_noisy, parts.x_val, parts.x_test)
        data = sum(array.nbytes for array in examples if array is not None)
        held_out = min(CHUNK, max(len(part) for part in (parts.x_train, parts.x_val, parts.x_test)))
        state = self._initial(first)
        return bytes_of_member(self._template_model(), state, data, batch_size, held_out)

    # -- fits ----------------------------------------------------------------------------------

    def fit(self, unit: Unit) -> list[tuple[Task, Fit | Trial | Diverged]]:
        """Return the fits of a unit, or how they diverged; without what an epoch costs."""
        assert unit.size is not None
        start = time.perf_counter()
        tasks = [*unit.tasks, *[unit.tasks[-1]] * (unit.size - len(unit.tasks))]
        examples = self._examples_of([task.repeat for task in tasks])
        techniques: list[list[Method]] = [[*techniques_of(task.recipe)] for task in tasks]
        group = self._group(tasks, techniques, examples)
        model, measure = self._template_model(), self.study.settings["measure"]
        members = [
            MemberFit(task, model, own, parts, measure)
            for task, own, parts in zip(unit.tasks, techniques, examples.parts, strict=False)
        ]
        # What draws from a generator of the backend's, as Keras' layers do on PyTorch, begins here.
        keras.utils.set_random_seed(tasks[0].repeat.init_seed)
        self._train(group, tasks, members, examples)
        results = _results(group, members, examples)
        group.clear()
        share = (time.perf_counter() - start) / len(members)
        return [
            (task, dataclasses.replace(fit, seconds=share) if isinstance(fit, Fit) else fit)
            for task, fit in zip(unit.tasks, results, strict=True)
        ]

    def forget(self) -> None:
        """Let go of all groups, after a failure that may have left one in any state."""
        self._groups.clear()

    def _train(
        self, group: Group, tasks: Sequence[Task], members: list[MemberFit], examples: _Examples
    ) -> None:
        """Train until all members have ended; keep of each the weights of its best epoch."""
        count = examples.n_train
        batch_size = min(self.study.settings["batch_size"], count)
        steps = count // batch_size
        held_out = ops.convert_to_tensor(examples.stacked("x_val"))
        for epoch in range(self.study.settings["epochs"]):
            orders = [epoch_order(task.repeat.order_seed, epoch, count) for task in tasks]
            # As `batches_of`: the last examples, which fill no batch, are left out.
            logs = group.epoch(np.stack(orders)[:, : steps * batch_size], batch_size)
            outputs = group.predict(held_out, CHUNK, own=True)
            best = np.zeros(len(tasks), bool)
            for row, member in enumerate(members):
                if member.running:
                    own = {name: float(values[row]) for name, values in logs.items()}
                    best[row] = member.see(epoch, (epoch + 1) * steps, own, outputs[row])
            if best.any():
                group.keep(best)
            if not any(member.running for member in members):
                break

    def _group(
        self, tasks: Sequence[Task], techniques: list[list[Method]], examples: _Examples
    ) -> Group:
        """Return a group at the start of training; one of the kind that was there before."""
        model = self._template_model()
        runtimes = [runtime_of(model, Plan(own)) for own in techniques]
        members = (
            runtimes,
            [ambient_of(task.repeat.init_seed) for task in tasks],
            [self._initial(task.repeat) for task in tasks],
            (),
            (examples.stacked("x_train"), examples.stacked("y_noisy")),
        )
        kind = (runtimes[0].fingerprint(), len(tasks))
        if kind in self._groups:
            self._groups[kind].begin(*members)
        else:
            self._groups[kind] = Group(model, *members)
        return self._groups[kind]

    # -- what all share ------------------------------------------------------------------------

    def _template_model(self) -> keras.Model:
        """Return the model that stands for all."""
        if self._template is None:
            first = self.study.tasks()[0].repeat
            parts = self.study.parts(first)
            model = self._models.model(_NAME, first.init_seed, first.seed)
            if model.built:
                model._symbolic_build(data_batch=(parts.x_train[:2], parts.y_noisy[:2]))
            self._template = model
        return self._template

    def _initial(self, repeat: Repeat) -> State:
        """Return the values that all variables of a fit's model have at its start."""
        template = self._template_model()
        if repeat not in self._states:
            model = self._models.model(_NAME, repeat.init_seed, repeat.seed)
            if len(self._states) >= _STATES:
                self._states.pop(next(iter(self._states)))
            metrics = read_state(template)["metrics"]
            self._states[repeat] = {**read_state(model), "metrics": metrics}
        return self._states[repeat]

    def _examples_of(self, repeats: list[Repeat]) -> _Examples:
        """Return the examples of repeats; those asked for last are kept for the next arm."""
        if self._examples.repeats != repeats:
            by_repeat = {repeat: self.study.parts(repeat) for repeat in {*repeats}}
            self._examples = _Examples(repeats, [by_repeat[repeat] for repeat in repeats])
        return self._examples


class _Examples:
    """The examples of the members of a group.

    Args:
        repeats: The repeat of each member.
        parts: Its examples.
    """

    def __init__(self, repeats: list[Repeat], parts: Sequence[Parts] = ()) -> None:
        self.repeats, self.parts = repeats, parts

    @property
    def n_train(self) -> int:
        """The number of training examples of each."""
        return len(self.parts[0].y_train)

    def stacked(self, part: str) -> Array:
        """Return a part of all, with a leading axis of members.

        Raises:
            ValueError: where they differ in shape.
        """
        return np.stack([getattr(parts, part) for parts in self.parts])

    def outputs(self, group: Group, part: str) -> Array:
        """Return what a group predicts for a part at the best epochs; one for all is no copy."""
        first = getattr(self.parts[0], part)
        shared = all(getattr(parts, part) is first for parts in self.parts)
        x = ops.convert_to_tensor(first if shared else self.stacked(part))
        return group.predict(x, CHUNK, own=not shared, held=group.kept)


def _results(
    group: Group, members: list[MemberFit], examples: _Examples
) -> list[Fit | Trial | Diverged]:
    """Return what came of the members, at the best epoch of each."""
    if group.kept is None:  # none has come to the end of an epoch
        return [member.diverged for member in members if member.diverged is not None]
    if all(member.task.trial for member in members):
        return [member.trial() for member in members]
    tested, trained = (examples.outputs(group, part) for part in ("x_test", "x_train"))
    return [
        member.trial()
        if member.task.trial
        else member.result(tested[row], trained[row], member_of(group.kept["trainable"], row))
        for row, member in enumerate(members)
    ]
