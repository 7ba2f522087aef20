"""No PIN, PUK or key in anything the library says: no repr, no error, no printed line, in no encoding."""

import base64
import json
import traceback
from contextlib import suppress
from dataclasses import replace

import pytest

import akis.emulator.card
import akis.sm.mutual_auth
from akis.card import Card
from akis.codec import pin_block, tlv
from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.codec.atr import Atr
from akis.codec.fci import FileControl
from akis.codec.historical import HistoricalBytes
from akis.codec.sm_objects import COMMAND_OBJECTS, RESPONSE_OBJECTS
from akis.codec.tlv import Tlv
from akis.commands import objects, security
from akis.commands import pin as commands
from akis.emulator import EmulatedCard, EmulatorTransport, load_personality
from akis.emulator.memory import Memory
from akis.emulator.personality import parse_personality
from akis.errors import (
    AkisError,
    CardError,
    CardRemoved,
    PinBlocked,
    PinOutcomeUnknown,
    PinRefused,
    SecureMessagingError,
    TransportError,
)
from akis.pin import Pin, Puk, random_digits
from akis.secret import Secret
from akis.sm import CardSession, SecureSession, Suite
from akis.sm.mutual_auth import DeviceKeys, TerminalAuthentication
from akis.status import StatusWord
from akis.trace.annotate import answer_fields, command_fields
from akis.trace.redact import command_text, hex_text, masks
from tests.bench import SUITES, Bench, bench
from tests.leaks import leaks, texts
from tools.__main__ import main

# Eight and seven digits, so that no encoding is so short that random bytes look like it.
PIN, NEW_PIN, WRONG_PIN = "48291573", "6194738", "97351846"
PUK, NEW_PUK, WRONG_PUK = "70359264", "25817039", "83140962"
PINS = (PIN, NEW_PIN, WRONG_PIN, PUK, NEW_PUK, WRONG_PUK)
K_ENC, K_MAC = bytes.fromhex("8FF38A7E52566100FAF06CD75910D24F"), bytes.fromhex("E05141A6BF9122209F0611238C5142E8")
KEY = K_ENC


