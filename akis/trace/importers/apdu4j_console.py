"""What apdu4j and GlobalPlatformPro print with ``--debug``: ``A>> T=1 (4+0007) …`` and ``A<< (0018+2) (12ms) …``.

Newer versions print ``>> …`` and ``<< … (12ms)``, without lengths. The mark may stand behind what a logger puts in
front of it, and a terminal may have broken long lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from akis.errors import TraceError
from akis.trace.entries import Event, Failure, Header
from akis.trace.importers.base import ENDED, UNANSWERED, Happened, Heard, Item
from akis.trace.importers.text import Facts, Line, facts_header, head_lines, is_answer, lines, pcsc_failure

NAME = "apdu4j log"
HEURISTIC = False
_COMMAND = re.compile(r"(?:^|.*?[\s\]])[AB]?>> (?:(T=\S+|\S+) \((?:4\+)?(\d+)\) )?((?:[0-9A-Fa-f]{2})+(?: .*|$))")
_ANSWER = re.compile(r"(?:^|.*?[\s\]])[AB]?<< (?:\((\d+)(\+2)?\) )?(?:\(([^)]*ms)\) )?(.*)")
_CONNECT = re.compile(r'SCardConnect\("(.*)", [^)]*\) -> (T=\S+?)(?:, ([0-9A-F]+))?$')
_DISCONNECT = re.compile(r'SCardDisconnect\("(.*)", (true|false)\)')
_TIME = re.compile(r"(?:(\d+)s)?(\d+)(?:\.(\d+))?ms")
_WORD = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_COUNTED = re.compile(r"(?:^|[\s\]])[AB]>> \S+ \((?:4\+)?\d+\) [0-9A-F]")
_NEWER = re.compile(r"(?:^|[\s\]])>> (?:[0-9A-F]{2}){4,}(?: |$)")


def sniff(head: bytes) -> bool:
    """Whether there is a command as these programs print it."""
    return any(_COUNTED.search(line) or _NEWER.search(line) for line in head_lines(head))


def header(path: Path) -> Header:
    """Reader, ATR and protocol of the first connection."""
    return facts_header(_heard, path)


def read(path: Path) -> Iterator[Item]:
    """Exchanges, with how long each took, and a reset where a connection that ended with one is opened again."""
    return _heard(path, Facts())


@dataclass(slots=True)
class _Part:
    """A command or an answer whose bytes may go on in the next line; ``size`` is what it must come to, if known."""

    line: Line
    size: int | None
    raw: bytearray = field(default_factory=bytearray)
    half: str = ""

    @property
    def complete(self) -> bool:
        return not self.half and (self.size is None or len(self.raw) >= self.size)

    def add(self, text: str) -> None:
        """The hex at the start of ``text``; what follows it is not ours."""
        for word in text.split():
            if not re.fullmatch(r"[0-9A-Fa-f]+", word) or (self.complete and not _WORD.fullmatch(word)):
                break
            digits = self.half + word
            self.half = digits[-1] if len(digits) % 2 else ""
            self.raw += bytes.fromhex(digits[: len(digits) - len(self.half)])

    def bytes(self) -> bytes:
        if self.half or (self.size is not None and len(self.raw) < self.size):
            raise TraceError("damaged, there are fewer bytes than the line says", self.line.number)
        return bytes(self.raw)


@dataclass(slots=True)
class _Session:
    facts: Facts
    reader: str | None = None
    command: _Part | None = None
    answer: _Part | None = None
    took: int | None = None
    ends_with_reset: set[str] = field(default_factory=set)

    def flush(self, why: Failure) -> Iterator[Heard]:
        """What is complete, or has to do without an answer."""
        command, answer = self.command, self.answer
        self.command = self.answer = None
        if command is None:
            return
        if why is ENDED and not (command.complete and (answer or command.line.ended)):
            return  # Le may be missing, of which the count says nothing
        raw = command.bytes()
        if answer is None:
            yield Heard(raw, None, failure=why, reader=self.reader)
        elif why is ENDED and (not answer.complete or not (answer.line.ended or is_answer(bytes(answer.raw)))):
            yield Heard(raw, None, failure=ENDED, reader=self.reader)
        else:
            yield Heard(raw, answer.bytes(), None, self.took, reader=self.reader)


def _heard(path: Path, facts: Facts) -> Iterator[Item]:
    session = _Session(facts)
    for line in lines(path):
        part = session.answer or session.command
        if sent := _COMMAND.match(line.text):
            yield from session.flush(UNANSWERED)
            session.command = _command(sent, line, facts)
        elif (got := _ANSWER.match(line.text)) and session.command is not None and session.answer is None:
            yield from _answer(session, got, line)
        elif found := _CONNECT.search(line.text):
            yield from session.flush(UNANSWERED)
            yield from _connected(session, found)
        elif part is not None and not part.complete and re.fullmatch(r"\s*[0-9A-Fa-f]+[0-9A-Fa-f ]*", line.text):
            part.add(line.text)
            part.line = line
        elif found := _DISCONNECT.search(line.text):
            yield from session.flush(UNANSWERED)
            if found[2] == "true":
                session.ends_with_reset.add(found[1])
        elif session.answer is not None and session.answer.complete:
            yield from session.flush(UNANSWERED)
    yield from session.flush(ENDED)


def _command(sent: re.Match[str], line: Line, facts: Facts) -> _Part:
    if sent[1] is not None and sent[1].startswith("T="):
        facts.protocol = facts.protocol or sent[1]
    counted = None if sent[2] is None else int(sent[2])
    # In "4+0007" the count is of the data field; its length byte or bytes come on top, and Le is not counted.
    plus = "(4+" in line.text[: sent.start(3)]
    part = _Part(line, None if counted is None else counted + (4 + (1 if counted else 0)) * plus)
    part.add(sent[3])
    if counted and plus and part.raw[4:5] == b"\x00":
        part.size = 4 + 3 + counted  # extended length: ISO/IEC 7816-4:2005 §5.1
    return part


def _answer(session: _Session, got: re.Match[str], line: Line) -> Iterator[Item]:
    rest = got[4]
    time = _TIME.search(got[3] or (rest.rpartition("(")[2] if rest.endswith("ms)") else ""))
    session.took = None if time is None else _microseconds(time)
    words = rest.split()
    if not words or not _WORD.fullmatch(words[0]):
        if not line.ended and got[1] is not None:
            return  # only the bytes are missing, with the rest of the file
        failure = pcsc_failure(words[0]) if words and words[0].startswith("SCARD_") else None
        yield from session.flush(failure or Failure("TransportError", "the log says that it failed"))
        return
    session.answer = _Part(line, None if got[1] is None else int(got[1]) + (2 if got[2] else 0))
    session.answer.add(rest)


def _connected(session: _Session, found: re.Match[str]) -> Iterator[Item]:
    facts, reader = session.facts, found[1]
    atr = bytes.fromhex(found[3]) if found[3] and len(found[3]) % 2 == 0 else None
    session.reader = reader
    facts.reader, facts.protocol = facts.reader or reader, facts.protocol or found[2]
    facts.atr = facts.atr or atr
    if reader in session.ends_with_reset:
        session.ends_with_reset.discard(reader)
        yield Happened(Event("reset", None, atr), reader)


def _microseconds(time: re.Match[str]) -> int:
    seconds, milliseconds, rest = int(time[1] or 0), int(time[2]), (time[3] or "").ljust(3, "0")[:3]
    return (seconds * 1000 + milliseconds) * 1000 + int(rest)
