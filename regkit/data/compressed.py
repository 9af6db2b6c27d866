"""The bytes of a file, decompressed, and the suffix of its name that says what they are."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from regkit.data.dataset import DataError

__all__ = ["COMPRESSED", "inner_suffix", "read_bytes"]

DECOMPRESS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.decompress,
    ".bz2": bz2.decompress,
    ".xz": lzma.decompress,
    ".zip": lambda data: _only_member(data)[1],
}
COMPRESSED = tuple(DECOMPRESS)
DAMAGED = (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)
UNSUPPORTED = (RuntimeError, NotImplementedError)  # a password, a method unknown to zipfile


def inner_suffix(path: Path) -> str:
    """Return the suffix of a file without its compression.

    A compressed file whose name has no other suffix holds a text; of a `.zip` the name of its only
    member counts.

    Example:
        >>> [inner_suffix(Path(name)) for name in ("table.csv.gz", "TABLE.TSV", "t.gz")]
        ['.csv', '.tsv', '.txt']
    """
    suffix = path.suffix.lower()
    if suffix == ".zip":
        try:
            return Path(_only_member(path.read_bytes())[0]).suffix.lower() or ".txt"
        except (*DAMAGED, *UNSUPPORTED) as error:
            raise _damaged(path, error) from error
    if suffix in COMPRESSED:
        return Path(path.stem).suffix.lower() or ".txt"
    return suffix


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a file, decompressed where its name ends in one of `COMPRESSED`.

    Raises:
        DataError: for a damaged file, and for a `.zip` that holds not exactly one file.
    """
    data = path.read_bytes()
    decompress = DECOMPRESS.get(path.suffix.lower())
    if decompress is None:
        return data
    try:
        return decompress(data)
    except (*DAMAGED, *UNSUPPORTED) as error:
        raise _damaged(path, error) from error


def _only_member(data: bytes) -> tuple[str, bytes]:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        names = [member.filename for member in archive.infolist() if not member.is_dir()]
        names = [name for name in names if not name.startswith("__MACOSX/")]  # added by macOS
        if len(names) != 1:
            raise ValueError(
                f"it holds {len(names)} files, {', '.join(names[:3])}; it must hold exactly one"
            )
        return names[0], archive.read(names[0])


def _damaged(path: Path, error: Exception) -> DataError:
    return DataError(f"{path} cannot be decompressed: {error or type(error).__name__}")
