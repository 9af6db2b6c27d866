"""What ships in regkit passes the conformance checks, by the call that plugins make."""

from regkit.testing import parametrize_with_checks


@parametrize_with_checks("keras-regkit")
def test_the_built_ins_pass(check, subject):
    check(subject)
