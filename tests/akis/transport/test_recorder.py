"""What is recorded is what went over the wire, in order, and recording never gets between a card and its driver."""

from __future__ import annotations

import itertools
import threading

import pytest

from akis.card import Card
from akis.codec.apdu import CommandApdu
from akis.emulator import EmulatedCard, EmulatorTransport
from akis.errors import CardRemoved, InvalidArgument, NoCard, PinOutcomeUnknown, TransportError
from akis.pin import Pin
from akis.profile.load import load
from akis.trace.entries import Entry, Event, Exchanged, Failure
from akis.trace.redactor import Redactor
from akis.transport.chaining import ChainingTransport
from akis.transport.get_response import GetResponseTransport
from akis.transport.recorder import Recorder
from akis.transport.wrapper import TransportWrapper

PROFILE = load("akis-2")
PIN = "123456"


class Wire(TransportWrapper):
    """Keeps what passes, and fails with ``errors`` in turn where they are not None."""

    def __init__(self, *errors: BaseException | None) -> None:
        super().__init__(EmulatorTransport(EmulatedCard.named()))
        self.passed: list[tuple[str, str]] = []
        self.errors = iter(errors)

    def transmit(self, command: bytes) -> bytes:
        error = next(self.errors, None)
        if error is not None:
            raise error
        answer = self.inner.transmit(command)
        self.passed.append((command.hex().upper(), answer.hex().upper()))
        return answer


def recorded(wire: TransportWrapper, *, keep: bool = True) -> tuple[Recorder, list[Entry]]:
    entries: list[Entry] = []
    return Recorder(wire, entries.append, Redactor(PROFILE, keep)), entries


def texts(entries: list[Entry]) -> list[tuple[str, str]]:
    return [
        (entry.command.text, "" if entry.answer is None else entry.answer.text)
        for entry in entries
        if isinstance(entry, Exchanged)
    ]


def test_exactly_what_went_over_the_wire_in_order() -> None:
    wire = Wire()
    recorder, entries = recorded(wire)
    with Card(ChainingTransport(GetResponseTransport(recorder)), PROFILE) as card:
        card.select_application()
        Pin(card).change(PIN, "87654321")
        card.send(CommandApdu(0x00, 0xD6, 0, 0, bytes(300)))
        issuer = wire.inner.card.personality.key("issuer")  # type: ignore[attr-defined]
        card.open_session(issuer.device_keys(issuer.algorithms[-1]), bytes(8))
        Pin(card).unblock(PIN)
        card.select_application()
    assert texts(entries) == wire.passed
    assert [command[:2] for command, _ in texts(entries) if command[2:4] == "D6"] == ["10", "00"]
    starts = [entry.start for entry in entries]
    assert starts == sorted(starts, key=lambda start: start or 0)


def test_get_response_is_seen() -> None:
    class InPieces(Wire):
        def transmit(self, command: bytes) -> bytes:
            return b"\xaa\x61\x01" if command[1] == 0xB0 else b"\xbb\x90\x00"

    recorder, entries = recorded(InPieces())
    assert GetResponseTransport(recorder).transmit(bytes.fromhex("00B0000000")) == b"\xaa\xbb\x90\x00"
    assert texts(entries) == [("00B0000000", "AA6101"), ("00C0000001", "BB9000")]


def test_times_are_microseconds_from_the_beginning() -> None:
    entries: list[Entry] = []
    clock = itertools.count(5_000_000, 1_000_000).__next__
    recorder = Recorder(Wire(), entries.append, Redactor(), clock=clock)
    recorder.transmit(bytes.fromhex("00A40000"))
    recorder.reset()
    first, second = entries
    assert isinstance(first, Exchanged)
    assert (first.start, first.duration, second.start) == (1000, 1000, 3000)


def test_a_clock_that_goes_back_leaves_a_trace_that_can_be_read() -> None:
    entries: list[Entry] = []
    recorder = Recorder(Wire(), entries.append, Redactor(), clock=itertools.count(0, -5000).__next__)
    recorder.transmit(bytes.fromhex("00A40000"))
    assert isinstance(entries[0], Exchanged)
    assert (entries[0].start, entries[0].duration) == (0, 0)


def test_a_failure_stays_with_its_command_and_removal_is_told_once() -> None:
    gone = [CardRemoved("the card was removed"), NoCard("there is no card")]
    wire = Wire(None, *gone)
    recorder, entries = recorded(wire)
    recorder.transmit(bytes.fromhex("00A40000"))
    for kind in (CardRemoved, NoCard):
        with pytest.raises(kind):
            recorder.transmit(bytes.fromhex("00840000"))
    recorder.transmit(bytes.fromhex("00A40000"))
    recorder.reset()
    kinds = [entry.kind if isinstance(entry, Event) else entry.failure and entry.failure.kind for entry in entries]
    assert kinds == [None, "CardRemoved", "removed", "NoCard", "inserted", None, "reset"]
    assert entries[-1].atr == recorder.atr  # type: ignore[union-attr]


def test_a_reset_that_fails_tells_of_the_removal() -> None:
    wire = Wire()
    recorder, entries = recorded(wire)
    wire.inner.remove()  # type: ignore[attr-defined]
    with pytest.raises(NoCard):
        recorder.reset()
    assert [entry.kind for entry in entries if isinstance(entry, Event)] == ["removed"]


