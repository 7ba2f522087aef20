"""Every byte of an answer to reset has a name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akis.trace.atr_fields import atr_fields
from tests.akis.trace.sessions_of_many_kinds import ATR


def test_the_atr_of_a_2x_card() -> None:
    assert [(field.name, field.text, field.meaning) for field in atr_fields(ATR)] == [
        ("TS", "3B", "direct convention"),
        ("T0", "9F", "15 historical bytes"),
        ("TA1", "97", "Fi 512, Di 64"),
        ("TD1", "81", "T=1"),
        ("TD2", "31", "T=1"),
        ("TA3", "FE", "T=1: blocks of up to 254 bytes to the card"),
        ("TB3", "45", "T=1: BWI 4, CWI 5"),
        (
            "historical",
            "80 65 54 43 D2 21 08 31 C0 73 F6 21 80 81 05",
            "AKİS 2.2.8, Infineon, command chaining, short length only",
        ),
        ("TCK", "5B", "check byte, right"),
    ]


@pytest.mark.parametrize(
    ("atr", "name", "meaning"),
    [
        ("3F00", "TS", "inverse convention"),
        ("3B1094", "TA1", "Fi 512, Di 8"),
        ("3B400A", "TC1", "extra guard time 10"),
        ("3B901100", "TD1", "T=0"),
        ("3B80801F0718", "TA3", "supply class A, B, C"),
    ],
)
def test_what_single_bytes_say(atr: str, name: str, meaning: str) -> None:
    assert {field.name: field.meaning for field in atr_fields(bytes.fromhex(atr))}[name] == meaning


def test_bytes_that_are_no_atr_are_shown_with_the_reason() -> None:
    [field] = atr_fields(bytes.fromhex("3B9F"))
    assert (field.text, field.meaning) == ("3B 9F", "no ATR: the ATR is cut off (at byte 2)")


@given(st.binary(max_size=40) | st.binary(max_size=32).map(lambda rest: b"\x3b" + rest))
def test_no_byte_is_lost(raw: bytes) -> None:
    assert bytes.fromhex("".join(field.text for field in atr_fields(raw))) == raw
