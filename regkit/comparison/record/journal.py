"""The fits of a comparison on disk as soon as they are done, so that a killed one can go on.

A file of JSON lines: the first says what study it is, every other line is a fit. A line is written
and flushed to the disk before the next fit begins; reading drops a line that a crash cut short.
Numbers are written in full, so that a resumed study gives the same bits.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from regkit.comparison.record.results import JOURNAL, SCHEMA, Fit, Trial
from regkit.core.errors import RegkitError

__all__ = ["Journal"]

# What a line may be → its class.
KINDS: dict[str, type[Fit] | type[Trial]] = {"fit": Fit, "trial": Trial}


class Journal:
    """The file of one study.

    Args:
        folder: Where the file is.
        study: What must be equal for fits to belong together.
    """

    def __init__(self, folder: Path, study: dict[str, Any]) -> None:
        self.path = folder / JOURNAL
        self.study = json.loads(json.dumps({"schema": SCHEMA, **study}))

    @staticmethod
    def header(folder: Path) -> dict[str, Any]:
        """Return what the file in a folder says of its study; nothing where there is none."""
        try:
            with (folder / JOURNAL).open(encoding="utf-8", errors="replace") as file:
                row = json.loads(file.readline())
        except (OSError, ValueError):  # what is wrong with it `resume` says
            return {}
        return row if isinstance(row, dict) else {}

    def begin(self) -> None:
        """Start an empty file.

        Raises:
            OSError: where it cannot be written.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.unlink(missing_ok=True)
        self._append(self.study)

    def resume(self, recipes: Mapping[str, Collection[str]]) -> list[Fit | Trial]:
        """Return what the file has of these arms, and make it end with a whole line.

        Args:
            recipes: Arm → its recipes; what that arm did with another recipe is left out.

        Raises:
            RegkitError: where there is none, or it is of another study.
        """
        if not self.path.is_file():
            raise RegkitError(
                f"nothing to resume: {str(self.path)!r} is not there; leave out resume (--resume) "
                "to begin"
            )
        text = self.path.read_text("utf-8", errors="replace")
        lines = text.splitlines(keepends=True)
        if lines and not lines[-1].endswith("\n"):
            lines = lines[:-1]
        rows = [self._parse(number, line) for number, line in enumerate(lines, 1)]
        self._same_study(rows[0] if rows else {})
        whole = "".join(lines)
        if whole != text:
            temporary = self.path.with_suffix(".part")
            temporary.write_text(whole, "utf-8")
            os.replace(temporary, self.path)
        return [
            self._result(number, kind, row[kind])
            for number, row in enumerate(rows[1:], 2)
            for kind in KINDS
            if kind in row and row[kind].get("recipe") in recipes.get(row[kind].get("arm"), ())
        ]

    def add(self, result: Fit | Trial) -> None:
        """Append a fit or a trial.

        Raises:
            OSError: where it cannot be written, as on a full disk; what was there stays.
        """
        (kind,) = (kind for kind, made in KINDS.items() if isinstance(result, made))
        self._append({kind: dataclasses.asdict(result)})

    def _append(self, row: dict[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _parse(self, number: int, line: str) -> dict[str, Any]:
        try:
            row = json.loads(line)
        except ValueError as error:
            column = getattr(error, "colno", 1)
            raise RegkitError(
                f"{self.path}, line {number}, column {column}: no JSON ({error}); delete the line "
                "to fit it again"
            ) from error
        if not isinstance(row, dict):
            raise RegkitError(f"{self.path}, line {number}: not an object; delete the line")
        return row

    def _result(self, number: int, kind: str, row: dict[str, Any]) -> Fit | Trial:
        try:
            result = KINDS[kind](**row)
        except TypeError as error:
            raise RegkitError(
                f"{self.path}, line {number}: not a {kind} ({error}); delete the line to fit it "
                "again"
            ) from error
        if isinstance(result, Trial):
            return result
        pairs = [(float(a), float(b), int(c)) for a, b, c in result.reliability]
        return dataclasses.replace(result, reliability=pairs)

    def _same_study(self, earlier: dict[str, Any]) -> None:
        differs = [
            f"{name} was {_short(earlier.get(name))}, is {_short(value)}"
            for name, value in self.study.items()
            if earlier.get(name) != value
        ]
        if differs:
            raise RegkitError(
                f"{self.path} is of another study: {'; '.join(differs)}. Name another folder "
                "(output, --output), or give the same options to resume"
            )


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "…"
