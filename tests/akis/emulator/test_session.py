"""Session rules: what is said inside a session, what ends it, and what comes in the clear."""

from __future__ import annotations

import pytest

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.errors import PinRefused, SecureMessagingError
from akis.pin import Pin
from tests.akis.emulator.cards import (
    ALGORITHMS,
    GET_CHALLENGE,
    ISSUER,
    NEW,
    PIN,
    PUK,
    SELECT,
    SN_IFD,
    TERMINAL,
    WRONG,
    card_in,
    choose,
    driver,
    driver_way,
    observe,
    open_session,
    plain_way,
    protected_way,
    raw,
    state,
    token,
)


def wire(session, text: str) -> str:
    return session.protect(CommandApdu.from_bytes(bytes.fromhex(text))).to_bytes().hex().upper()


def is_over(card) -> None:
    """A protected command is one without a session (inside one it would be 6988), and the role is gone."""
    assert raw(card, f"0C2C0381 0A 8E08 {'00' * 8} 00") == "6985"
    assert raw(card, SELECT).endswith("9000")
    assert raw(card, "002C0381") == "6982"
    assert raw(card, f"00240181 05 {NEW}") == "6982"


class TestErrorsOfTheApplication:
    """Protected, status word in DO'99', and the session goes on."""

    @pytest.mark.parametrize("algorithm", ALGORITHMS)
    @pytest.mark.parametrize(
        ("command", "answer"),
        [
            (f"00200081 06 {WRONG}", "63C2"),
            ("00200081 03 313233", "6A80"),
            (f"002C0281 05 {NEW}", "6982"),
            ("002C0381", "6982"),
            (f"00240181 05 {NEW}", "6982"),
            ("00200083", "6A88"),
            ("002C0082", "6A86"),
            ("00A40400 02 4142 00", "6A82"),
            ("00B07FFF 10", "6986"),
            ("00C00000 10", "6D00"),
            ("0021008106" + WRONG, "6D00"),
            ("00CA0106 10", "6C4D"),
            ("00820000 08 0011223344556677 48", "6985"),
        ],
    )
    def test_bytes(self, algorithm, command, answer):
        card = card_in("active 3", algorithm)
        session = open_session(card, TERMINAL, algorithm)
        got = raw(card, wire(session, command))
        # exactly DO'99' and DO'8E', and the same status word outside
        assert (got[:8], got[8:12], got[28:]) == (f"9902{answer}", "8E08", answer)
        assert session.unprotect(ResponseApdu.from_bytes(bytes.fromhex(got))).to_bytes().hex().upper() == answer
        after = "active 2" if answer == "63C2" else "active 3"
        assert observe(card, protected_way(card, session)) == state(after)

    @pytest.mark.parametrize("algorithm", ALGORITHMS)
    def test_wrong_pins_through_the_driver(self, algorithm):
        emulated = card_in("active 3", algorithm)
        card = driver(emulated)
        session = card.open_session(emulated.personality.key("terminal").device_keys(algorithm), SN_IFD)
        for left in (2, 1):
            with pytest.raises(PinRefused) as caught:
                Pin(card).verify("000000")
            assert caught.value.tries_left == left
        assert card.session is session
        assert session.alive
        Pin(card).verify("123456", allow_last_try=True)
        assert observe(emulated, driver_way(card)) == state("active 3 verified")


class TestErrorsOfSecureMessaging:
    """Plain, 6987 or 6988, and the end of session and role."""

    EIGHT = "8E08 A0A1A2A3A4A5A6A7"
    CRYPTOGRAM = "8709 01 0011223344556677"

    @pytest.mark.parametrize("key", [ISSUER, TERMINAL])
    @pytest.mark.parametrize(
        ("objects", "answer"),
        [
            ("", "6987"),
            (CRYPTOGRAM, "6987"),
            ("970100", "6987"),
            (CRYPTOGRAM + "970100", "6987"),
            ("970100" + CRYPTOGRAM + EIGHT, "6987"),
            (EIGHT + CRYPTOGRAM, "6987"),
            (CRYPTOGRAM + CRYPTOGRAM + EIGHT, "6987"),
            (EIGHT + EIGHT, "6987"),
            ("800101" + EIGHT, "6987"),
            ("8101 31" + EIGHT, "6987"),
            ("99029000" + EIGHT, "6987"),
            (PIN, "6987"),
            (EIGHT, "6988"),
            (CRYPTOGRAM + EIGHT, "6988"),
            ("8709 02 0011223344556677" + EIGHT, "6988"),
            ("8700" + EIGHT, "6988"),
            (CRYPTOGRAM + "8E04 A0A1A2A3", "6988"),
            (CRYPTOGRAM + "8E00", "6988"),
            (CRYPTOGRAM + "8E08 A0A1", "6988"),
        ],
    )
    def test_objects(self, key, objects, answer):
        card = card_in("active 2")
        open_session(card, key)
        data = bytes.fromhex(objects)
        assert raw(card, "0C200081" + (f"{len(data):02X}" if data else "") + data.hex() + "00") == answer
        is_over(card)
        assert observe(card, plain_way(card)) == state("active 2")

    @pytest.mark.parametrize("algorithm", ALGORITHMS)
    @pytest.mark.parametrize("place", [1, 2, 3, 5, 6, 7, 8, 15, -12, -11, -10, -9, -2])
    def test_one_wrong_bit(self, algorithm, place):
        """In the header, in the objects, in the checksum: nothing is run. Only Le outside is nobody's business."""
        card = card_in("active 2", algorithm)
        session = open_session(card, ISSUER, algorithm)
        sent = bytearray(bytes.fromhex(wire(session, f"002C0281 05 {NEW}")))
        sent[place] ^= 0x20
        assert raw(card, sent.hex()) in ("6987", "6988")
        is_over(card)
        assert observe(card, plain_way(card)) == state("active 2")

    def test_a_command_sent_again(self):
        card = card_in("active 3")
        session = open_session(card)
        again = wire(session, f"00200081 06 {WRONG}")
        assert raw(card, again).endswith("63C2")
        assert raw(card, again) == "6988"
        is_over(card)
        assert observe(card, plain_way(card)) == state("active 2")

    def test_a_command_of_another_session(self):
        card = card_in("active 3")
        old = wire(open_session(card), "002C0381")
        open_session(card)
        assert raw(card, old) == "6988"
        is_over(card)

    def test_through_the_driver(self):
        emulated = card_in("active 2")
        card = driver(emulated)
        session = card.open_session(emulated.personality.key("issuer").device_keys(0x0C), SN_IFD)
        raw(emulated, SELECT)  # somebody else's plain command
        with pytest.raises(SecureMessagingError):
            Pin(card).tries_left()
        assert not session.alive
        assert observe(emulated, plain_way(emulated)) == state("active 2")


