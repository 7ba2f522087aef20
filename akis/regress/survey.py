"""What a recorded session asks of whoever plays it again, found before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from akis.codec.apdu import CHAINED
from akis.commands import pin, security
from akis.commands.risk import DISABLE, ENABLE, spends
from akis.trace.entries import Entry, Event, Exchanged, Wire

_GET_RESPONSE = 0xC0
_CHANGING = frozenset((pin.CHANGE, pin.RESET, DISABLE, ENABLE))
_HEADER = 4


@dataclass(slots=True)
class Survey:
    """Counts over a session: ``slots`` maps each slot that hides bytes of a command to the lengths it has.

    ``pin_commands`` and ``puk_commands`` can spend a try; ``refused`` of them did, or may have. ``pin_changes`` set,
    unblock or switch off without comparing anything. ``lost`` got no answer.
    """

    exchanges: int = 0
    seconds: float = 0.0
    slots: dict[str, set[int]] = field(default_factory=dict)
    pin_commands: int = 0
    puk_commands: int = 0
    pin_changes: int = 0
    refused: int = 0
    lost: int = 0
    masked: bool = False
    removed: bool = False
    authenticates: bool = False


def survey(entries: Iterable[Entry]) -> Survey:
    """Read a session through once."""
    seen = Survey()
    goes_on = frozenset[int]()
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
        goes_on = _count(seen, entry, goes_on)
    return seen


def _count(seen: Survey, entry: Exchanged, goes_on: frozenset[int]) -> frozenset[int]:
    """Count one exchange; returns the instruction codes with which what can spend a try goes on after it."""
    raw = entry.command.raw
    ins = int.from_bytes(raw[1:2], "big")
    seen.authenticates = seen.authenticates or ins == security.MUTUAL_AUTHENTICATE
    unseen = any(mask.hidden and mask.start < _HEADER for mask in entry.command.masks)
    kind = spends(raw)
    seen.pin_commands += kind == "PIN" or unseen  # whose header does not show, may be any command
    seen.puk_commands += kind == "PUK" or unseen
    seen.pin_changes += not kind and ins & 0xFE in _CHANGING and len(raw) >= _HEADER
    if not (kind or unseen or ins in goes_on):
        return frozenset()
    seen.refused += entry.answer is not None and _refuses(entry.answer)
    # Links of a chain have the same INS (ISO/IEC 7816-4:2005 §5.1.1.1); the last may be without data.
    return frozenset((_GET_RESPONSE, ins)) if raw[0] & CHAINED else frozenset((_GET_RESPONSE,))


def _refuses(answer: Wire) -> bool:
    end = len(answer.raw)
    return answer.raw[-2:-1] == b"\x63" or any(
        mask.hidden and mask.start + mask.length > end - 2 for mask in answer.masks
    )
