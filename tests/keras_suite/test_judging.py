"""What outcomes with and without a technique are taken for."""

import pytest

from tests.keras_suite.judging import Outcome, Refused, doubtful, judge
from tests.keras_suite.refused import REFUSED

pytestmark = pytest.mark.backend_free

PASSED, SKIPPED = Outcome(fits=1), Outcome("skipped")
FAILED = Outcome("failed", "AssertionError: 1 != 2", fits=1)
REFUSING = Outcome(
    "failed", "AttachError: no ragged data", refusals=["AttachError: no ragged data"]
)
SWALLOWED = Outcome(fits=1, refusals=["AttachError: no ragged data"])
ENTRY = Refused("a", "no ragged", "a ragged tensor has no batch of one size")

# (with the technique, without it, listed) → where the test is found
CASES = {
    "passes": (PASSED, None, False, "same"),
    "is skipped": (SKIPPED, None, False, "same"),
    "fails with it only": (FAILED, PASSED, False, "differing"),
    "is skipped without it, and fails with it": (FAILED, SKIPPED, False, "differing"),
    "fails both ways": (FAILED, FAILED, False, "failing_without"),
    "fails, and did not run without": (FAILED, None, False, "differing"),
    "is refused, not listed": (REFUSING, PASSED, False, "differing"),
    "passes by a refusal, not listed": (SWALLOWED, None, False, "differing"),
    "is refused, listed": (REFUSING, PASSED, True, "refused"),
    "passes by a refusal, listed": (SWALLOWED, None, True, "refused"),
    "fails otherwise than listed": (FAILED, PASSED, True, "differing"),
    "fails both ways, listed": (FAILED, FAILED, True, "differing"),
    "passes, listed": (PASSED, None, True, "stale"),
    "is skipped, listed": (SKIPPED, None, True, "stale"),
    "does not exist, listed": (None, None, True, "stale"),
}


@pytest.mark.parametrize("case", CASES)
def test_where_a_test_is_found(case):
    outcome, plain, listed, where = CASES[case]
    found = judge(
        {"a": outcome} if outcome else {}, {"a": plain} if plain else {}, [ENTRY] if listed else []
    )
    groups = ("same", "failing_without", "refused", "differing", "stale")
    assert [group for group in groups if getattr(found, group)] == [where]
    assert found.good is (where not in ("differing", "stale"))


def test_a_refusal_of_another_kind_is_not_the_one_listed():
    other = Outcome("failed", "…", refusals=["AttachError: something else"])
    assert "something else" in judge({"a": other}, {"a": PASSED}, [ENTRY]).differing["a"]


def test_only_what_fails_is_run_again_without():
    assert doubtful({"a": PASSED, "b": FAILED, "c": SKIPPED, "d": SWALLOWED}) == ["b"]


def test_every_entry_of_the_list_is_whole_and_there_once():
    where = [(one.test, b, t) for one in REFUSED for b in one.backends for t in one.techniques]
    assert len(where) == len(set(where))
    assert all(one.message and one.reason and one.backends and one.techniques for one in REFUSED)
