"""Plugins made by hand: a package and the metadata of its distribution, in a folder on the path."""

import importlib.metadata
import os
import subprocess
import sys

import pytest

from regkit.core import registry
from regkit.core.errors import RegistryError
from regkit.core.registry.metadata import folder_name

TECHNIQUE = (
    '"""Doc."""\nfrom regkit import Technique\n\n\nclass Mine(Technique):\n    """Do mine."""\n'
)

FILES = {"mine.py": TECHNIQUE}
TABLE = {"regkit.techniques": {"mine": "mine:Mine"}}


def install(
    folder, name="some-plugin", version="1.2", groups=None, files=None, requires=(), metadata=None
):
    """Write a distribution into a folder: `groups` are the entry points, {group: {name: value}}.

    A group may also be given as lines, and `metadata` as the whole text of METADATA, where they
    shall be malformed. Returns the metadata folder.
    """
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    text = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
    text += [f"Requires-Dist: {one}" for one in requires]
    (info / "METADATA").write_text("\n".join(text) + "\n" if metadata is None else metadata)
    lines = []
    for group, entries in (groups or {}).items():
        lines += [f"[{group}]"]
        lines += (
            [entries] if isinstance(entries, str) else [f"{k} = {v}" for k, v in entries.items()]
        )
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    written = write(folder, files or {})
    record = [f"{path.relative_to(folder)},," for path in [*written, *info.iterdir()]]
    (info / "RECORD").write_text("\n".join(record) + "\n")
    return info


def write(folder, files):
    """Write modules, {relative path: text}, and return their paths."""
    written = []
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, bytes):
            (folder / path).write_bytes(text)
        else:
            (folder / path).write_text(text, encoding="utf-8")
        written.append(folder / path)
    return written


def hide_others(monkeypatch):
    """Let this process see no plugin but those of a test, whatever is installed."""
    others = {one.distribution for one in registry.entries()} - {registry.BUILTIN}
    everything = importlib.metadata.distributions

    def seen(**context):
        return (one for one in everything(**context) if folder_name(one) not in others)

    monkeypatch.setattr(importlib.metadata, "distributions", seen)


@pytest.fixture(name="site")
def site_fixture(tmp_path, monkeypatch):
    """A folder on the path of this process; modules that come from it are forgotten afterwards."""
    import keras

    import regkit.layers  # noqa: F401  # loaded once, they stay registered with Keras

    hide_others(monkeypatch)

    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    objects = keras.saving.get_custom_objects()
    before, names = set(sys.modules), dict(objects)
    registry.refresh()
    yield folder
    own = {path.stem for path in folder.iterdir()}
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in own:
            del sys.modules[name]
    objects.clear()
    objects.update(names)
    monkeypatch.undo()
    registry.refresh()


@pytest.fixture(name="plugin")
def plugin_fixture(site):
    """A function that installs a plugin and returns its entries."""

    def installed(**options):
        name = options.setdefault("name", "some-plugin")
        install(site, **{"groups": TABLE, "files": FILES, **options})
        registry.refresh()
        known = registry.entries()
        assert "l2" in [entry.id for entry in known]  # the built-ins are always there
        return [entry for entry in known if entry.distribution == name.lower()]

    return installed


def refused(identifier, *parts, kind="technique"):
    """Hold that loading is refused with a message that has all of some parts."""
    with pytest.raises(RegistryError) as caught:
        registry.load(identifier, kind)
    for part in parts:
        assert part in str(caught.value), str(caught.value)


def python(folder, code, timeout=120, **environment):
    """Run code in a fresh process with a folder on its path."""
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def regkit(folder, *words, timeout=120, **environment):
    """Run a command in a fresh process with a folder on its path."""
    code = f"import sys; from regkit.cli.main import main; sys.exit(main({list(words)!r}))"
    return python(folder, code, timeout, **environment)
