"""`parametrize_with_checks`: names of tests, and failures that are expected."""

import textwrap

import keras
import pytest

import regkit
import regkit.testing
from regkit.core.errors import RegkitError
from regkit.testing import parametrize_with_checks
from regkit.testing.failures import CheckFailed
from tests.testing.mutants.randomness import NoneIsZero

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.backend_free


def ids(mark):
    return [one.id for one in mark.args[1]]


def test_the_ids_name_what_is_checked_and_the_check():
    found = ids(parametrize_with_checks("keras-regkit"))
    assert {"l2-resume", "drop_connect-seed", "drop_connect (layer)-layer_seed"} <= set(found)
    assert "weight_decay(rate=0.05, decoupled=True)-dtypes" in found
    assert len(set(found)) == len(found)


def test_classes_and_instances_may_be_given():
    found = ids(parametrize_with_checks([regkit.L2(0.5), NoneIsZero, keras.regularizers.L2]))
    assert {"l2(strength=0.5)-resume", "NoneIsZero-seed"} <= set(found)
    assert "L2 (regularizer)-regularizer_value" in found


def test_an_instance_is_checked_at_its_options_and_stays_as_it_is():
    given = regkit.Dropout(0.3, layers="hidden")
    mark = parametrize_with_checks([given])
    seed = next(one for one in mark.args[1] if one.id.endswith("-seed"))
    check, subject = seed.values
    check(subject)
    assert given.model is None
    assert subject.standard.technique.rate == 0.3


def test_expected_failures_that_nothing_has_are_named():
    with pytest.raises(RegkitError, match="no check is called 'sed'; did you mean 'seed'"):
        parametrize_with_checks("keras-regkit", expected_failures={"sed": "why"})
    with pytest.raises(RegkitError, match="names 'l3', which is not checked"):
        parametrize_with_checks("keras-regkit", expected_failures={("l3", "seed"): "why"})


def test_expected_failures_are_expected_strictly(pytester, monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(
        textwrap.dedent(
            """
            import regkit
            from regkit.testing import parametrize_with_checks
            from tests.testing.mutants.randomness import NoneIsZero

            EXPECTED = {
                ("NoneIsZero", "global_seed"): "it has a seed of its own",
                "bad_options": "it does not fail: the test run must say so",
                "docstring": "it has half of one",
            }

            @parametrize_with_checks([NoneIsZero], expected_failures=EXPECTED)
            def test_it(check, subject):
                if check.check.name in ("global_seed", "bad_options", "docstring", "text"):
                    check(subject)
            """
        )
    )
    outcome = pytester.runpytest_inprocess("-q", "-p", "no:cacheprovider")
    outcome.assert_outcomes(
        xfailed=2, failed=1, skipped=1, passed=outcome.parseoutcomes()["passed"]
    )
    outcome.stdout.fnmatch_lines(["*NoneIsZero-bad_options*", "*XPASS(strict)*must say so"])


def test_a_check_that_fails_says_so_to_pytest_by_an_assertion():
    assert issubclass(CheckFailed, AssertionError)


def test_every_public_name_has_an_example():
    for name in regkit.testing.__all__:
        assert ">>>" in getattr(regkit.testing, name).__doc__, name
