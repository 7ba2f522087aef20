"""The answer to reset (ISO/IEC 7816-3:2006 §8): interface bytes, historical bytes, check byte."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import reduce
from operator import xor
from typing import Any, Literal

from construct import Byte, Bytes, Construct, If, LazyBound, Struct

from akis.codec.historical import HistoricalBytes
from akis.codec.schema import build_layout, parse_layout
from akis.errors import CodecError, WrongType

MAX_LENGTH = 33
"""TS and at most 32 characters after it (§8.2.1)."""

GLOBAL = 15
"""The "T" whose interface bytes concern the card and no protocol (§8.2.3)."""

# TA1 bits 8 to 5 and 4 to 1 (§8.3, tables 7 and 8); None is reserved for future use.
_FI = (372, 372, 558, 744, 1116, 1488, 1860, None, None, 512, 768, 1024, 1536, 2048, None, None)
_F_MAX = (4.0, 5.0, 6.0, 8.0, 12.0, 16.0, 20.0, None, None, 5.0, 7.5, 10.0, 15.0, 20.0, None, None)
_DI = (None, 1, 2, 4, 8, 16, 32, 64, 12, 20, None, None, None, None, None, None)


class Convention(Enum):
    """How bits are sent (TS); the bytes of an :class:`Atr` are decoded, so they read the same in both."""

    DIRECT = 0x3B
    INVERSE = 0x3F


class ClockStop(Enum):
    """Whether the clock may be stopped, and in which state (§6.3.2)."""

    NOT_SUPPORTED = 0
    STATE_L = 1
    STATE_H = 2
    NO_PREFERENCE = 3


@dataclass(frozen=True, slots=True)
class SpecificMode:
    """TA2: the card starts in this protocol; ``implicit`` says its speed is agreed elsewhere and not in TA1."""

    protocol: int
    changeable: bool
    implicit: bool


@dataclass(frozen=True, slots=True)
class InterfaceGroup:
    """TA, TB, TC and TD of group ``number``, each None where absent.

    ``protocol`` is the T that the TD before announced, None in the first group. TA2 and TB2 are global whatever it is,
    and TC2 belongs to T=0.
    """

    number: int
    protocol: int | None
    ta: int | None
    tb: int | None
    tc: int | None
    td: int | None


def _announced(bit: int) -> Any:
    """Whether T0 or the TD before has this bit of Y: both are the ``head`` of what they announce."""
    return lambda this: this._.head >> 4 & bit


def _checked(this: Any) -> bool:
    """Whether a check byte ends the answer: when any T other than 0 is named (§8.2.5)."""
    group = this.groups
    while group and group.head is not None:
        if group.head & 0x0F:
            return True
        group = group.next
    return False


_GROUP: Construct = Struct(
    "ta" / If(_announced(1), Byte),
    "tb" / If(_announced(2), Byte),
    "tc" / If(_announced(4), Byte),
    "head" / If(_announced(8), Byte),
    "next" / If(lambda this: this.head is not None, LazyBound(lambda: _GROUP)),
)
_ATR = Struct(
    "ts" / Byte,
    "head" / Byte,
    "groups" / _GROUP,
    "historical" / Bytes(lambda this: this.head & 0x0F),
    "tck" / If(_checked, Byte),
)


@dataclass(frozen=True, slots=True)
class Atr:
    """One answer to reset, as :meth:`from_bytes` reads it; what is not said has its default of the standard."""

    convention: Convention
    groups: tuple[InterfaceGroup, ...]
    historical_bytes: bytes
    tck: int | None

    @classmethod
    def from_bytes(cls, raw: bytes) -> Atr:
        """Read an answer to reset, TS to the last byte; raises :class:`CodecError`, for a wrong check byte too."""
        if not isinstance(raw, bytes | bytearray | memoryview):
            raise WrongType(f"an ATR is bytes, not {type(raw).__name__}")
        raw = bytes(raw)
        if len(raw) > MAX_LENGTH:
            raise CodecError(f"an ATR is at most {MAX_LENGTH} bytes, not {len(raw)}", MAX_LENGTH)
        if raw and raw[0] not in {convention.value for convention in Convention}:
            raise CodecError(f"TS is 3B or 3F, not {raw[0]:02X}", 0)
        atr = parse_layout(_ATR, raw, "the ATR", _atr)
        # T0 to TCK give zero (§8.2.5).
        fitting = reduce(xor, raw[1:-1], 0)
        if atr.tck is not None and atr.tck != fitting:
            raise CodecError(f"check byte TCK is {atr.tck:02X}, {fitting:02X} would fit", len(raw) - 1)
        return atr

    def to_bytes(self) -> bytes:
        """The answer as the card gave it."""
        groups: dict[str, Any] | None = None
        present = 0
        for group in reversed(self.groups):
            groups = {"ta": group.ta, "tb": group.tb, "tc": group.tc, "head": group.td, "next": groups}
            values = (group.ta, group.tb, group.tc, group.td)
            present = sum(1 << place for place, value in enumerate(values) if value is not None)
        head = present << 4 | len(self.historical_bytes)
        fields = {"ts": self.convention.value, "head": head, "groups": groups, "tck": self.tck}
        return build_layout(_ATR, {**fields, "historical": self.historical_bytes}, "the ATR")

    @property
    def historical(self) -> HistoricalBytes:
        """What the historical bytes say."""
        return HistoricalBytes.from_bytes(self.historical_bytes)

    @property
    def protocols(self) -> tuple[int, ...]:
        """The transmission protocols offered, in order and each once; T=0 where none is named."""
        named = [group.td & 0x0F for group in self.groups if group.td is not None]
        return tuple(dict.fromkeys(protocol for protocol in named if protocol != GLOBAL)) or (0,)

    @property
    def specific_mode(self) -> SpecificMode | None:
        """TA2 (§8.3); None is negotiable mode."""
        ta2 = self.groups[1].ta if len(self.groups) > 1 else None
        return None if ta2 is None else SpecificMode(ta2 & 0x0F, not ta2 & 0x80, bool(ta2 & 0x10))

    @property
    def default_protocol(self) -> int:
        """The protocol the card speaks when nobody negotiates: that of specific mode, else the first offered."""
        mode = self.specific_mode
        return self.protocols[0] if mode is None else mode.protocol

    @property
    def fi(self) -> int | None:
        """Fi, the clock rate conversion integer of TA1; None is reserved."""
        return _FI[self._ta1 >> 4]

    @property
    def di(self) -> int | None:
        """Di, the baud rate adjustment integer of TA1; None is reserved."""
        return _DI[self._ta1 & 0x0F]

    @property
    def max_clock_mhz(self) -> float | None:
        """The highest clock frequency, f(max) of TA1; None is reserved."""
        return _F_MAX[self._ta1 >> 4]

    @property
    def extra_guard_time(self) -> int:
        """N of TC1; 255 has a meaning of its own in each protocol (§8.3)."""
        tc1 = self.groups[0].tc
        return 0 if tc1 is None else tc1

    @property
    def waiting_integer(self) -> int | None:
        """WI of TC2 for the waiting time of T=0 (§10.2); None where T=0 is not offered."""
        tc2 = self.groups[1].tc if len(self.groups) > 1 else None
        return (10 if tc2 is None else tc2) if 0 in self.protocols else None

    @property
    def ifsc(self) -> int | None:
        """The longest information field the card takes in a block of T=1 (§11.4.2); None where T=1 is not offered."""
        return self._first("ta", 1, 32) if 1 in self.protocols else None

    @property
    def cwi(self) -> int | None:
        """Character waiting integer of T=1 (§11.4.3)."""
        return self._first("tb", 1, 0x4D) & 0x0F if 1 in self.protocols else None

    @property
    def bwi(self) -> int | None:
        """Block waiting integer of T=1 (§11.4.3)."""
        return self._first("tb", 1, 0x4D) >> 4 if 1 in self.protocols else None

    @property
    def error_detection(self) -> Literal["LRC", "CRC"] | None:
        """What ends a block of T=1 (§11.4.4)."""
        if 1 not in self.protocols:
            return None
        return "CRC" if self._first("tc", 1, 0) & 1 else "LRC"

    @property
    def supply_classes(self) -> tuple[str, ...]:
        """The supply voltages the card takes: A is 5 V, B is 3 V, C is 1.8 V (§8.3)."""
        bits = self._first("ta", GLOBAL, 0x01)
        return tuple(name for place, name in enumerate("ABC") if bits >> place & 1)

    @property
    def clock_stop(self) -> ClockStop:
        """Whether the clock may be stopped (§8.3)."""
        return ClockStop(self._first("ta", GLOBAL, 0x01) >> 6)

    @property
    def _ta1(self) -> int:
        ta1 = self.groups[0].ta
        return 0x11 if ta1 is None else ta1

    def _first(self, name: str, protocol: int, default: int) -> int:
        """The first interface byte of this name for this T, which is after the second group (§8.2.3)."""
        values = (getattr(group, name) for group in self.groups[2:] if group.protocol == protocol)
        return next((value for value in values if value is not None), default)


def _atr(found: Any) -> Atr:
    return Atr(Convention(found.ts), tuple(_groups(found)), found.historical, found.tck)


def _groups(found: Any) -> Iterator[InterfaceGroup]:
    group, number, protocol = found.groups, 1, None
    while group is not None:
        yield InterfaceGroup(number, protocol, group.ta, group.tb, group.tc, group.head)
        protocol = None if group.head is None else group.head & 0x0F
        group, number = group.next, number + 1
