"""Finished members of an ensemble in a folder, so that a run that was broken off goes on."""

from __future__ import annotations

import json
import os
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from regkit.core.errors import RegkitError
from regkit.core.members.engines import Trained
from regkit.core.members.result import Members
from regkit.core.seam.pure_step import read_state
from regkit.ensembles.trainer import Member, Trainer

__all__ = ["KeptMembers"]

_PARTS = ("trainable", "non_trainable")


class KeptMembers:
    """A folder with a file for each finished member: its weights, and what they follow from.

    Args:
        folder: The folder; it is made where it is missing.
        trainer: Knows what the weights of a member follow from.

    Raises:
        RegkitError: where the folder cannot be made.
    """

    def __init__(self, folder: str | os.PathLike[str], trainer: Trainer) -> None:
        self._trainer, self._complained = trainer, False
        try:
            self._folder = Path(folder)
            self._folder.mkdir(parents=True, exist_ok=True)
        except (OSError, TypeError) as error:
            raise RegkitError(f"directory={str(folder)!r} cannot be made: {error}") from error

    def there(self, members: Sequence[Member]) -> tuple[list[Members], list[Member]]:
        """Return those that are finished, and those that are not.

        A file counts if all that its weights follow from is the same: data, model, recipe, seeds.
        """
        finished, others = [], []
        for member in members:
            found = self._read(member)
            others.append(member) if found is None else finished.append(found)
        return finished, others

    def keeping(self, parts: Iterator[Members], members: Sequence[Member]) -> Iterator[Members]:
        """Yield trained members, each kept first; a full disk is said, and breaks nothing off."""
        by_number = {member.number: member for member in members}
        for part in parts:
            for place, number in enumerate(part.numbers):
                self._keep(part, place, by_number[number])
            yield part

    def _path(self, member: Member) -> Path:
        return self._folder / f"member-{member.number:04d}.npz"

    def _read(self, member: Member) -> Members | None:
        path = self._path(member)
        if not path.exists():
            return None
        try:
            with np.load(path, allow_pickle=False) as file:
                held = {name: file[name] for name in file.files}
            about = json.loads(str(held.pop("about")))
        except (
            OSError,
            EOFError,
            ValueError,
            KeyError,
            zipfile.BadZipFile,
        ):  # half a file, or another's
            return None
        if about.get("fingerprint") != self._trainer.fingerprint(member):
            return None
        blueprint = self._trainer.blueprint([member])
        fresh = read_state(blueprint.model(member.number, member.draw.seed))
        weights = {
            part: [held[f"{part}-{k}"].astype(own.dtype) for k, own in enumerate(fresh[part])]
            for part in _PARTS
        }
        trained = Trained([weights], [about["history"]], [[]], about["reason"])
        features = member.draw.features
        return Members(
            trained,
            [member.draw.seed],
            blueprint,
            None if features is None else features[None],
            [member.number],
        )

    def _keep(self, part: Members, place: int, member: Member) -> None:
        weights, path = part.weights[place], self._path(member)
        about = {
            "fingerprint": self._trainer.fingerprint(member),
            "history": {name: np.asarray(v).tolist() for name, v in part.histories[place].items()},
            "reason": part.reason,
        }
        arrays = {
            f"{kind}-{k}": value.astype("float32") if value.dtype.kind == "V" else value
            for kind in _PARTS  # a file has no bfloat16
            for k, value in enumerate(weights[kind])
        }
        temporary = path.with_suffix(".part")
        try:
            with temporary.open("wb") as file:
                np.savez(file, about=np.array(json.dumps(about)), **arrays)
            os.replace(temporary, path)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            if not self._complained:
                warnings.warn(
                    f"finished members cannot be kept in {self._folder}: {error}. Training goes "
                    "on; they are lost if it is broken off",
                    stacklevel=2,
                )
            self._complained = True
