"""What libpcscspy writes into its pipe, kept in a file: a thread, ``@``, and an argument a line.

A call begins with ``>|seconds|microseconds|function`` and ends with ``<|seconds|microseconds|function|text|result``.
What the program pcsc-spy makes of it is read by :mod:`akis.trace.importers.pcscspy_text`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from akis.errors import TraceError
from akis.trace.entries import Header
from akis.trace.importers.base import Item
from akis.trace.importers.spied import FUNCTIONS, Call, Spied
from akis.trace.importers.text import Facts, Line, facts_header, head_lines, hex_bytes, lines

NAME = "libpcscspy log"
HEURISTIC = False
_LINE = re.compile(r"(?:([0-9A-Fa-f]+)@)?(.*)")
_BEGIN = re.compile(r"(?:[0-9A-Fa-f]+@)?>\|(\d+)\|(\d+)\|(\w+)$")
_END = re.compile(r"(?:[0-9A-Fa-f]+@)?<\|(\d+)\|(\d+)\|(\w+)\|(?:.*\|)?[^|]*(0x[0-9A-Fa-f]{8,})[^|]*$")
_NUMBER = re.compile(r"0x[0-9A-Fa-f]+$")
_SECOND = 1_000_000
_WITH_BUFFERS = ("SCardTransmit", "SCardStatus", "SCardGetStatusChange")


def sniff(head: bytes) -> bool:
    """Whether there is the beginning of a call."""
    return any(_BEGIN.match(line) for line in head_lines(head))


def header(path: Path) -> Header:
    """Reader, ATR and protocol, as far as they come up before the first exchange is over."""
    return facts_header(_heard, path)


def read(path: Path) -> Iterator[Item]:
    """Exchanges, and a reset wherever the program asked for one; times are those of the calls."""
    return _heard(path, Facts())


def _heard(path: Path, facts: Facts) -> Iterator[Item]:
    spied = Spied(facts)
    calls: dict[str, tuple[Call, int]] = {}
    for line in lines(path):
        found = _LINE.match(line.text)
        thread, said = (found[1] or "", found[2]) if found else ("", line.text)
        begin, end = _BEGIN.match(line.text), _END.match(line.text)
        if begin:
            if thread in calls:
                yield from spied.cut(calls.pop(thread)[0])
            if begin[3] in FUNCTIONS:
                calls[thread] = Call(begin[3], int(begin[1]) * _SECOND + int(begin[2])), 0
        elif thread in calls and end:
            call, wanted = calls.pop(thread)
            if wanted or (call.name == "SCardTransmit" and not call.buffers):
                raise TraceError("damaged, the call ends before its buffer came", line.number)
            yield from spied.ended(call, end[4], int(end[1]) * _SECOND + int(end[2]))
        elif thread in calls and line.ended and not said.startswith(("<", ">")):
            call, wanted = calls[thread]
            calls[thread] = call, _argument(call, wanted, said, line)
    for call, _ in calls.values():
        yield from spied.cut(call)


def _argument(call: Call, wanted: int, said: str, line: Line) -> int:
    """Add one argument; returns the length of the buffer that the next line may be."""
    said = said.strip()
    if _NUMBER.match(said):
        call.values.append(said)
        return int(said, 16) if call.name in _WITH_BUFFERS else 0
    if call.name == "SCardTransmit" and said != "NULL":
        raw = hex_bytes(said, line)
        if len(raw) != wanted:
            raise TraceError("damaged, the buffer has not the length that it says", line.number)
        call.buffers.append(raw)
        return 0
    if wanted and re.fullmatch(r"(?:[0-9A-F]{2} ?)+", said) and len(raw := hex_bytes(said, line)) == wanted:
        call.atrs[call.text] = raw
        return 0
    call.values.append(said)
    call.text = said or call.text
    return 0
