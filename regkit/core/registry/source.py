"""What a source file says of a target: parsed, never imported, and never followed into a value.

`regkit list` needs a docstring and the names by which people look for a technique, of everything
that is installed, without running any of it. A source may be missing, huge, in another encoding or
not Python at all: then nothing is read.
"""

from __future__ import annotations

import ast
import functools
import importlib.util
import warnings
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Definition", "Source", "docstring", "find", "forget", "importable", "place", "words"]

LARGEST = 1_000_000  # bytes; no source that a person wrote is larger
HOPS = 5  # from a package that passes a name on to the module that defines it


@dataclass(frozen=True)
class Source:
    """A parsed module."""

    module: str
    file: Path
    tree: ast.Module

    def imported(self, name: str) -> tuple[str, str] | None:
        """Return (module, attribute) where the module has a name from another one, or None."""
        for node in self.tree.body:
            if not isinstance(node, ast.ImportFrom):
                continue
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return self._absolute(node), alias.name
        return None

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = self.module.split(".")
        own = len(parts) if self.file.stem == "__init__" else len(parts) - 1
        base = parts[: max(own - node.level + 1, 0)]
        return ".".join([*base, node.module] if node.module else base)


@dataclass(frozen=True)
class Definition:
    """A class, or a function, where its source defines it."""

    source: Source
    node: ast.ClassDef | ast.FunctionDef


def find(module: str, attribute: str, hops: int = HOPS) -> Definition | None:
    """Return the definition of `module:attribute`, through modules that only pass it on."""
    # A lazy package such as regkit says in its stub, beside it, where its names are.
    for suffix in (".py", ".pyi"):
        source = read(module, suffix)
        if source is None:
            continue
        for node in source.tree.body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == attribute:
                return Definition(source, node)
        origin = source.imported(attribute)
        if origin and hops:
            return find(*origin, hops - 1)
    return None


def _find(target: str) -> Definition | None:
    module, _, attribute = target.partition(":")
    return find(module, attribute)


def docstring(target: str) -> str:
    """Return the docstring of a target, or an empty string."""
    definition = _find(target)
    return (ast.get_docstring(definition.node) or "") if definition else ""


def place(target: str) -> str:
    """Return `file:line` of a target's definition, or an empty string."""
    definition = _find(target)
    return f"{definition.source.file}:{definition.node.lineno}" if definition else ""


def words(target: str, attribute: str) -> tuple[str, ...]:
    """Return the words of a tuple that a class has in its body, written out, or none.

    Example:
        >>> words("regkit.techniques.penalties.l2:L2", "search_words")[0]
        'ridge'
    """
    definition = _find(target)
    for node in definition.node.body if definition else ():
        if not isinstance(node, ast.Assign | ast.AnnAssign):
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if attribute in [target.id for target in targets if isinstance(target, ast.Name)]:
            written = node.value.elts if isinstance(node.value, ast.Tuple) else []
            texts = [item.value for item in written if isinstance(item, ast.Constant)]
            return tuple(text for text in texts if isinstance(text, str))
    return ()


@functools.cache
def read(module: str, suffix: str = ".py") -> Source | None:
    """Return a module's source, parsed, or None where it cannot be had."""
    file = _file(module, suffix)
    try:
        if file is None or file.stat().st_size > LARGEST:
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of invalid escapes in others' strings
            return Source(module, file, ast.parse(file.read_bytes()))  # minds a coding cookie
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def importable(module: str) -> bool:
    """Return False where a module's top-level package is surely missing; nothing is imported."""
    try:
        return importlib.util.find_spec(module.partition(".")[0]) is not None
    # Finders are others' code, and an odd module may be loaded under that name. "Surely" missing is
    # not known then, and the import will tell.
    except Exception:
        return True


def forget() -> None:
    """Read sources afresh."""
    read.cache_clear()


def _file(module: str, suffix: str) -> Path | None:
    top, *below = module.split(".")
    if not all(part.isidentifier() for part in (top, *below)):
        return None  # a path in disguise
    try:
        spec = importlib.util.find_spec(top)  # of a top-level name: finds, does not import
        if spec is None:
            return None
        files = [] if below or suffix != ".py" else [Path(spec.origin or "")]
        for root in spec.submodule_search_locations or []:
            base = Path(root).joinpath(*below)
            if below:
                files.append(base.with_name(base.name + suffix))
            files.append(base / f"__init__{suffix}")
        return next((file for file in files if file.suffix == suffix and file.is_file()), None)
    # Finders are others' code, and so is a module loaded under that name: they may raise anything.
    # Without a source nothing is described; the entry is listed all the same.
    except Exception:
        return None
