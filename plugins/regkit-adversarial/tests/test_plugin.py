"""Both techniques keep every promise that regkit makes for its own."""

from regkit.testing import parametrize_with_checks


@parametrize_with_checks("regkit-adversarial")
def test_every_check_of_regkit_passes(check, subject):
    check(subject)
