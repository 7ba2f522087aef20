"""The debug log of OpenSC: ``OPENSC_DEBUG=9``, or ``debug`` and ``debug_file`` in opensc.conf.

An exchange is two blocks: a line that counts the bytes, then rows of sixteen with their characters behind them. What
stands in front of a message has changed with the versions: a thread, a process, a date; all are read. Several
processes and threads may write into one log, and each has its own exchanges.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from akis.errors import TraceError
from akis.trace.entries import Event, Failure, Header
from akis.trace.importers.base import ENDED, UNANSWERED, Happened, Heard, Item
from akis.trace.importers.text import Facts, Line, facts_header, head_lines, hex_bytes, lines, pcsc_failure

NAME = "OpenSC debug log"
HEURISTIC = False
_PREFIX = re.compile(
    r"(?P<thread>(?:P:\d+; )?(?:T:)?(?:0x[0-9a-fA-F]+|\d+)? ?)(?:\d+-\d+-\d+ )?"
    r"(?:(?P<h>\d\d):(?P<m>\d\d):(?P<s>\d\d)\.(?P<ms>\d{3}) )?\[[^\]]*\] [\w.-]+\.[ch]:\d+:\w*: ?(?P<said>.*)"
)
_BLOCK = re.compile(r"(Outgoing|Incoming) APDU(?: data)? [(\[]\s*(\d+) bytes[)\]]")
_READER = re.compile(r"reader '(.*)'$")
_ATR = re.compile(r"ATR +: ((?:[0-9a-fA-F]{2}:)+[0-9a-fA-F]{2})$")
_FAILED = re.compile(r"SCardTransmit(?:/Control)? failed: (0x[0-9a-fA-F]+)")
_RECONNECTED = re.compile(r"SCardReconnect returned: 0x0+$")
_A_ROW = 16
_DAY, _HALF_A_DAY = 86_400_000, 43_200_000
_LONGEST = 1 << 17
_MILLISECOND = 1000


def sniff(head: bytes) -> bool:
    """Whether a line begins as OpenSC's messages do, or an APDU is announced as it announces them."""
    return any(
        (found := _PREFIX.match(line)) and (found["thread"] or found["h"] or _BLOCK.search(line))
        for line in head_lines(head)
    ) or any(_BLOCK.match(line) for line in head_lines(head))


def header(path: Path) -> Header:
    """Reader and ATR, as far as they come up before the first exchange is over."""
    return facts_header(_heard, path)


def read(path: Path) -> Iterator[Item]:
    """Exchanges, and a reset wherever OpenSC had to connect to the card again; times are whole milliseconds.

    What took less than one has no duration.
    """
    return _heard(path, Facts())


@dataclass(slots=True)
class _Thread:
    """Where one thread stands: in which reader, and which command waits for its answer since when."""

    reader: str | None = None
    command: bytes | None = None
    since: int | None = None
    failure: Failure | None = None

    def done(self, answer: bytes | None, failure: Failure | None, origin: int | None, now: int | None) -> Heard:
        command, self.command = self.command or b"", None
        start = None if self.since is None or origin is None else (self.since - origin) * _MILLISECOND
        took = None if self.since is None or now is None or answer is None else (now - self.since) * _MILLISECOND
        took = took or None  # less than the clock can tell
        return Heard(command, answer, start, took, failure, self.reader)


def _heard(path: Path, facts: Facts) -> Iterator[Item]:
    threads: dict[str, _Thread] = {}
    thread = threads.setdefault("", _Thread())
    clock = _Clock()
    log = lines(path)
    for line in log:
        found = _PREFIX.match(line.text)
        said = line.text if found is None else found["said"]
        if found is not None:
            clock.tick(found)
            # A process that is over leaves its thread behind; its number may come back.
            thread = threads.setdefault(found["thread"], _Thread())
            if "sc_context_create: =====" in line.text or "sc_release_context: called" in line.text:
                if thread.command is not None:
                    yield thread.done(None, thread.failure or UNANSWERED, clock.origin, None)
                thread = threads[found["thread"]] = _Thread()
        if block := _BLOCK.search(said):
            raw = _rows(log, line, int(block[2]))
            if block[1] == "Outgoing":
                if thread.command is not None:
                    yield thread.done(None, thread.failure or UNANSWERED, clock.origin, None)
                if raw is not None:
                    thread.command, thread.since, thread.failure = raw, clock.now, None
                    clock.origin = clock.now if clock.origin is None else clock.origin
                    facts.reader = facts.reader or thread.reader
            elif thread.command is not None and raw is not None:
                yield thread.done(raw, None, clock.origin, clock.now)
        elif reader := _READER.match(said):
            thread.reader = reader[1]
        elif (atr := _ATR.search(said)) and facts.atr is None:
            facts.atr = bytes.fromhex(atr[1].replace(":", ""))
        elif failed := _FAILED.search(said):
            thread.failure = pcsc_failure(failed[1])
        elif said == "unable to transmit" and thread.command is not None:
            yield thread.done(None, thread.failure or Failure("TransportError", said), clock.origin, None)
        elif _RECONNECTED.search(said):
            yield Happened(Event("reset", clock.since_first), thread.reader)
        if len(threads) > _MOST_THREADS:
            threads = {name: kept for name, kept in threads.items() if kept.command is not None or kept is thread}
    for kept in threads.values():
        if kept.command is not None:
            yield kept.done(None, kept.failure or ENDED, clock.origin, None)


_MOST_THREADS = 1000


class _Clock:
    """The time of day in milliseconds, which goes on after midnight."""

    def __init__(self) -> None:
        self.now: int | None = None
        self.origin: int | None = None
        self._days = 0

    @property
    def since_first(self) -> int | None:
        """Microseconds since the first command."""
        return None if self.now is None or self.origin is None else (self.now - self.origin) * _MILLISECOND

    def tick(self, found: re.Match[str]) -> None:
        if found["h"] is None:
            return
        time = ((int(found["h"]) * 60 + int(found["m"])) * 60 + int(found["s"])) * 1000 + int(found["ms"])
        if self.now is not None and self.now % _DAY - time > _HALF_A_DAY:
            self._days += 1
        # Threads write in an order that is not quite that of the clock.
        self.now = max(self._days * _DAY + time, self.now or 0)


def _rows(log: Iterator[Line], head: Line, size: int) -> bytes | None:
    """The bytes under a block's first line; None where the log ends in them."""
    if size > _LONGEST:
        raise TraceError("no APDU is as long as that", head.number)
    raw = bytearray()
    while len(raw) < size:
        line = next(log, None)
        if line is None:
            return None
        count = min(_A_ROW, size - len(raw))
        text = line.text[: 3 * count].strip()
        if not line.ended and len(text) < 3 * count - 1:
            return None
        if not re.fullmatch(rf"[0-9A-Fa-f]{{2}}( [0-9A-Fa-f]{{2}}){{{count - 1}}}", text):
            raise TraceError("damaged, a row of an APDU's bytes is missing", line.number)
        raw += hex_bytes(text, line)
    return bytes(raw)