def halves(*keys: bytes) -> tuple[bytes, ...]:
    """The keys, and their halves, each of which is a DES key."""
    return tuple(part for key in keys for part in (key, key[: len(key) // 2], key[len(key) // 2 :]))


class TestLeaks:
    """The detector itself: it finds what is there, and nothing else."""

    @pytest.mark.parametrize(
        "text",
        [
            "48291573",
            "the PIN 48291573 is wrong",
            "3438323931353733",
            "34 38 32 39 31 35 37 33",
            "34:38:32:39:31:35:37:33",
            "0x34, 0x38, 0x32, 0x39, 0x31, 0x35, 0x37, 0x33",
            r"b'\x00 \x00\x81\x0848291573'",
            "[52, 56, 50, 57, 49, 53, 55, 51]",
            "bytearray(b'48291573')",
            base64.b64encode(b"48291573").decode(),
            base64.b64encode(b"x48291573").decode(),
            base64.b64encode(b"xy48291573z").decode(),
            "\x04\x08\x02\x09\x01\x05\x07\x03",
            repr(b"\x04\x08\x02\x09\x01\x05\x07\x03"),
            json.dumps("\x04\x08\x02\x09\x01\x05\x07\x03"),
            "0408020901050703",
            "04 08 02 09 01 05 07 03",
            "[4, 8, 2, 9, 1, 5, 7, 3]",
            repr(b"\x48\x29\x15\x73"),
            "\x48\x29\x15\x73",
            "48 29 15 73",
            "[72, 41, 21, 115]",
            "2848291573FFFFFF",
            "28 48 29 15 73 FF FF FF",
            "284829 1573ffffff".replace(" ", ""),
            repr(bytes.fromhex("2848291573FFFFFF")),
            "00 20 00 81 08 34 38 32 39\n            31 35 37 33",
            "3438 3239 3135 3733",
        ],
    )
    def test_finds_a_pin(self, text):
        assert leaks(text, [PIN])
        assert not leaks(text, [NEW_PIN, PUK])

    @pytest.mark.parametrize(
        "text",
        [
            "8ff38a7e52566100faf06cd75910d24f",
            "8F F3 8A 7E 52 56 61 00 FA F0 6C D7 59 10 D2 4F",
            "8F:F3:8A:7E:52:56:61:00:FA:F0:6C:D7:59:10:D2:4F",
            str(list(KEY)),
            str(KEY),
            repr(bytearray(KEY)),
            base64.b64encode(KEY).decode(),
            base64.urlsafe_b64encode(b"!" + KEY).decode(),
            KEY.decode("latin-1"),
            json.dumps({"key": KEY.decode("latin-1")}),
        ],
    )
    def test_finds_a_key(self, text):
        assert leaks(text, [KEY])
        assert not leaks(text, [K_MAC])

    def test_finds_an_odd_pin_in_bcd_and_format_2(self):
        for encoding in ("ascii", "digits", "bcd", "iso9564-2"):
            for shown in (repr, bytes.hex, list):
                assert leaks(str(shown(pin_block.encode(NEW_PIN.encode(), encoding))), [NEW_PIN]), (encoding, shown)

    def test_says_what_it_found(self):
        assert "BCD, hex: 48 29 15 73" in leaks("48 29 15 73", [PIN])
        assert leaks("x 8FF38A7E52566100FAF06CD75910D24F", [PIN, KEY]) == ["raw, hex: " + KEY.hex()]

    def test_harmless_text_is_harmless(self):
        for text in ("", "wrong PIN, 2 tries left", "00 20 00 81 08 ** ** ** ** ** ** ** **", "9000", "4829 tries"):
            assert leaks(text, [*PINS, *halves(KEY)]) == []

    def test_errors_are_looked_at_from_all_sides(self):
        def cause():
            raise ValueError(b"48291573")

        def suppressed():
            try:
                cause()
            except ValueError:
                raise TransportError("gone") from None

        def chained():
            try:
                cause()
            except ValueError as error:
                raise TransportError("gone") from error

        def noted():
            error = TransportError("gone")
            error.add_note("sent 0020008108 3438323931353733")
            raise error

        def attribute():
            error = TransportError("gone")
            error.command = [52, 56, 50, 57, 49, 53, 55, 51]
            raise error

        def grouped():
            raise ExceptionGroup("several", [TransportError("gone"), ValueError(PIN)])

        for raises in (cause, suppressed, chained, noted, attribute, grouped):
            with pytest.raises(Exception) as caught:  # noqa: PT011
                raises()
            assert any(leaks(text, [PIN]) for text in texts(caught.value)), raises


class Story:
    """A card's life with everything in it that is secret, and everything that came near it."""

    def __init__(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.keys: list[bytes] = []
        self.transport_pins: list[str] = []
        self.things: list[object] = []
        self.errors: list[BaseException] = []
        self._keep_derived_keys(monkeypatch)
        monkeypatch.setattr("akis.pin.random_digits", self._transport_pin)
        self.on = made(name)
        self._live(self.on)

    @property
    def secrets(self) -> list[str | bytes]:
        return [*PINS, *self.transport_pins, *halves(*self.keys)]

    def _keep_derived_keys(self, monkeypatch: pytest.MonkeyPatch) -> None:
        derive = akis.sm.mutual_auth.derive

        def kept(*args):
            self.keys += [args[0], derive(*args)]  # the shared secret, and the session key from it
            return self.keys[-1]

        monkeypatch.setattr(akis.sm.mutual_auth, "derive", kept)

    def _transport_pin(self, count, random):
        pin = random_digits(count, random)
        self.transport_pins.append(pin.decode())
        return pin

    def fails(self, call) -> None:
        try:
            call()
        except AkisError as error:
            self.errors.append(error)

    def _live(self, on: Bench) -> None:
        personality = on.emulated.personality
        key = personality.key("issuer")
        self.keys += [key.enc, key.mac]
        keys = key.device_keys(key.algorithms[-1])
        for role in (None, "issuer", "terminal"):
            if role:
                on.open(role)
            self.every_operation(on)
            self.things += [on.card, on.card.session, on.emulated._security.session, on.pin, on.puk, on.wire]
        authentication = TerminalAuthentication(keys, bytes(8), bytes(8), lambda count: bytes(count))
        authentication.token(bytes(8))
        memory, session = on.emulated.memory, on.card.session
        self.things += [keys, key, personality, authentication, session._encryption, session._mac, Secret(PIN)]
        self.things += [on.emulated, on.emulated._pins, on.emulated._security, memory, memory.references]
        self.things += [*memory.references.values(), on.card.profile, on.wire.reader]
        for exchange in on.exchanges:
            self.things += [exchange, exchange.command, exchange.answer, exchange.plain_command, exchange.plain_answer]
            for layout, apdu in ((COMMAND_OBJECTS, exchange.command), (RESPONSE_OBJECTS, exchange.answer)):
                with suppress(AkisError):
                    self.things += [tlv.parse(apdu.data), layout.parse(apdu.data)]

    def every_operation(self, on: Bench) -> None:
        """Each with the right value and with wrong ones."""
        memory = on.emulated.memory
        for pin, puk in ((WRONG_PIN, WRONG_PUK), (PIN, PUK), (f"{PIN}9", f"{PUK}9"), (f"x{PIN[1:]}", f"x{PUK[1:]}")):
            for call in (
                lambda pin=pin: on.pin.verify(pin),
                lambda pin=pin: on.pin.change(pin, NEW_PIN),
                lambda pin=pin: on.pin.change_to(pin),
                lambda pin=pin: on.pin.reset_to(pin),
                lambda pin=pin: on.pin.unblock(pin),
                lambda puk=puk: on.puk.verify(puk, permit_puk=True),
                lambda puk=puk: on.puk.change(puk, NEW_PUK, permit_puk=True),
                lambda puk=puk: on.puk.unblock(puk, NEW_PIN, permit_puk=True),
                lambda puk=puk: on.puk.reset_counter(puk, permit_puk=True),
            ):
                memory.references[0x81].value, memory.references[0x81].state = PIN.encode(), "active"
                memory.references[0x82].value = PUK.encode()
                memory.references[0x81].left = memory.references[0x82].left = 3
                self.fails(call)
        memory.references[0x81].left = 1
        self.fails(lambda: on.pin.verify(WRONG_PIN))
        self.fails(lambda: on.pin.verify(WRONG_PIN, allow_last_try=True))
        self.fails(lambda: on.pin.verify(WRONG_PIN, allow_last_try=True))


def made(name: str) -> Bench:
    """A card on the bench with the PIN and PUK of these tests."""
    return bench(name, pin=PIN, puk=PUK)


@pytest.fixture(params=SUITES)
def story(request, monkeypatch):
    return Story(request.param, monkeypatch)


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
            assert leaks(text, story.secrets) == []

    def test_no_error_holds_one(self, story):
        kinds = {type(error) for error in story.errors}
        assert kinds >= {PinRefused, PinBlocked, CardError}
        for text in {text for error in story.errors for text in texts(error)}:
            assert leaks(text, story.secrets) == []

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
                assert leaks(f"{thing!r} {thing}", PINS) == []

    def test_a_session_and_keys(self):
        session = SecureSession(Suite.AES, K_ENC, K_MAC, bytes(16))
        card = CardSession(Suite.TDES, K_ENC, K_MAC, bytes(8))
        keys = DeviceKeys(1, 0x0C, K_ENC, K_MAC)
        for thing in (session, session._encryption, session._mac, card, card._mac, keys, keys.k_enc, keys.algorithm):
            assert leaks(f"{thing!r} {thing}", halves(K_ENC, K_MAC)) == []


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
        on = made("akis-2.2")
        with pytest.raises(PinRefused, match="2 tries left"):
            on.pin.verify(WRONG_PIN)
        with pytest.raises(CardError, match="PIN: 6982, security status not satisfied"):
            on.pin.change_to(NEW_PIN)

    def test_who_holds_what(self):
        on = made("akis-2.2")
        key = on.emulated.personality.key("terminal")
        assert "2 of 3 left" in repr(replace_left(on.emulated.memory, 2))
        assert "reference 02" in repr(key.device_keys(0x0C))
        assert "terminal" in repr(key)
        assert "akis-2.2" in repr(on.emulated.personality)
        assert repr(Atr.from_bytes(on.card.atr))


def replace_left(memory: Memory, left: int) -> dict:
    memory.references[0x81].left = left
    return memory.references


def sending(error):
    """A transport's ways to fail, each with all in its error that it was given."""

    def transmit(command):
        raise error(command)

    return transmit


def with_note(command):
    error = OSError("failed")
    error.add_note(f"while sending {command.hex(' ')}")
    return error


SPILLING = {
    "hex": lambda command: RuntimeError(f"could not send {command.hex()}"),
    "bytes": lambda command: OSError(5, f"could not send {command!r}", command),
    "list": lambda command: ValueError(list(command)),
    "object": lambda command: KeyError(command),
    "undecodable": lambda command: UnicodeDecodeError("utf-8", command, 0, 1, "invalid"),
    "note": with_note,
    "group": lambda command: ExceptionGroup(f"{command!r}", [ValueError(command.hex())]),
}


class TestSomebodyElsesErrors:
    """What a transport, a watcher or a source of randomness has to say never comes out."""

    @pytest.mark.parametrize("spill", SPILLING.values(), ids=SPILLING)
    @pytest.mark.parametrize("role", [None, "issuer"])
    def test_of_the_transport(self, spill, role):
        for call in (
            lambda on: on.pin.verify(PIN),
            lambda on: on.pin.change(PIN, NEW_PIN),
            lambda on: on.puk.unblock(PUK, NEW_PIN, permit_puk=True),
        ):
            on = made("akis-2.2")
            if role:
                on.open(role)
            on.wire.break_at(lambda command, forward: sending(spill)(command))
            with pytest.raises(PinOutcomeUnknown) as caught:
                call(on)
            sent = on.wire.sent[-1]
            assert any(leaks(text, [sent]) for text in texts(spill(sent)))  # it would have shown
            for text in texts(caught.value):
                assert leaks(text, [*PINS, sent]) == []
            assert leaks(repr(on.exchanges[-1]), [*PINS, sent]) == []

    def test_nor_when_ours_was_raised_from_it(self):
        def chained(command, forward):
            try:
                raise OSError(f"could not send {command.hex()}")
            except OSError as error:
                raise CardRemoved("gone") from error

        on = made("akis-2.2")
        on.wire.break_at(chained)
        with pytest.raises(PinOutcomeUnknown, match="gone") as caught:
            on.pin.verify(PIN)
        assert [leaks(text, PINS) for text in texts(caught.value) if leaks(text, PINS)] == []

    @pytest.mark.parametrize("spill", SPILLING.values(), ids=SPILLING)
    def test_of_a_watcher(self, spill):
        def watch(exchange):
            if exchange.plain_command.ins == 0x20:
                raise spill(exchange.plain_command.to_bytes())

        on = made("akis-2.2").open()
        on.card._watch = watch
        with pytest.raises(PinRefused) as caught:
            on.pin.verify(PIN[::-1])
        assert on.card.watch_failure is not None
        assert [leaks(text, PINS) for text in texts(caught.value) if leaks(text, PINS)] == []


REFUSED_INPUTS = {
    "a PIN as a number": lambda: commands.verify(0x81, int(PIN)),
    "a PIN as text in a command": lambda: commands.verify(0x81, PIN),
    "a PIN as text in a block": lambda: pin_block.encode(PIN, "ascii"),
    "a PIN with a letter": lambda: pin_block.encode(PIN.encode() + b"x", "bcd"),
    "a PIN too long for its block": lambda: pin_block.encode(PIN.encode(), "ascii", pad_to=4),
    "a PIN too long for format 2": lambda: pin_block.encode(PIN.encode() * 2, "iso9564-2"),
    "a secret of something": lambda: Secret(list(PIN)),
    "a secret of more than ASCII": lambda: Secret(PIN + "ı"),
    "a PIN in a list": lambda: made("akis-2.2").pin.verify([PIN]),
    "a key too short": lambda: DeviceKeys(1, 0x0C, K_ENC[:8], K_MAC),
    "a key too long": lambda: DeviceKeys(1, 0xAC, K_ENC * 2, K_MAC),
    "a key as text": lambda: SecureSession(Suite.AES, K_ENC.hex(), K_MAC, bytes(16)),
    "a session key too short": lambda: SecureSession(Suite.TDES, K_ENC, K_MAC[:8], bytes(8)),
    "a counter as the key": lambda: SecureSession(Suite.TDES, K_ENC, K_MAC, K_ENC),
    "a key as serial number": lambda: TerminalAuthentication(DeviceKeys(1, 0x0C, K_ENC, K_MAC), K_ENC, K_MAC, bytes),
    "a key as reference of MSE": lambda: security.mse_set_authentication(0x0C, K_ENC),
    "a PIN as number of an object": lambda: objects.get_pin_object(PIN),
    "a command that is none": lambda: CommandApdu.from_bytes(b"\x00\x20\x00\x81\x09" + PIN.encode()),
    "an answer that is none": lambda: RESPONSE_OBJECTS.parse(b"\x87\x09\x01" + PIN.encode()),
    "a block that is not digits": lambda: pin_block.decode(PIN.encode(), "digits"),
    "a block of another format": lambda: pin_block.decode(PIN.encode(), "iso9564-2"),
    "a change that does not add up": lambda: pin_block.split(b"\x09" + PIN.encode(), "length-prefixed", 8),
    "a wiped secret": lambda: wiped().reveal(),
    "a pickled secret": lambda: Secret(PIN).__reduce_ex__(4),
}


@pytest.mark.parametrize("arguments", [(K_ENC, 0x0C, K_ENC, K_MAC), (1, K_ENC, K_MAC, 0x0C)])
def test_a_key_in_the_place_of_a_reference_is_not_shown(arguments):
    with pytest.raises(AkisError) as caught:
        DeviceKeys(*arguments)
    for text in texts(caught.value):
        assert leaks(text, [K_ENC, K_MAC]) == []


def wiped() -> Secret:
    secret = Secret(PIN)
    secret.wipe()
    return secret


@pytest.mark.parametrize("call", REFUSED_INPUTS.values(), ids=REFUSED_INPUTS)
def test_what_is_refused_is_not_shown(call):
    with pytest.raises(AkisError) as caught:
        call()
    for text in texts(caught.value):
        assert leaks(text, [*PINS, K_ENC, K_MAC]) == []


@pytest.mark.parametrize("secret", [PIN.encode(), b"\x00" + PIN.encode(), K_ENC, b"\x30\x10" + K_ENC, b"\x7f" + K_ENC])
@pytest.mark.parametrize(
    "parse",
    [
        tlv.parse,
        CommandApdu.from_bytes,
        ResponseApdu.from_bytes,
        Atr.from_bytes,
        HistoricalBytes.from_bytes,
        FileControl.from_bytes,
        COMMAND_OBJECTS.parse,
        RESPONSE_OBJECTS.parse,
        lambda raw: objects.PinObject.from_bytes(raw, 1),
        lambda raw: pin_block.decode(raw, "digits"),
    ],
)
def test_no_parser_shows_what_it_does_not_understand(parse, secret):
    for raw in (secret, secret[:-1], secret + secret, secret[::-1]):
        with suppress(AkisError):
            try:
                parse(raw)
            except AkisError as error:
                for text in texts(error):
                    assert leaks(text, [PIN, K_ENC, K_ENC[:8]]) == []
                raise


class TestFiles:
    """Personalities and saved cards hold keys and PINs: an error in one names the place, not the value."""

    damages = (
        lambda text: text.replace('enc = "', 'enc = "x'),
        lambda text: text.replace('mac = "', 'mac = "00'),
        lambda text: text.replace('mac = "', 'mac = "'[:-1]),
        lambda text: text.replace("[[keys]]", "[keys]"),
        lambda text: text.replace('enc = "', 'encc = "'),
        lambda text: text.replace('role = "issuer"', 'role = "owner"'),
        lambda text: text.replace("0x02", "0x01"),
        lambda text: text.replace("tries = 3", "tries = 33"),
        lambda text: text.replace('serial = "', 'serial = "00'),
        lambda text: text[: text.index("mac") + 20],
    )

    @pytest.mark.parametrize("damage", damages)
    def test_a_damaged_personality(self, damage):
        from importlib.resources import files

        text = (files("akis.emulator") / "akis-2.2.toml").read_text("utf-8").replace("123456", PIN)
        keys = [key for pair in load_personality("akis-2.2").keys for key in (pair.enc, pair.mac)]
        with pytest.raises(AkisError) as caught:
            parse_personality(damage(text), "mine.toml")
        assert "mine.toml" in str(caught.value)
        for shown in texts(caught.value):
            assert leaks(shown, [PIN, *keys]) == []

    @pytest.mark.parametrize(
        "damage",
        [
            lambda saved: saved[:-1],
            lambda saved: b"\xff" + saved,
            lambda saved: saved + b"\xff",
            lambda saved: saved.replace(b'"left"', b'"gone"'),
            lambda saved: saved.replace(b"active", b"actual"),
            lambda saved: saved.replace(b'"value": "', b'"value": "x'),
            lambda saved: saved.replace(b'"akis-card": 1', b'"akis-card": 2'),
            lambda saved: saved.replace(b"165", b"166"),
        ],
    )
    def test_a_damaged_saved_card(self, damage):
        saved = made("akis-2.2").emulated.save()
        assert leaks(saved.decode(), [PIN])
        with pytest.raises(AkisError) as caught:
            Memory.restore(damage(saved))
        for shown in texts(caught.value):
            assert leaks(shown, PINS) == []


def test_no_status_text_holds_one():
    shown = "\n".join(f"{StatusWord(sw)!r} {StatusWord(sw).meaning()}" for sw in range(0x10000))
    assert leaks(shown, PINS) == []


class TestPrinted:
    """Where bytes become text: annotation, redaction, the command line."""

    @pytest.mark.parametrize("profiled", [True, False])
    @pytest.mark.parametrize("encoding", ["ascii", "digits", "bcd", "iso9564-2"])
    @pytest.mark.parametrize("cla", [0x00, 0x10, 0x80, 0x0C, 0x04])
    def test_commands_with_a_pin(self, encoding, profiled, cla):
        profile = made("akis-2.2").card.profile if profiled else None
        old, new = (pin_block.encode(pin.encode(), encoding) for pin in (PIN, NEW_PIN))
        for reference in (0x81, 0x82, 0x01):
            for command in (
                commands.verify(reference, old),
                commands.change(reference, old + new),
                commands.change(reference, pin_block.join(old, new, "length-prefixed")),
                commands.change_to(reference, new),
                commands.reset_retry_counter(reference, old, new),
                commands.reset_retry_counter(reference, old),
                commands.reset_retry_counter(reference, new=new),
                CommandApdu(0x00, 0x21, 0x00, reference, old),
                CommandApdu(0x00, 0x20, 0x00, reference, old, ne=256, extended=True),
            ):
                command = command.replace(cla=cla)
                line = command_text(command.to_bytes(), profile)
                fields = " ".join(f"{field}" for field in command_fields(command, profile))
                assert leaks(f"{line}\n{fields}\n{masks(command, profile)}", [PIN, NEW_PIN]) == []
                assert line.startswith(command.header.hex(" ").upper())
                assert line.count("**") == len(command.data)

    def test_a_command_cut_short(self):
        raw = commands.verify(0x81, PIN.encode()).to_bytes()
        for cut in range(6, len(raw)):
            assert command_text(raw[:cut]).count("**") >= cut - 5

    def test_a_whole_story(self, story):
        profile = story.on.card.profile
        shown = []
        for seen in story.on.exchanges:
            for command, answer in ((seen.command, seen.answer), (seen.plain_command, seen.plain_answer)):
                shown += [command_text(command.to_bytes(), profile), str(command_fields(command, profile))]
                shown += [hex_text(answer.to_bytes()), str(answer_fields(answer, command, profile))] if answer else []
        assert "00 20 00 81" in " ".join(shown)
        assert leaks("\n".join(shown), story.secrets) == []

    @pytest.mark.parametrize("form", [[], ["--json"]])
    @pytest.mark.parametrize("name", SUITES)
    def test_the_demo(self, name, form, monkeypatch, capsys):
        personality = replace(load_personality(name), pin=PIN, puk=PUK)
        transport_pins, derived = [], []
        derive = akis.sm.mutual_auth.derive
        monkeypatch.setenv("COLUMNS", "2000")
        monkeypatch.setattr(akis.emulator.card, "load_personality", lambda name: personality)
        monkeypatch.setattr(
            "akis.pin.random_digits", lambda *args: transport_pins.append(random_digits(*args)) or transport_pins[-1]
        )
        monkeypatch.setattr(akis.sm.mutual_auth, "derive", lambda *args: derived.append(derive(*args)) or derived[-1])
        assert main(["demo", "--card", name, *form]) == 0
        printed = capsys.readouterr()
        keys = [key for pair in personality.keys for key in (pair.enc, pair.mac)]
        pins = [PIN, PIN[::-1], PUK, *(pin.decode() for pin in transport_pins)]
        assert len(transport_pins) == 1
        assert len(derived) == 4  # both sides derive both
        assert leaks(printed.out + printed.err, [*pins, *halves(*keys, *derived)]) == []
        assert "00 2C 02 81 08 " + " ".join(["**"] * 8) in printed.out


def test_formatted_by_the_traceback_module_a_chain_shows_nothing():
    """As a program prints it that catches nothing."""
    on = made("akis-2.2").open()
    on.wire.break_at(lambda command, forward: b"\x69\x88")
    with pytest.raises(PinOutcomeUnknown) as caught:
        on.pin.unblock(NEW_PIN)
    shown = "".join(traceback.format_exception(caught.value))
    assert "SecureMessagingError" in shown
    assert "6988" in shown
    assert leaks(shown, PINS) == []
    assert isinstance(caught.value.__cause__, SecureMessagingError)


def test_a_card_given_to_many_hands_keeps_quiet():
    """Card, Pin and Puk made by hand, not by the bench."""
    emulated = EmulatedCard(replace(load_personality("akis-2.5"), pin=PIN, puk=PUK))
    with Card(EmulatorTransport(emulated), emulated.personality.card_profile()) as card:
        card.select_application()
        pin, puk = Pin(card), Puk(card)
        pin.verify(Secret(PIN))
        puk.verify(PUK, permit_puk=True)
        for thing in (card, pin, puk, vars(pin), vars(puk), emulated, emulated.fork()):
            assert leaks(repr(thing), PINS) == []
