"""Documentation that is missing, or does not tell the truth."""

from regkit.core.options import Rate
from regkit.core.technique import Technique


class NoDocstring(Technique):
    def __init__(self, rate: Rate = 0.1) -> None:
        super().__init__()
        self.rate = rate


class ForgottenOption(Technique):
    """Do something to the inputs.

    Args:
        stddev: What it is.

    Example:
        >>> ForgottenOption()
        ForgottenOption()
    """

    def __init__(self, stddev: Rate = 0.1, rate: Rate = 0.1) -> None:
        super().__init__()
        self.stddev, self.rate = stddev, rate


class NoExample(Technique):
    """do something. And something else"""


class FalseExample(Technique):
    """Do something.

    Example:
        >>> FalseExample()
        FalseExample(rate=0.1)
    """


CAUGHT = {
    "docstring": {
        NoDocstring: "found: there is none",
        ForgottenOption: "lacks 'rate' in the section Args:",
        NoExample: "lacks one sentence.*; the section Example:",
    },
    "example": {FalseExample: r"Got: FalseExample\(\).*\n?.*python -m doctest"},
}
