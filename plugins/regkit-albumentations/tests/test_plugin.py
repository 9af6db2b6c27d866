"""What regkit promises of every technique."""

from regkit.testing import parametrize_with_checks


@parametrize_with_checks("regkit-albumentations")
def test_every_check_of_regkit_passes(check, subject):
    check(subject)
