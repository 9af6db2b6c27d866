"""What ships in regkit passes the conformance checks, by the call that plugins make."""

import pytest

from regkit.testing import parametrize_with_checks

pytestmark = pytest.mark.slow


@parametrize_with_checks("keras-regkit")
def test_the_built_ins_pass(check, subject):
    check(subject)
