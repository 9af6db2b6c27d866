"""Bytes to text: encodings that are told, named or in doubt; compressed files."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
from pathlib import Path

import pytest

from regkit.data import DataError, load
from regkit.data.encoding import decode

pytestmark = pytest.mark.backend_free

TEXT = "ville,b,label\n" + "Genève,1.5,no\nZürich,2.5,yes\n" * 6
HERE = Path("t.csv")


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "latin-1"],
)
def test_encodings_are_told_and_said(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "t.csv").write_bytes(TEXT.encode(encoding))
    data = load(tmp_path / "t.csv")
    assert data.columns[0].categories == ("Genève", "Zürich")
    said = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "latin-1": "cp1252"}.get(encoding, encoding)
    assert data.note.startswith(f"{said}, cells separated by comma")


@pytest.mark.parametrize("encoding", ["cp1251", "koi8-r", "shift_jis", "gb18030", "iso-8859-7"])
def test_other_alphabets_are_in_doubt_until_they_are_named(encoding: str) -> None:
    text = {"shift_jis": "東京,大阪", "gb18030": "北京,上海", "iso-8859-7": "Αθήνα,Πάτρα"}
    data = text.get(encoding, "Москва,Казань").encode(encoding)
    with pytest.raises(DataError, match=r"t.csv: .*--encoding"):
        decode(data, HERE)
    assert decode(data, HERE, encoding) == (data.decode(encoding), encoding)


def test_utf8_with_one_wrong_byte_is_not_taken_for_another_encoding() -> None:
    with pytest.raises(DataError, match="not text in UTF-8"):
        decode("é,ü,ß".encode() + b"\xe9", HERE)


@pytest.mark.parametrize("data", [bytes(range(256)), b"\x89PNG\r\n\x1a\n\0\0", b"a\0b"])
def test_what_is_no_text(data: bytes) -> None:
    with pytest.raises(DataError, match="not a text file, as it has control characters"):
        decode(data, HERE)


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf8x", "no encoding is called 'utf8x'"),
        ("ascii", "not text in ascii"),
        ("utf-32", "not text in utf-32"),
        ("hex", "encoding"),
    ],
)
def test_an_encoding_that_does_not_fit(encoding: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        decode("é,b".encode(), HERE, encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_the_end_of_a_text_of_dos(encoding: str) -> None:
    assert decode("é\x1a".encode(encoding), HERE)[0] == "é"


def test_a_named_encoding_drops_the_mark_too() -> None:
    assert decode("é".encode("utf-8-sig"), HERE, "utf-8") == ("é", "UTF-8")


def zipped(folder: Path, *names: str) -> Path:
    with zipfile.ZipFile(folder / "t.zip", "w") as archive:
        for name in names:
            archive.writestr(name, TEXT)
    return folder / "t.zip"


@pytest.mark.parametrize(
    ("name", "compress"),
    [
        ("t.csv.gz", gzip.compress),
        ("t.gz", gzip.compress),
        ("t.tsv.bz2", bz2.compress),
        ("T.TXT.XZ", lzma.compress),
    ],
)
def test_compressed_files(tmp_path: Path, name: str, compress: object) -> None:
    (tmp_path / name).write_bytes(compress(TEXT.encode()))  # type: ignore[operator]
    assert load(tmp_path / name).columns[0].categories == ("Genève", "Zürich")


def test_a_zip_of_one_file(tmp_path: Path) -> None:
    data = load(zipped(tmp_path, "inner.csv", "__MACOSX/._inner.csv"))
    assert (data.name, len(data.y)) == ("t.zip", 12)


def test_a_zip_of_several_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot be decompressed: it holds 2 files, a.csv, b.csv"):
        load(zipped(tmp_path, "a.csv", "b.csv"))


@pytest.mark.parametrize("suffix", [".csv.gz", ".csv.bz2", ".csv.xz", ".zip"])
@pytest.mark.parametrize(
    "data",  # with a time of its own each worker would collect a test of another name
    [b"", b"plain text, no more", gzip.compress(b"abc" * 99, mtime=0)[:-9]],
)
def test_damaged_files(tmp_path: Path, suffix: str, data: bytes) -> None:
    (tmp_path / f"t{suffix}").write_bytes(data)
    with pytest.raises(DataError, match=r"t\.(csv|zip).*(cannot be decompressed|empty)"):
        load(tmp_path / f"t{suffix}")


def test_a_compressed_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(bytes(range(256)) * 9))
    with pytest.raises(DataError, match="not a text file"):
        load(tmp_path / "t.csv.gz")
