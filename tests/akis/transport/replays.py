"""Small recordings, written by hand, and what their replays say."""

from __future__ import annotations

import pytest

from akis.errors import ReplayDiffers
from akis.profile.load import load
from akis.trace.entries import Entry, Exchanged, Failure, Header, Kept, Wire
from akis.transport.replay import Mode, ReplayTransport

ATR, OTHER_ATR = bytes.fromhex("3B00"), bytes.fromhex("3B80")
SELECT, VERIFY, LIFE_CYCLE = "00A4000C023D00", "00200081083132333435363738", "00CA010400"
NO_FILE, DONE = "6A82", "9000"


def said(command: str, answer: str = DONE, *masks: tuple[int, int, str]) -> Exchanged:
    return Exchanged(Wire.from_text(command, masks), Wire.from_text(answer))


def failed(command: str, kind: str, message: str = "") -> Exchanged:
    return Exchanged(Wire.from_text(command), None, failure=Failure(kind, message))


def replay(*entries: Entry, slots: tuple[str, ...] = (), mode: Mode | None = None) -> ReplayTransport:
    return ReplayTransport(Kept(Header(atr=ATR, slots=slots), entries), mode, load("akis-2"))


def ask(way: ReplayTransport, command: str) -> str:
    return way.transmit(bytes.fromhex(command)).hex().upper()


def difference(way: ReplayTransport, command: str) -> str:
    with pytest.raises(ReplayDiffers) as caught:
        ask(way, command)
    return str(caught.value)
