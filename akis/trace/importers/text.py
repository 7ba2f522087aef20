"""Logs as lines of text: bounded, without colours, and with the places where PC/SC says what went wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from akis.errors import TraceError
from akis.trace.entries import Failure, Header
from akis.trace.importers.base import Item

LONGEST_LINE = 1 << 20
"""Characters; the longest command and its length as spaced hex takes a fifth of it."""
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_CODES = {
    0x80100009: "SCARD_E_UNKNOWN_READER",
    0x8010000B: "SCARD_E_SHARING_VIOLATION",
    0x8010000C: "SCARD_E_NO_SMARTCARD",
    0x80100016: "SCARD_E_NOT_TRANSACTED",
    0x80100017: "SCARD_E_READER_UNAVAILABLE",
    0x8010001D: "SCARD_E_NO_SERVICE",
    0x8010001E: "SCARD_E_SERVICE_STOPPED",
    0x8010002F: "SCARD_E_COMM_DATA_LOST",
    0x80100066: "SCARD_W_UNRESPONSIVE_CARD",
    0x80100067: "SCARD_W_UNPOWERED_CARD",
    0x80100068: "SCARD_W_RESET_CARD",
    0x80100069: "SCARD_W_REMOVED_CARD",
}
_KINDS = {
    "SCARD_E_UNKNOWN_READER": "NoReader",
    "SCARD_E_READER_UNAVAILABLE": "NoReader",
    "SCARD_E_SHARING_VIOLATION": "SharingViolation",
    "SCARD_E_NO_SMARTCARD": "CardRemoved",
    "SCARD_W_REMOVED_CARD": "CardRemoved",
    "SCARD_E_NO_SERVICE": "NoService",
    "SCARD_E_SERVICE_STOPPED": "NoService",
    "SCARD_W_UNRESPONSIVE_CARD": "CardMute",
    "SCARD_W_UNPOWERED_CARD": "CardMute",
    "SCARD_W_RESET_CARD": "CardReset",
}


class Line(NamedTuple):
    """A line without its end and colours; ``ended`` is False for a last line that lacks its line feed."""

    number: int
    text: str
    ended: bool


@dataclass(slots=True)
class Facts:
    """What a log has said so far, besides its exchanges."""

    reader: str | None = None
    atr: bytes | None = None
    protocol: str | None = None
    created: str | None = None


def facts_header(heard: Callable[[Path, Facts], Iterator[Item]], path: Path) -> Header:
    """What a log says before its first exchange ends."""
    facts = Facts()
    with closing(heard(path, facts)) as items:  # type: ignore[type-var]
        next(items, None)
    return Header(atr=facts.atr, protocol=facts.protocol, reader=facts.reader, created=facts.created)


def lines(path: Path) -> Iterator[Line]:
    """The lines of a log, counted from 1; raises :class:`TraceError`."""
    number = 0
    try:
        with path.open("rb") as stream:
            while raw := stream.readline(LONGEST_LINE):
                number += 1
                if len(raw) >= LONGEST_LINE:
                    raise TraceError(f"longer than {LONGEST_LINE} bytes", number)
                text = _COLOURS.sub("", raw.decode("utf-8", "replace"))
                yield Line(number, text.rstrip("\r\n"), raw.endswith(b"\n"))
    except (OSError, ValueError) as error:
        if isinstance(error, TraceError):
            raise
        reason = getattr(error, "strerror", None) or "no such name"
        raise TraceError(f"{path} cannot be read: {reason}") from None


def head_lines(head: bytes) -> list[str]:
    """The lines of a file's beginning, for :meth:`akis.trace.importers.base.Importer.sniff`."""
    return [_COLOURS.sub("", line) for line in head.decode("utf-8", "replace").splitlines()]


def hex_bytes(text: str, line: Line) -> bytes:
    """Bytes from pairs of hex digits, spaces between them or not."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise TraceError("damaged, these are no bytes in hex", line.number) from None


def is_answer(raw: bytes) -> bool:
    """Whether bytes end as nearly every answer does, in 9000 or 6XXX (ISO/IEC 7816-4:2005 §5.1.3).

    Of a last line without a line feed nobody knows whether it is whole; with this it is taken for it.
    """
    return len(raw) >= 2 and (raw[-2] >> 4 == 6 or raw[-2:] == b"\x90\x00")


def pcsc_failure(name_or_code: str) -> Failure | None:
    """What a PC/SC result says, by name or hex number; None for success. Other text is not repeated."""
    name = name_or_code.strip()
    if re.fullmatch(r"(0x)?[0-9A-Fa-f]{1,16}", name):
        code = int(name, 16) & 0xFFFFFFFF
        name = "SCARD_S_SUCCESS" if code == 0 else _CODES.get(code, f"PC/SC result {code:08X}")
    elif not re.fullmatch(r"SCARD_[A-Z_]{1,40}", name):
        return Failure("TransportError", "the log says that it failed")
    return None if name == "SCARD_S_SUCCESS" else Failure(_KINDS.get(name, "TransportError"), name)
