"""Dumps of apdu4j and GlobalPlatformPro (``--dump FILE``): a line of hex for each command and each answer, in turn.

Lines with ``#`` say the rest: reader, ATR, protocol, how long an answer took, why none came. What these programs print
while they work is read by :mod:`akis.trace.importers.apdu4j_console`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from akis.trace.entries import Event, Failure, Header
from akis.trace.importers.base import ENDED, UNANSWERED, Heard, Item
from akis.trace.importers.text import Facts, Line, facts_header, head_lines, hex_bytes, is_answer, lines, pcsc_failure

NAME = "apdu4j dump"
HEURISTIC = False
RESET, REMOVED, INSERTED, LEFT_OUT, KIND = "# Reset", "# Removed", "# Inserted", "# Unanswered: ", "# Failure: "
"""Comments of the dumps that akis writes: what apdu4j's own have no line for."""
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2} ?)+")
_TIME = re.compile(r"(?:Received in )?(?:(\d+)s)?(\d+)(?:\.(\d+))?ms(?:$| )(.*)")
_OURS = ("# ATR: ", "# PROTOCOL: ", "# UID: ", "# Sent", "# Received", "# Using ")


def sniff(head: bytes) -> bool:
    """Whether there is nothing but comments and hex, and either apdu4j's comments or a command and its answer."""
    found = [line.strip() for line in head_lines(head) if line.strip()][:50]
    hexes = [line for line in found if not line.startswith("#")]
    if not found or not all(_HEX.fullmatch(line) for line in hexes[:-1]):
        return False
    if any(line.startswith(_OURS) or "by apdu4j/" in line for line in found):
        return True
    if len(hexes) < 2 or not all(_HEX.fullmatch(line) for line in hexes[:2]):
        return False
    command, answer = (bytes.fromhex(line) for line in hexes[:2])
    return len(command) >= 4 and len(answer) >= 2 and answer[-2] >> 4 in (6, 9)


def header(path: Path) -> Header:
    """Reader, ATR and protocol of the first session."""
    return facts_header(_heard, path)


def read(path: Path) -> Iterator[Item]:
    """Exchanges, with how long each took; dumps that akis wrote have events and failures as well."""
    return _heard(path, Facts())


def _heard(path: Path, facts: Facts) -> Iterator[Item]:
    command: bytes | None = None
    took: int | None = None
    lost: bytes | None = None
    for line in lines(path):
        text = line.text.strip()
        if text.startswith(LEFT_OUT):
            lost = hex_bytes(text.removeprefix(LEFT_OUT), line)
        elif lost is not None and text.startswith(KIND):
            kind, _, message = text.removeprefix(KIND).partition(":")
            yield Heard(lost, None, failure=Failure(kind, message.strip()))
            lost = None
        elif event := _event(text, line):
            yield event
        elif text.startswith("#"):
            time = _TIME.match(text[1:].strip())
            if command is not None and (text.startswith("# Sent") or (time and time[4])):
                yield Heard(command, None, failure=pcsc_failure(time[4]) if time else UNANSWERED)
                command = None
            elif time:
                took = _microseconds(time)
            _fact(text, facts)
        elif text:
            raw = _whole(text, line, answers=command is not None)
            if command is None:
                command, took = raw, None
            else:
                yield Heard(command, raw, None, took if raw is not None else None, ENDED if raw is None else None)
                command = None
    if command is not None:
        yield Heard(command, None, failure=ENDED)


def _whole(text: str, line: Line, answers: bool) -> bytes | None:
    """The bytes of a line; None for a last line that is cut off."""
    if line.ended:
        return hex_bytes(text, line)
    digits = "".join(text.split())
    if not answers or len(digits) % 2 or not _HEX.fullmatch(digits):
        return None
    raw = bytes.fromhex(digits)
    return raw if is_answer(raw) else None


def _event(text: str, line: Line) -> Event | None:
    kinds: dict[str, Literal["reset", "removed", "inserted"]] = {
        RESET: "reset",
        REMOVED: "removed",
        INSERTED: "inserted",
    }
    name, _, atr = text.partition(": ")
    return Event(kinds[name], None, hex_bytes(atr, line) if atr else None) if name in kinds else None


def _fact(text: str, facts: Facts) -> None:
    name, _, value = text.removeprefix("# ").partition(" ")
    value = value.strip()
    if name == "ATR:" and facts.atr is None and _HEX.fullmatch(value):
        facts.atr = bytes.fromhex(value)
    elif name == "PROTOCOL:" and value in ("T=0", "T=1", "T=CL"):
        facts.protocol = facts.protocol or value
    elif name == "Using" and value:
        facts.reader = facts.reader or value


def _microseconds(time: re.Match[str]) -> int:
    seconds, milliseconds, rest = int(time[1] or 0), int(time[2]), (time[3] or "").ljust(3, "0")[:3]
    return (seconds * 1000 + milliseconds) * 1000 + int(rest)
