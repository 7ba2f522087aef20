"""What pyscard's ConsoleCardConnectionObserver prints: ``> command`` and ``< data status word``, one line each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from akis.errors import TraceError
from akis.trace.entries import Event, Header
from akis.trace.importers.base import ENDED, UNANSWERED, Happened, Heard, Item
from akis.trace.importers.text import Facts, Line, facts_header, head_lines, is_answer, lines

NAME = "pyscard console observer"
HEURISTIC = True
"""The observer does not say how a connection ends; unless told otherwise, pyscard then cuts the card's power."""
_COMMAND = re.compile(r"> (?:[0-9A-Fa-f]{2} ){3,}[0-9A-Fa-f]{2}\s*$")
_ANSWER = re.compile(r"< (?: \[\]|[0-9A-Fa-f]{2}) +[0-9A-Fa-f ]+$")
_CONNECTION = re.compile(r"(connecting to|reconnecting to|disconnecting from|release from) (.+)")


def sniff(head: bytes) -> bool:
    """Whether there is a command as the observer prints it, with nothing in front of it."""
    found = head_lines(head)
    return any(_COMMAND.match(line) for line in found) and not any(line.startswith(">>") for line in found)


def header(path: Path) -> Header:
    """The reader."""
    return facts_header(_heard, path)


def read(path: Path) -> Iterator[Item]:
    """Exchanges, and a reset wherever the card was connected to again; there are no times."""
    return _heard(path, Facts())


def _heard(path: Path, facts: Facts) -> Iterator[Item]:
    reader: str | None = None
    command: bytes | None = None
    left: set[str] = set()
    for line in lines(path):
        sent, answered = line.text.startswith("> "), line.text.startswith("<")
        connection = _CONNECTION.match(line.text)
        if command is not None and (sent or connection):
            yield Heard(command, None, failure=UNANSWERED, reader=reader)
            command = None
        if connection:
            reader = connection[2].strip()
            if connection[1] == "reconnecting to" or (connection[1] == "connecting to" and reader in left):
                left.discard(reader)
                yield Happened(Event("reset"), reader)
            elif connection[1] == "disconnecting from":
                left.add(reader)
            facts.reader = facts.reader or reader
        elif sent and line.ended:
            command = _command(line)
        elif answered and command is not None:
            answer = _answer(line)
            yield Heard(command, answer, failure=ENDED if answer is None else None, reader=reader)
            command = None
    if command is not None:
        yield Heard(command, None, failure=ENDED, reader=reader)


def _command(line: Line) -> bytes | None:
    """The command, or None for a line of something else that begins the same."""
    words = line.text[2:].split()
    if not all(re.fullmatch(r"[0-9A-Fa-f]{1,2}", word) for word in words[:4]):
        return None
    if not _COMMAND.match(line.text):
        raise TraceError("damaged, the bytes of a command are not all there", line.number)
    return bytes.fromhex(line.text[2:])


def _answer(line: Line) -> bytes | None:
    """The answer; None for the last line of a log where it is cut off."""
    words = [word for word in line.text[1:].split() if word != "[]"]
    # The status word is printed in as many digits as it needs.
    short = all(re.fullmatch(r"[0-9A-Fa-f]{1,2}", word) for word in words[-2:])
    if len(words) < 2 or not short or not all(re.fullmatch(r"[0-9A-Fa-f]{2}", word) for word in words[:-2]):
        if line.ended:
            raise TraceError("damaged, the bytes of an answer are not all there", line.number)
        return None
    raw = bytes(int(word, 16) for word in words)
    return raw if line.ended or (is_answer(raw) and len(words[-1]) == 2) else None
