"""Command chaining: plain, and protected link by link or as a whole; what breaks a chain."""

from __future__ import annotations

from dataclasses import replace

import pytest

from akis.card import Card
from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.emulator import EmulatorTransport
from akis.pin import Pin, Puk
from akis.sm import SmRules
from tests.akis.emulator.cards import (
    ALGORITHMS,
    ISSUER,
    NEW,
    PIN,
    PUK,
    SELECT,
    SN_IFD,
    TERMINAL,
    card_in,
    driver_way,
    observe,
    open_session,
    plain_way,
    protected_way,
    raw,
    state,
)


def ways(card, protected):
    return protected_way(card, open_session(card)) if protected else plain_way(card)


@pytest.mark.parametrize("protected", [False, True])
class TestLinks:
    """Each link answers 9000; inside a session each is protected by itself and so is its answer."""

    @pytest.mark.parametrize(
        ("links", "after"),
        [
            ([f"10240081 06 {PIN}", f"00240081 05 {NEW}"], f"active 3 = {NEW}"),
            (["10200081 02 3132", "10200081 02 3334", "00200081 02 3536"], "active 3 verified"),
            ([f"102C0081 08 {PUK}", "102C0081", f"002C0081 05 {NEW}"], f"active 3 = {NEW}"),
            ([f"10200081 06 {PIN}", "00200081"], "active 3 verified"),
            (["10200081", f"00200081 06 {PIN}"], "active 3 verified"),
        ],
    )
    def test_are_one_command(self, protected, links, after):
        card = card_in("active 2")
        send = ways(card, protected)
        for link in links:
            assert send(link) == "9000"
        assert observe(card, send) == state(after)

    def test_nothing_happens_before_the_last(self, protected):
        card = card_in("active 2")
        send = ways(card, protected)
        assert send("10200081 06 303030303030") == "9000"
        assert card.memory.references[0x81].left == 2
        assert send("00200081 02 3030") == "63C1"

    @pytest.mark.parametrize(
        "other", ["002C0381", "00200181 06" + PIN, "00200082", "00240081 06" + PIN, "10240081 06" + PIN, SELECT]
    )
    def test_another_command_in_between(self, protected, other):
        """6883, not run, and the chain is forgotten; the session goes on."""
        card = card_in("active 2")
        send = ways(card, protected)
        assert send("10200081 03 313233") == "9000"
        assert send(other) == "6883"
        assert send("00200081 03 343536") == "6A80"
        assert observe(card, send) == state("active 2")

    def test_an_unknown_instruction(self, protected):
        card = card_in("active 2")
        send = ways(card, protected)
        assert send("10FF0000 01 00") == "9000"
        assert send("00FF0000 01 00") == "6D00"

    def test_reset_forgets_it(self, protected):
        card = card_in("active 2")
        assert ways(card, protected)("10200081 03 313233") == "9000"
        card.reset()
        assert raw(card, SELECT).endswith("9000")
        assert raw(card, "00200081 03 343536") == "6A80"


class TestBreaks:
    @pytest.mark.parametrize(
        ("between", "answer"),
        [
            ("002000", "6700"),
            ("00200081 05 31", "6700"),
            ("80200081", "6E00"),
            ("01200081", "6881"),
            ("0C200081", "6985"),
        ],
    )
    def test_a_command_that_is_refused_at_once(self, between, answer):
        card = card_in("active 2")
        assert raw(card, "10200081 03 313233") == "9000"
        assert raw(card, between) == answer
        assert raw(card, "00200081 03 343536") == "6A80"

    def test_what_began_inside_a_session_does_not_go_on_outside(self):
        card = card_in("active 2")
        send = protected_way(card, open_session(card))
        assert send("10200081 03 313233") == "9000"
        assert raw(card, "00200081 03 343536") == "6A80"
        assert observe(card, plain_way(card)) == state("active 2")

    def test_a_plain_command_after_a_link_in_a_session_runs(self):
        card = card_in("active 2")
        send = protected_way(card, open_session(card))
        assert send("10200081 03 313233") == "9000"
        assert raw(card, f"00200081 06 {PIN}") == "9000"

    def test_an_error_of_secure_messaging(self):
        card = card_in("active 2")
        send = protected_way(card, open_session(card))
        assert send("10200081 03 313233") == "9000"
        assert raw(card, "0C200081 0A 8E08 0000000000000000 00") == "6988"
        assert raw(card, "00200081 03 343536") == "6A80"
        assert raw(card, f"00200081 06 {PIN}") == "9000"

    def test_too_long_a_chain(self):
        card = card_in("active 2")
        for _ in range(257):
            assert raw(card, f"10200081 FF {'31' * 255}") == "9000"
        assert raw(card, f"10200081 FF {'31' * 255}") == "6700"
        assert raw(card, f"00200081 06 {PIN}") == "9000"

    def test_a_link_needs_no_right_but_the_command_does(self):
        card = card_in("active 2", pin_over_sm_only=True)
        assert raw(card, "10200081 03 313233") == "9000"
        assert raw(card, "00200081 03 343536") == "6982"


def chained_driver(algorithm, max_data, **rules):
    """A driver whose card takes so little data that PIN commands need chains."""
    secure_messaging = SmRules(**rules)
    emulated = card_in("active 0", algorithm, secure_messaging=secure_messaging)
    profile = replace(emulated.personality.card_profile(), max_data=max_data, secure_messaging=secure_messaging)
    seen = []
    transport = EmulatorTransport(emulated)
    card = Card(transport, profile)
    transmit = transport.transmit
    transport.transmit = lambda command: seen.append(command) or transmit(command)
    return emulated, card, seen


