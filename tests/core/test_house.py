"""The house: no circles of imports, those within functions counted; core one way; names once."""

import ast
from pathlib import Path

import pytest

pytestmark = pytest.mark.backend_free

ROOT = Path(__file__).parents[2] / "regkit"
# Within core each may import those before it. What several share and has no order is one group.
CORE = [
    {"errors", "words"},
    {"schedules", "options"},
    {"stages"},
    {"annotations"},
    {"draws", "images", "inputs", "model_building", "select", "services", "state"},
    {"context", "draws_of_examples", "motion", "acts", "returned"},
    {"method", "joining"},
    {"plan", "moving"},
    {"at_data", "outside"},
    {"seam"},
    {"technique"},
    {"decisions"},
    {"host", "registry"},
    {"recipe", "model_loading"},
    {"members"},
]


def name_of(path):
    parts = ["regkit", *path.relative_to(ROOT).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(ROOT.rglob("*.py"))}


def imported(path):
    """Yield the modules of regkit that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module


GRAPH = {name: set(imported(path)) - {name} for name, path in MODULES.items()}


def circle_from(start):
    """Return a way from a module back to itself, or None."""
    pending, before = [start], {}
    while pending:
        here = pending.pop()
        for there in sorted(GRAPH[here]):
            if there == start:
                way = [start]
                while here != start:
                    way.append(here)
                    here = before[here]
                return [start, *way[::-1]]
            if there not in before:
                before[there] = here
                pending.append(there)
    return None


def test_no_module_imports_itself_by_way_of_others():
    circles = [circle_from(module) for module in GRAPH]
    assert not [" → ".join(circle) for circle in circles if circle is not None]


def place_in_core(module):
    part = module.split(".")[2]
    return next((k for k, group in enumerate(CORE) if part in group), None)


def test_core_imports_one_way():
    inside = [module for module in GRAPH if module.startswith("regkit.core.")]
    assert not [module for module in inside if place_in_core(module) is None]
    upward = [
        f"{module} imports {other}, which stands above it"
        for module in inside
        for other in GRAPH[module]
        if other.startswith("regkit.core.") and place_in_core(other) > place_in_core(module)
    ]
    assert not upward


def test_no_file_name_has_two_meanings():
    """A check is called after what it checks, and what is of one backend after that."""
    names = [
        path.stem
        for path in MODULES.values()
        if path.parent.name != "checks" and path.stem not in ("__init__", "__main__")
    ]
    twice = {name for name in names if names.count(name) > 1}
    assert twice == {"tensorflow", "jax", "torch"}
