"""What the program pcsc-spy prints: the calls of PC/SC, arguments in (``i``) and out (``o``), buffers as hex dumps.

Threads are told apart by how far their lines are indented.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from akis.errors import TraceError
from akis.trace.entries import Header
from akis.trace.importers.base import Heard, Item
from akis.trace.importers.spied import FUNCTIONS, Call, Spied
from akis.trace.importers.text import Facts, Line, facts_header, head_lines, hex_bytes, lines

NAME = "pcsc-spy output"
HEURISTIC = False
_NAME = re.compile(r"(?P<indent>(?:    )*(?: \(t\d+\) )?)(?P<name>SCar\w+)$")
_ARGUMENT = re.compile(r"(?P<indent>(?:    )*(?: \(t\d+\) )?) [io] (?P<said>.*)")
_RESULT = re.compile(
    r"(?P<indent>(?:    )*(?: \(t\d+\) )?) => .*?(?P<code>0x[0-9A-Fa-f]{8}).*?(?:\[(?P<s>\d+)\.(?P<us>\d+)\])?$"
)
_ROW = re.compile(r"\s*[0-9A-F]{4,} ((?:[0-9A-F]{2} ?)+)")
_LENGTH = re.compile(r"(?:bSendLength|bRecvLength):? +0x([0-9A-Fa-f]+)")
_READER = re.compile(r"(?:szReader|mszReaderName):? +(.*)")
_ATR = re.compile(r" ?b?Atr:? +((?:[0-9A-F]{2} ?)+)$")
_VALUE = re.compile(r"[\w.]+:? (?:.*\((0x[0-9A-Fa-f]+)\)$)?(.*)")
_A_ROW = 16
_SECOND = 1_000_000


def sniff(head: bytes) -> bool:
    """Whether there is the name of a call and under it an argument or a result."""
    found = head_lines(head)
    return any(
        _NAME.match(line) and (_ARGUMENT.match(after) or _RESULT.match(after)) for line, after in pairwise(found)
    )


def header(path: Path) -> Header:
    """Reader, ATR and protocol, as far as they come up before the first exchange is over."""
    return facts_header(_heard, path)


def read(path: Path) -> Iterator[Item]:
    """Exchanges, and a reset wherever the program asked for one; each has its duration, none its start."""
    return _heard(path, Facts())


@dataclass(slots=True)
class _Open:
    call: Call
    wanted: int = 0
    """How long the buffer is that comes next."""
    filling: bytearray | None = None

    def row(self, text: str, line: Line) -> None:
        if self.filling is None:
            return
        count = min(_A_ROW, self.wanted - len(self.filling))
        if self.wanted:
            # What comes behind the bytes are their characters, which may look like bytes.
            text = " ".join(text.split()[:count])
        self.filling += hex_bytes(text, line)

    def finish(self, line: Line) -> None:
        """The buffer is over."""
        if self.filling is None:
            return
        raw, self.filling = bytes(self.filling), None
        if len(raw) != self.wanted:
            raise TraceError("damaged, the buffer has not the length that it says", line.number)
        self.call.buffers.append(raw)


def _heard(path: Path, facts: Facts) -> Iterator[Item]:
    spied = Spied(facts)
    calls: dict[str, _Open] = {}
    for line in lines(path):
        if found := _NAME.match(line.text):
            if found["indent"] in calls:
                yield from spied.cut(calls.pop(found["indent"]).call)
            if found["name"] in FUNCTIONS:
                calls[found["indent"]] = _Open(Call(found["name"]))
        elif (found := _ARGUMENT.match(line.text)) and found["indent"] in calls:
            _argument(calls[found["indent"]], found["said"], line)
        elif (found := _RESULT.match(line.text)) and found["indent"] in calls:
            opened = calls.pop(found["indent"])
            opened.finish(line)
            if opened.call.name == "SCardTransmit" and not opened.call.buffers:
                raise TraceError("damaged, the call ends before its buffer came", line.number)
            took = None if found["us"] is None else int(found["s"]) * _SECOND + int(found["us"])
            for item in spied.ended(opened.call, found["code"], None):
                yield _with_duration(item, took)
    for opened in calls.values():
        if opened.filling is not None and len(opened.filling) == opened.wanted:
            opened.call.buffers.append(bytes(opened.filling))
        yield from spied.cut(opened.call)


def _with_duration(item: Item, took: int | None) -> Item:
    return replace(item, duration=took) if isinstance(item, Heard) else item


def _argument(opened: _Open, said: str, line: Line) -> None:
    call = opened.call
    if length := _LENGTH.match(said):
        opened.finish(line)
        opened.wanted = int(length[1], 16)
        return
    if whole := _ATR.match(said):
        call.atrs[call.text] = hex_bytes(whole[1], line)
    elif said.strip() in ("bSendBuffer", "bRecvBuffer"):
        opened.filling = bytearray()
    elif opened.filling is not None and (row := _ROW.match(said)):
        opened.row(row[1], line)
    elif value := _VALUE.match(said):
        if said.startswith("pio"):
            opened.finish(line)
            return
        call.values.append((value[1] or value[2]).strip())
        if reader := _READER.match(said):
            call.text = reader[1].strip() or call.text
