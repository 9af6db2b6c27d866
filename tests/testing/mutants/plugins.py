"""Plugins that are wrong as a whole: modules as text, to be installed with their entry points.

By check and name: the name of the entry, the text of its module `wrong_<name>.py`, and what the
check says.
"""

_HEAD = '''"""A plugin."""
from typing import Annotated, Any
from regkit.core.options import Constraint
from regkit.core.technique import Technique
'''
_MINE = """

class Mine(Technique):
    def data(self, batch, context):
        return batch.replace(x=0.9 * batch.x)
"""

IMPORT_ERROR = "import no_such_package\n" + _HEAD + _MINE
WRONG_ID = _HEAD + _MINE + "    registered_name = 'some-plugin:yours'\n"
SLOW = (
    "import time\nend = time.process_time() + 2.5\nwhile time.process_time() < end: pass\n"
    + _HEAD
    + _MINE
)
OTHER_BACKENDS = (
    "import sys, types\nsys.modules.setdefault('{0}', types.ModuleType('{0}'))\n" + _HEAD + _MINE
)

TABLE = (
    _HEAD
    + """

class Table(Constraint):
    def describe(self):
        return "a set"

    def check(self, value):
        return frozenset(value)


class Mine(Technique):
    def __init__(self, table: Annotated[Any, Table()] = frozenset("a")) -> None:
        super().__init__()
        self.table = table

    @classmethod
    def checked_as(cls):
        return [cls({"b"})]
"""
)

PLUGINS = {
    "registration": {
        "import_error": ("mine", IMPORT_ERROR, "No module named 'no_such_package'.*plugins doctor"),
        "wrong_id": ("mine", WRONG_ID, "calls itself 'some-plugin:yours'"),
        "wrong_word": (
            "my_own",
            _HEAD + _MINE,
            "it is named 'my_own'.*write mine = \"wrong",
        ),
    },
    "startup": {
        "slow": ("mine", SLOW, r"takes 2\.\d s.*inside the functions"),
        "other_backend": ("mine", OTHER_BACKENDS, "it loads .*keras.ops"),
    },
    "text": {"table": ("mine", TABLE, r"table=frozenset\(\{'b'\}\) has no text form.*Choice")},
}
