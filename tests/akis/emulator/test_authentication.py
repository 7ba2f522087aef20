"""Device authentication, step by step and refusal by refusal; the card's part is recomputed by hand in bench.py."""

from __future__ import annotations

import pytest

from akis.emulator import EmulatedCard
from akis.errors import CardError
from akis.pin import Pin
from akis.sm.mutual_auth import DeviceKeys
from tests import by_hand
from tests.akis.emulator.cards import (
    ALGORITHMS,
    GET_CHALLENGE,
    ISSUER,
    NEW,
    SELECT,
    SN_IFD,
    TERMINAL,
    card_in,
    choose,
    driver,
    driver_way,
    observe,
    open_session,
    personality,
    protected_way,
    raw,
    secured,
    sn_icc,
    state,
    token,
)

PROTECTED = f"0C2C0281 0A 8E08 {'00' * 8} 00"  # whatever is in it: without a session the card does not look


def fixed(count: int) -> bytes:
    return bytes(range(0x80, 0x80 + count))


def challenged(card: EmulatedCard, algorithm: int = 0x0C, key: int = ISSUER) -> bytes:
    """MSE SET and GET CHALLENGE; returns RND.ICC."""
    assert raw(card, choose(algorithm, key)) == "9000"
    return bytes.fromhex(raw(card, GET_CHALLENGE)[:16])


@pytest.mark.parametrize("key", [ISSUER, TERMINAL])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
class TestEveryAlgorithm:
    def test_bytes(self, algorithm, key):
        """With the card's random numbers known, its answer is known to the last byte."""
        card = EmulatedCard(personality(algorithm), random=fixed)
        assert raw(card, SELECT).endswith("9000")
        assert raw(card, f"0022C1A4 06 8001{algorithm:02X} 83010{key}") == "9000"
        assert raw(card, "00840000 08") == fixed(8).hex().upper() + "9000"
        own = card.personality.keys[key - 1]
        text = fixed(8) + sn_icc(algorithm) + b"terminal" + SN_IFD + fixed(32)
        expected = by_hand.seal(algorithm, own.enc, own.mac, text).hex().upper()
        assert raw(card, token(algorithm, key, fixed(8))) == expected + "9000"
        z = bytes(a ^ b for a, b in zip(range(32), fixed(32), strict=True))
        send = protected_way(card, secured(algorithm, z, fixed(8), b"terminal"))
        assert observe(card, send) == state("active 3")

    def test_role(self, algorithm, key):
        """The role is the key's; the terminal is refused inside the session, which goes on."""
        card = card_in("active 0", algorithm)
        send = protected_way(card, open_session(card, key, algorithm))
        assert send("002C0381") == ("9000" if key == ISSUER else "6982")
        assert send(f"002C0281 05 {NEW}") == ("9000" if key == ISSUER else "6982")
        assert observe(card, send) == state(f"transport 3 = {NEW}" if key == ISSUER else "active 0")

    def test_through_the_driver(self, algorithm, key):
        emulated = card_in("active 0", algorithm)
        card = driver(emulated)
        card.open_session(emulated.personality.keys[key - 1].device_keys(algorithm), SN_IFD)
        if key == ISSUER:
            Pin(card).unblock("4321")
            assert observe(emulated, driver_way(card)) == state("active 3 = 34333231 verified")
        else:
            with pytest.raises(CardError) as caught:
                Pin(card).unblock("4321")
            assert caught.value.sw == 0x6982
            assert card.session.alive
            assert observe(emulated, driver_way(card)) == state("active 0")


class TestMse:
    @pytest.mark.parametrize(
        ("algorithm", "command", "answer"),
        [
            (0x0C, "0022C1A4 06 80010C 830101", "9000"),
            (0x0C, "0022C1A4 06 80018C 830102", "9000"),
            (0x0C, "0022C1A4 06 830101 80010C", "9000"),
            (0xAC, "0022C1A4 06 8001AC 830102", "9000"),
            (0x0C, "0022C1A4 06 80010C 830103", "6A88"),
            (0x0C, "0022C1A4 06 8001AC 830103", "6A88"),
            (0x0C, "0022C1A4 06 80010C 830100", "6A88"),
            (0x0C, "0022C1A4 06 8001AC 830101", "6A80"),
            (0x0C, "0022C1A4 06 800100 830101", "6A80"),
            (0xAC, "0022C1A4 06 80010C 830101", "6A80"),
            (0xAC, "0022C1A4 06 8001AD 830101", "6A80"),
            (0xAD, "0022C1A4 06 8001AE 830101", "6A80"),
            (0x0C, "0022C1A4 03 830101", "6A80"),
            (0x0C, "0022C1A4 03 80010C", "6A80"),
            (0x0C, "0022C1A4", "6A80"),
            (0x0C, "0022C1A4 07 80010C 83020101", "6A80"),
            (0x0C, "0022C1A4 09 80010C 830101 840101", "6A80"),
            (0x0C, "0022C1A4 09 80010C 830103 830101", "6A80"),
            (0x0C, "0022C1A4 05 80010C 8301", "6A80"),
            (0x0C, "0022C1A6 06 80010C 830101", "6A86"),
            (0x0C, "002281A4 06 80010C 830101", "6A86"),
        ],
    )
    def test_set(self, algorithm, command, answer):
        assert raw(card_in("active 3", algorithm), command) == answer

    def test_a_refused_one_leaves_the_choice_before(self):
        card = card_in("active 3")
        challenge = challenged(card)
        assert raw(card, choose(0x0C, 0x03)) == "6A88"
        assert raw(card, choose(0xAC, ISSUER)) == "6A80"
        assert raw(card, token(0x0C, ISSUER, challenge)).endswith("9000")


