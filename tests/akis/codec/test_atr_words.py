"""An answer to reset in words: every byte once, by its name in the standard."""

from __future__ import annotations

from random import Random

import pytest

from akis.codec.atr_words import explain
from akis.errors import CodecError
from tests.akis.codec.atrs import AKIS, CAC, IDPRIME, OPENPGP, checked


def said(text: str) -> dict[str, str]:
    return {field.name: field.meaning for field in explain(bytes.fromhex(text))}


def test_a_card_of_2_x() -> None:
    fields = explain(bytes.fromhex("3B9F978131FE4580655443D2210831C073F6218081055B"))
    assert [(field.name, field.offset, field.raw.hex().upper(), field.meaning) for field in fields] == [
        ("TS", 0, "3B", "direct convention"),
        ("T0", 1, "9F", "TA1, TD1 follow, 15 historical bytes"),
        ("TA1", 2, "97", "Fi 512, Di 64: 8 clock cycles a bit, clock up to 5 MHz"),
        ("TD1", 3, "81", "TD2 follows, protocol T=1 (blocks)"),
        ("TD2", 4, "31", "TA3, TB3 follow, protocol T=1 (blocks)"),
        ("TA3", 5, "FE", "T=1: IFSC 254, blocks of up to 254 bytes to the card"),
        ("TB3", 6, "45", "T=1: BWI 4, CWI 5"),
        ("category", 7, "80", "COMPACT-TLV objects follow"),
        ("tag 6", 8, "655443D22108", "pre-issuing data"),
        (
            "tag 3",
            14,
            "31C0",
            "card service data: applications are selected by full and partial DF name; card with MF",
        ),
        (
            "tag 7",
            16,
            "73F62180",
            "card capabilities: DFs are selected by full DF name, partial DF name, path, file identifier; "
            "short EF identifiers; records by number; data units of 1 byte; write functions: proprietary; "
            "command chaining; short length only; 1 logical channel",
        ),
        ("tag 8", 20, "8105", "status indicator: life cycle operational, activated"),
        ("TCK", 22, "5B", "check byte, right"),
    ]


@pytest.mark.parametrize("text", [*AKIS, OPENPGP, CAC, IDPRIME, "3B00", "3F00", "3B021450", "3B951381018073FF01000B"])
def test_all_bytes_in_order_and_each_once(text: str) -> None:
    fields = explain(bytes.fromhex(text))
    assert b"".join(field.raw for field in fields).hex().upper() == text
    assert [field.offset for field in fields] == [
        sum(len(before.raw) for before in fields[:number]) for number in range(len(fields))
    ]
    assert all(field.meaning for field in fields)


def test_the_smallest() -> None:
    assert said("3B00") == {"TS": "direct convention", "T0": "no interface bytes follow, 0 historical bytes"}
    assert said("3F0141")["TS"] == "inverse convention"
    assert said("3B0141")["historical"] == 'proprietary: "A"'


@pytest.mark.parametrize(
    ("text", "name", "meaning"),
    [
        ("3B10F7", "TA1", "Fi reserved, Di 64"),
        ("3B1019", "TA1", "Fi 372, Di 20: 18.6 clock cycles a bit, clock up to 5 MHz"),
        ("3B2025", "TB1", "programming voltage, not used any more"),
        ("3B4002", "TC1", "extra guard time N = 2"),
        ("3B40FF", "TC1", "extra guard time N = 255, the shortest of each protocol: 12 bits (T=0), 11 bits (T=1)"),
        ("3B801000", "TA2", "specific mode: T=0 at once, speed as TA1 says, may be changed by a reset"),
        ("3B801090", "TA2", "specific mode: T=0 at once, speed agreed elsewhere, cannot be changed"),
        ("3B802000", "TB2", "programming voltage, not used any more"),
        ("3B80400A", "TC2", "T=0: waiting time integer WI = 10"),
        ("3B804000", "TC2", "reserved for future use"),
    ],
)
def test_interface_bytes_of_t_0(text: str, name: str, meaning: str) -> None:
    assert said(text)[name] == meaning


@pytest.mark.parametrize(
    ("text", "name", "meaning"),
    [
        ("3B80811100", "TA3", "reserved for future use"),
        ("3B808121A5", "TB3", "T=1: BWI 10, CWI 5, BWI reserved"),
        ("3B80814101", "TC3", "T=1: blocks end with a CRC of two bytes"),
        ("3B80814100", "TC3", "T=1: blocks end with a LRC of one byte"),
        ("3B808191FE1120", "TA3", "T=1: IFSC 254, blocks of up to 254 bytes to the card"),
        ("3B808191FE1120", "TA4", "reserved for future use"),
        ("3B80811FC7", "TA3", "the clock may be stopped at either state; supply class A (5 V), B (3 V), C (1.8 V)"),
        ("3B80811F41", "TA3", "the clock may be stopped at state L; supply class A (5 V)"),
        ("3B80811F00", "TA3", "the clock may not be stopped; supply class reserved"),
        ("3B80812F00", "TB3", "contact C6 is not used"),
        ("3B80812F81", "TB3", "contact C6 has a proprietary use"),
        ("3B80814F81", "TC3", "reserved for future use"),
        ("3B80811E55", "TA3", "reserved for future use"),
        ("3B80811E55", "TD2", "TA3 follows, protocol T=14"),
        ("3B80811F01", "TD2", "TA3 follows, for all protocols (T=15)"),
    ],
)
def test_interface_bytes_of_others(text: str, name: str, meaning: str) -> None:
    assert said(checked(text).to_bytes().hex())[name] == meaning


def test_a_wrong_check_byte_is_named() -> None:
    with pytest.raises(CodecError, match="check byte TCK is 95, 94 would fit"):
        explain(bytes.fromhex("3B9F978131FE458065544312210731C073F62180810595"))


def test_any_bytes_are_explained_or_refused() -> None:
    random, explained = Random(3), 0
    for _ in range(3000):
        raw = bytes((random.choice((0x3B, 0x3F, 0x00)),)) + random.randbytes(random.randrange(64))
        try:
            fields = explain(raw)
        except CodecError:
            continue
        explained += 1
        assert b"".join(field.raw for field in fields) == raw
    assert explained > 10
