"""Conversations, driven by fixed answers: which commands they yield, how they end, and that nothing more is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.commands import files
from akis.commands import pin as commands
from akis.conversation import pins
from akis.conversation.authenticate import authenticate
from akis.conversation.base import ask
from akis.errors import CardError, InvalidArgument, PinBlocked, PinOutcomeUnknown, PinRefused, SecureMessagingError
from akis.profile.load import load
from akis.sm import SecureSession
from akis.sm.mutual_auth import DeviceKeys
from tests import by_hand
from tests.akis.emulator.cards import ALGORITHMS, SN_IFD, choose, personality, secured, sn_icc, token

RULES = load("akis-2").pin


class Ended(Exception):
    """The answers ran out."""


def drive(conversation, *answers: str):
    """The result, and the commands as hex text."""
    sent: list[str] = []
    left = iter(answers)
    try:
        command = next(conversation)
        while True:
            assert isinstance(command, CommandApdu)
            sent.append(command.to_bytes().hex().upper())
            answer = next(left, None)
            if answer is None:
                return Ended, sent
            command = conversation.send(ResponseApdu.from_bytes(bytes.fromhex(answer)))
    except StopIteration as done:
        assert next(left, None) is None
        return done.value, sent
    except (CardError, PinRefused, PinBlocked, PinOutcomeUnknown, SecureMessagingError) as error:
        assert next(left, None) is None
        return error, sent


def tight(commands: Sequence[str]) -> list[str]:
    return [command.replace(" ", "").upper() for command in commands]


class TestAsk:
    def test_gives_the_data(self):
        assert drive(ask(files.read_binary(0, 2), "reading"), "ABCD9000") == (b"\xab\xcd", ["00B0000002"])

    @pytest.mark.parametrize("answer", ["6A82", "6282", "AB6282", "6102", "63C2"])
    def test_or_says_what_failed(self, answer):
        error, sent = drive(ask(files.read_binary(0, 2), "reading"), answer)
        assert type(error) is CardError
        assert f"{error.sw}" == answer[-4:]
        assert str(error).startswith("reading failed")
        assert len(sent) == 1


VERIFY = "00200081 06 313233343536"
CHANGE = "00240081 0B 313233343536 3837363534"
RESET = "002C0281 06 303132333435"
FROM_TRANSPORT = "00240081 0B 303132333435 3837363534"
VERIFY_NEW = "00200081 05 3837363534"


class TestPins:
    @pytest.mark.parametrize(
        ("answer", "kind"),
        [
            ("9000", type(None)),
            ("63C2", PinRefused),
            ("6300", PinRefused),
            ("63C0", PinBlocked),
            ("6983", PinBlocked),
            ("6985", CardError),
            ("6F00", PinOutcomeUnknown),
            ("6581", PinOutcomeUnknown),
        ],
    )
    def test_one_command(self, answer, kind):
        for conversation, sent in (
            (pins.verify(RULES, b"123456"), VERIFY),
            (pins.change(RULES, b"123456", b"87654"), CHANGE),
            (pins.attempt(commands.reset_retry_counter(0x81), RULES), "002C0381"),
        ):
            result, seen = drive(conversation, answer)
            assert type(result) is kind
            assert seen == tight([sent])

    def test_change_in_the_layout_of_the_card(self):
        rules = replace(RULES, change="length-prefixed", reference=0x01)
        _, seen = drive(pins.change(rules, b"123456", b"87654"), "9000")
        assert seen == tight(["00240001 0D 06 313233343536 05 3837363534"])

    @pytest.mark.parametrize(
        ("answers", "kind", "sent"),
        [
            (["9000", "9000", "9000"], type(None), [RESET, FROM_TRANSPORT, VERIFY_NEW]),
            (["6982"], CardError, [RESET]),
            (["6F00"], PinOutcomeUnknown, [RESET]),
            (["9000", "63C2"], PinRefused, [RESET, FROM_TRANSPORT]),
            (["9000", "6985"], CardError, [RESET, FROM_TRANSPORT]),
            (["9000", "9000", "63C0"], PinBlocked, [RESET, FROM_TRANSPORT, VERIFY_NEW]),
            (["9000", "9000", "6200"], PinOutcomeUnknown, [RESET, FROM_TRANSPORT, VERIFY_NEW]),
            (["9000"], type, [RESET, FROM_TRANSPORT]),
        ],
    )
    def test_unblock(self, answers, kind, sent):
        """RESET to a transport PIN, CHANGE to the holder's, VERIFY; the first answer that is not 9000 is the last."""
        result, seen = drive(pins.unblock(RULES, b"012345", b"87654"), *answers)
        assert type(result) is kind
        assert seen == tight(sent)

    @pytest.mark.parametrize(
        ("answers", "kind", "sent"),
        [
            (["9000", "9000"], type(None), [VERIFY, CHANGE]),
            (["63C2"], PinRefused, [VERIFY]),
            (["6983"], PinBlocked, [VERIFY]),
            (["6985"], CardError, [VERIFY]),
            (["9000", "6581"], PinOutcomeUnknown, [VERIFY, CHANGE]),
        ],
    )
    def test_verify_and_change(self, answers, kind, sent):
        result, seen = drive(pins.verify_and_change(RULES, b"123456", b"87654"), *answers)
        assert type(result) is kind
        assert seen == tight(sent)

    def test_no_error_shows_a_pin(self):
        for answer in ("63C2", "6983", "6985", "6F00"):
            error, _ = drive(pins.verify(RULES, b"739184"), answer)
            assert "739184" not in str(error) + repr(error)


