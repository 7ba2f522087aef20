"""No PIN, PUK or key in an error, nor in what it was raised from: ours, somebody else's, a parser's."""

import traceback

import pytest

from akis.codec import pin_block, tlv
from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.codec.atr import Atr
from akis.codec.fci import FileControl
from akis.codec.historical import HistoricalBytes
from akis.codec.sm_objects import COMMAND_OBJECTS, RESPONSE_OBJECTS
from akis.commands import objects, security
from akis.commands import pin as commands
from akis.errors import AkisError, CardRemoved, PinOutcomeUnknown, PinRefused, SecureMessagingError
from akis.secret import Secret
from akis.sm import SecureSession, Suite
from akis.sm.mutual_auth import DeviceKeys, TerminalAuthentication
from tests.leaks import leaks, silent, texts
from tests.secrets.story import K_ENC, K_MAC, NEW_PIN, PIN, PINS, PUK, made


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
            silent(caught.value, [*PINS, sent])
            silent(repr(on.exchanges[-1]), [*PINS, sent])

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
        silent(caught.value, PINS)

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
        silent(caught.value, PINS)


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
    silent(caught.value, [K_ENC, K_MAC])


def wiped() -> Secret:
    secret = Secret(PIN)
    secret.wipe()
    return secret


@pytest.mark.parametrize("call", REFUSED_INPUTS.values(), ids=REFUSED_INPUTS)
def test_what_is_refused_is_not_shown(call):
    with pytest.raises(AkisError) as caught:
        call()
    silent(caught.value, [*PINS, K_ENC, K_MAC])


PARSERS = {
    "BER-TLV": tlv.parse,
    "command": CommandApdu.from_bytes,
    "answer": ResponseApdu.from_bytes,
    "ATR": Atr.from_bytes,
    "historical bytes": lambda raw: HistoricalBytes.from_bytes(raw.decode("latin-1")),  # any bytes are good
    "file control information": FileControl.from_bytes,
    "objects of a protected command": COMMAND_OBJECTS.parse,
    "objects of a protected answer": RESPONSE_OBJECTS.parse,
    "PIN object": lambda raw: objects.PinObject.from_bytes(raw, 1),
    "PIN block": lambda raw: pin_block.decode(raw, "digits"),
}
UNREADABLE = (PIN.encode(), b"\x00" + PIN.encode(), K_ENC, b"\x30\x10" + K_ENC, b"\x7f" + K_ENC)


@pytest.mark.parametrize("parse", PARSERS.values(), ids=PARSERS)
def test_no_parser_shows_what_it_does_not_understand(parse):
    refused = 0
    for secret in UNREADABLE:
        for raw in (secret, secret[:-1], secret + secret, secret[::-1], secret * 10_000):
            try:
                parse(raw)
            except AkisError as error:
                refused += 1
                silent(error, [PIN, K_ENC, K_ENC[:8]])
    assert refused


def test_formatted_by_the_traceback_module_a_chain_shows_nothing():
    """As a program prints it that catches nothing."""
    on = made("akis-2.2").open()
    on.wire.break_at(lambda command, forward: b"\x69\x88")
    with pytest.raises(PinOutcomeUnknown) as caught:
        on.pin.unblock(NEW_PIN)
    shown = "".join(traceback.format_exception(caught.value))
    assert "SecureMessagingError" in shown
    assert "6988" in shown
    silent(shown, PINS)
    assert isinstance(caught.value.__cause__, SecureMessagingError)
