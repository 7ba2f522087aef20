"""PC/SC calls as libpcscspy saw them, whichever way they were written down: what of them makes a trace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from akis.trace.entries import Event, Failure
from akis.trace.importers.base import ENDED, Happened, Heard, Item
from akis.trace.importers.text import Facts, pcsc_failure

_PROTOCOLS = {1: "T=0", 2: "T=1"}
_LEAVE = 0
FUNCTIONS = (
    *("SCardConnect", "SCardReconnect", "SCardDisconnect", "SCardEndTransaction"),
    *("SCardStatus", "SCardGetStatusChange", "SCardTransmit"),
)
"""The calls that are of interest here."""


@dataclass(slots=True)
class Call:
    """One call: its numbers and texts as the log has them, in order, and its buffers."""

    name: str
    start: int | None = None
    values: list[str] = field(default_factory=list)
    buffers: list[bytes] = field(default_factory=list)
    atrs: dict[str, bytes] = field(default_factory=dict)
    """By reader."""
    text: str = ""
    """The last one that was no number: in calls that give an ATR, whose it is."""

    def number(self, place: int) -> int | None:
        """The number at this place, counted from the end where negative; None where there is none."""
        try:
            return int(self.values[place].split()[0], 16)
        except (IndexError, ValueError):
            return None


@dataclass(slots=True)
class Spied:
    """Turns calls that have ended into exchanges and events; ``result`` is a name or number of PC/SC."""

    facts: Facts
    readers: dict[int, str] = field(default_factory=dict)
    """By card handle."""
    atrs: dict[str, bytes] = field(default_factory=dict)
    used: set[str | None] = field(default_factory=set)
    origin: int | None = None

    def ended(self, call: Call, result: str, end: int | None) -> Iterator[Item]:
        failure = pcsc_failure(result)
        if call.name == "SCardTransmit":
            yield self._exchange(call, failure, end)
        elif failure is None:
            yield from self._happened(call)

    def cut(self, call: Call) -> Iterator[Item]:
        """A call whose end the log does not have."""
        if call.name == "SCardTransmit" and call.buffers:
            yield self._exchange(call, ENDED, None)

    def _exchange(self, call: Call, failure: Failure | None, end: int | None) -> Heard:
        reader = self.readers.get(call.number(0) or 0)
        self.facts.reader = self.facts.reader or reader
        self.facts.atr = self.facts.atr or self.atrs.get(reader or "")
        self.used.add(reader)
        self.origin = call.start if self.origin is None else self.origin
        # After a failure the buffer for the answer holds whatever was there before.
        answer = call.buffers[1] if failure is None and len(call.buffers) > 1 else None
        if answer is None and failure is None:
            failure = Failure("TransportError", "the log has no answer to this command")
        start = None if call.start is None or self.origin is None else max(call.start - self.origin, 0)
        took = None if call.start is None or end is None else max(end - call.start, 0)
        return Heard(call.buffers[0] if call.buffers else b"", answer, start, took, failure, reader)

    def _happened(self, call: Call) -> Iterator[Item]:
        if call.name == "SCardConnect" and len(call.values) >= 4:
            handle = call.number(-2)
            protocol = _PROTOCOLS.get(call.number(-1) or 0)
            if handle is not None and protocol is not None:
                self.readers[handle] = call.values[1]
                self.facts.protocol = self.facts.protocol or protocol
        elif call.atrs:
            self.atrs.update(call.atrs)
        elif call.name in ("SCardReconnect", "SCardDisconnect", "SCardEndTransaction"):
            # Of SCardReconnect the initialization, of the others the disposition.
            how = call.number(3 if call.name == "SCardReconnect" else 1)
            reader = self.readers.get(call.number(0) or 0)
            if how not in (None, _LEAVE) and reader in self.used:
                yield Happened(Event("reset"), reader)
