"""Traces as dumps that apdu4j and GlobalPlatformPro replay: a line of hex for each command and each answer, in turn.

What such a dump has no line for stands in comments, which apdu4j passes over and :mod:`akis.trace.importers.apdu4j`
reads. Hidden bytes cannot be said in it.
"""

from __future__ import annotations

from pathlib import Path

from akis.errors import InvalidArgument
from akis.trace.entries import Event, Exchanged, Header, Trace
from akis.trace.importers.apdu4j import INSERTED, KIND, LEFT_OUT, REMOVED, RESET

_EVENTS = {"reset": RESET, "removed": REMOVED, "inserted": INSERTED}
_STARTS = "when each exchange began is not in the dump, only how long it took"
_EVENT = "resets, removals and insertions are comments, which apdu4j does not replay"
_FAILURE = "commands without an answer are comments, which apdu4j does not replay"


def write(trace: Trace, path: Path) -> list[str]:
    """Write the dump and say in sentences what is lost; raises :class:`InvalidArgument` where bytes are hidden."""
    lost: dict[str, None] = {}
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        for line in _head(trace.header):
            stream.write(line + "\n")
        number = 0
        for entry in trace.entries():
            if isinstance(entry, Event):
                lost[_EVENT] = None
                lines = [_EVENTS[entry.kind] + ("" if entry.atr is None else f": {entry.atr.hex().upper()}")]
            else:
                number += 1
                lines = _exchange(entry, number, lost)
            stream.write("\n".join(lines) + "\n")
    return [*lost, *_forgotten(trace.header)]


def _head(header: Header) -> list[str]:
    lines = [] if header.reader is None else [f"# Using {_one_line(header.reader)}"]
    if header.atr is not None:
        lines.append(f"# ATR: {header.atr.hex().upper()}")
    if header.protocol is not None:
        lines.append(f"# PROTOCOL: {_one_line(header.protocol)}")
    return [*lines, "#"]


def _exchange(entry: Exchanged, number: int, lost: dict[str, None]) -> list[str]:
    if entry.command.hides or (entry.answer is not None and entry.answer.hides):
        raise InvalidArgument(
            f"exchange {number} has hidden bytes, and an apdu4j dump has no way to say so; keep the trace as .jsonl,"
            " or write a .sh script, which names them"
        )
    if entry.start is not None:
        lost[_STARTS] = None
    command = entry.command.raw.hex().upper()
    if entry.answer is None:
        lost[_FAILURE] = None
        kind, message = ("Unanswered", "") if entry.failure is None else (entry.failure.kind, entry.failure.message)
        return [f"{LEFT_OUT}{command}", f"{KIND}{_one_line(kind)}: {_one_line(message)}"]
    lines = ["# Sent", command]
    if entry.duration is not None:
        milliseconds, rest = divmod(entry.duration, 1000)
        lines.append(f"# Received in {milliseconds}" + (f".{rest:03}" if rest else "") + "ms")
    return [*lines, entry.answer.raw.hex().upper()]


def _forgotten(header: Header) -> list[str]:
    """What the header says and a dump does not."""
    named = ("profile", "personality", "state", "seed", "created", "title")
    there = [name for name in named if getattr(header, name)]
    return [f"the header's {', '.join(there)} {'is' if len(there) == 1 else 'are'} not in the dump"] if there else []


def _one_line(text: str) -> str:
    return " ".join(text.split())