def test_ctrl_c_in_the_middle_is_recorded_as_such() -> None:
    recorder, entries = recorded(Wire(None, None, KeyboardInterrupt()), keep=False)
    card = Card(recorder, PROFILE)
    card.select_application()
    with pytest.raises(KeyboardInterrupt):
        Pin(card).verify(PIN)
    last = entries[-1]
    assert isinstance(last, Exchanged)
    assert (last.command.text[:4], last.answer, last.failure) == ("0020", None, Failure("KeyboardInterrupt"))


def test_the_text_of_a_stranger_is_not_written() -> None:
    recorder, entries = recorded(Wire(RuntimeError(f"sent {PIN}"), TransportError("the reader is gone")))
    for kind in (RuntimeError, TransportError):
        with pytest.raises(kind):
            recorder.transmit(bytes.fromhex("00A40000"))
    assert [entry.failure for entry in entries if isinstance(entry, Exchanged)] == [
        Failure("RuntimeError"),
        Failure("TransportError", "the reader is gone"),
    ]


def test_an_answer_that_is_no_bytes_is_recorded_as_none() -> None:
    class Odd(Wire):
        def transmit(self, command: bytes) -> bytes:
            return None  # type: ignore[return-value]

    recorder, entries = recorded(Odd())
    assert recorder.transmit(b"\x00\xa4\x00\x00") is None
    assert isinstance(entries[0], Exchanged)
    assert entries[0].failure == Failure("WrongType", "what came back were no bytes")


def test_other_kinds_of_bytes() -> None:
    recorder, entries = recorded(Wire(), keep=False)
    recorder.transmit(memoryview(bytearray.fromhex("00200081 06 313233343536")))
    assert texts(entries) == [("0020008106************", "6A88")]


# ---- what goes wrong with the writing


def test_a_full_disk_leaves_the_card_alone() -> None:
    written: list[Entry] = []

    def write(entry: Entry) -> None:
        if len(written) == 2:
            raise OSError(28, "No space left on device")
        written.append(entry)

    finished: list[str] = []
    recorder = Recorder(Wire(), write, Redactor(PROFILE), lambda: finished.append("once"))
    with Card(recorder, PROFILE) as card:
        card.select_application()
        Pin(card).verify(PIN)
        assert Pin(card).tries_left() == 3
    recorder.close()
    assert (len(written), finished) == (2, ["once"])
    assert isinstance(recorder.failure, OSError)
    assert recorder.failure.__traceback__ is None


def test_a_ctrl_c_while_writing_ends_the_recording_and_is_raised() -> None:
    def write(entry: Entry) -> None:
        raise KeyboardInterrupt

    recorder = Recorder(Wire(), write, Redactor(PROFILE))
    card = Card(recorder, PROFILE)
    with pytest.raises(KeyboardInterrupt):
        card.select_application()
    assert isinstance(recorder.failure, KeyboardInterrupt)


def test_a_finish_that_fails_is_told_and_the_first_failure_stays() -> None:
    def finish() -> None:
        raise OSError(28, "No space left on device")

    recorder = Recorder(Wire(), lambda entry: None, Redactor(), finish)
    recorder.close()
    recorder.close()
    assert isinstance(recorder.failure, OSError)


def test_an_outcome_unknown_is_still_that() -> None:
    recorder, entries = recorded(Wire(None, None, CardRemoved("gone")), keep=False)
    card = Card(recorder, PROFILE)
    card.select_application()
    with pytest.raises(PinOutcomeUnknown):
        Pin(card).verify(PIN)
    assert [type(entry) for entry in entries] == [Exchanged, Exchanged, Exchanged, Event]
    assert texts(entries)[-1] == ("0020008106************", "")


def test_two_threads_on_one_card_record_whole_exchanges() -> None:
    recorder, entries = recorded(Wire())
    card = Card(recorder, PROFILE)
    card.select_application()

    def ask(p2: int) -> None:
        for _ in range(200):
            card.send(CommandApdu(0x00, 0xCA, 0x01, p2, ne=256))

    threads = [threading.Thread(target=ask, args=(p2,)) for p2 in (4, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pairs = set(texts(entries)[1:])
    assert len(entries) == 401
    assert len(pairs) == 2


def test_it_wraps_a_transport() -> None:
    with pytest.raises(TypeError):
        Recorder(object(), print, Redactor())  # type: ignore[arg-type]
    with pytest.raises(InvalidArgument):
        ChainingTransport(recorded(Wire())[0], 0)


def test_a_recording_that_is_over_leaves_the_way_open() -> None:
    ends: list[int] = []
    entries: list[Entry] = []
    recorder = Recorder(Wire(), entries.append, Redactor(PROFILE), lambda: ends.append(len(entries)))
    recorder.transmit(bytes.fromhex("0084000008"))
    recorder.stop()
    assert recorder.transmit(bytes.fromhex("0084000008"))[-2:] == b"\x90\x00"
    recorder.close()
    assert (len(entries), ends, recorder.failure) == (1, [1], None)
