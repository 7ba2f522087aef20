"""Whatever bytes come, the card answers; and whatever it is asked to show of itself, no secret is in it."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.emulator import EmulatorTransport
from akis.errors import CodecError, InvalidArgument, SecureMessagingError
from tests.akis.emulator.cards import (
    ALGORITHMS,
    GET_CHALLENGE,
    SELECT,
    card_in,
    choose,
    driver,
    open_session,
    personality,
    raw,
)

INSTRUCTIONS = [0x20, 0x22, 0x24, 0x2C, 0x82, 0x84, 0xA4, 0xB0, 0xCA, 0xCB, 0xC0]
DATA = st.binary(max_size=24) | st.sampled_from(
    [
        bytes.fromhex(text)
        for text in (
            "313233343536",
            "3132333435363837363534",
            "3837363534333231",
            "80010C830101",
            "4D04BF81018000",
            "4D04BF810180",
            "504B43532D3135",
            "3D005032",
            "8E080011223344556677",
        )
    ]
)
BYTE = st.integers(0, 255)


@st.composite
def commands(draw):
    """Bytes that look like commands of this card, most of the time."""
    cla = draw(st.sampled_from([0x00, 0x00, 0x10, 0x0C, 0x1C]) | BYTE)
    p1 = draw(st.sampled_from([0, 1, 2, 3, 4, 8, 9, 0x3F, 0xC1, 0xFF]) | BYTE)
    p2 = draw(st.sampled_from([0x00, 0x04, 0x06, 0x81, 0x82, 0xA4, 0xFF]) | BYTE)
    ne = draw(st.none() | st.integers(1, 256))
    return CommandApdu(cla, draw(st.sampled_from(INSTRUCTIONS) | BYTE), p1, p2, draw(DATA), ne).to_bytes()


COMMANDS = st.lists(commands() | st.binary(max_size=12), max_size=12)


def answered(card, command: bytes) -> bytes:
    answer = card.process(command)
    assert answer[-2:] == b"\x90\x00" or answer[-2] >> 4 == 6
    return answer


@settings(max_examples=300)
@given(COMMANDS, st.booleans(), st.booleans())
def test_plain(sent, extended_length, pin_over_sm_only):
    card = card_in("active 3", extended_length=extended_length, pin_over_sm_only=pin_over_sm_only)
    for command in sent:
        answered(card, command)


@settings(max_examples=150)
@given(COMMANDS, st.sampled_from(ALGORITHMS), st.sampled_from([1, 2]), st.data())
def test_inside_a_session(sent, algorithm, key, data):
    """Commands rightly protected, links of chains among them, and now and then one with a byte changed."""
    card = card_in("active 3", algorithm)
    session = open_session(card, key, algorithm)
    for command in sent:
        if not session.alive:
            card.reset()
            if card.memory.dead:
                break
            raw(card, SELECT)
            session = open_session(card, key, algorithm)
        try:
            wire = session.protect(CommandApdu.from_bytes(command)).to_bytes()
        except (CodecError, InvalidArgument):  # cannot be protected: it goes in the clear
            wire = command
            session.close()
        if data.draw(st.integers(0, 9)) == 0:
            place = data.draw(st.integers(0, len(wire)))
            wire = wire[:place] + bytes((data.draw(BYTE),)) + wire[place + 1 :]
        answer = answered(card, wire)
        with suppress(SecureMessagingError):
            session.unprotect(ResponseApdu.from_bytes(answer))


@given(st.lists(st.tuples(st.sampled_from([0x10, 0x00, 0x1C, 0x0C]), st.sampled_from([0x20, 0x2C]), DATA), max_size=10))
def test_in_chains(links):
    card = card_in("active 3")
    for cla, ins, data in links:
        answered(card, CommandApdu(cla, ins, 0x00, 0x81, data).to_bytes())


def test_nothing_shows_a_secret():
    card = card_in("active 3")
    transport = EmulatorTransport(card)
    session = open_session(card)
    found = personality()
    shown = [card, transport, session, found, *found.keys, card.memory, *card.memory.references.values(), driver(card)]
    shown += [found.keys[0].device_keys(0x0C), CommandApdu.from_bytes(bytes.fromhex("00200081 06 313233343536"))]
    shown += [vars(card), card.memory.references]
    secrets = [b"123456", b"87654321", *(key.enc for key in found.keys), *(key.mac for key in found.keys)]
    for text in [text for item in shown for text in (repr(item), str(item))]:
        for secret in secrets:
            assert secret.hex() not in text.lower()
            assert repr(secret)[2:-1] not in text


def test_what_a_card_shows():
    card = card_in("active 2 puk 1")
    assert "active, 2 of 3 left" in repr(card)
    assert "active, 1 of 3 left" in repr(card)
    assert repr(card).startswith("EmulatedCard(akis-2.2, ")
    assert repr(personality()) == "Personality(akis-2.2)"
    assert repr(personality().keys[0]) == "CardKey(01, issuer)"


def test_raw_bytes_of_other_kinds():
    card = card_in("active 3")
    for kind in (bytes, bytearray, memoryview):
        assert card.process(kind(bytes.fromhex("00200081"))) == bytes.fromhex("63C3")
    assert raw(card, SELECT + choose(0x0C, 1) + GET_CHALLENGE) == "6700"