def fixed(count: int) -> bytes:
    return b"terminal" if count == 8 else bytes(range(count))


CHALLENGE = bytes(range(0xC0, 0xC8))
K_ICC = bytes(range(0x40, 0x60))


def opened(algorithm, key=1):
    own = personality(algorithm).keys[key - 1]
    keys = DeviceKeys(key, algorithm, own.enc, own.mac)
    return own, authenticate(keys, SN_IFD, sn_icc(algorithm), fixed)


def card_token(algorithm, own, **echo) -> str:
    """The card's answer, by hand; ``echo`` changes one of its fields."""
    fields = {"rnd_icc": CHALLENGE, "sn_icc": sn_icc(algorithm), "rnd_ifd": b"terminal", "sn_ifd": SN_IFD, "k": K_ICC}
    return by_hand.seal(algorithm, own.enc, own.mac, b"".join({**fields, **echo}.values())).hex()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
class TestAuthenticate:
    def test_bytes(self, algorithm):
        own, conversation = opened(algorithm)
        answers = ["9000", f"{CHALLENGE.hex()}9000", card_token(algorithm, own) + "9000"]
        session, sent = drive(conversation, *answers)
        assert sent == tight([choose(algorithm, 1), "0084000008", token(algorithm, 1, CHALLENGE, fixed(8), fixed(32))])
        assert isinstance(session, SecureSession)
        # the same keys and the same counter as by hand
        z = bytes(a ^ b for a, b in zip(fixed(32), K_ICC, strict=True))
        judge = secured(algorithm, z, CHALLENGE, b"terminal")
        assert session.ssc == judge.ssc
        assert session.protect(commands.verify(0x81, b"1234")) == judge.protect(commands.verify(0x81, b"1234"))

    @pytest.mark.parametrize(
        "echo",
        [
            {"rnd_icc": bytes(8)},
            {"sn_icc": bytes(8)},
            {"rnd_ifd": b"Terminal"},
            {"sn_ifd": bytes(8)},
        ],
        ids=lambda echo: next(iter(echo)),
    )
    def test_all_four_echoes_are_compared(self, algorithm, echo):
        own, conversation = opened(algorithm)
        error, _ = drive(conversation, "9000", f"{CHALLENGE.hex()}9000", card_token(algorithm, own, **echo) + "9000")
        assert type(error) is SecureMessagingError
        assert "echo" in error.reason

    @pytest.mark.parametrize("place", [0, 40, 63, 64, 71])
    def test_a_wrong_bit_in_the_cards_token(self, algorithm, place):
        own, conversation = opened(algorithm)
        answer = bytearray(bytes.fromhex(card_token(algorithm, own)))
        answer[place] ^= 1
        error, _ = drive(conversation, "9000", f"{CHALLENGE.hex()}9000", answer.hex() + "9000")
        assert type(error) is SecureMessagingError

    def test_the_terminals_own_token_sent_back(self, algorithm):
        _, conversation = opened(algorithm)
        mirrored = token(algorithm, 1, CHALLENGE, fixed(8), fixed(32)).split()[2]
        error, _ = drive(conversation, "9000", f"{CHALLENGE.hex()}9000", mirrored + "9000")
        assert type(error) is SecureMessagingError

    @pytest.mark.parametrize(
        ("answers", "kind", "says"),
        [
            (["6A88"], CardError, "choosing key 01 (MSE SET) failed: 6A88"),
            (["6A80"], CardError, "choosing key 01 (MSE SET) failed: 6A80"),
            (["9000", "6985"], CardError, "GET CHALLENGE failed: 6985"),
            (["9000", "9000"], SecureMessagingError, "the card's challenge has 0 bytes, not 8"),
            (["9000", "C0C1C2C39000"], SecureMessagingError, "the card's challenge has 4 bytes, not 8"),
            (["9000", "C0C1C2C3C4C5C6C79000", "6300"], CardError, "(MUTUAL AUTHENTICATE) failed: 6300"),
            (["9000", "C0C1C2C3C4C5C6C79000", "9000"], SecureMessagingError, "token has 0 bytes, not 72"),
            (["9000", "C0C1C2C3C4C5C6C79000", "00" * 71 + "9000"], SecureMessagingError, "token has 71 bytes, not 72"),
            (["9000", "C0C1C2C3C4C5C6C79000", "00" * 72 + "9000"], SecureMessagingError, "checksum"),
        ],
    )
    def test_every_step_that_fails(self, algorithm, answers, kind, says):
        own, conversation = opened(algorithm)
        error, sent = drive(conversation, *answers)
        assert type(error) is kind
        assert says in str(error)
        assert len(sent) == len(answers)
        assert own.enc.hex().upper() not in str(error).upper()

    def test_what_is_sent_can_be_read_with_the_keys(self, algorithm):
        own, conversation = opened(algorithm, key=2)
        _, sent = drive(conversation, "9000", f"{CHALLENGE.hex()}9000")
        text = by_hand.unseal(algorithm, own.enc, own.mac, bytes.fromhex(sent[2])[5:77])
        assert text == b"terminal" + SN_IFD + CHALLENGE + sn_icc(algorithm) + fixed(32)


@pytest.mark.parametrize(("sn_ifd", "sn"), [(bytes(7), bytes(8)), (bytes(8), bytes(9))])
def test_serial_numbers_are_eight_bytes(sn_ifd, sn):
    own = personality().keys[0]
    with pytest.raises(InvalidArgument, match="a serial number is 8 bytes"):
        next(authenticate(own.device_keys(0x0C), sn_ifd, sn, fixed))
