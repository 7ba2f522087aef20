"""Command and answer in one piece, and cut again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akis.codec.apdu import CommandApdu
from akis.trace.tpdu import cut, joined, shortened

SELECT = "00A40400 07 504B43532D3135"
PROTECTED = "0C200081 15 8709019ECF387DD4B713508E08EB513E6FE1843057"


def piece(*texts: str) -> bytes:
    return bytes.fromhex("".join(texts))


@pytest.mark.parametrize(
    ("command", "answer", "together"),
    [
        ("00200081", "63C3", "00200081 00 63C3"),
        ("0084000008", "11223344556677889000", "0084000008 1122334455667788 9000"),
        ("00B0000000", "AABB9000", "00B0000002 AABB 9000"),
        ("00B0000010", "6A82", "00B0000000 6A82"),
        ("0020008106313233343536", "63C2", "0020008106 313233343536 63C2"),
        (SELECT + "00", "6F029000", SELECT + "6F02 9000"),
        ("00CB3FFF00000206070000", "01029000", "00CB3FFF02 0607 0102 9000"),
    ],
    ids=["case 1", "case 2", "more wanted than came", "refused", "case 3", "case 4", "extended without need"],
)
def test_p3_counts_the_data_of_the_command_or_that_of_the_answer(command: str, answer: str, together: str) -> None:
    assert joined(piece(command), piece(answer)) == piece(together)


def test_lengths_that_do_not_fit_into_p3_are_extended() -> None:
    data, got = bytes(range(256)) * 2, bytes(300)
    assert joined(CommandApdu(0, 0xDA, 1, 2, data, 256).to_bytes(), b"\x90\x00") == (
        piece("00DA0102 000200") + data + b"\x90\x00"
    )
    assert joined(CommandApdu(0, 0xB0, 0, 0, ne=512).to_bytes(), got + b"\x90\x00") == (
        piece("00B00000 000200") + got + b"\x90\x00"
    )


def test_of_what_is_no_command_the_header_is_there() -> None:
    assert joined(piece("00A4000C 07 3F00"), piece("6700")) == piece("00A4000C 00 6700")


def test_a_piece_that_is_too_long_keeps_header_and_status_word() -> None:
    assert shortened(joined(piece("00B0000000"), bytes(200) + piece("6282"))) == piece("00B00000 00 6282")


@pytest.mark.parametrize(
    ("together", "command", "answer"),
    [
        ("00200081 63C3", "00200081", "63C3"),
        ("00200081 00 63C3", "00200081", "63C3"),
        ("00B00000 00 6A82", "00B0000000", "6A82"),
        ("00B00000 10 6A82", "00B0000010", "6A82"),
        ("00200081 08 6983", "00200081", "6983"),
        ("00B00000 10 AABB 6282", "00B0000010", "AABB6282"),
        ("00B00000 00 AABB 9000", "00B0000000", "AABB9000"),
        ("00B00000 02 AABB 9000", "00B0000002", "AABB9000"),
        ("00CA0106 02 AABB 6A88", "00CA010602AABB", "6A88"),
        ("A0A40000 02 3F00 9F16", "A0A40000023F00", "9F16"),
        ("A0C00000 02 0102 9000", "A0C0000002", "01029000"),
        (SELECT + "9000", SELECT, "9000"),
        (SELECT + "6F02 9000", SELECT + "00", "6F029000"),
        ("0CB00000 02 AABB 6988", "0CB0000002AABB", "6988"),
        (PROTECTED + "990263C28E080102030405060708 63C2", PROTECTED + "00", "990263C28E08010203040506070863C2"),
        ("00A40004 02 3F00 611C", "00A40004023F00", "611C"),
    ],
)
def test_where_the_cut_lies(together: str, command: str, answer: str) -> None:
    assert cut(piece(together)) == (piece(command), piece(answer))


@pytest.mark.parametrize("together", ["", "9000", "00A4000C", "00A4040002 3F00", "00200081 6000", "00A4000C02 3F"])
def test_what_is_no_command_with_its_answer(together: str) -> None:
    assert cut(piece(together)) is None


def test_extended_lengths_come_back() -> None:
    for command, answer in (
        (CommandApdu(0, 0xDA, 1, 2, bytes(300)), b"\x90\x00"),
        (CommandApdu(0, 0x2A, 1, 2, bytes(300), 65536), bytes(400) + b"\x90\x00"),
        (CommandApdu(0, 0xB0, 1, 2, ne=1000), bytes(1000) + b"\x90\x00"),
        (CommandApdu(0, 0xB0, 1, 2, ne=65536), bytes(300) + b"\x62\x82"),
        (CommandApdu(0, 0x84, 1, 2, ne=256), bytes(range(256)) + b"\x90\x00"),
    ):
        assert cut(joined(command.to_bytes(), answer)) == (command.to_bytes(), answer)


@given(
    header=st.binary(min_size=4, max_size=4),
    data=st.binary(min_size=1, max_size=300),
    got=st.binary(max_size=300),
    sw=st.sampled_from([0x9000, 0x61FF, 0x63C2, 0x6282, 0x6A82]),
)
def test_commands_with_data_come_back_but_for_le(header: bytes, data: bytes, got: bytes, sw: int) -> None:
    if header[1] in (0x12, 0x70, 0x84, 0xB0, 0xB2, 0xC0, 0xCA, 0xF2) and not header[0] & 0x0C:
        return  # these send none, so that is what a piece of theirs says
    command = CommandApdu(*header, data)
    found = cut(joined(command.to_bytes(), got + sw.to_bytes(2, "big")))
    assert found is not None
    again = CommandApdu.from_bytes(found[0])
    assert (again.header, again.data) == (command.header, data)
    assert (again.ne is None) is (got == b"")
    assert found[1] == got + sw.to_bytes(2, "big")


@given(st.binary(max_size=700))
def test_nothing_is_added_but_le_and_nothing_is_lost_but_p3(together: bytes) -> None:
    found = cut(together)
    if found is not None:
        command, answer = found
        assert together.startswith(command[:4])
        assert together.endswith(answer)
        assert len(together) - 1 <= len(command) + len(answer) <= len(together) + 2
