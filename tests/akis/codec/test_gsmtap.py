"""The header of Osmocom's ``gsmtap.h``."""

import pytest

from akis.codec.gsmtap import SIM, GsmtapPacket, SimKind
from akis.errors import CodecError

HEADER = bytes.fromhex("02 04 04 00 0000 00 00 00000000 01 00 00 00")
ATR = bytes.fromhex("3B00")


def test_a_packet_is_a_header_of_four_words_and_what_was_heard():
    packet = GsmtapPacket(SIM, SimKind.ATR, ATR)
    assert packet.to_bytes() == HEADER + ATR
    assert GsmtapPacket.from_bytes(HEADER + ATR) == packet
    assert GsmtapPacket.from_bytes(HEADER).payload == b""


def test_fields_of_the_radio_interface_are_skipped():
    raw = bytes.fromhex("02 04 01 07 4123 C5 09 DEADBEEF 0A 01 02 FF") + b"burst"
    assert GsmtapPacket.from_bytes(raw) == GsmtapPacket(0x01, 0x0A, b"burst")


def test_a_longer_header_is_skipped_as_long_as_it_says():
    raw = bytes.fromhex("02 06 04 00 0000 00 00 00000000 01 00 00 00 1122334455667788") + ATR
    assert GsmtapPacket.from_bytes(raw).payload == ATR


@pytest.mark.parametrize("size", range(16))
def test_a_header_that_is_cut_off(size):
    with pytest.raises(CodecError, match="cut off"):
        GsmtapPacket.from_bytes(HEADER[:size])


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"\x03" + HEADER[1:], "does not have its layout"),
        (b"\x02\x03" + HEADER[2:], "at least 4 words"),
        (b"\x02\x05" + HEADER[2:], "cut off"),
    ],
    ids=["another version", "a header too short", "a header longer than the packet"],
)
def test_what_is_no_such_packet(raw, reason):
    with pytest.raises(CodecError, match=reason):
        GsmtapPacket.from_bytes(raw)


def test_a_type_that_fits_into_no_byte():
    with pytest.raises(CodecError, match="cannot be built"):
        GsmtapPacket(SIM, 256, b"").to_bytes()


def test_a_packet_does_not_show_what_was_heard():
    shown = repr(GsmtapPacket(SIM, SimKind.APDU, b"pin 654321"))
    assert "654321" not in shown
    assert b"654321".hex() not in shown
