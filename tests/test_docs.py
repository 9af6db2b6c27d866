"""The documents are true: their examples run, their commands parse, their links lead somewhere.

A ```python block runs unless `<!-- not run: reason -->` stands directly above it. A block that
follows `<!-- prints -->` must be what the Python block before it prints, as in a doctest.
"""

import argparse
import contextlib
import doctest
import importlib
import io
import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import keras
import pytest

import regkit
from regkit.cli.compare import DEFAULT_OUTPUT
from regkit.comparison.design import study_file
from regkit.comparison.design.arms import named
from regkit.comparison.design.settings import OPTIONS
from regkit.core import options, registry

ROOT = Path(__file__).parents[1]
CHAPTERS = sorted(init.parent for init in (ROOT / "regkit" / "techniques").glob("*/__init__.py"))
DOCUMENTS = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "regkit" / "techniques").glob("*/README.md"),
        *(ROOT / "plugins").glob("*/*.md"),
        *(ROOT / "plugins").glob("*/docs/*.md"),
    ]
)
PACKAGES = [ROOT / "regkit", *sorted((ROOT / "plugins").glob("*/regkit_*"))]
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>[\w-]*)[^\n]*\n(?P<body>.*?)^(?P=indent)```[ ]*$",
    re.DOTALL | re.MULTILINE,
)
MARK = re.compile(r"<!--\s*(?P<word>not run|prints)(?::\s*(?P<reason>.*?))?\s*-->\s*\Z", re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)(?:\s+\"[^\"]*\")?\)")
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
OTHER_BACKENDS = {"tensorflow", "jax", "torch"} - {keras.backend.backend()}


@dataclass
class Block:
    """A fenced block of a document."""

    language: str
    body: str
    line: int
    mark: str
    reason: str


def blocks(path):
    text = path.read_text(encoding="utf-8")
    for match in FENCE.finditer(text):
        mark = MARK.search(text[: match.start()].rstrip())
        body = re.sub(rf"(?m)^{match['indent']}", "", match["body"])
        line = text[: match.start()].count("\n") + 2
        word, reason = (mark["word"], mark["reason"] or "") if mark else ("", "")
        yield Block(match["language"], body, line, word, reason)


def relative(path):
    return str(path.relative_to(ROOT))


def require_plugin(path):
    """Skip where a document is a plugin's that is not installed."""
    part, *rest = path.relative_to(ROOT).parts
    if part == "plugins":
        pytest.importorskip(rest[0].replace("-", "_"))


# -- Python ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", [p for p in DOCUMENTS if any(b.language == "python" for b in blocks(p))], ids=relative
)
def test_the_examples_of_a_document_run(path, tmp_path, monkeypatch):
    """In order, in one namespace, in a folder of their own."""
    require_plugin(path)
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "document"}
    printed = ""
    for block in blocks(path):
        if block.mark == "prints":
            same = doctest.OutputChecker().check_output(block.body, printed, FLAGS)
            assert same, f"{relative(path)}:{block.line} shows\n{block.body}\nbut is\n{printed}"
        elif block.mark == "not run":
            assert block.reason, f"{relative(path)}:{block.line}: say why it is not run"
        elif block.language == "python":
            code = compile("\n" * (block.line - 1) + block.body, str(path), "exec")
            with contextlib.redirect_stdout(io.StringIO()) as out:
                exec(code, namespace)
            printed = out.getvalue()


def modules():
    for package in PACKAGES:
        for path in sorted(package.rglob("*.py")):
            parts = path.relative_to(package.parent).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("name", list(modules()))
def test_the_examples_of_docstrings_run(name):
    if OTHER_BACKENDS & set(re.split(r"[._]", name)):
        pytest.skip("of another backend")
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        if (error.name or "regkit").startswith("regkit"):
            raise
        pytest.skip(f"needs {error.name}, which is not installed")
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    report = io.StringIO()
    for test in doctest.DocTestFinder().find(module, name):
        runner.run(test, out=report.write)
    assert runner.failures == 0, report.getvalue()


# -- the command line --------------------------------------------------------------------------


def command_lines(path):
    """Yield (line, arguments) of every `regkit …` in the document's shell blocks."""
    for block in blocks(path):
        if block.language not in ("console", "sh", "bash", "shell"):
            continue
        for line in re.sub(r"\\\n\s*(?:>\s*)?", " ", block.body).splitlines():
            if "regkit" not in line or line.lstrip().startswith("#"):
                continue
            try:
                words = shlex.split(line.removeprefix("$ "), comments=True)
            except ValueError:  # what a command printed, with an apostrophe in it
                continue
            while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
                words.pop(0)
            if words and os.path.basename(words[0]) == "regkit":
                yield block.line, words[1:]


COMMANDS = [(path, *found) for path in DOCUMENTS for found in command_lines(path)]


@pytest.mark.parametrize(
    ("path", "line", "words"), COMMANDS, ids=lambda v: relative(v) if isinstance(v, Path) else None
)
def test_the_commands_of_a_document_parse(path, line, words, capsys):
    from regkit.cli.main import parser

    try:
        chosen = parser().parse_args(words)
    except SystemExit as stopped:
        said = capsys.readouterr().err.strip().splitlines()
        assert stopped.code == 0, f"{relative(path)}:{line}: regkit {shlex.join(words)}: {said}"
        return  # --help
    except argparse.ArgumentError as error:
        pytest.fail(f"{relative(path)}:{line}: {error}")
    # What the command would refuse, the document must not show.
    arms = [one for one in getattr(chosen, "recipes", []) if not one.endswith(".toml")]
    require_plugin(path)
    if arms:
        named(arms)
    regkit.Recipe(getattr(chosen, "recipe", ""))


def test_the_study_file_of_the_guide_is_one(tmp_path):
    guide = ROOT / "docs" / "guide" / "compare.md"
    (block,) = [one for one in blocks(guide) if one.language == "toml"]
    (tmp_path / "study.toml").write_text(block.body, encoding="utf-8")
    named(study_file.read(tmp_path / "study.toml")["arms"])


def test_the_guide_tells_every_option_of_compare_and_its_default():
    from regkit.cli.main import parser

    text = (ROOT / "docs" / "guide" / "compare.md").read_text(encoding="utf-8")
    defaults = {option.name: option.default for option in OPTIONS}
    defaults |= {"model": "mlp", "data": "digits", "output": DEFAULT_OUTPUT}
    subparsers = next(a for a in parser()._actions if isinstance(a, argparse._SubParsersAction))
    for action in subparsers.choices["compare"]._actions:
        option = action.option_strings[-1] if action.option_strings else ""
        if option in ("", "--help"):
            continue
        row = next((r for r in text.splitlines() if r.startswith(f"| `{option}` |")), None)
        assert row, f"no row for {option}"
        default = defaults.get(action.dest)
        if default is not None:
            assert float_or_text(row.split("|")[2].strip().strip("`")) == default, row


