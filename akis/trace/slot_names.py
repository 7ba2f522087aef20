"""Which value has which slot, without the values: nothing of a secret is kept but a keyed digest."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

_MOST_VALUES = 4096
_SHORTEST, _LONGEST = 4, 64
"""Bytes of one of two values in a row, where nobody knows where to cut."""
_REFUSED = ("wrong-", "malformed-")


@dataclass(slots=True)
class _Naming:
    slot: str
    sure: bool


class SlotNames:
    """Gives each value a slot, the same whenever it comes up again. What it remembers is bounded."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._slots: dict[bytes, _Naming] = {}
        self._taken: dict[str, int] = {}
        self._certain: set[str] = set()

    def name(self, value: bytes, base: str) -> str:
        """The slot of this value: the one it has, or ``base``, ``base-2`` … for one not seen before."""
        digest = self._digest(value)
        known = self._slots.get(digest)
        if known is not None:
            if known.sure:
                return known.slot
            # It is a guess that this is the value of that slot; a slot has one, and it was not refused.
            if known.slot not in self._certain and not base.startswith(_REFUSED):
                known.sure = True
                self._certain.add(known.slot)
                return known.slot
        slot = self._fresh(base)
        self._keep(digest, slot, sure=True)
        return slot

    def name_part(self, piece: bytes, base: str) -> str:
        """The slot of a piece of a value that went over the wire in pieces."""
        return self.name(b"part\0" + piece, f"{base}-part")

    def name_both(self, both: bytes, first: str, second: str) -> str:
        """One slot for two values in a row, cut nobody knows where: whichever cut turns up again has its name."""
        digest = self._digest(b"both\0" + both)
        known = self._slots.get(digest)
        if known is not None:
            return known.slot
        first, second = self._fresh(first), self._fresh(second)
        self._keep(digest, f"{first}+{second}", sure=True)
        for size in _cuts(both):
            self._keep(self._digest(both[:size]), first, sure=False)
            self._keep(self._digest(both[size:]), second, sure=False)
        return f"{first}+{second}"

    def known_start(self, both: bytes) -> int:
        """How many bytes at the start of two values in a row are one that was seen before; 0 when nobody knows."""
        sizes = range(_SHORTEST, min(_LONGEST + 1, len(both)))
        found = [size for size in sizes if (known := self._slots.get(self._digest(both[:size]))) and known.sure]
        return found[0] if len(found) == 1 else 0

    def take(self, slots: Iterable[str]) -> None:
        """These names are in use for values that nobody can see."""
        for slot in slots:
            for name in slot.split("+"):
                base, _, number = name.rpartition("-")
                if not base or not number.isdecimal():
                    base, number = name, "1"
                self._taken[base] = max(self._taken.get(base, 0), min(int(number[:9]), 10**9))

    def _fresh(self, base: str) -> str:
        number = self._taken[base] = self._taken.get(base, 0) + 1
        return base if number == 1 else f"{base}-{number}"

    def _keep(self, digest: bytes, slot: str, sure: bool) -> None:
        if len(self._slots) >= _MOST_VALUES:
            return
        known = self._slots.get(digest)
        if known is None or (sure and not known.sure):
            self._slots[digest] = _Naming(slot, sure)
            if sure:
                self._certain.add(slot)

    def _digest(self, value: bytes) -> bytes:
        return hashlib.blake2b(value, key=self._key, digest_size=16).digest()


def _cuts(both: bytes) -> range:
    """Where two values in a row may be cut."""
    if len(both) > 2 * _LONGEST:
        return range(0)
    return range(max(_SHORTEST, len(both) - _LONGEST), min(_LONGEST, len(both) - _SHORTEST) + 1)
