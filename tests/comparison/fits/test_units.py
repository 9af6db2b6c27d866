"""How the fits of a study are cut into groups, and what is left to do after failures."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import Any

import pytest

from regkit.comparison.design.arms import BASELINE
from regkit.comparison.design.seeds import repeats
from regkit.comparison.design.study import Task
from regkit.comparison.fits.schedule import Schedule
from regkit.comparison.fits.units import best_size, cut
from regkit.comparison.fits.worker import Failure
from regkit.comparison.record.results import Trial

pytestmark = pytest.mark.backend_free

ARMS = ["a", BASELINE, "b", "c"]
KINDS = {BASELINE: 1, "a": 2, "b": 2}


def tasks(splits: int = 5, arms: list[str] = ARMS) -> list[Task]:
    return [Task(arm, arm, repeat) for repeat in repeats(splits, 1, root=0) for arm in arms]


def schedule_of(splits: int = 5) -> Schedule:
    study: Any = SimpleNamespace(
        tasks=lambda: tasks(splits),
        recipes={arm: {arm: {}} for arm in ARMS},
        settings={"measure": "accuracy"},
    )
    return Schedule(study)


def groups(splits: int, size: int, kinds: dict[str, int] = KINDS) -> list[list[tuple[str, int]]]:
    units = cut(tasks(splits), lambda task: kinds.get(task.arm), size)
    return [[(t.arm, t.repeat.split) for t in unit.tasks] for unit in units if unit.size]


def test_groups_hold_fits_of_one_kind_and_every_fit_is_in_one_unit() -> None:
    everything = tasks()
    units = cut(everything, lambda task: KINDS.get(task.arm), 4)
    assert sorted(t.key for unit in units for t in unit.tasks) == sorted(t.key for t in everything)
    for unit in units:
        kinds = {KINDS.get(task.arm) for task in unit.tasks}
        assert len(kinds) == 1
        assert (unit.size is None) == (kinds == {None})
        assert len(unit.tasks) <= (unit.size or 1)


def test_the_baseline_comes_first_and_repeats_come_in_their_order() -> None:
    found = groups(5, 4)
    assert found[0] == [(BASELINE, split) for split in range(4)]
    assert found[1] == [("a", 0), ("b", 0), ("a", 1), ("b", 1)]
    assert [group[0][1] for group in found] == sorted(group[0][1] for group in found)


def test_more_splits_leave_full_groups_as_they_were() -> None:
    few, many = groups(4, 4), groups(9, 4)
    assert all(group in many for group in few if len(group) == 4)


def test_a_group_of_one_is_a_fit_by_itself() -> None:
    assert groups(5, 1) == []


@pytest.mark.parametrize("counts", [[1], [2, 2], [10] * 7, [6, 30], [100], [17]])
def test_no_other_size_needs_fewer_rows_and_calls(counts: list[int]) -> None:
    def cost(size: int) -> int:
        return sum(-(-count // size) * (3 + size) for count in counts)

    for most in (1, 5, 16):
        size = best_size(counts, most)
        assert 1 <= size <= most
        assert cost(size) == min(map(cost, range(1, most + 1)))


def test_after_a_failure_no_later_fit_of_the_arm_is_left() -> None:
    schedule = schedule_of()
    failed = next(t for t in schedule.tasks if t.arm == "a" and t.repeat.split == 2)
    schedule.take(failed, Failure("out of luck"))
    left = {(t.arm, t.repeat.split) for t in schedule.tasks if schedule.is_left(t)}
    assert left == {(arm, s) for arm, s in itertools.product(ARMS, range(5)) if arm != "a" or s < 2}
    assert schedule.settled == 3


def test_after_a_failure_of_the_baseline_nothing_later_is_left() -> None:
    schedule = schedule_of()
    failed = next(t for t in schedule.tasks if t.arm == BASELINE and t.repeat.split == 1)
    schedule.take(failed, Failure("out of luck"))
    left = [t.key for t in schedule.tasks if schedule.is_left(t)]
    assert left == [t.key for t in schedule.tasks[:5]]
    kinds = {(arm, arm): kind for arm, kind in KINDS.items()}
    units = [unit for units in schedule.rounds(kinds, 4, 1) for unit in units]
    assert all(any(schedule.is_left(task) for task in unit.tasks) for unit in units)


def test_the_results_of_another_study_are_left_out() -> None:
    schedule = schedule_of(2)
    schedule.take_earlier([Trial("a", "a", 7, 0, 1, {"accuracy": 1.0, "nll": 0.0})])
    assert not schedule.results