def float_or_text(text):
    try:
        return float(text)
    except ValueError:
        return text


# -- docstrings and chapters -------------------------------------------------------------------

BUILT_IN = [e for e in registry.entries("technique") if e.distribution == registry.BUILTIN]


@pytest.mark.parametrize("entry", BUILT_IN, ids=lambda entry: entry.id)
def test_a_technique_is_documented_in_full(entry):
    cls = registry.load(entry.id)
    text = cls.__dict__.get("__doc__") or ""
    summary, _, rest = text.partition("\n\n")
    assert re.fullmatch(r"[A-Z][^\n]*[^\n.]\.", summary.strip()), "one sentence in the first line"
    assert ". " not in summary, "one sentence in the first line"
    for section in ("Args", "Raises", "References", "Example"):
        assert re.search(rf"(?m)^    {section}:$", rest), f"no section {section}:"
    arguments = rest.partition("Args:")[2].partition("Raises:")[0]
    for option in options.constraints(cls):
        assert re.search(rf"(?m)^        {option}: ", arguments), f"Args: does not name {option!r}"
    assert ">>>" in rest.partition("Example:")[2], "the example is a doctest"


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
def test_a_chapter_has_a_page_that_lists_its_techniques(chapter):
    page = chapter / "README.md"
    assert page.exists()
    text = page.read_text(encoding="utf-8")
    prefix = f"regkit.techniques.{chapter.name}."
    for entry in BUILT_IN:
        if entry.target.startswith(prefix):
            name = entry.target.partition(":")[2]
            assert re.search(rf"(?m)^\| .*`{name}\b.*`{entry.id}`", text), f"no row for {name}"
    assert any(block.language == "python" for block in blocks(page)), "an example"


# -- links -------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", DOCUMENTS, ids=relative)
def test_relative_links_lead_to_files(path):
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    text = re.sub(r"`[^`\n]*`", "", text)
    for match in LINK.finditer(text):
        target = match["target"].partition("#")[0]
        if target and not re.match(r"[a-z]+:", target):
            assert (path.parent / target).exists(), f"{relative(path)} links to {match['target']}"
