"""Traces as JSON Lines: a header, then a line for each exchange and event. ``vectors/README.md`` specifies the format.

A recording that was cut off in the middle of a line has lost that line only. Any other line that is not what the format
says is a :class:`TraceError` with its number.
"""

from __future__ import annotations

import codecs
import json
import stat
from collections.abc import Iterator
from os import SEEK_END
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TextIO

from akis.errors import TraceError
from akis.trace.entries import VERSION, Entry, Event, Header
from akis.trace.line import (
    FORMAT,
    HEADER,
    LONGEST_TEXT,
    NO_TRACE,
    SIDES,
    UNSHOWN,
    in_file,
    parse_entry,
    parse_header,
    parse_object,
)

LONGEST_LINE = 1 << 20
"""Bytes; the longest exchange, with both of its sides hidden, takes less than a third of it."""
_NOT_REGULAR = "it is not a regular file, and a trace is read more than once; write what comes from a pipe to a file"


class Lines:
    """A trace in a file. Each :meth:`entries` reads it anew; ``cut`` says afterwards that its last line was cut off."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.cut = False
        with _opened(self.path) as stream, in_file(self.path):
            self.header = parse_header(_first_line(stream))

    def entries(self) -> Iterator[Entry]:
        """Exchanges and events, in order, one line in memory at a time."""
        self.cut = False
        with _opened(self.path) as stream, in_file(self.path):
            _next_line(stream, 1)
            number = 1
            while line := _next_line(stream, number + 1):
                number += 1
                try:
                    table = parse_object(line, number)
                except TraceError:
                    if line.endswith(b"\n"):
                        raise
                    self.cut = True  # no beginning of an object is an object
                    return
                yield parse_entry(table, number)


class _Stream(Protocol):
    def write(self, text: str, /) -> object: ...

    def flush(self) -> object: ...


class Writer:
    """Writes a trace, a line at a time and each at once, so that what was seen is there whatever happens next.

    What a reader would refuse raises :class:`TraceError`, and nothing of it is written.
    """

    def __init__(self, stream: TextIO | _Stream, header: Header) -> None:
        self._stream = stream
        self._put(header_line(header))

    def write(self, entry: Entry) -> None:
        """Add one exchange or event."""
        self._put(entry_line(entry))

    def _put(self, line: str) -> None:
        # A character takes at most four bytes, so few lines need to be measured.
        if len(line) >= LONGEST_LINE // 4 and len(line.encode()) >= LONGEST_LINE - 1:
            raise TraceError(f"a line would be longer than {LONGEST_LINE} bytes")
        self._stream.write(line + "\n")
        self._stream.flush()


def header_line(header: Header) -> str:
    """The first line. What nobody knows is left out; what no text may hold becomes ``?``."""
    table: dict[str, Any] = {FORMAT: VERSION}
    for name in HEADER:
        value = getattr(header, name)
        if value is None or value == "" or value is False:
            continue
        if isinstance(value, bytes):
            value = value.hex().upper()
        table[name] = _showable(value) if isinstance(value, str) else value
    return _dumped({**table, "slots": list(header.slots)})


def entry_line(entry: Entry) -> str:
    """The line of an exchange or an event."""
    table: dict[str, Any]
    if isinstance(entry, Event):
        table = {"event": entry.kind}
        if entry.atr is not None:
            table["atr"] = entry.atr.hex().upper()
    else:
        table = {"command": entry.command.text, "response": None if entry.answer is None else entry.answer.text}
        if entry.failure is not None:
            table["error"] = {"kind": _showable(entry.failure.kind), "message": _showable(entry.failure.message)}
        masks = [
            {"in": side, "at": mask.start, "length": mask.length, "slot": mask.slot}
            for side, wire in zip(SIDES, (entry.command, entry.answer), strict=True)
            if wire is not None
            for mask in wire.masks
        ]
        if masks:
            table["masks"] = masks
        if entry.duration is not None:
            table["duration"] = entry.duration
    if entry.start is not None:
        table["start"] = entry.start
    return _dumped(table)


def is_trace(path: str | Path) -> bool:
    """Whether the file begins as a trace of this format does, of whatever version."""
    with _opened(Path(path)) as stream:
        try:
            return f'"{FORMAT}"'.encode() in stream.readline(4096)
        except OSError as error:
            raise TraceError(f"{path} cannot be read: {error.strerror}") from None


def is_something_else(path: str | Path) -> bool:
    """Whether these are JSON Lines of another kind: the first is an object, and no header of ours."""
    with _opened(Path(path)) as stream:
        try:
            return FORMAT not in parse_object(_next_line(stream, 1), 1)
        except TraceError:
            return False


def is_cut(path: str | Path) -> bool:
    """Whether the last line of a trace was cut off, told by that line alone; raises :class:`TraceError`."""
    with _opened(Path(path)) as stream:
        try:
            stream.seek(max(stream.seek(0, SEEK_END) - LONGEST_LINE, 0))
            line = stream.read().rpartition(b"\n")[2]
        except OSError as error:
            raise TraceError(f"{path} cannot be read: {error.strerror}") from None
    try:
        if line:
            parse_object(line, 1)
    except TraceError:
        return True
    return False


# One encoder for all lines: dumps makes a new one for each.
_dumped = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _showable(text: str) -> str:
    return UNSHOWN.sub("?", text[:LONGEST_TEXT])


def _opened(path: Path) -> BinaryIO:
    try:
        # A pipe would keep us waiting, and could not be read twice.
        if not stat.S_ISREG(path.stat().st_mode):
            raise TraceError(f"{path} cannot be read: {_NOT_REGULAR}")
        return path.open("rb")
    except (OSError, ValueError) as error:
        if isinstance(error, TraceError):
            raise
        reason = _NOT_REGULAR if str(path) == "-" else getattr(error, "strerror", None) or "no such name"
        raise TraceError(f"{path} cannot be read: {reason}") from None


def _first_line(stream: BinaryIO) -> dict[str, Any]:
    line = _next_line(stream, 1)
    if line.startswith(codecs.BOM_UTF8):
        raise TraceError("a trace has no byte order mark; save it as UTF-8 without one", 1)
    try:
        return parse_object(line, 1)
    except TraceError:
        raise TraceError(NO_TRACE, 1) from None


def _next_line(stream: BinaryIO, number: int) -> bytes:
    try:
        line = stream.readline(LONGEST_LINE)
    except OSError as error:
        raise TraceError(f"the trace cannot be read: {error.strerror}", number) from None
    if len(line) >= LONGEST_LINE:
        raise TraceError(f"longer than {LONGEST_LINE} bytes", number)
    return line
