"""Plays the terminal's side of a recorded session: its commands go to a card, and the answers are compared.

Sessions have state, so playing stops at the first difference unless it is told to go on, and goes on to nothing but an
emulated card.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from akis.codec.apdu import CommandApdu
from akis.errors import CodecError, InvalidArgument, TransportError
from akis.profile.model import CardProfile
from akis.regress.outcome import Deviation
from akis.regress.target import Target
from akis.regress.values import Values
from akis.trace.annotate import command_name
from akis.trace.compare import Difference, answer_difference
from akis.trace.entries import Entry, Event, Exchanged, Failure
from akis.transport.base import Transport

_SECOND = 1_000_000_000


@dataclass(slots=True)
class Player:
    """Plays exchanges and events to ``transport`` and keeps count.

    ``now`` and ``recorded`` are seconds, of those exchanges that have both. ``tick`` is called after each exchange.
    """

    target: Target
    transport: Transport
    values: Values
    profile: CardProfile
    strict: bool = False
    go_on: bool = False
    tick: Callable[[], object] = lambda: None
    clock: Callable[[], int] = time.perf_counter_ns
    exchanges: int = 0
    now: float = 0.0
    recorded: float | None = None
    deviations: list[Deviation] = field(default_factory=list)

    def play(self, entries: Iterable[Entry]) -> None:
        """Play all of it, or up to the first difference."""
        for _ in self.steps(entries):
            pass

    def steps(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """The same, an entry at a time."""
        for entry in entries:
            if isinstance(entry, Event):
                self.event(entry)
            else:
                self.exchange(entry)
            yield entry
            if self.deviations and not self.go_on:
                return

    def event(self, event: Event) -> None:
        """Reset, remove or insert the card as it was then."""
        if event.kind == "reset":
            atr = self.transport.reset()
            if event.atr is not None and event.atr != atr:
                self.differs("reset", atr_difference(event.atr, atr))
            return
        losing = self.target.losing
        if losing is None:
            raise InvalidArgument(
                f"the card was {event.kind} in this session, which only an emulated card can do again"
            )
        if event.kind == "removed":
            losing.reader.remove()
        else:
            losing.reader.insert()

    def exchange(self, entry: Exchanged) -> bytes | None:
        """Send the recorded command, its slots filled, and compare the answer; returns it, None where it is lost."""
        raw = entry.command.filled(self.values.fill) if entry.command.hides else entry.command.raw
        got = self.send(raw, entry)
        if got is not None:
            self.compare(entry, got)
        return got

    def compare(self, entry: Exchanged, got: bytes) -> None:
        """Note where the answer ``got`` is not the recorded one."""
        if entry.answer is not None:
            found = answer_difference(entry.command, entry.answer, got, self.profile, self.strict)
            if found is not None:
                self.differs(name_of(entry.command.raw), found)

    def send(self, raw: bytes, entry: Exchanged, way: Transport | None = None) -> bytes | None:
        """Send ``raw`` in the place of the recorded command; None where the answer is lost again."""
        way = way or self.transport
        self.exchanges += 1
        if entry.failure is not None:
            self._lose(raw, entry.failure, way)
            return None
        begin = self.clock()
        got = way.transmit(raw)
        if entry.duration is not None:
            self.now += (self.clock() - begin) / _SECOND
            self.recorded = (self.recorded or 0.0) + entry.duration / 1_000_000
        self.tick()
        return got

    def differs(self, command: str, found: Difference, hint: str = "") -> None:
        """Note a difference at the exchange that was played last."""
        self.deviations.append(Deviation(self.exchanges, command, found, hint))

    def _lose(self, raw: bytes, failure: Failure, way: Transport) -> None:
        losing = self.target.losing
        if losing is None:
            raise InvalidArgument(
                f"exchange {self.exchanges} got no answer when it was recorded ({failure.kind}), and only an emulated "
                "card can lose it again; it was not sent"
            )
        losing.lose(failure)
        try:
            way.transmit(raw)
        except TransportError:
            self.tick()


def atr_difference(recorded: bytes, now: bytes) -> Difference:
    """Two answers to reset."""
    return Difference("ATR", recorded.hex(" ").upper(), now.hex(" ").upper())


def name_of(raw: bytes) -> str:
    """The name of a command in bytes."""
    try:
        return command_name(CommandApdu.from_bytes(raw))
    except CodecError:
        return "bytes that are no command"
