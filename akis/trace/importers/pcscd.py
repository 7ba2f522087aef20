"""The log of pcscd with ``--apdu``, from its standard output or from syslog: ``APDU: …`` and ``SW: …``.

Each line of standard output begins with the microseconds since the line before; newer versions, and those that write
in colour, name the thread as well. Which client sends and to which reader stands only in what ``--debug`` adds, and
there by the order of the lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from akis.trace.entries import Event, Failure, Header
from akis.trace.importers.base import ENDED, UNANSWERED, Happened, Heard, Item
from akis.trace.importers.text import Facts, Line, facts_header, head_lines, hex_bytes, is_answer, lines, pcsc_failure

NAME = "pcscd log"
HEURISTIC = True
"""Which reader an exchange was with is concluded from the order of the lines."""
_PREFIX = re.compile(
    r"(?:(?P<delta>\d{8}) (?:\[(?P<thread>\w+)\] )?|.*\bpcscd(?:\[\d+\])?: )(?:[\w./-]+\.[cl]:\d+:\w+\(\) )?"
    r"(?P<said>.*)"
)
_OURS = re.compile(r"(?:\d{8} (?:\[\w+\] )?|.*\bpcscd(?:\[\d+\])?: )(?:(?:APDU|SW): |[\w./-]+\.[cl]:\d+:\w+\(\) )")
_FROM_CLIENT = re.compile(r"Received command: (\w+) from client (\d+)")
_MOST_WAITING = 100
"""Commands of one thread without an answer: there are as many as clients, where the log names no threads."""
_RESULT = re.compile(r"TRANSMIT for client (\d+), rv=(\w+)")
_CONNECT = re.compile(r"Attempting Connect to (.+) using protocol")
_INSERTED, _REMOVED = re.compile(r"Card inserted into (.+)"), re.compile(r"Card Removed From (.+)")
_PROTOCOL = re.compile(r"Send Protocol: (T=[01])")
_UNCLEAR = Failure("Unanswered", "two commands were on their way at once, and the log does not say whose answer came")


def sniff(head: bytes) -> bool:
    """Whether there is a line with pcscd's clock or name and one of its messages behind it."""
    return any(_OURS.match(line) for line in head_lines(head))


def header(path: Path) -> Header:
    """Reader, ATR and protocol, as far as they come up before the first exchange is over."""
    return facts_header(lambda path, facts: _Log(facts).heard(path), path)


def read(path: Path) -> Iterator[Item]:
    """Exchanges, resets, removals and insertions; times where the log has its own clock."""
    return _Log(Facts()).heard(path)


@dataclass(slots=True)
class _Open:
    """A command that waits for its answer."""

    command: bytes
    since: int | None
    client: str
    reader: str | None
    failure: Failure | None = None


@dataclass(slots=True)
class _Reader:
    """What became of a card since its last exchange."""

    inserted: bool = True
    reset: bool = False
    used: bool = False


