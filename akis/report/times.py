"""How long the card takes: a stopwatch around the wire, and what the times of one command say together."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.conversation.base import Conversation
from akis.transport.base import Transport
from akis.transport.wrapper import TransportWrapper

SLOW_FACTOR, SLOW_FLOOR = 5, 100_000
"""A command is slow whose median is this many times that of the others, and above so many microseconds."""
_MICROSECOND = 1000
_BELOW_TEN = (0, 1, 2, 3, 4, 5, 6, 8)
_STEPS = (10, 12, 15, 20, 25, 30, 40, 50, 60, 80)
"""Edges of bins between a power of ten and the next."""


class Stopwatch(TransportWrapper):
    """Adds up in ``spent`` the nanoseconds between each command and its answer."""

    def __init__(self, inner: Transport, clock: Callable[[], int] = time.perf_counter_ns) -> None:
        super().__init__(inner)
        self.spent = 0
        self._clock = clock

    def transmit(self, command: bytes) -> bytes:
        begin = self._clock()
        try:
            return self.inner.transmit(command)
        finally:
            self.spent += self._clock() - begin


@dataclass(frozen=True, slots=True)
class Bin:
    """How many times there are from ``start`` microseconds to below ``end``."""

    start: int
    end: int
    count: int


@dataclass(frozen=True, slots=True)
class CommandTimes:
    """The times of one command, in microseconds and in the order in which they were taken; at least one."""

    name: str
    durations: tuple[int, ...]

    @property
    def median(self) -> int:
        """The one in the middle."""
        return round(median(self.durations))

    @property
    def worst(self) -> int:
        """The longest."""
        return max(self.durations)

    @property
    def distribution(self) -> tuple[Bin, ...]:
        """The times counted in bins, ten to a power of ten (10, 12, 15 …), from the first with any to the last."""
        edges = list(_edges(max(self.durations)))
        counts = [sum(start <= duration < end for duration in self.durations) for start, end in pairwise(edges)]
        first = next(at for at, count in enumerate(counts) if count)
        return tuple(Bin(edges[at], edges[at + 1], counts[at]) for at in range(first, len(counts)))


class Timekeeper:
    """Takes the times of commands inside a conversation, by name, from the stopwatch on its way."""

    def __init__(self, stopwatch: Stopwatch) -> None:
        self._stopwatch = stopwatch
        self._durations: dict[str, list[int]] = {}

    def ask(self, name: str, command: CommandApdu) -> Conversation[ResponseApdu]:
        """One command of a conversation, and how long it took, GET RESPONSE and the like included."""
        before = self._stopwatch.spent
        answer = yield command
        self._durations.setdefault(name, []).append((self._stopwatch.spent - before) // _MICROSECOND)
        return answer

    @property
    def times(self) -> tuple[CommandTimes, ...]:
        """All that was taken."""
        return tuple(CommandTimes(name, tuple(durations)) for name, durations in self._durations.items())


def slow(times: Sequence[CommandTimes]) -> tuple[CommandTimes, ...]:
    """Those that take much longer than the others; none where there is nothing to compare with."""
    return tuple(
        one
        for one in times
        if (others := [other.median for other in times if other is not one])
        and one.median > max(SLOW_FACTOR * median(others), SLOW_FLOOR)
    )


def _edges(last: int) -> Iterator[int]:
    """0, 1, 2 … 8, 10, 12, 15 … to the first above ``last``."""
    yield from (edge for edge in _BELOW_TEN if edge <= last)
    power = 1
    if last < _BELOW_TEN[-1]:
        yield next(edge for edge in _BELOW_TEN if edge > last)
        return
    while True:
        for tenth in _STEPS:
            yield tenth * power
            if tenth * power > last:
                return
        power *= 10
