"""Recorded sessions opened again: of the emulated card from its device keys, of others from session keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.errors import WrongType
from akis.profile.model import SmRules
from akis.sm import Suite
from akis.sm.mutual_auth import DeviceKeys
from akis.trace.decrypt import Opened, opened
from akis.trace.entries import Event, Exchanged, Wire
from tests.akis.trace.recorded import EMPTY, READ, Recording, exchanged, said, session_keys
from tests.bench import PIN, SUITES
from tests.sessions import Pair

VERIFY = CommandApdu(0x00, 0x20, 0x00, 0x81, PIN.encode())
WRONG = VERIFY.replace(data=b"000000")
LOGOUT = CommandApdu(0x00, 0x20, 0xFF, 0x81)
LABEL = CommandApdu(0x00, 0xB0, 0x00, 0x00, ne=256)
PAIR = Pair(Suite.AES)


def all_of(entries: list[object], *args: object, **named: object) -> list[Opened]:
    return list(opened(entries, *args, **named))


def from_keys(*entries: object, pair: Pair = PAIR, rules: SmRules | None = None) -> list[Opened]:
    return list(opened(entries, session=session_keys(pair), rules=rules))


class TestDeviceKeys:
    """Sessions whose authentication was recorded."""

    @pytest.mark.parametrize("name", SUITES)
    def test_a_session_of_the_emulated_card(self, name: str) -> None:
        made = Recording(name).open()
        for command in (VERIFY, WRONG, LOGOUT):
            made.card.send(command)
        steps = all_of(made.entries, [made.keys()])
        assert steps[4].step == f"session opened with key 01, algorithm {made.keys().algorithm.reference:02X}"
        inside = [step for step in steps if step.protected]
        assert [step.plain_command for step in inside] == [VERIFY, WRONG, LOGOUT]
        assert [step.plain_answer for step in inside] == [ResponseApdu(), ResponseApdu(sw=0x63C2), ResponseApdu()]
        assert [step.numbers for step in steps] == [(number,) for number in range(1, 9)]
        counters = [int.from_bytes(ssc or b"") for step in inside for ssc in (step.command_ssc, step.answer_ssc)]
        assert counters == list(range(counters[0], counters[0] + 6))
        assert not any(step.finding for step in steps)

    @pytest.mark.parametrize("recorded", [0x0C, 0x8C])
    @pytest.mark.parametrize("given", [0x0C, 0x8C])
    def test_the_recording_says_which_algorithm(self, recorded: int, given: int) -> None:
        made = Recording().open(algorithm=recorded)
        made.card.send(VERIFY)
        assert all_of(made.entries, [made.keys(algorithm=given)])[-1].plain_command == VERIFY

    def test_two_sessions_of_two_keys(self) -> None:
        made = Recording().open("issuer")
        made.card.send(VERIFY)
        made.open("terminal").card.send(LOGOUT)
        steps = all_of(made.entries, [made.keys("terminal"), made.keys("issuer")])
        assert [step.plain_command for step in steps if step.protected] == [VERIFY, LOGOUT]
        said_of_sessions = [step.step for step in steps if step.step]
        assert [text[:26] for text in said_of_sessions] == [
            "session opened with key 01",
            "session ended by a plain c",
            "session opened with key 02",
        ]

    def test_without_the_key_of_one_session(self) -> None:
        made = Recording().open("issuer")
        made.card.send(VERIFY)
        made.open("terminal").card.send(LOGOUT)
        steps = all_of(made.entries, [made.keys("issuer")])
        inside = [step for step in steps if step.protected]
        assert [step.plain_command for step in inside] == [VERIFY, None]
        assert inside[1].step == "protected, and the keys of its session are not known"
        assert not any(step.finding for step in steps)

    def test_keys_under_another_reference_open_it_all_the_same(self) -> None:
        made = Recording().open()
        made.card.send(VERIFY)
        right, other = made.keys("issuer"), made.keys("terminal")
        named_wrong = DeviceKeys(2, 0x8C, right.k_enc, right.k_mac)
        steps = all_of(made.entries, [DeviceKeys(1, 0x8C, other.k_enc, other.k_mac), named_wrong])
        assert steps[-1].plain_command == VERIFY
        assert steps[4].step == "session opened with key 02, algorithm 8C"

    def test_wrong_keys(self) -> None:
        made = Recording().open()
        other = made.keys("terminal")
        steps = all_of(made.entries, [DeviceKeys(1, 0x8C, other.k_enc, other.k_mac)])
        assert "token does not open with the key 01 that was given" in str(steps[4].finding)

    def test_keys_the_other_way_round(self) -> None:
        made = Recording().open()
        made.card.send(VERIFY)
        right = made.keys()
        steps = all_of(made.entries, [DeviceKeys(1, 0x8C, right.k_mac, right.k_enc)])
        assert steps[4].finding == "K.ENC and K.MAC of key 01 are swapped"
        assert steps[-1].plain_command == VERIFY

    def test_an_authentication_that_was_refused(self) -> None:
        made = Recording().open()
        tampered = list(made.entries)
        token = tampered[4]
        assert isinstance(token, Exchanged)
        tampered[4] = replace(token, answer=Wire(b"\x63\x00"))
        step = all_of(tampered, [made.keys()])[4]
        assert (step.step, step.finding) == ("authentication with key 01, algorithm 8C, refused with 6300", None)

    def test_a_token_that_was_answered_by_another(self) -> None:
        made = Recording().open()
        tampered = list(made.entries)
        token = tampered[4]
        assert isinstance(token, Exchanged)
        tampered[4] = replace(token, answer=Wire(token.command.raw[5:77] + b"\x90\x00"))
        assert (
            all_of(tampered, [made.keys()])[4].finding == "the card's authentication token does not echo what was sent"
        )

    def test_an_answer_in_pieces(self) -> None:
        made = Recording(label="x" * 400).open()
        made.card.send(CommandApdu(0x00, 0xA4, 0x00, 0x0C, b"\x2f\x00"))
        told = made.card.send(LABEL)
        assert len(told.data) > 200
        last = all_of(made.entries, [made.keys()])[-1]
        assert len(last.numbers) == len(last.entries) > 1
        assert (last.plain_command, last.plain_answer, last.finding) == (LABEL, told, None)


class TestHowSessionsEnd:
    """A plain command, an event, 6987 and 6988."""

    @pytest.mark.parametrize(
        ("end", "said_of_it"),
        [
            (exchanged("00A40000", "9000"), "session ended by a plain command (exchange 2)"),
            (Event("reset"), "session ended by a reset"),
            (Event("removed"), "session ended by the removal of the card"),
            (exchanged("0CB00000 0D 970100 8E08 0000000000000000 00", "6988"), "session ended by 6988 in the clear"),
        ],
    )
    def test_end(self, end: object, said_of_it: str) -> None:
        steps = from_keys(said(PAIR, 0), end, said(PAIR, 1))
        assert steps[1].step == said_of_it
        assert steps[2].plain_command is None
        assert steps[2].step.startswith("protected, after the session was ended by")
        assert steps[2].finding is None

    def test_what_does_not_end_it(self) -> None:
        to_the_reader = exchanged("FFCA0000 00", "6A81")
        no_command = exchanged("00", "6700")
        steps = from_keys(said(PAIR, 0), to_the_reader, no_command, said(PAIR, 1))
        assert [step.plain_command for step in steps] == [READ, None, None, READ]

    def test_a_command_that_fits_and_that_the_card_refuses_all_the_same(self) -> None:
        sent = said(PAIR, 0).command.raw
        (step,) = from_keys(exchanged(sent, "6988"))
        assert step.plain_command == READ
        assert step.finding == "answer: the card refuses with 6988 a command that fits these keys"

    def test_an_answer_in_the_clear(self) -> None:
        sent = said(PAIR, 0).command.raw
        (step,) = from_keys(exchanged(sent, "9000"))
        assert (step.plain_answer, step.answer_ssc) == (None, None)
        assert step.finding == "answer: 9000 in the clear, which nothing vouches for"

    def test_an_answer_that_never_came_is_counted(self) -> None:
        steps = from_keys(exchanged(said(PAIR, 0).command.raw, None), said(PAIR, 1))
        assert [step.finding for step in steps] == [None, None]


def test_plain_forms_are_those_of_protected_exchanges_only() -> None:
    steps = from_keys(exchanged("00A40000", "9000"), said(PAIR, 0, EMPTY), exchanged("00A40000", "9000"))
    assert [step.plain_command for step in steps] == [None, EMPTY, None]
    assert [step.protected for step in steps] == [False, True, False]
    assert steps[1].step == "session of the given keys"


def test_nothing_is_read_ahead_of_what_is_asked_for() -> None:
    taken = 0

    def endless() -> Iterator[Exchanged]:
        nonlocal taken
        while True:
            yield said(PAIR, taken)
            taken += 1

    steps = opened(endless(), session=session_keys(PAIR))
    for number in range(50):
        assert next(steps).plain_command == READ
        assert taken == number


def test_wrong_arguments() -> None:
    for named in ({"keys": ["key"]}, {"rules": "single"}):
        with pytest.raises(WrongType):
            opened([], **named)
