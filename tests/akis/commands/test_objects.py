"""Reading PIN objects: a number that is not plainly there is no number to risk a try on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akis.commands.objects import PinObject
from akis.errors import CodecError


def read(text: str, number: int = 1) -> tuple[int | None, int | None, int | None]:
    found = PinObject.from_bytes(bytes.fromhex(text), number)
    return found.max_tries, found.tries_left, found.length


@pytest.mark.parametrize(
    ("text", "number", "values"),
    [
        ("BF8101 09 9A0103 9B0102 800106", 1, (3, 2, 6)),
        ("BF8102 09 9A0103 9B0100 800108", 2, (3, 0, 8)),
        ("BF8101 09 800106 9B0102 9A0103", 1, (3, 2, 6)),
        ("BF8101 0F 9A0103 9B0102 9C01FF 9D01FF 800106", 1, (3, 2, 6)),
        ("BF8101 03 9B0102", 1, (None, 2, None)),
        ("BF8101 03 9A0103", 1, (3, None, None)),
        ("BF8101 00", 1, (None, None, None)),
        ("BF8101 05 A1039B0102", 1, (None, None, None)),
    ],
)
def test_reading(text, number, values):
    assert read(text, number) == values


@pytest.mark.parametrize(
    "text",
    [
        "",
        "BF8102 09 9A0103 9B0102 800106",
        "BF8101 09 9A0103 9B0102 800106 BF810100",
        "BF8101 09 9A0103 9B0102 800106 00",
        "BF8101 09 9A0103 9B0102 8001",
        "BF8101 08 9A0103 9B0102 8001",
        "BF8101 06 9B0102 9B0103",
        "BF8101 04 9B020003",
        "BF8101 02 9B00",
        "BF8101 07 9A0103 9A0203FF",
        "BF8101 8103 9B0102",
        "9B0102",
        "6F05 BF810103 9B0102",
    ],
)
def test_anything_else(text):
    with pytest.raises(CodecError):
        read(text)


@given(st.binary(max_size=16), st.booleans())
def test_any_bytes(raw, inside):
    raw = b"\xbf\x81\x01" + bytes((len(raw),)) + raw if inside else raw
    try:
        found = PinObject.from_bytes(raw, 1)
    except CodecError:
        return
    assert all(value is None or 0 <= value <= 0xFF for value in (found.max_tries, found.tries_left, found.length))
