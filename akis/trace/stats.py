"""How long commands take and what becomes of them, counted in a memory that does not grow with the trace."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from akis.status import StatusWord
from akis.trace.elapsed import Elapsed
from akis.trace.entries import Exchanged, Trace
from akis.trace.follow import Follower

_STEPS = 64
"""Steps between a power of two and the next; a quantile is the middle of its step."""
EXACTNESS = 1 / (2 * _STEPS)
"""How far a quantile may be from the true one, as a part of it: 0.8 percent. Least and worst are exact."""
_MOST_WORDS = 32
OTHERS = "others"
"""Stands for all further status words of a command that has seen 32 different ones."""


class Durations:
    """Counts of durations in steps that grow with them: at most 64 for each power of two, whatever their number."""

    def __init__(self) -> None:
        self.count = 0
        self.total = 0
        self.worst = 0
        self._counts: dict[int, int] = {}

    def add(self, duration: int) -> None:
        """Count one, in microseconds."""
        self.count += 1
        self.total += duration
        self.worst = max(self.worst, duration)
        # Below 128 each number has a step of its own; above, its seven highest bits tell.
        shift = max(duration.bit_length() - 7, 0)
        step = (shift << 7) + (duration >> shift)
        self._counts[step] = self._counts.get(step, 0) + 1

    def quantile(self, part: float) -> float | None:
        """What this part of them does not exceed, to :data:`EXACTNESS`; None where there are none."""
        rank, seen = max(1, -int(-part * self.count // 1)), 0
        for step in sorted(self._counts):
            seen += self._counts[step]
            if seen >= rank:
                shift, top = step >> 7, step & 0x7F
                return float(min((top << shift) + ((1 << shift) - 1) / 2, self.worst))
        return None


@dataclass(slots=True)
class CommandStats:
    """All exchanges with one command: how many, what came back, how long, bytes to the card and from it."""

    name: str
    protected: bool
    count: int = 0
    words: dict[str, int] = field(default_factory=dict)
    unanswered: int = 0
    durations: Durations = field(default_factory=Durations)
    bytes_to_card: int = 0
    bytes_from_card: int = 0

    def answered(self, sw: StatusWord | None) -> None:
        """Count a status word, or that none came."""
        if sw is None:
            self.unanswered += 1
            return
        word = str(sw)
        word = word if word in self.words or len(self.words) < _MOST_WORDS else OTHERS
        self.words[word] = self.words.get(word, 0) + 1


class Stats:
    """Of one trace or several: by command, with the commands inside secure messaging apart from the plain ones."""

    def __init__(self) -> None:
        self.commands: dict[tuple[str, bool], CommandStats] = {}
        self.exchanges = 0
        self.events: dict[str, int] = {}
        self.session_time = 0
        """Microseconds as :class:`Elapsed` has them, added up over all traces."""

    def add(self, trace: Trace) -> None:
        """Count a trace to its end."""
        follower, elapsed = Follower(), Elapsed()
        for entry in trace.entries():
            elapsed.add(entry)
            if isinstance(entry, Exchanged):
                self._exchange(follower, entry)
            else:
                follower.event(entry)
                self.events[entry.kind] = self.events.get(entry.kind, 0) + 1
        self.session_time += elapsed.time or 0

    @property
    def rows(self) -> list[CommandStats]:
        """The commands, those that took most time together first."""
        return sorted(self.commands.values(), key=lambda row: (-row.durations.total, -row.count, row.name))

    def _exchange(self, follower: Follower, seen: Exchanged) -> None:
        step = follower.exchange(seen)
        key = step.name, step.protected
        row = self.commands.get(key)
        if row is None:
            row = self.commands[key] = CommandStats(*key)
        self.exchanges += 1
        row.count += 1
        row.bytes_to_card += len(seen.command.raw)
        row.bytes_from_card += 0 if seen.answer is None else len(seen.answer.raw)
        row.answered(None if step.answer is None else step.answer.sw)
        if seen.duration is not None:
            row.durations.add(seen.duration)


def of(traces: Iterable[Trace]) -> Stats:
    """Several traces, counted together."""
    stats = Stats()
    for trace in traces:
        stats.add(trace)
    return stats
