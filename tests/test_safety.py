"""Hostile plugins, recipes and files: nothing runs by being read, and nothing takes regkit down."""

import json
import sys

import pytest

import regkit as package
from regkit.core import registry
from regkit.core.errors import RecipeError, RegistryError
from tests.plugins_of_tests import TECHNIQUE, install, python, regkit, site_fixture  # noqa: F401

pytestmark = [pytest.mark.backend_free, pytest.mark.usefixtures("light_children")]

NAMES = {"regkit.techniques": {"mine": "hostile:Mine"}}
MARK = "open(__file__ + '.ran', 'w').close()\n"  # seen on the disk by whoever runs it

# What a module does when it is imported → what the message says. All of them leave a mark first.
AT_IMPORT = {
    "raises": ("raise RuntimeError('no such library')", "RuntimeError: no such library"),
    "needs what is not there": ("import not_there_at_all", "No module named 'not_there_at_all'"),
    "calls sys.exit": ("import sys; sys.exit(3)", "SystemExit: 3"),
    "raises SystemExit": ("raise SystemExit", "SystemExit"),
    "raises a BaseException": ("raise BaseException('all')", "BaseException: all"),
    "raises GeneratorExit": ("raise GeneratorExit", "GeneratorExit"),
    "has an error without words": (
        "class E(Exception):\n    def __str__(self): raise RuntimeError\nraise E",
        "failed with E ",
    ),
    "has a long error": ("raise ValueError('long ' * 100_000)", "ValueError: long long"),
    "writes to the terminal": ("raise ValueError('\\x1b[2J gone')", "ValueError: ?[2J gone"),
    "recurses": ("def f(): f()\nf()", "RecursionError"),
    "asserts": ("assert False, 'never'", "AssertionError: never"),
    "is not Python": ("class Mine(:", "SyntaxError"),
    "has no such class": ("Yours = 1", "has no attribute 'Mine'"),
    "removes itself": ("import sys; del sys.modules[__name__]", "KeyError"),
    "has a __getattr__ that raises": (
        "def __getattr__(name): raise ZeroDivisionError(name)",
        "ZeroDivisionError: Mine",
    ),
    "has a __getattr__ that exits": ("def __getattr__(name): raise SystemExit(name)", "SystemExit"),
    "puts an odd thing in its place": (
        "import sys\nclass Odd:\n    def __getattr__(self, name): raise OSError(name)\n"
        "sys.modules[__name__] = Odd()",
        "OSError",
    ),
    "has a metaclass that raises": (
        "import regkit\nclass M(type):\n    def __getattribute__(cls, name): raise OSError(name)\n"
        "class Mine(metaclass=M): pass",
        "Mine",
    ),
    "is no technique": ("class Mine: pass", "must be a subclass of regkit.Technique"),
}


@pytest.fixture(params=list(AT_IMPORT))
def hostile(site, request):
    """Install a plugin that is hostile when it is imported; what the message shall say."""
    does, message = AT_IMPORT[request.param]
    install(site, groups=NAMES, files={"hostile.py": f"{MARK}{does}\n"})
    registry.refresh()
    return message


def ran(site, name="hostile"):
    return (site / f"{name}.py.ran").exists()


def test_a_hostile_module_costs_an_error_with_distribution_and_version(hostile):
    assert registry.known("some-plugin:mine").state == "available"
    with pytest.raises(RegistryError) as caught:
        registry.load("some-plugin:mine")
    said = str(caught.value)
    for part in (hostile, "some-plugin 1.2", "hostile:Mine", "REGKIT_BLOCK=some-plugin"):
        assert part in said
    assert len(said) < 1000
    assert said.isprintable()
    assert registry.known("some-plugin:mine").state == "broken"
    assert registry.load("l2") is package.L2
    with pytest.raises(RecipeError, match="some-plugin 1.2"):
        package.Recipe("l2 + some-plugin:mine(0.1)")


def test_an_interrupt_is_the_users(site):
    install(site, groups=NAMES, files={"hostile.py": "raise KeyboardInterrupt"})
    registry.refresh()
    with pytest.raises(KeyboardInterrupt):
        registry.load("some-plugin:mine")


def test_a_module_that_takes_its_time_costs_only_who_names_it(site):
    text = f"{MARK}import time; time.sleep(1)\n{TECHNIQUE}"
    install(site, groups=NAMES, files={"hostile.py": text})
    registry.refresh()
    assert registry.find("some-plugin:mine").summary == "Do mine."
    package.Recipe("l2")
    assert not ran(site)
    assert registry.load("some-plugin:mine")


# -- the commands read, and run nothing --------------------------------------------------------

EXITS = 'import os; os._exit(7)\nclass Mine:\n    """Do mine."""\n'
COMMANDS = [
    ["list"],
    ["list", "--json"],
    ["plugins"],
    ["plugins", "--json"],
    ["explain", "l2"],
]


