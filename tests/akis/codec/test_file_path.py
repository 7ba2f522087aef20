"""Paths of files, as text and as values."""

from __future__ import annotations

import pytest

from akis.codec.file_path import checked_path, parse_path, path_bytes, path_text
from akis.errors import AkisError, InvalidArgument, WrongType


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("3D00/2F10", (0x3D00, 0x2F10)),
        ("3F00/3D00/2F10", (0x3D00, 0x2F10)),
        ("/3d00/2f10", (0x3D00, 0x2F10)),
        ("2F00", (0x2F00,)),
        ("3F00", ()),
        ("/3F00", ()),
        ("/", ()),
        ("/".join(["3D00"] * 8), (0x3D00,) * 8),
    ],
)
def test_text(text, path):
    assert parse_path(text) == path
    assert parse_path(path_text(path)) == path


def test_as_text_and_bytes():
    assert path_text((0x3D00, 0x2F10)) == "3D00/2F10"
    assert path_text(()) == "3F00"
    assert path_bytes((0x3D00, 0x2F10)) == bytes.fromhex("3D002F10")
    assert path_bytes(()) == b""


@pytest.mark.parametrize(
    "text",
    [
        *("", "3D0", "3D000", "3D00/", "3D00//2F10", "3D00 2F10", "0x3D00", "3G00", "EF.DIR", "3D00/3F00", "../2F00"),
        *("//", "/".join(["3D00"] * 9), "3D00\n", "３D00"),
    ],
)
def test_no_path(text):
    with pytest.raises(InvalidArgument):
        parse_path(text)


@pytest.mark.parametrize("text", [None, 0x3D00, b"3D00"])
def test_no_text(text):
    with pytest.raises(WrongType):
        parse_path(text)


@pytest.mark.parametrize("path", [None, "3D00", [0x3D00], (0x10000,), (-1,), ("3D00",), (0x3D00, 0x3F00), (1,) * 9])
def test_no_value(path):
    with pytest.raises(AkisError):
        checked_path(path)
