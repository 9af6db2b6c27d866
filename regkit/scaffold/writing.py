"""Writing a new plugin: templates with its names filled in, into a folder of its own."""

from __future__ import annotations

import importlib.resources
from dataclasses import dataclass
from pathlib import Path
from string import Template

from regkit import __version__
from regkit.core.errors import RegkitError
from regkit.core.registry.entry import BUILTIN
from regkit.scaffold.naming import distribution_name, package_name
from regkit.scaffold.plugin_kinds import Part

__all__ = ["Plugin", "create", "planned"]

_TEMPLATES = importlib.resources.files(__name__.rpartition(".")[0]) / "templates"


@dataclass(frozen=True)
class Plugin:
    """A plugin to be written.

    Attributes:
        distribution: The name for pip.
        package: The name that Python imports.
        part: What it registers.
        folder: Where it is written.
    """

    distribution: str
    package: str
    part: Part
    folder: Path

    @property
    def id(self) -> str:
        """The full id of what it registers."""
        return f"{self.distribution}:{self.part.module}"

    def files(self) -> dict[str, tuple[str, str]]:
        """Return the files by path, each with its template and its purpose."""
        kind, folder, module = self.part.kind, self.part.templates, self.part.module
        package = self.package
        return {
            "pyproject.toml": ("common/pyproject.toml", "its name, what it needs and registers"),
            "README.md": ("common/README.md", "how to install, use and check it"),
            f"src/{package}/__init__.py": ("common/__init__.py", "the names of the package"),
            f"src/{package}/{module}.py": (f"{folder}/module.py", f"the {kind}: change this one"),
            f"tests/test_{package}.py": (
                f"{folder}/test.py",
                "regkit's checks, and its mathematics",
            ),
            f"docs/{module}.md": (f"{folder}/page.md", f"the page of the {kind}"),
            ".gitignore": ("common/gitignore", ""),
        }


def planned(name: str, part: Part, within: Path | None = None) -> Plugin:
    """Return a plugin to write into a new folder of its name.

    Raises:
        RegkitError: for an impossible name, and where the folder is not empty.

    Example:
        >>> from regkit.scaffold.plugin_kinds import chosen
        >>> planned("My_Plugin", chosen("layer")).id
        'my-plugin:random_gain'
    """
    distribution = distribution_name(name)
    folder = (within or Path()) / distribution
    if folder.exists() and not (folder.is_dir() and next(folder.iterdir(), None) is None):
        what = "is not empty" if folder.is_dir() else "is a file"
        raise RegkitError(
            f"{str(folder)!r} {what}, and nothing in it is overwritten: choose another NAME, or "
            "remove it"
        )
    return Plugin(distribution, package_name(distribution), part, folder)


def create(plugin: Plugin) -> None:
    """Write a plugin.

    Raises:
        OSError: where a file cannot be written, or exists.
    """
    names = _names(plugin)
    for path, (template, _) in plugin.files().items():
        place = plugin.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("x", encoding="utf-8", newline="\n") as file:
            file.write(_filled(template, names))


def _names(plugin: Plugin) -> dict[str, str]:
    part = plugin.part
    needs = (f"{BUILTIN}>={__version__}", *part.needs)
    names = {
        "distribution": plugin.distribution,
        "package": plugin.package,
        "id": plugin.id,
        "kind": part.kind,
        "group": part.group,
        "cls": part.cls,
        "module": part.module,
        "does": part.does,
        "shown": part.shown,
        "needs": ", ".join(f'"{requirement}"' for requirement in needs),
    }
    return names | {"use": _filled(f"{part.kind}/use.py", names).rstrip()}


def _filled(template: str, names: dict[str, str]) -> str:
    text = _TEMPLATES.joinpath(f"{template}.tmpl").read_text(encoding="utf-8")
    return Template(text).substitute(names)