class TestThroughTheDriver:
    @pytest.mark.parametrize("algorithm", ALGORITHMS)
    @pytest.mark.parametrize(("chain", "max_data"), [("each", 33), ("whole", 20)])
    def test_protected(self, algorithm, chain, max_data):
        emulated, card, seen = chained_driver(algorithm, max_data, chain=chain)
        card.open_session(emulated.personality.key("terminal").device_keys(algorithm), SN_IFD)
        seen.clear()
        Puk(card).unblock("87654321", "11223344", permit_puk=True)
        classes = [command[0] for command in seen if command[1] == 0x2C]
        assert len(classes) > 1
        assert classes == [0x1C] * (len(classes) - 1) + [0x0C]
        assert all(command[4] <= max_data for command in seen if command[1] == 0x2C)
        assert observe(emulated, driver_way(card)) == state("active 3 = 3131323233333434")
        Pin(card).verify("11223344")

    def test_a_refused_link_ends_the_chain(self):
        emulated, card, seen = chained_driver(0x0C, 33)
        card.open_session(emulated.personality.key("issuer").device_keys(0x0C), SN_IFD)
        seen.clear()
        # the last link is another command's: the driver stops at the first answer that is not 9000
        assert card.send(CommandApdu.from_bytes(bytes.fromhex("10200081 03 313233"))).sw == 0x9000
        answer = card.send(CommandApdu(0x00, 0x2C, 0x00, 0x81, b"8" * 16))
        assert answer.sw == 0x6883
        assert [command[:2].hex() for command in seen] == ["1c20", "1c2c"]


class TestWhole:
    """The command is protected first and then cut; links answer in the clear, the last one protected."""

    @staticmethod
    def opened():
        rules = SmRules(chain="whole")
        card = card_in("active 0", secure_messaging=rules)
        return card, open_session(card, ISSUER)

    @staticmethod
    def cut(session, command):
        wire = session.protect(CommandApdu.from_bytes(bytes.fromhex(command))).to_bytes()
        data = wire[5:-1]
        middle = len(data) // 2
        first = bytes((wire[0] | 0x10, *wire[1:4], middle)) + data[:middle]
        return first.hex(), (wire[:4] + bytes((len(data) - middle,)) + data[middle:] + b"\x00").hex()

    def test_two_links(self):
        card, session = self.opened()
        first, last = self.cut(session, f"002C0281 05 {NEW}")
        assert raw(card, first) == "9000"
        answer = ResponseApdu.from_bytes(bytes.fromhex(raw(card, last)))
        assert session.unprotect(answer).sw == 0x9000
        assert observe(card, protected_way(card, session)) == state(f"transport 3 = {NEW}")

    def test_without_links(self):
        card, session = self.opened()
        assert protected_way(card, session)("002C0381") == "9000"

    def test_interrupted(self):
        """6883 comes in the clear, so the session is over."""
        card, session = self.opened()
        first, last = self.cut(session, f"002C0281 05 {NEW}")
        assert raw(card, first) == "9000"
        assert raw(card, "0C2C0381 0A 8E08 0000000000000000 00") == "6883"
        assert raw(card, last) == "6985"
        assert observe(card, plain_way(card)) == state("active 0")

    def test_interrupted_in_the_clear(self):
        card, session = self.opened()
        first, last = self.cut(session, f"002C0281 05 {NEW}")
        assert raw(card, first) == "9000"
        assert raw(card, "002C0381") == "6982"
        assert raw(card, last) == "6985"
        assert observe(card, plain_way(card)) == state("active 0")

    def test_a_link_of_another_command(self):
        card, session = self.opened()
        first, _ = self.cut(session, f"002C0281 05 {NEW}")
        assert raw(card, first) == "9000"
        assert raw(card, first) == "9000"
        assert raw(card, "0C2C0281") == "6987"
        assert raw(card, "0C2C0281") == "6985"
        assert protected_way(card, open_session(card, TERMINAL))("002C0381") == "6982"


class TestExtendedLength:
    """A card has short length fields unless its personality says otherwise."""

    COMMANDS = (
        ("00200081 000006" + PIN, "9000"),
        ("00A4040C 000007 504B43532D3135", "9000"),
        ("00CA0104 000100", None),
        ("00240081 00000B" + PIN + NEW, "9000"),
        (f"00200081 000100 {'31' * 256}", "6A80"),
    )

    @pytest.mark.parametrize(("command", "answer"), COMMANDS)
    def test_refused(self, command, answer):
        assert raw(card_in("active 3"), command) == "6700"

    @pytest.mark.parametrize(("command", "answer"), COMMANDS)
    def test_taken(self, command, answer):
        card = card_in("active 3", extended_length=True)
        got = raw(card, command)
        assert got == answer or (answer is None and got.endswith("9000"))

    @pytest.mark.parametrize("algorithm", ALGORITHMS)
    def test_taken_inside_a_session(self, algorithm):
        card = card_in("active 3", algorithm, extended_length=True)
        send = protected_way(card, open_session(card, ISSUER, algorithm))
        for command, answer in self.COMMANDS:
            got = send(command)
            assert got == answer or (answer is None and got.endswith("9000"))

    def test_through_the_driver(self):
        emulated = card_in("active 3", extended_length=True)
        profile = replace(emulated.personality.card_profile(), extended_length=True, max_data=0xFFFF)
        card = Card(EmulatorTransport(emulated), profile)
        card.open_session(emulated.personality.key("issuer").device_keys(0x0C), SN_IFD)
        assert card.send(CommandApdu(0x00, 0x20, 0x00, 0x81, b"1" * 1000)).sw == 0x6A80
        assert card.send(CommandApdu(0x00, 0xB0, 0x00, 0x00, ne=0x10000)).sw == 0x6986
        Pin(card).verify("123456")
