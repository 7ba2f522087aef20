"""Checks inside a secure session: only with keys, and errors only where they are wanted."""

from __future__ import annotations

import pytest

from akis.emulator import EmulatorTransport
from akis.report.check_session import SESSION_CHECKS, SessionKeys
from akis.report.inspect import Inspection
from akis.report.model import Report
from akis.sm.mutual_auth import DeviceKeys
from tests.akis.report.reported import (
    NOON,
    WITH_KEYS,
    Send,
    Wire,
    emulated,
    inspected,
    keys_of,
    plain_inside,
    with_verdict,
)

NAMES = [check.name for check in SESSION_CHECKS]


def verdicts(report: Report) -> list[str]:
    return [done.outcome.verdict for done in report.checks if done.name in NAMES]


@pytest.mark.parametrize("name", [name for name in WITH_KEYS if "dead" not in name])
def test_an_honest_card(name: str) -> None:
    assert verdicts(inspected(name)[0]) == ["pass"] * 5
    report, wire = inspected(name, errors=False)
    assert verdicts(report) == ["pass"] * 3 + ["unknown"] * 2
    assert "only where they are wanted" in with_verdict(report, "unknown")["sm-checksum"]
    assert sum(command[1] == 0x82 for command in wire.sent) == 1


def test_a_dead_card_is_asked_nothing_of_the_kind() -> None:
    report, wire = inspected("akis-2.2,dead")
    assert verdicts(report) == ["not applicable"] * 5
    assert not {0x22, 0x82, 0x84} & {command[1] for command in wire.sent}


def test_nor_is_a_card_of_which_no_secure_messaging_is_known() -> None:
    card = emulated("akis-1.0")
    wire = Wire(EmulatorTransport(card))
    keys = SessionKeys(DeviceKeys(1, 0x8C, bytes(16), bytes(16)), bytes(8))
    report = Inspection(wire, card.personality.card_profile(), keys=keys, rounds=1).run("a reader", NOON)
    assert verdicts(report) == ["not applicable"] * 5
    assert not {0x22, 0x82, 0x84} & {command[1] for command in wire.sent}


def test_keys_that_are_not_this_card_s_are_tried_once() -> None:
    card = emulated("akis-2.2")
    wire = Wire(EmulatorTransport(card))
    keys = SessionKeys(DeviceKeys(2, 0x8C, bytes(16), bytes(16)), bytes(8), errors=True)
    report = Inspection(wire, card.personality.card_profile(), keys=keys, rounds=1).run("a reader", NOON)
    assert verdicts(report) == ["fail"] + ["unknown"] * 4
    assert "it may be the keys that are not this card's" in with_verdict(report, "fail")["sm-session"]
    assert sum(command[1] == 0x82 for command in wire.sent) == 1


@pytest.mark.parametrize("answer", [b"\x90\x00", b"\x6a\x88", bytes(77) + b"\x90\x00"])
def test_an_answer_in_the_clear(answer: bytes) -> None:
    report, _ = inspected("akis-2.5", lambda command, send: answer if command[0] == 0x0C else send(command))
    assert "in the clear inside secure messaging" in with_verdict(report, "fail")["sm-answer"]
    assert "did not survive" in with_verdict(report, "unknown")["sm-refusal"]


def test_a_wrong_checksum_in_the_answer() -> None:
    def damaged(command: bytes, send: Send) -> bytes:
        answer = send(command)
        return answer[:-3] + bytes((answer[-3] ^ 1,)) + answer[-2:] if command[0] == 0x0C and answer[2:] else answer

    report, _ = inspected("akis-2.2", damaged)
    assert "is not to be trusted, checksum differs" in with_verdict(report, "fail")["sm-answer"]


def test_a_refusal_in_the_clear() -> None:
    seen = []

    def second(command: bytes, send: Send) -> bytes:
        seen.append(command[0] == 0x0C)
        answer = send(command)
        return b"\x6a\x88" if seen[-1] and sum(seen) == 2 else answer

    report, _ = inspected("akis-2.2", second)
    assert set(with_verdict(report, "fail")) == {"sm-refusal"}


@pytest.mark.parametrize(("word", "check"), [(b"\x69\x87", "sm-checksum"), (b"\x69\x88", "sm-missing")])
def test_the_other_word_for_a_damaged_command(word: bytes, check: str) -> None:
    def swapped(command: bytes, send: Send) -> bytes:
        answer = send(command)
        return word if answer in (b"\x69\x87", b"\x69\x88") else answer

    assert set(with_verdict(inspected("akis-2.2", swapped)[0], "fail")) == {check}


def test_no_session_is_left_open() -> None:
    card = emulated("akis-2.2")
    reset: list[bool] = []

    class Told(EmulatorTransport):
        def reset(self) -> bytes:
            reset.append(True)
            return super().reset()

    for deviations in ((), (plain_inside,)):
        reset.clear()
        Inspection(Wire(Told(card), *deviations), card.personality.card_profile(), keys=keys_of(card)).run("R", NOON)
        assert reset == [True]


def test_nothing_enciphered_and_no_key_is_shown() -> None:
    card = emulated("akis-2.2")
    key = card.personality.key("terminal")
    shown = repr(inspected(card)[0].checks)
    assert "of secure messaging" in shown
    assert key.enc.hex().upper() not in shown.upper()
    assert "00820000" in shown
