"""The inspection of emulated cards: honest ones in every state, and five that deviate, each of which is named."""

from __future__ import annotations

import time

import pytest

from akis.commands.risk import risk
from akis.emulator import EmulatorTransport
from akis.emulator.memory import PIN, PUK
from akis.errors import InvalidArgument, TransportError, WrongType
from akis.report.inspect import CHECKS, Inspection
from tests.akis.report.reported import (
    CARDS,
    NOON,
    READ_BINARY,
    WITH_KEYS,
    Clock,
    Deviation,
    Send,
    Wire,
    another_word_for_the_offset,
    emulated,
    inspected,
    le_ignored,
    no_counter,
    plain_inside,
    slow,
    with_verdict,
)

CLOCK = Clock()
DEVIATIONS: dict[str, tuple[Deviation, set[str], str]] = {
    "counter not reported": (no_counter, {"pin-counter"}, "the counter of the PIN is not reported"),
    "6A86 for 6B00": (
        another_word_for_the_offset,
        {"offset-behind"},
        "it answers 6A86, incorrect parameters P1-P2, in",
    ),
    "a slow command": (slow(CLOCK), {"slow"}, "READ BINARY, 36 bytes is slow, 300 ms at the median"),
    "plain answer in a session": (plain_inside, {"sm-answer"}, "it answers in the clear inside secure messaging: 9000"),
    "Le ignored": (le_ignored, {"le", "wrong-le"}, "Le is ignored: asked for"),
}
"""Each with the checks that fail for it, and what these say."""


@pytest.mark.parametrize("name", CARDS)
def test_nothing_wrong_is_said_of_an_honest_card(name: str) -> None:
    report, _ = inspected(name, clock=time.perf_counter_ns)
    assert with_verdict(report, "fail") == {}
    # What only AKİS 1.0 at its end leaves open: its profile knows no such phase.
    assert set(with_verdict(report, "unknown")) == ({"life-cycle"} if name == "akis-1.0,dead" else set())
    assert all(counter.unmoved for counter in report.counters)


@pytest.mark.parametrize("name", CARDS)
def test_no_counter_moves_and_nothing_is_written(name: str) -> None:
    card = emulated(name)
    written: list[object] = []
    card.memory.on_commit = written.append
    before, left = card.save(), {reference: card.memory.references[reference].left for reference in (PIN, PUK)}
    report, wire = inspected(card)
    assert card.save() == before
    assert {reference: card.memory.references[reference].left for reference in (PIN, PUK)} == left
    assert written == []
    assert {found.name for command in wire.sent if (found := risk(command))} <= {"key"}
    assert report.commands == len(wire.sent)


@pytest.mark.parametrize("deviation", DEVIATIONS)
def test_a_deviation_is_named_and_nothing_else(deviation: str) -> None:
    put_between, names, said = DEVIATIONS[deviation]
    report, _ = inspected("akis-2.2", put_between, clock=CLOCK)
    failed = with_verdict(report, "fail")
    assert set(failed) == (names | {"sm-checksum", "sm-missing"} if put_between is plain_inside else names)
    assert all(said in failed[name] for name in names)


@pytest.mark.parametrize("name", ["akis-2.2", "akis-2.5,last-try", ",extended"])
def test_all_five_at_once_are_all_named(name: str) -> None:
    card = emulated(name)
    before = card.save()
    report, _ = inspected(card, *(deviation for deviation, _, _ in DEVIATIONS.values()), clock=CLOCK, errors=False)
    failed = with_verdict(report, "fail")
    assert set(failed) == {name for _, names, _ in DEVIATIONS.values() for name in names}
    assert card.save() == before


@pytest.mark.parametrize("deviation", [another_word_for_the_offset, le_ignored])
def test_of_a_card_of_the_first_generation_too(deviation: Deviation) -> None:
    report, _ = inspected("akis-1.0", deviation)
    names = next(names for found, names, _ in DEVIATIONS.values() if found is deviation)
    assert set(with_verdict(report, "fail")) == names


def to(beginning: str, answer: str) -> Deviation:
    """This answer to each command that begins so, in hex."""
    head, said = bytes.fromhex(beginning), bytes.fromhex(answer)
    return lambda command, send: said if command.startswith(head) else send(command)


def in_place_of(ending: str, answer: str) -> Deviation:
    """This answer where the card gives one that ends so."""
    end, said = bytes.fromhex(ending), bytes.fromhex(answer)

    def deviation(command: bytes, send: Send) -> bytes:
        real = send(command)
        return said if real.endswith(end) else real

    return deviation


def another_wrong_le(command: bytes, send: Send) -> bytes:
    """6C10, whatever there is."""
    answer = send(command)
    return b"\x6c\x10" if answer[:1] == b"\x6c" else answer


def one_byte_less(command: bytes, send: Send) -> bytes:
    """Of each READ BINARY."""
    answer = send(command)
    return answer[:-3] + answer[-2:] if command[1] == READ_BINARY and len(answer) > 2 else answer