class TestChallenge:
    @pytest.mark.parametrize(
        ("command", "answer"),
        [("00840000", "6700"), ("0084000004", "6C08"), ("00840000 01FF 08", "6700"), ("0084010008", "6A86")],
    )
    def test_other_forms(self, command, answer):
        assert raw(card_in("active 3"), command) == answer

    def test_is_random(self):
        card = card_in("active 3")
        assert len({raw(card, GET_CHALLENGE) for _ in range(8)}) == 8


class TestMutualAuthenticate:
    """No session starts, the challenge is spent, and the card says why."""

    @staticmethod
    def refused(card, command, answer):
        assert raw(card, command) == answer
        assert raw(card, PROTECTED) == "6985"

    def test_without_mse(self):
        card = card_in("active 3")
        challenge = bytes.fromhex(raw(card, GET_CHALLENGE)[:16])
        self.refused(card, token(0x0C, ISSUER, challenge), "6985")
        # the challenge is spent all the same
        assert raw(card, choose(0x0C, ISSUER)) == "9000"
        self.refused(card, token(0x0C, ISSUER, challenge), "6985")

    def test_without_a_challenge(self):
        card = card_in("active 3")
        assert raw(card, choose(0x0C, ISSUER)) == "9000"
        self.refused(card, token(0x0C, ISSUER, bytes(8)), "6985")

    def test_a_challenge_serves_once(self):
        card = card_in("active 3")
        challenge = challenged(card)
        assert raw(card, token(0x0C, ISSUER, challenge)).endswith("9000")
        self.refused(card, token(0x0C, ISSUER, challenge), "6985")

    def test_only_the_last_challenge_serves(self):
        card = card_in("active 3")
        first, second = challenged(card), challenged(card)
        self.refused(card, token(0x0C, ISSUER, first), "6300")
        self.refused(card, token(0x0C, ISSUER, second), "6985")

    def test_reset_forgets_choice_and_challenge(self):
        card = card_in("active 3")
        challenged(card)
        card.reset()
        fresh = bytes.fromhex(raw(card, GET_CHALLENGE)[:16])
        self.refused(card, token(0x0C, ISSUER, fresh), "6985")
        challenge = challenged(card)
        card.reset()
        assert raw(card, choose(0x0C, ISSUER)) == "9000"
        self.refused(card, token(0x0C, ISSUER, challenge), "6985")

    @pytest.mark.parametrize("algorithm", [0x0C, 0xAC])
    @pytest.mark.parametrize("place", [0, 7, 16, 24, 63, 64, 71])
    def test_a_wrong_bit_in_cryptogram_or_mac(self, algorithm, place):
        card = card_in("active 3", algorithm)
        challenge = challenged(card, algorithm)
        right = token(algorithm, ISSUER, challenge)
        sent = bytearray(bytes.fromhex(right))
        sent[5 + place] ^= 0x01
        self.refused(card, sent.hex(), "6300")
        self.refused(card, right, "6985")

    @pytest.mark.parametrize("algorithm", ALGORITHMS)
    @pytest.mark.parametrize(
        ("rnd_icc", "sn", "answer"), [(True, True, "9000"), (False, True, "6300"), (True, False, "6300")]
    )
    def test_a_right_mac_over_a_wrong_echo(self, algorithm, rnd_icc, sn, answer):
        """RND.ICC and SN.ICC are compared; RND.IFD, SN.IFD and K.IFD are the terminal's own."""
        card = card_in("active 3", algorithm)
        challenge = challenged(card, algorithm)
        own = card.personality.keys[0]
        echo = (challenge if rnd_icc else bytes(8)) + (sn_icc(algorithm) if sn else bytes(8))
        text = by_hand.seal(algorithm, own.enc, own.mac, b"rnd.ifdx" + b"any one!" + echo + bytes(32))
        command = f"00820000 48 {text.hex()} 48"
        if answer == "9000":
            assert raw(card, command).endswith("9000")
        else:
            self.refused(card, command, "6300")
            self.refused(card, token(algorithm, ISSUER, challenge), "6985")

    @pytest.mark.parametrize(("chosen", "used"), [(ISSUER, TERMINAL), (TERMINAL, ISSUER)])
    def test_the_other_key(self, chosen, used):
        card = card_in("active 3")
        challenge = challenged(card, key=chosen)
        self.refused(card, token(0x0C, used, challenge), "6300")

    @pytest.mark.parametrize(
        ("cut", "le", "answer"), [(71, "48", "6700"), (0, "48", "6700"), (72, "", "6700"), (72, "10", "6C48")]
    )
    def test_other_lengths(self, cut, le, answer):
        card = card_in("active 3")
        data = bytes.fromhex(token(0x0C, ISSUER, challenged(card)))[5 : 5 + cut].hex()
        self.refused(card, "00820000" + (f"{cut:02X}{data}" if cut else "") + le, answer)

    def test_other_parameters(self):
        card = card_in("active 3")
        command = token(0x0C, ISSUER, challenged(card))
        self.refused(card, command.replace("00820000", "00820001"), "6A86")

    @pytest.mark.parametrize("algorithm", ALGORITHMS)
    def test_wrong_keys_through_the_driver(self, algorithm):
        emulated = card_in("active 3", algorithm)
        own = emulated.personality.keys[0]
        card = driver(emulated)
        with pytest.raises(CardError, match="MUTUAL AUTHENTICATE") as caught:
            card.open_session(DeviceKeys(ISSUER, algorithm, own.mac, own.enc), SN_IFD)
        assert caught.value.sw == 0x6300
        assert card.session is None
        assert raw(emulated, PROTECTED) == "6985"
