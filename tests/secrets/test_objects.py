"""No PIN, PUK or key in what an object says of itself, in no encoding; and what is harmless can be read."""

from dataclasses import replace

import pytest

from akis.card import Card
from akis.codec import pin_block
from akis.codec.apdu import ResponseApdu
from akis.codec.atr import Atr
from akis.codec.fci import FileControl
from akis.codec.tlv import Tlv
from akis.commands import pin as commands
from akis.emulator import EmulatedCard, EmulatorTransport, load_personality
from akis.emulator.memory import Memory
from akis.errors import CardError, PinBlocked, PinRefused
from akis.pin import Pin, Puk
from akis.secret import Secret
from akis.sm import CardSession, SecureSession, Suite
from akis.sm.mutual_auth import DeviceKeys
from tests.leaks import silent, texts
from tests.secrets.story import K_ENC, K_MAC, NEW_PIN, PIN, PINS, PUK, WRONG_PIN, halves, made
from tests.sessions import contexts


class TestObjects:
    def test_no_repr_holds_a_secret(self, story):
        kinds = {type(thing).__name__ for thing in story.things}
        assert kinds >= {
            *("Secret", "CommandApdu", "ResponseApdu", "SmObjects", "Exchange", "Card", "Pin", "Puk", "CardProfile"),
            *("SecureSession", "CardSession", "DeviceKeys", "CardKey", "Personality", "EmulatedCard", "Memory"),
            *("ReferenceData", "TerminalAuthentication", "Encryption", "EmulatorTransport", "PinCommands"),
        }
        assert len(story.transport_pins) > 2
        assert len(story.keys) > 8
        ways = (repr, str, format, ascii, lambda thing: repr([thing]))
        for text in {show(thing) for thing in story.things for show in ways}:
            silent(text, story.secrets)

    def test_no_error_holds_one(self, story):
        kinds = {type(error) for error in story.errors}
        assert kinds >= {PinRefused, PinBlocked, CardError}
        for text in {text for error in story.errors for text in texts(error)}:
            silent(text, story.secrets)

    @pytest.mark.parametrize("encoding", ["ascii", "digits", "bcd", "iso9564-2"])
    def test_values_that_carry_a_pin_block(self, encoding):
        for pin in PINS:
            block = pin_block.encode(pin.encode(), encoding)
            command = commands.verify(0x81, block)
            for thing in (
                command,
                commands.change(0x81, block + block),
                commands.reset_retry_counter(0x81, block, block),
                ResponseApdu(block),
                Tlv(0x81, block),
                Tlv(0x30, [Tlv(0x81, block), Tlv(0x30, [Tlv(0x80, block)])]),
                Secret(block),
                FileControl(others=(Tlv(0x85, block),)),
            ):
                silent(f"{thing!r} {thing}", PINS)

    def test_a_session_and_keys(self):
        session = SecureSession(Suite.AES, K_ENC, K_MAC, bytes(16))
        card = CardSession(Suite.TDES, K_ENC, K_MAC, bytes(8))
        keys = DeviceKeys(1, 0x0C, K_ENC, K_MAC)
        for thing in (session, *contexts(session), card, *contexts(card), keys, keys.k_enc, keys.algorithm):
            silent(f"{thing!r} {thing}", halves(K_ENC, K_MAC))


class TestHarmlessStaysVisible:
    """Hiding everything would be easy: what is not secret can be read."""

    def test_headers_and_lengths(self):
        command = commands.verify(0x81, PIN.encode())
        assert repr(command) == "CommandApdu(00 20 00 81, Nc=8, Ne=None, case 3S)"
        assert repr(ResponseApdu(bytes(3), 0x63C2)) == "ResponseApdu(Nr=3, SW=63C2)"
        assert repr(Tlv(0x30, [Tlv(0x81, PIN.encode())])) == "Tlv(30, [Tlv(81, 8 bytes)])"

    def test_an_exchange(self):
        on = made("akis-2.2").open()
        with pytest.raises(PinRefused):
            on.pin.verify(WRONG_PIN)
        shown = repr(on.exchanges[-1])
        for part in ("0C 20 00 81", "00 20 00 81", "Nc=8", "Nr=14", "SW=63C2"):
            assert part in shown

    def test_errors(self):
        on = made("akis-2.2").open("terminal")
        with pytest.raises(PinRefused, match="2 tries left"):
            on.pin.verify(WRONG_PIN)
        with pytest.raises(CardError, match="PIN: 6982, security status not satisfied"):
            on.pin.reset_to(NEW_PIN)

    def test_who_holds_what(self):
        on = made("akis-2.2")
        key = on.emulated.personality.key("terminal")
        assert "2 of 3 left" in repr(replace_left(on.emulated.memory, 2))
        assert "reference 02" in repr(key.device_keys(0x0C))
        assert "terminal" in repr(key)
        assert "akis-2.2" in repr(on.emulated.personality)
        atr = Atr.from_bytes(on.card.atr)
        for part in ("Convention.DIRECT", "ta=254", repr(atr.historical_bytes), f"tck={atr.tck}"):
            assert part in repr(atr)


def replace_left(memory: Memory, left: int) -> dict:
    memory.references[0x81].left = left
    return memory.references


def test_a_card_given_to_many_hands_keeps_quiet():
    """Card, Pin and Puk made by hand, not by the bench."""
    emulated = EmulatedCard(replace(load_personality("akis-2.5"), pin=PIN, puk=PUK))
    with Card(EmulatorTransport(emulated), emulated.personality.card_profile()) as card:
        card.select_application()
        pin, puk = Pin(card), Puk(card)
        pin.verify(Secret(PIN))
        puk.verify(PUK, permit_puk=True)
        for thing in (card, pin, puk, vars(pin), vars(puk), emulated, emulated.fork()):
            silent(repr(thing), PINS)