@pytest.fixture
def three(site):
    """Install three plugins that take down the process which imports them."""
    files = {
        "hostile.py": f"{MARK}{EXITS}",
        "second.py": f"{MARK}raise SystemExit(3)\n",
        "third/__init__.py": f"{MARK}raise SystemExit(3)\n",
        "third/below.py": 'class Mine:\n    """Do below."""\n',
        "usercustom.pth": "",
    }
    table = {"mine": "hostile:Mine", "second": "second:Mine", "third": "third.below:Mine"}
    install(site, groups={"regkit.techniques": table, "regkit.layers": table}, files=files)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_reads_a_hostile_plugin_and_does_not_import_it(site, three, words):
    done = regkit(site, *words)
    assert done.returncode == 0, done.stderr
    if words[0] == "list":
        assert "Do mine." in done.stdout
    assert not any(ran(site, name) for name in ("hostile", "second", "third/__init__"))


@pytest.mark.parametrize("more", [[], ["--json"]], ids=["text", "json"])
def test_show_runs_what_it_names_in_a_process_of_its_own(site, three, more):
    """A plugin that ends its process costs the details only; no other is imported."""
    done = regkit(site, "show", "some-plugin:mine", *more)
    assert done.returncode == 0, done.stderr
    assert "Do mine." in done.stdout
    assert "broken" in done.stdout
    assert ran(site)
    assert not any(ran(site, name) for name in ("second", "third/__init__"))


def test_naming_it_is_what_runs_it(site):
    install(site, groups=NAMES, files={"hostile.py": f"{MARK}{EXITS}"})
    assert regkit(site, "explain", "some-plugin:mine").returncode == 7  # nothing can catch it
    assert ran(site)


def test_many_hostile_plugins_leave_the_list_as_it_is(site):
    for number, (does, _) in enumerate(AT_IMPORT.values()):
        install(site, f"plugin-{number}", groups=NAMES, files={"hostile.py": does})
    (install(site, "plugin-x", groups=NAMES) / "METADATA").unlink()
    (install(site, "plugin-y", groups=NAMES) / "entry_points.txt").write_bytes(b"[regkit.]\n\xff")
    info = install(site, "plugin-z", groups=NAMES)
    (info / "entry_points.txt").unlink()
    (info / "entry_points.txt").mkdir()
    done = regkit(site, "list", "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    own = [row for row in rows if row["distribution"] == "keras-regkit"]
    assert {row["id"] for row in own} >= {"l1", "l2", "dropout"}
    assert all(row["state"] == "available" for row in own)
    others = {row["distribution"] for row in rows if row["distribution"].startswith("plugin-")}
    assert len(others) == len(AT_IMPORT) + 2  # the one without entry points is no plugin


# -- recipes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "__import__",
        "os.system('true')",
        "os:system('true')",
        "regkit.techniques.penalties.l2:L2(0.1)",
        "keras-regkit:l2(0.1)",
        "builtins:eval('1')",
        "l2(__import__('os'))",
        "l2(strength=open('x'))",
        "l2((lambda: 1)())",
        "l2(1e-3) if True else l1",
        "l2(0.1); l1",
        "l2(**{})",
        "l2('\\x00')",
        "l2(f'{1}')",
        "l2(b'x')",
        "hostile:Mine",
        "hostile",
        "some_plugin.hostile:Mine",
        "l2(" * 50,
        "l2(" + "[" * 100 + "]" * 100 + ")",
        "l2(" + "9" * 400 + ".0)",
        "\x00",
        "l2(1e999)",
    ],
)
def test_a_hostile_recipe_is_refused_and_runs_nothing(site, text):
    install(site, groups=NAMES, files={"hostile.py": f"{MARK}{TECHNIQUE}"})
    registry.refresh()
    before = set(sys.modules)
    with pytest.raises(RecipeError):
        package.Recipe(text)
    assert not ran(site)
    assert not {name for name in set(sys.modules) - before if "hostile" in name}


@pytest.mark.parametrize(
    "name", ["mine", "hostile:Mine", "some-plugin", "some-plugin:", "some-plugin:Mine", "SOME:mine"]
)
def test_only_the_full_id_reaches_a_plugin(site, name):
    install(site, groups=NAMES, files={"hostile.py": f"{MARK}{TECHNIQUE}"})
    registry.refresh()
    with pytest.raises(RegistryError):
        registry.load(name)
    assert not ran(site)
    assert registry.load("some-plugin:mine")
    assert ran(site)


def test_a_plugin_that_is_installed_changes_no_existing_name(site):
    """Whatever it registers, under whatever names: bare names and their classes stay."""
    names = [entry.name for entry in registry.entries("technique") if ":" not in entry.id]
    groups = {"regkit.techniques": dict.fromkeys(names, "hostile:Mine")}
    install(site, "keras.regkit.more", groups=groups, files={"hostile.py": TECHNIQUE})
    install(site, "regkit", groups=groups)
    before = {name: registry.load(name) for name in names}
    registry.refresh()
    assert {name: registry.load(name) for name in names} == before
    assert registry.load("regkit:l2").__name__ == "Mine"
    assert registry.load("keras-regkit-more:l2").__name__ == "Mine"


def test_blocking_keeps_everything_out(site):
    install(site, groups=NAMES, files={"hostile.py": f"{MARK}{TECHNIQUE}"})
    code = "import regkit\ntry:\n    regkit.Recipe('some-plugin:mine')\nexcept ValueError as e: print(e)"
    done = python(site, code, REGKIT_BLOCK="Some.Plugin")
    assert "some-plugin 1.2 is blocked" in done.stdout, done.stderr
    assert not ran(site)