@pytest.mark.parametrize("algorithm", [0x0C, 0xAC])
class TestTheEnd:
    @pytest.mark.parametrize(
        ("command", "answer"),
        [
            ("00200081", "9000"),
            ("002C0381", "6982"),
            (f"002C0281 05 {NEW}", "6982"),
            (f"00240181 05 {NEW}", "6982"),
            (GET_CHALLENGE, None),
            ("00FF0000", "6D00"),
            ("002000", "6700"),
            ("00200081 05 3132", "6700"),
            ("00200081 000006" + PIN, "6700"),
            ("80200081", "6E00"),
            ("01200081", "6881"),
            ("0D200081 0A 8E08 0000000000000000 00", "6881"),
            ("04200081", "6882"),
            ("10200081 03 313233", "9000"),
        ],
    )
    def test_a_plain_command_ends_it_and_has_plain_rights(self, algorithm, command, answer):
        card = card_in("active 3", algorithm)
        session = open_session(card, ISSUER, algorithm)
        assert protected_way(card, session)(f"00200081 06 {PIN}") == "9000"
        assert raw(card, command) == answer or answer is None
        assert raw(card, wire(session, "002C0381")) == "6985"
        # what was verified in the application stays until it is left
        assert observe(card, plain_way(card)) == state("active 3 verified")
        is_over(card)

    def test_reset_ends_everything(self, algorithm):
        card = card_in("active 3", algorithm)
        session = open_session(card, ISSUER, algorithm)
        send = protected_way(card, session)
        assert send(f"00200081 06 {PIN}") == send(f"00200082 08 {PUK}") == "9000"
        assert card.reset() == card.atr
        assert raw(card, wire(session, "00200081")) == "6985"
        assert raw(card, "00200081") == "6A88"
        assert raw(card, SELECT).endswith("9000")
        assert observe(card, plain_way(card)) == state("active 3")
        assert raw(card, f"002C0281 05 {NEW}") == "6982"

    def test_mse_for_another_key_ends_it_after_its_own_answer(self, algorithm):
        card = card_in("active 3", algorithm)
        session = open_session(card, ISSUER, algorithm)
        send = protected_way(card, session)
        assert send(choose(algorithm, TERMINAL)) == "9000"
        is_over(card)

    @pytest.mark.parametrize("text", ["0022C1A4 06 8001{:02X} 830101", "0022C1A4 06 8001{:02X} 830103", "0022C1A4"])
    def test_mse_for_the_same_key_or_a_refused_one_does_not(self, algorithm, text):
        card = card_in("active 0", algorithm)
        send = protected_way(card, open_session(card, ISSUER, algorithm))
        assert send(text.format(algorithm)) in ("9000", "6A88", "6A80")
        assert send("002C0381") == "9000"

    @pytest.mark.parametrize(("old", "new"), [(ISSUER, ISSUER), (TERMINAL, TERMINAL)])
    def test_a_new_authentication_inside_it(self, algorithm, old, new):
        """Its answer is the old session's last; what follows is the new one's."""
        card = card_in("active 0", algorithm)
        session = open_session(card, old, algorithm)
        fresh = open_session(card, new, algorithm, send=protected_way(card, session))
        send = protected_way(card, fresh)
        assert send("002C0381") == ("9000" if new == ISSUER else "6982")
        assert raw(card, wire(session, "00200081")) == "6988"
        assert raw(card, wire(fresh, "00200081")) == "6985"

    def test_a_new_authentication_that_fails(self, algorithm):
        card = card_in("active 3", algorithm)
        session = open_session(card, ISSUER, algorithm)
        send = protected_way(card, session)
        assert len(send(GET_CHALLENGE)) == 20
        assert send(token(algorithm, ISSUER, bytes(8))) == "6300"
        is_over(card)

    def test_plain_authentication_with_another_key_changes_the_role(self, algorithm):
        card = card_in("active 0", algorithm)
        assert protected_way(card, open_session(card, TERMINAL, algorithm))("002C0381") == "6982"
        assert protected_way(card, open_session(card, ISSUER, algorithm))("002C0381") == "9000"
        assert protected_way(card, open_session(card, TERMINAL, algorithm))("002C0381") == "6982"


@pytest.mark.parametrize("command", ["0C200081", f"0C2C0281 0A 8E08 {'00' * 8} 00", "1C200081", "0CFF0000"])
def test_a_protected_command_without_a_session(command):
    card = card_in("active 3")
    assert raw(card, command) == "6985"
    assert observe(card, plain_way(card)) == state("active 3")
