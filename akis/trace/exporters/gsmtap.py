"""A trace as a capture of GSMTAP packets, for Wireshark: pcapng where the file is called so, else pcap.

One packet a command with its answer, at the time the command was sent, as :mod:`akis.trace.tpdu` joins them; one for
the ATR at the beginning, and for that of each reset. Lengths are short wherever they fit, because older versions of
Wireshark, 4.0 among them, know no others: of longer ones they name instruction and status word, and mistake the data.

Of each exchange Wireshark names instruction and status word, unless the instruction is one of the SIM whose fields it
looks for and does not find: RUN GSM ALGORITHM (88, elsewhere INTERNAL AUTHENTICATE), FETCH (12), TERMINAL RESPONSE
(14), ENVELOPE (C2). There it ends before the status word. Older versions, 4.0 among them, show an ATR as a command.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from akis.codec.apdu import CommandApdu
from akis.codec.gsmtap import PORT, SIM, GsmtapPacket, SimKind
from akis.errors import CodecError, InvalidArgument
from akis.trace import tpdu
from akis.trace.capture import LATEST, LONGEST_DATAGRAM, SECOND, Writer
from akis.trace.entries import Event, Exchanged, Trace
from akis.trace.redact import Mask

_HEADER = 16
_SENTENCES = {
    "hidden": "exchanges whose hidden bytes are written as FF: {}",
    "mute": "exchanges without an answer, left out because a packet holds both: {}",
    "broken": "commands that are no APDU, of which only the header is written: {}",
    "long": "exchanges too long for a packet, of which only header and status word are written: {}",
    "length": "commands without their Le, or without the mark of extended lengths, for which a packet has no place: {}",
    "unsure": "exchanges of which the packet does not tell where the command ends: {}",
    "event": "events without an ATR, left out: {}",
    "time": "packets whose time is not known, with that of the packet before: {}",
    "undated": "packets that count from 1970, as nobody knows when the session was recorded: {}",
}


def write(trace: Trace, path: Path) -> list[str]:
    """Write the whole trace, entry by entry; returns a sentence for each kind of thing that was lost.

    Lost always: durations, names of masked bytes, and of the header all but ATR and time. Raises
    :class:`InvalidArgument` where the file cannot be written or dpkt is missing, and what reading the trace raises.
    """
    lost: Counter[str] = Counter()
    try:
        # Serial numbers and the like are nobody else's business.
        stream = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such name"
        raise InvalidArgument(f"{path} cannot be written: {reason}") from None
    try:
        with stream:
            _write(trace, stream, path.suffix.lower() == ".pcapng", lost)
    except OSError as error:
        raise InvalidArgument(f"{path} cannot be written: {error.strerror}") from None
    told = [sentence.format(lost[kind]) for kind, sentence in _SENTENCES.items() if lost[kind]]
    return [*told, "durations, names of masked bytes, reader, protocol and profile have no place in a capture"]


def _write(trace: Trace, stream: BinaryIO, pcapng: bool, lost: Counter[str]) -> None:
    writer = Writer(stream, PORT, pcapng)
    origin = _origin(trace.header.created)
    time = origin or 0
    for start, kind, payload in _packets(trace, lost):
        if start is not None:
            time = min((origin or 0) + start, LATEST)
        lost["time"] += start is None
        lost["undated"] += origin is None
        writer.write(time, GsmtapPacket(SIM, kind, payload).to_bytes())


def _packets(trace: Trace, lost: Counter[str]) -> Iterator[tuple[int | None, SimKind, bytes]]:
    """Start, sub-type and payload of each packet."""
    if trace.header.atr is not None:
        yield 0, SimKind.ATR, trace.header.atr
    for entry in trace.entries():
        if isinstance(entry, Event):
            if entry.atr is not None:
                yield entry.start, SimKind.ATR, entry.atr
            lost["event"] += entry.atr is None
        elif (payload := _payload(entry, lost)) is None:
            lost["mute"] += 1
        else:
            yield entry.start, SimKind.APDU, payload


def _payload(entry: Exchanged, lost: Counter[str]) -> bytes | None:
    """Command and answer in one piece, None where either is missing."""
    if entry.answer is None or len(entry.answer.raw) < 2 or len(entry.command.raw) < 4:
        return None
    lost["hidden"] += entry.command.hides or entry.answer.hides
    command, answer = entry.command.filled(_hidden), entry.answer.filled(_hidden)
    piece = tpdu.joined(command, answer)
    if _HEADER + len(piece) > LONGEST_DATAGRAM:
        lost["long"] += 1
        return tpdu.shortened(piece)
    try:
        sent = CommandApdu.from_bytes(command)
    except CodecError:
        lost["broken"] += 1
        return piece
    again = tpdu.cut(piece)
    if again is None or again[1] != answer:
        lost["unsure"] += 1
    elif again[0] != sent.to_bytes():
        lost["length"] += 1
    return piece


def _hidden(mask: Mask) -> bytes:
    return b"\xff" * mask.length


def _origin(created: str | None) -> int | None:
    """Microseconds since 1970; None where nobody knows, or no capture can say it."""
    try:
        moment = datetime.fromisoformat(created or "")
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    time = (since.days * 86400 + since.seconds) * SECOND + since.microseconds
    return time if 0 <= time <= LATEST else None