def no_offset(command: bytes, send: Send) -> bytes:
    """Offset 2 is taken for 0."""
    return send(b"\x00\xb0\x00\x00" + command[4:]) if command[:4] == b"\x00\xb0\x00\x02" else send(command)


def always_an_le(command: bytes, send: Send) -> bytes:
    """SELECT without Le is answered as if there were one."""
    return send(command + b"\x00") if command[:4] == b"\x00\xa4\x00\x00" and len(command) == 7 else send(command)


@pytest.mark.parametrize(
    ("deviation", "check"),
    [
        (to("20A4", "9000"), "class"),
        (to("01A4", "9000"), "channel"),
        (to("006E", "6A81"), "instruction"),
        (to("00CA0106", "6985"), "serial"),
        (to("00CA0104", "6985"), "life-cycle"),
        (to("00A47F", "9000"), "parameters"),
        (to("00A4000C023FFE", "6A88"), "unknown-file"),
        (to("00CA0001", "6982"), "unknown-object"),
        (to("00A40000023F00", "819000"), "fci"),
        (always_an_le, "no-le"),
        (one_byte_less, "le-zeros"),
        (no_offset, "offset"),
        (another_wrong_le, "wrong-le"),
        (in_place_of("6282", "000000006282"), "end-of-file"),
    ],
)
def test_what_else_may_be_wrong(deviation: Deviation, check: str) -> None:
    assert check in with_verdict(inspected("akis-2.2", deviation)[0], "fail")


def test_a_record_behind_the_last() -> None:
    report, _ = inspected(
        "akis-1.0", lambda command, send: b"\x90\x00" if command[1:3] == b"\xb2\x03" else send(command)
    )
    assert set(with_verdict(report, "fail")) == {"record-behind"}


def test_a_counter_that_moves_meanwhile() -> None:
    card = emulated("akis-2.2")

    def spends(command: bytes, send: Send) -> bytes:
        if command[:2] == b"\x20\xa4":
            card.memory.references[PIN].left -= 1
        return send(command)

    report, _ = inspected(card, spends)
    assert set(with_verdict(report, "fail")) == {"unmoved"}
    assert [counter.unmoved for counter in report.counters] == [False, True]


def test_a_guessed_profile_accuses_nobody() -> None:
    report, _ = inspected("akis-2.2", no_counter, guessed=True)
    assert with_verdict(report, "fail") == {}
    assert "the profile is a guess" in with_verdict(report, "unknown")["pin-counter"]


def test_what_is_reported() -> None:
    report, _ = inspected("akis-2.5,last-try")
    assert report.identity.version == "AKİS 2.5.2, NXP"
    assert report.identity.serial == emulated("akis-2.5").personality.serial
    assert (report.identity.application, report.identity.life_cycle) == ("PKCS-15", "operation")
    assert [(one.name, one.left, one.most) for one in report.counters] == [("PIN", 1, 3), ("PUK", 3, 3)]
    assert [file.path for file in report.files][:3] == [(), (0x2F00,), (0x3D00,)]
    assert len(report.certificates.certificates) == 2
    assert [done.name for done in report.checks][: len(CHECKS)] == [check.name for check in CHECKS]
    assert all(done.clause and done.outcome.observed for done in report.checks)
    assert {len(one.durations) for one in report.times} == {3}


@pytest.mark.parametrize("name", WITH_KEYS)
def test_each_command_is_timed(name: str) -> None:
    names = [one.name for one in inspected(name)[0].times]
    assert names[:4] == ["SELECT of the MF", "SELECT of the application", "GET DATA 0106", "GET DATA 0104"]
    assert ("GET DATA 0106, secure messaging" in names) == ("dead" not in name)


def test_progress_comes_to_its_end() -> None:
    card = emulated("akis-2.2")
    told: list[tuple[int, int | None]] = []
    Inspection(EmulatorTransport(card), card.personality.card_profile(), rounds=2).run(
        "a reader", NOON, lambda done, total: told.append((done, total))
    )
    assert [done for done, _ in told] == list(range(len(told)))
    assert {total for _, total in told} == {len(told) - 1}


def test_a_card_that_is_taken_away() -> None:
    card = emulated("akis-2.2")
    way = EmulatorTransport(card)

    def gone(command: bytes, send: Send) -> bytes:
        if command[1] == 0x6E:
            way.remove()
        return send(command)

    with pytest.raises(TransportError, match="no card"):
        Inspection(Wire(way, gone), card.personality.card_profile()).run("a reader", NOON)


def test_what_cannot_be_inspected() -> None:
    card = emulated("akis-2.2")
    with pytest.raises(WrongType, match="CardProfile, not str"):
        Inspection(EmulatorTransport(card), "akis-2")  # type: ignore[arg-type]
    for rounds in (0, 1001):
        with pytest.raises(InvalidArgument, match="1 to 1000 times"):
            Inspection(EmulatorTransport(card), card.personality.card_profile(), rounds=rounds)
