"""What a recorded session asks of whoever plays it again, found before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from akis.codec.apdu import SM_BITS, CommandApdu
from akis.commands import pin, security
from akis.errors import CodecError
from akis.trace.entries import Entry, Event, Exchanged

_PUK_REFERENCE = 0x82
_COMPARES_PUK = (0x00, 0x01)


@dataclass(slots=True)
class Survey:
    """Counts over a session: ``slots`` maps each slot that hides bytes of a command to the lengths it has.

    ``pin_commands`` and ``puk_commands`` can spend a try; ``refused`` of the former did. ``lost`` got no answer.
    """

    exchanges: int = 0
    seconds: float = 0.0
    slots: dict[str, set[int]] = field(default_factory=dict)
    pin_commands: int = 0
    puk_commands: int = 0
    refused: int = 0
    lost: int = 0
    masked: bool = False
    removed: bool = False
    authenticates: bool = False


def survey(entries: Iterable[Entry]) -> Survey:
    """Read a session through once."""
    seen = Survey()
    for entry in entries:
        if isinstance(entry, Event):
            seen.removed = seen.removed or entry.kind != "reset"
            continue
        seen.exchanges += 1
        seen.seconds += (entry.duration or 0) / 1_000_000
        seen.lost += entry.answer is None
        for mask in entry.command.masks:
            if mask.hidden:
                seen.slots.setdefault(mask.slot, set()).add(mask.length)
        seen.masked = seen.masked or bool(entry.command.masks or (entry.answer and entry.answer.masks))
        _count(seen, entry)
    return seen


def _count(seen: Survey, entry: Exchanged) -> None:
    ins = entry.command.raw[1:2]
    if ins == bytes((security.MUTUAL_AUTHENTICATE,)):
        seen.authenticates = True
    kind = spends(entry.command.raw)
    if kind:
        seen.pin_commands += kind == "PIN"
        seen.puk_commands += kind == "PUK"
        sw = b"" if entry.answer is None else entry.answer.raw[-2:]
        seen.refused += sw[:1] == b"\x63"


def spends(raw: bytes) -> str:
    """Whether this command can spend a try of the ``PIN`` or the ``PUK``; nothing where it cannot."""
    try:
        command = CommandApdu.from_bytes(raw)
    except CodecError:
        return ""
    ins = command.ins & 0xFE
    protected = bool(command.cla & SM_BITS)
    if ins == pin.RESET:
        return "PUK" if command.p1 in _COMPARES_PUK else ""
    if ins not in (pin.VERIFY, pin.CHANGE) or (not command.data and not protected):
        return ""
    if (ins == pin.VERIFY and command.p1 == 0xFF) or (ins == pin.CHANGE and command.p1 == 0x01):
        return ""
    return "PUK" if command.p2 == _PUK_REFERENCE else "PIN"
