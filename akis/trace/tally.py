"""What a comparison of two sessions comes to, counted pair by pair."""

from __future__ import annotations

from dataclasses import dataclass, field

from akis.trace.diff import Compared, Side
from akis.trace.elapsed import Elapsed
from akis.trace.entries import Event


@dataclass(slots=True)
class Clock:
    """The time of one session in microseconds: its length, and how much of it the card was busy."""

    elapsed: Elapsed = field(default_factory=Elapsed)
    card: int = 0
    known: bool = False

    def add(self, side: Side) -> None:
        """Count one entry."""
        seen = side.entry if isinstance(side.entry, Event) else side.entry.seen
        took = 0 if isinstance(seen, Event) else seen.duration or 0
        self.card += took
        self.elapsed.add(seen)
        self.known = self.known or seen.start is not None or took > 0

    @property
    def session(self) -> int:
        """Its length, 0 where that is not known."""
        return self.elapsed.time or 0


@dataclass(slots=True)
class Tally:
    """How many entries are the same, differ, or are in one of the sessions only; ``protected`` pairs are among them."""

    same: int = 0
    differing: int = 0
    only_first: int = 0
    only_second: int = 0
    protected: int = 0
    clocks: tuple[Clock, Clock] = field(default_factory=lambda: (Clock(), Clock()))

    def add(self, pair: Compared) -> None:
        """Count one pair."""
        if pair.first is None:
            self.only_second += 1
        elif pair.second is None:
            self.only_first += 1
        elif pair.differences:
            self.differing += 1
        else:
            self.same += 1
        for side, clock in zip((pair.first, pair.second), self.clocks, strict=True):
            if side is not None:
                clock.add(side)
        if pair.first is not None and pair.second is not None:
            entry = pair.first.entry
            self.protected += not isinstance(entry, Event) and entry.protected

    @property
    def differs(self) -> bool:
        """Whether there was any difference."""
        return bool(self.differing or self.only_first or self.only_second)
