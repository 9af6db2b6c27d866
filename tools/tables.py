"""Write what follows from the classes of techniques and layers: entry points, names, tables, pages.

python tools/tables.py            write it (`make tables`)
python tools/tables.py --check    write nothing; 1 where something differs (`make lint`)
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

__all__ = ["main"]

ROOT = Path(__file__).resolve().parents[1]


def main(arguments: Sequence[str] = ()) -> int:
    """Write the generated parts, or check them, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, say what differs")
    chosen = parser.parse_args(arguments)
    # Nothing is computed: Keras' own NumPy backend starts fastest, and needs no package.
    os.environ.setdefault("KERAS_BACKEND", "numpy")
    from tools.declared import RefusedError, declarations
    from tools.texts import PAGES, texts

    try:
        written = texts(declarations(ROOT), lambda file: (ROOT / file).read_text(encoding="utf-8"))
    except RefusedError as error:
        print("\n".join(f"tables: error: {problem}" for problem in error.problems), file=sys.stderr)
        return 2
    stale = [page.relative_to(ROOT) for page in (ROOT / PAGES).glob("*.md")]
    stale = [page for page in stale if page not in written]
    differing = [file for file, text in written.items() if _text(ROOT / file) != text]
    if chosen.check:
        return _differs(sorted([*differing, *stale]))
    for file in differing:
        (ROOT / file).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / file).write_text(written[file], encoding="utf-8")
        print(f"wrote {file}")
    for page in stale:
        (ROOT / page).unlink()
        print(f"removed {page}")
    if Path("pyproject.toml") in differing:
        print("The entry points have changed; install again: pip install -e .")
    return 0


def _text(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.is_file() else None


def _differs(files: Sequence[Path]) -> int:
    if files:
        names = ", ".join(map(str, files))
        print(
            f"tables: {names} differ from what the classes under regkit/techniques declare: "
            "run `make tables` and commit what it writes",
            file=sys.stderr,
        )
    return 1 if files else 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main(sys.argv[1:]))