@dataclass(slots=True)
class _Log:
    """Reads line by line and keeps who is connected to what."""

    facts: Facts
    now: int | None = None
    origin: int | None = None
    client: dict[str, str] = field(default_factory=dict)
    """Whose request a thread works on."""
    connected: dict[str, str] = field(default_factory=dict)
    """The reader that a client connected to last."""
    readers: dict[str, _Reader] = field(default_factory=dict)
    last: str | None = None
    """The reader that the log named last."""
    waiting: dict[str, list[_Open]] = field(default_factory=dict)
    """The commands without an answer, by thread."""

    def heard(self, path: Path) -> Iterator[Item]:
        for line in lines(path):
            found = _PREFIX.match(line.text)
            if found is None or not (line.ended or found["said"].startswith("SW: ")):
                continue  # of a line that is cut off only an answer can be told to be whole
            if found["delta"] is not None:
                self.now = (self.now or 0) + int(found["delta"])
            yield from self._said(found["said"], found["thread"] or "", line)
        for thread in [*self.waiting]:
            yield from self._close(thread, ENDED)

    def _said(self, said: str, thread: str, line: Line) -> Iterator[Item]:
        if said.startswith("APDU: "):
            yield from self._command(said[6:], thread, line)
        elif said.startswith("SW: "):
            yield from self._answer(said[4:], thread, line)
        elif said.startswith("Card not transacted") and thread in self.waiting:
            for command in self.waiting[thread]:
                command.failure = Failure("TransportError", "Card not transacted")
        elif found := _RESULT.match(said):
            yield from self._result(thread, found[1], found[2])
        elif found := _FROM_CLIENT.match(said):
            self.client[thread] = found[2]
            if found[1] == "ESTABLISH_CONTEXT":
                self.connected.pop(found[2], None)
        elif found := _CONNECT.match(said):
            self.last = found[1]
            self.connected[self.client.get(thread, "")] = found[1]
        elif said.startswith("Direct access: no protocol selected"):
            self.connected.pop(self.client.get(thread, ""), None)
        elif found := _PROTOCOL.match(said):
            self.facts.protocol = self.facts.protocol or found[1]
        else:
            yield from self._card(said, thread, line)

    def _card(self, said: str, thread: str, line: Line) -> Iterator[Item]:
        """What happens to cards."""
        if found := _INSERTED.match(said):
            self.last = found[1]
            known = self._reader(found[1])
            if not known.inserted:
                known.inserted, known.reset = True, False
                yield Happened(Event("inserted", self._time()), found[1])
        elif found := _REMOVED.match(said):
            known = self._reader(found[1])
            known.inserted = False
            if known.used:
                yield Happened(Event("removed", self._time()), found[1])
        elif said.endswith("Reset complete.") or said == "powerState: POWER_STATE_UNPOWERED":
            self._reader(self._which(thread) or "").reset = True
        elif said.startswith("Card ATR: "):
            atr = hex_bytes(said[10:], line) or None
            self.facts.atr = self.facts.atr or atr
            yield from self._was_reset(self._which(thread), atr)

    def _command(self, text: str, thread: str, line: Line) -> Iterator[Item]:
        raw = hex_bytes(text, line)
        if not raw:
            return
        open_ones = self.waiting.get(thread, ())
        if len(open_ones) >= _MOST_WAITING or any(command.failure is not None for command in open_ones):
            yield from self._close(thread, UNANSWERED)
        reader = self._which(thread)
        yield from self._was_reset(reader, None)
        self._reader(reader or "").used = True
        self.facts.reader = self.facts.reader or reader
        self.origin = self.now if self.origin is None else self.origin
        made = _Open(raw, self.now, self.client.get(thread, ""), reader)
        self.waiting.setdefault(thread, []).append(made)

    def _answer(self, text: str, thread: str, line: Line) -> Iterator[Item]:
        commands = self.waiting.get(thread, [])
        if not commands:
            return
        if not line.ended:
            digits = "".join(text.split())
            if not re.fullmatch(r"(?:[0-9A-Fa-f]{2})+", digits) or not is_answer(bytes.fromhex(digits)):
                return
        raw = hex_bytes(text, line)
        if len(commands) > 1:
            yield from self._close(thread, _UNCLEAR)
            return
        command = commands.pop()
        took = None if self.now is None or command.since is None else self.now - command.since
        yield Heard(command.command, raw, self._time(command.since), took, reader=command.reader)

    def _result(self, thread: str, client: str, name: str) -> Iterator[Item]:
        """How a TRANSMIT ended: for one that is still open, why it has no answer."""
        failure = pcsc_failure(name)
        for command in [*self.waiting.get(thread, ())]:
            if command.client == client and (failure or command.failure):
                self.waiting[thread].remove(command)
                yield self._failed(command, failure or command.failure or UNANSWERED)

    def _close(self, thread: str, why: Failure) -> Iterator[Item]:
        for command in self.waiting.pop(thread, []):
            yield self._failed(command, command.failure or why)

    def _failed(self, command: _Open, why: Failure) -> Heard:
        return Heard(command.command, None, self._time(command.since), None, why, command.reader)

    def _was_reset(self, reader: str | None, atr: bytes | None) -> Iterator[Item]:
        known = self._reader(reader or "")
        if known.reset:
            known.reset = False
            if known.used:
                yield Happened(Event("reset", self._time(), atr), reader)

    def _which(self, thread: str) -> str | None:
        """The reader that a thread works with."""
        return self.connected.get(self.client.get(thread, "")) or self.last

    def _reader(self, name: str) -> _Reader:
        return self.readers.setdefault(name, _Reader())

    def _time(self, at: int | None = None) -> int | None:
        at = self.now if at is None else at
        return None if at is None or self.origin is None else max(at - self.origin, 0)
