"""A trace with bytes marked by hand, where nobody but its owner knows what they are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from akis.errors import InvalidArgument
from akis.trace.entries import Entry, Exchanged, Trace, Wire
from akis.trace.redact import Mask

_SLOT = re.compile(r"[a-z][a-z0-9-]{0,63}")


@dataclass(frozen=True, slots=True)
class Mark:
    """Bytes of exchange ``number`` (the first is 1): which side, where from and how many, and the slot they get.

    Raises :class:`InvalidArgument` for what no exchange can have.
    """

    number: int
    side: Literal["command", "response"]
    start: int
    length: int
    slot: str
    hidden: bool

    def __post_init__(self) -> None:
        if not _SLOT.fullmatch(self.slot):
            raise InvalidArgument("a slot is named in small letters, digits and hyphens, such as holder-name")
        if self.number < 1 or self.length < 1 or self.start < 0:
            raise InvalidArgument("exchanges are counted from 1, bytes from 0, and at least one byte is marked")

    def on(self, wire: Wire) -> Wire:
        """The bytes with this mark on them; what older masks lay over and this one does not, they keep."""
        end = self.start + self.length
        if end > len(wire.raw):
            raise InvalidArgument(
                f"the {self.side} of exchange {self.number} has {len(wire.raw)} bytes, the mark ends at {end}"
            )
        kept: list[Mask] = []
        for mask in wire.masks:
            after = mask.start + mask.length
            if after <= self.start or mask.start >= end:
                kept.append(mask)
                continue
            if mask.hidden and not self.hidden:
                raise InvalidArgument(f"bytes of exchange {self.number} are hidden already, so they cannot just vary")
            if mask.start < self.start:
                kept.append(replace(mask, length=self.start - mask.start))
            if after > end:
                kept.append(replace(mask, start=end, length=after - end))
        masks = sorted((*kept, Mask(self.start, self.length, self.slot, self.hidden)), key=lambda mask: mask.start)
        raw = bytearray(wire.raw)
        if self.hidden:
            raw[self.start : end] = bytes(self.length)
        return Wire(bytes(raw), tuple(masks))


class Marked:
    """``trace`` with these marks. One that fits no exchange is an :class:`InvalidArgument` at the end."""

    def __init__(self, trace: Trace, marks: Sequence[Mark]) -> None:
        slots = (*trace.header.slots, *(mark.slot for mark in marks))
        self.header = replace(trace.header, slots=tuple(dict.fromkeys(slots)))
        self._trace = trace
        self._marks: dict[int, list[Mark]] = {}
        for mark in marks:
            self._marks.setdefault(mark.number, []).append(mark)

    @property
    def cut(self) -> bool:
        """Whether the last line was cut off, once the entries have been read."""
        return bool(getattr(self._trace, "cut", False))

    def entries(self) -> Iterator[Entry]:
        """Exchanges and events in order."""
        number = 0
        for entry in self._trace.entries():
            if isinstance(entry, Exchanged):
                number += 1
                for mark in self._marks.get(number, ()):
                    entry = _on(entry, mark)
            yield entry
        missing = max(self._marks, default=0)
        if missing > number:
            raise InvalidArgument(f"there is no exchange {missing} to mark; the trace has {number}")


def _on(entry: Exchanged, mark: Mark) -> Exchanged:
    if mark.side == "command":
        return replace(entry, command=mark.on(entry.command))
    if entry.answer is None:
        raise InvalidArgument(f"exchange {mark.number} has no response to mark")
    return replace(entry, answer=mark.on(entry.answer))
