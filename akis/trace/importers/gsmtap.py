"""Captures of GSMTAP packets, pcap and pcapng, of cards: from pySim, SIMtrace, scsniff, or our own exporter.

Packets of everything else are passed over. SIMtrace and most others put a command and its answer into one packet, and
:mod:`akis.trace.tpdu` concludes where the cut lies; the few that send header, data and status word of T=0 in packets of
their own are put together again. An ATR before the first command is that of the header, one after it a reset.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from akis.codec.gsmtap import PORT, SIM, GsmtapPacket, SimKind
from akis.errors import CodecError, TraceError
from akis.trace import tpdu
from akis.trace.capture import LATEST, SECOND, datagram, is_capture, packets
from akis.trace.entries import Event, Failure, Header
from akis.trace.importers.base import Heard

NAME = "GSMTAP capture"
HEURISTIC = True
_TPDU = (SimKind.TPDU_HEADER, SimKind.TPDU_COMMAND, SimKind.TPDU_RESPONSE, SimKind.TPDU_STATUS)
_LONGEST = 1 << 17


def sniff(head: bytes) -> bool:
    """Whether a file that begins with these bytes is a capture; what packets it holds shows only later."""
    return is_capture(head)


def header(path: Path) -> Header:
    """ATR and time, from the first packet of a card; raises :class:`TraceError` where there is none."""
    with _opened(path) as stream:
        for first in _sim_packets(stream):
            atr = first.payload if first.kind == SimKind.ATR else None
            return Header(atr=atr, protocol="T=0" if first.kind in _TPDU else None, created=_created(first.time))
    raise TraceError("this capture has no GSMTAP packets of a card")


def read(path: Path) -> Iterator[Heard | Event]:
    """The exchanges and resets, streamed; raises :class:`TraceError` where the capture is damaged or cut off.

    ``start`` counts from the ``created`` of the header: from the full second before the first packet.
    """
    with _opened(path) as stream:
        origin: int | None = None
        parts: _Parts | None = None
        for packet in _sim_packets(stream):
            first = origin is None
            if origin is None:
                origin = packet.time - packet.time % SECOND if _created(packet.time) else packet.time
            start = packet.time - origin
            told = start if 0 <= start <= LATEST else None
            if packet.kind in _TPDU and packet.kind != SimKind.TPDU_HEADER:
                if parts is not None:
                    parts.add(packet)
                    if packet.kind == SimKind.TPDU_STATUS:
                        yield parts.heard(packet)
                        parts = None
                continue
            if parts is not None:
                yield parts.unanswered()
                parts = None
            if packet.kind == SimKind.TPDU_HEADER:
                parts = _Parts(packet, told)
            elif packet.kind == SimKind.ATR:
                if not first:
                    yield Event("reset", told, packet.payload)
            else:
                yield _heard(packet, told)
        if parts is not None:
            yield parts.unanswered()


@dataclass(frozen=True, slots=True, repr=False)
class _SimPacket:
    number: int
    time: int
    kind: SimKind
    payload: bytes


class _Parts:
    """What of an exchange came so far, where each part has a packet of its own."""

    def __init__(self, packet: _SimPacket, start: int | None) -> None:
        if len(packet.payload) != 5:
            raise TraceError(f"packet {packet.number}: a T=0 header is 5 bytes")
        self._header = packet
        self._start = start
        self._parts = dict.fromkeys(_TPDU, b"")

    def add(self, packet: _SimPacket) -> None:
        """One more part; data may come in pieces."""
        self._parts[packet.kind] += packet.payload
        if len(self._parts[packet.kind]) > _LONGEST:
            raise TraceError(f"packet {packet.number}: more data than an exchange has")

    def heard(self, last: _SimPacket) -> Heard:
        """The exchange that ``last`` ends."""
        _, data, answer, sw = self._parts.values()
        if len(sw) != 2:
            raise TraceError(f"packet {last.number}: a status word is 2 bytes")
        duration = last.time - self._header.time
        return Heard(
            self._command(data, answer), answer + sw, self._start, duration if 0 <= duration <= LATEST else None
        )

    def unanswered(self) -> Heard:
        """The exchange that nothing ended."""
        _, data, answer, _ = self._parts.values()
        failure = Failure("TransportError", "the capture has no status word for this command")
        return Heard(self._command(data, answer), None, self._start, None, failure)

    def _command(self, data: bytes, answer: bytes) -> bytes:
        header = self._header.payload
        if data:
            return header + data + (b"\x00" if answer else b"")
        found = None if answer else tpdu.cut(header + b"\x90\x00")
        return header if found is None else found[0]


def _heard(packet: _SimPacket, start: int | None) -> Heard:
    found = tpdu.cut(packet.payload)
    if found is None:
        raise TraceError(f"packet {packet.number} is no command with its answer and status word")
    return Heard(*found, start)


def _sim_packets(stream: BinaryIO) -> Iterator[_SimPacket]:
    """The packets between card and terminal that say something of a trace."""
    for packet in packets(stream):
        carried = datagram(packet)
        if carried is None or PORT not in carried.ports:
            continue
        try:
            found = GsmtapPacket.from_bytes(carried.data)
        except CodecError:
            continue  # something else on the same port, or a version to come
        if found.type != SIM or found.sub_type not in (SimKind.APDU, SimKind.ATR, *_TPDU):
            continue
        if not carried.whole:
            raise TraceError(f"packet {packet.number} was cut short when it was captured; capture whole packets")
        yield _SimPacket(packet.number, packet.time, SimKind(found.sub_type), found.payload)


def _created(time: int) -> str | None:
    try:
        moment = datetime.fromtimestamp(time // SECOND, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return moment.isoformat().replace("+00:00", "Z")


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except (OSError, ValueError) as error:
        raise TraceError(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'no such name'}") from None
