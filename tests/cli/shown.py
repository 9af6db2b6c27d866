"""A plugin that `regkit list` and `regkit show` are tried on, and what they print."""

import pytest

from regkit.cli import main
from regkit.core import registry
from tests.plugins_of_tests import install, python, regkit, site_fixture  # noqa: F401

PLUGIN = '''\
"""Doc."""
from typing import Annotated

from regkit import Technique
from regkit.core.options import Real, SeedOption


class MaxNorm(Technique):
    """Keep the norm of each unit's weights at a limit.

    w ← w·min(1, c/‖w‖)

    Args:
        limit: c, above 0.
        seed: A whole number, or None.

    References:
        Srebro and Shraibman 2005, Rank, trace-norm and max-norm.

    Example:
        >>> MaxNorm(2.0)
        MaxNorm(limit=2.0)
    """

    def __init__(
        self, limit: Annotated[float, Real(0, open_low=True)], *, seed: SeedOption = None
    ) -> None:
        super().__init__()

    def update(self, weights, context): ...
'''
LAYER = """\
import keras


@keras.saving.register_keras_serializable("some-plugin")
class Only(keras.layers.Layer):
    '''Do only this.'''

    def __init__(self, size: int = 3, **kwargs): ...
"""
GROUPS = {
    "regkit.techniques": {"max_norm": "a_plugin:MaxNorm"},
    "regkit.layers": {"only": "b:Only"},
}


@pytest.fixture(name="plugin")
def plugin_fixture(site):
    install(site, groups=GROUPS, files={"a_plugin.py": PLUGIN, "b.py": LAYER})
    registry.refresh()
    return site


def said(capsys, *words):
    code = main.main(words)
    out, err = capsys.readouterr()
    return code, out, err
