"""Paths of PKCS #15: files, parts of files, and what ISO/IEC 7816-15 added."""

import pytest

from akis.errors import CodecError, InvalidArgument
from akis.pkcs15.der import decode, reading
from akis.pkcs15.path import Path, PathSchema, read_path


def read(text: str) -> Path:
    with reading("a path"):
        return read_path(decode(PathSchema, bytes.fromhex(text), "a path"))


@pytest.mark.parametrize(
    ("raw", "path", "text"),
    [
        ("3004 0402 2F10", Path.of(0x2F10), "2F10"),
        ("3008 0406 3F003D002F10", Path.of(0x3F00, 0x3D00, 0x2F10), "3F00/3D00/2F10"),
        ("3002 0400", Path(b""), ""),
        ("300A 0402 4404 020110 800120", Path.of(0x4404, index=16, length=32), "4404, 32 bytes from 16"),
        ("3007 0402 4404 020103", Path.of(0x4404, index=3), "4404"),
        ("3003 0401 08", Path(b"\x08"), "08"),
    ],
)
def test_files(raw, path, text):
    assert read(raw) == path
    assert str(path) == text
    assert path.schema().dump() == bytes.fromhex(raw)


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ("3009 A007 0401 53 0402 2F10", Path(b"\x2f\x10", tag=b"\x53")),
        ("3005 A003 0401 53", Path(b"", tag=b"\x53")),
        ("300B A109 4F03 A00001 0402 2F10", Path(b"\x2f\x10", aid=b"\xa0\x00\x01")),
        ("300A A208 4F03 A00001 0401 53", Path(b"", aid=b"\xa0\x00\x01", tag=b"\x53")),
    ],
)
def test_places_of_iso_7816_15(raw, path):
    assert read(raw) == path
    with pytest.raises(InvalidArgument):
        path.schema()


def test_file_identifiers():
    assert Path.of(0x3F00, 0x3D00).fids == (0x3F00, 0x3D00)
    assert Path.of(0x3F00, 0x3D00).absolute
    assert not Path.of(0x3D00).absolute
    assert Path(b"\x3f\x00\x01").fids == ()
    assert not Path(b"\x3f\x00\x01").absolute
    assert Path(b"\x2f\x10", tag=b"\x53").fids == ()
    with pytest.raises(InvalidArgument):
        Path.of(0x10000)


@pytest.mark.parametrize(
    "raw",
    [
        "3000",
        "3003 020105",  # a number in the place of the path
        "3008 0402 2F10 0202 FF00",  # a negative index
        "300A 0402 2F10 0204 7FFFFFFF",
        "3009 0402 2F10 8003 100000",
        "3006 A404 0402 2F10",
        "3003 A001 04",
        "3102 0400",
    ],
)
def test_what_is_no_path(raw):
    with pytest.raises(CodecError):
        read(raw)
