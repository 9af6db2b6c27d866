"""From bytes to text: the encoding is found from the bytes, or named by the user."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from regkit.data.dataset import DataError

__all__ = ["decode"]

MARKS = (  # UTF-32 before UTF-16, whose mark is the beginning of that of UTF-32
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
WESTERN = "cp1252"
DOS_END = "\x1a"  # the mark of DOS at the end of a text
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b]")
HIGH = re.compile(rb"[\x80-\xff]+")
NAME_IT = "name the encoding (encoding, --encoding), such as cp1252, cp1251, utf-16 or shift_jis"


def decode(data: bytes, path: Path, encoding: str | None = None) -> tuple[str, str]:
    """Return the text and the name of the encoding in which it was read.

    Without a name: the encoding of a byte order mark; UTF-16 where every other byte is 0; UTF-8;
    and Windows' Western European cp1252 where single bytes stand among ASCII, as é in café. Where
    most such bytes are adjacent they are letters of another alphabet, which is an error.

    Raises:
        DataError: for an unknown encoding, bytes that are not in it, and a file that is no text.

    Example:
        >>> decode("café".encode("cp1252"), Path("menu.csv"))
        ('café', 'cp1252')
    """
    name = encoding or _proven(data) or _western(data, path)
    try:
        # The byte order mark is not part of the text, also where the user names the encoding.
        text = data.decode(name).removeprefix("\ufeff").removesuffix(DOS_END)
    except LookupError as error:
        raise DataError(f"{path}: no encoding is called {encoding!r}; {NAME_IT}") from error
    except UnicodeError as error:
        reason = getattr(error, "reason", error)
        raise DataError(f"{path}: not text in {name} ({reason}); {NAME_IT}") from error
    if not isinstance(text, str) or CONTROL.search(text):
        raise _no_text(path)
    return text, {"utf-8-sig": "UTF-8", "utf-8": "UTF-8", "utf8": "UTF-8"}.get(name.lower(), name)


def _proven(data: bytes) -> str | None:
    """Return the encoding that the bytes prove, or None."""
    for mark, name in MARKS:
        if data.startswith(mark):
            return name
    start = data[:2000]
    if len(start) > 3 and not len(data) % 2:
        for name, zeros in (("utf-16-le", start[1::2]), ("utf-16-be", start[::2])):
            if zeros.count(0) > 0.7 * len(zeros) and start.count(0) < 0.6 * len(start):
                return name
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return "utf-8"


def _no_text(path: Path) -> DataError:
    return DataError(
        f"{path}: not a text file, as it has control characters. A table is a text file, .arff or "
        f".parquet; if it is text, {NAME_IT}"
    )


def _western(data: bytes, path: Path) -> str:
    if CONTROL.search(data.decode("latin-1").removesuffix(DOS_END)):
        raise _no_text(path)
    runs = [len(run) for run in HIGH.findall(data)]
    if 2 * sum(n for n in runs if n > 1) > sum(runs):
        raise DataError(
            f"{path}: not text in UTF-8, nor in a Western European encoding, as bytes above 127 "
            f"are adjacent; {NAME_IT}"
        )
    return WESTERN
