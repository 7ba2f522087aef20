"""The structures of PC/SC part 10, byte by byte."""

from __future__ import annotations

from dataclasses import replace

import pytest

from akis.codec.pin_entry import (
    ASCII,
    BCD,
    BINARY,
    PinModification,
    PinVerification,
    block_string,
    format_string,
    pin_entry,
)
from akis.errors import CodecError, InvalidArgument

VERIFICATION = PinVerification(
    format=0x82, block=0x06, minimum=4, maximum=6, command=bytes.fromhex("0020000106FFFFFFFFFFFF"), messages=1
)
# bTimerOut bTimerOut2 | three format bytes | wPINMaxExtraDigit 0406 | condition messages | wLangId 0409 | bMsgIndex |
# bTeoPrologue | ulDataLength 11 | abData
VERIFICATION_BYTES = bytes.fromhex("1E1E 820600 0604 0201 0904 00 000000 0B000000 0020000106FFFFFFFFFFFF")
MODIFICATION = PinModification(
    format=0x89,
    block=0x47,
    length_format=4,
    minimum=4,
    maximum=12,
    command=bytes.fromhex("002400811020FFFFFFFFFFFFFF20FFFFFFFFFFFFFF"),
    messages=3,
    old_at=0,
    new_at=8,
)
MODIFICATION_BYTES = bytes.fromhex(
    "1E1E 894704 00 08 0C04 03 0203 0904 000102 000000 15000000 002400811020FFFFFFFFFFFFFF20FFFFFFFFFFFFFF"
)


@pytest.mark.parametrize(
    ("entry", "raw"), [(VERIFICATION, VERIFICATION_BYTES), (MODIFICATION, MODIFICATION_BYTES)], ids=["verify", "modify"]
)
class TestStructure:
    def test_there_and_back(self, entry, raw):
        assert entry.to_bytes() == raw
        assert pin_entry(raw) == entry

    def test_one_that_is_cut_off_or_too_long_is_none(self, entry, raw):
        for wrong in (*(raw[:end] for end in range(len(raw))), raw + b"\x00"):
            assert pin_entry(wrong) is None
            with pytest.raises(CodecError):
                type(entry).from_bytes(wrong)

    def test_a_value_that_does_not_fit_its_field(self, entry, raw):
        for wrong in (replace(entry, maximum=256), replace(entry, timeout=-1), replace(entry, prologue=b"")):
            with pytest.raises(CodecError, match="cannot be built"):
                wrong.to_bytes()

    def test_the_command_does_not_show(self, entry, raw):
        assert "FF" not in repr(entry).upper().replace("OFF", "")


def test_a_structure_without_a_command_is_none():
    for command in (b"", bytes(3)):
        assert pin_entry(replace(VERIFICATION, command=command).to_bytes()) is None
    assert pin_entry(replace(VERIFICATION, command=bytes(4)).to_bytes()) is not None


def test_the_format_byte_of_each_kind_of_pin():
    assert format_string(ASCII) == 0x82  # that of the Turkish identity card
    assert format_string(BCD) == 0x81
    assert format_string(BINARY) == 0x80
    assert format_string(BCD, 1) == 0x89
    assert (block_string(0), block_string(6), block_string(7, 4)) == (0x00, 0x06, 0x47)


@pytest.mark.parametrize(
    "wrong",
    [lambda: format_string(3), lambda: format_string(ASCII, 16), lambda: block_string(16), lambda: block_string(1, 16)],
)
def test_what_no_keypad_does(wrong):
    with pytest.raises(InvalidArgument):
        wrong()


def test_whether_the_command_has_its_final_length():
    assert VERIFICATION.whole
    assert not replace(VERIFICATION, block=0x00).whole
