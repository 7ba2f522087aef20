"""The gate right before the card: what reads goes through, and of everything else not a byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akis.codec.apdu import CommandApdu
from akis.commands import files, objects, pin, records, security
from akis.commands.directory import directory
from akis.commands.risk import risk
from akis.emulator import EmulatorTransport
from akis.errors import PolicyRefused
from akis.report.gate import ALWAYS, MOST_COMMANDS, WITH_KEYS, Gate
from akis.transport.wrapper import TransportWrapper
from tests.akis.report.reported import CARDS, Wire, emulated, inspected

READS = [
    files.select_fid(files.MF),
    files.select_name(b"PKCS-15"),
    files.read_binary(0, 256),
    files.read_binary_far(0x8000, 16),
    records.read_record(1),
    objects.get_data(0x0106),
    objects.get_pin_object(1),
    directory(),
    CommandApdu(0x00, 0xC0, 0x00, 0x00, ne=256),
    CommandApdu(0x00, 0x6E, 0x00, 0x00),
]
KEYS = [
    security.mse_set_authentication(0x8C, 0x02),
    security.get_challenge(),
    security.mutual_authenticate(bytes(72)),
    objects.get_data(0x0106).replace(cla=0x0C),
]
NEVER = [
    pin.verify_empty(0x81),
    CommandApdu(0x00, 0x20, 0x00, 0x81, b"1234"),
    CommandApdu(0x0C, 0x20, 0x00, 0x81, b"1234"),
    CommandApdu(0x00, 0x20, 0xFF, 0x81),
    CommandApdu(0x00, 0x24, 0x00, 0x81, b"12345678"),
    CommandApdu(0x00, 0x2C, 0x03, 0x81),
    CommandApdu(0x00, 0x22, 0x41, 0xB6, b"\x84\x01\x01"),
    CommandApdu(0x10, 0xA4, 0x00, 0x00, b"\x3f\x00"),
    CommandApdu(0x00, 0x6E, 0x00, 0x01),
    CommandApdu(0x00, 0xC0, 0x00, 0x00, b"\x01"),
    CommandApdu(0x80, 0x18, 0x00, 0x00, b"\x01"),
    CommandApdu(0x80, 0xA4, 0x00, 0x00, b"\x3f\x00"),
    CommandApdu(0x00, 0x44, 0x00, 0x00),
    files.update_binary(0, b"x"),
    CommandApdu(0xFF, 0xCA, 0x00, 0x00, ne=256),
]


def gate(keys: bool) -> tuple[Gate, Wire]:
    wire = Wire(EmulatorTransport(emulated("akis-2.2")))
    return Gate(wire, keys), wire


@pytest.mark.parametrize("keys", [False, True])
def test_what_reads_goes_through_and_is_counted(keys: bool) -> None:
    way, wire = gate(keys)
    for command in READS:
        way.transmit(command.to_bytes())
    assert wire.sent == [command.to_bytes() for command in READS]
    assert way.commands == len(READS)


def test_keys_are_proved_only_where_there_are_some() -> None:
    for command in KEYS:
        with pytest.raises(PolicyRefused, match="commands that read and no others"):
            gate(False)[0].transmit(command.to_bytes())
        way, wire = gate(True)
        way.transmit(command.to_bytes())
        assert wire.sent == [command.to_bytes()]


@pytest.mark.parametrize("keys", [False, True])
@pytest.mark.parametrize("command", NEVER, ids=repr)
def test_nothing_else_does(command: CommandApdu, keys: bool) -> None:
    way, wire = gate(keys)
    with pytest.raises(PolicyRefused):
        way.transmit(command.to_bytes())
    assert (wire.sent, way.commands) == ([], 0)


@given(command=st.binary(max_size=12), keys=st.booleans())
def test_any_bytes(command: bytes, keys: bool) -> None:
    way, wire = gate(keys)
    try:
        way.transmit(command)
    except PolicyRefused:
        assert wire.sent == []
        return
    found = risk(command)
    assert found is None or (keys and found.name == "key")


def test_whatever_the_list_lets_through_compares_no_pin() -> None:
    for allowed in (*ALWAYS, *WITH_KEYS):
        p1, p2 = allowed.p1p2 or (0x00, 0x81)
        for data in (b"", b"1234") if not allowed.bare else (b"",):
            found = risk(CommandApdu(allowed.cla, allowed.ins, p1, p2, data).to_bytes())
            assert found is None or found.name == "key"


def test_it_comes_to_an_end() -> None:
    class Silent(TransportWrapper):
        def transmit(self, command: bytes) -> bytes:
            return b"\x90\x00"

    way = Gate(Silent(EmulatorTransport(emulated("blank"))))
    for _ in range(MOST_COMMANDS):
        way.transmit(READS[0].to_bytes())
    with pytest.raises(PolicyRefused, match=f"at most {MOST_COMMANDS} commands"):
        way.transmit(READS[0].to_bytes())


def test_the_reader_is_told_nothing() -> None:
    with pytest.raises(PolicyRefused, match="nothing was sent"):
        gate(True)[0].control(0x42000D48, b"")


@pytest.mark.parametrize("name", CARDS)
def test_without_keys_no_card_is_sent_a_command_of_theirs(name: str) -> None:
    _, wire = inspected(name)
    with_keys = {allowed.ins for allowed in WITH_KEYS} - {allowed.ins for allowed in ALWAYS}
    sent = {command[1] for command in wire.sent}
    if not emulated(name).personality.keys:
        assert not sent & with_keys
    assert sent <= {allowed.ins for allowed in (*ALWAYS, *WITH_KEYS)}
