"""An answer to reset in words, byte by byte (ISO/IEC 7816-3:2006 §8; historical bytes by ISO/IEC 7816-4:2005)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from akis.codec.atr import GLOBAL, Atr, ClockStop, Convention, InterfaceGroup
from akis.codec.historical_words import explain_historical

_CLOCK_STOP = {
    ClockStop.NOT_SUPPORTED: "the clock may not be stopped",
    ClockStop.STATE_L: "the clock may be stopped at state L",
    ClockStop.STATE_H: "the clock may be stopped at state H",
    ClockStop.NO_PREFERENCE: "the clock may be stopped at either state",
}
_CLASSES = {"A": "5 V", "B": "3 V", "C": "1.8 V"}
_NO_MEANING = "reserved for future use"


@dataclass(frozen=True, slots=True)
class AtrField:
    """One field: its name in the standard, where it begins, its bytes, and what it says."""

    name: str
    offset: int
    raw: bytes
    meaning: str


def explain(raw: bytes) -> tuple[AtrField, ...]:
    """Every byte of an answer to reset, in order; raises :class:`CodecError` where the bytes are none."""
    atr = Atr.from_bytes(raw)
    raw, fields, position = bytes(raw), [], 0
    for name, length, meaning in _parts(atr):
        fields.append(AtrField(name, position, raw[position : position + length], meaning))
        position += length
    return tuple(fields)


def _parts(atr: Atr) -> Iterator[tuple[str, int, str]]:
    """Name, length and meaning of each field."""
    yield "TS", 1, "direct convention" if atr.convention is Convention.DIRECT else "inverse convention"
    count = len(atr.historical_bytes)
    yield "T0", 1, f"{_announced(atr.groups[0])}, {count} historical byte{'' if count == 1 else 's'}"
    seen: set[tuple[str, int]] = set()
    for group, after in zip(atr.groups, (*atr.groups[1:], None), strict=True):
        for letter, value in (("A", group.ta), ("B", group.tb), ("C", group.tc)):
            if value is not None:
                yield f"T{letter}{group.number}", 1, _interface(atr, group, letter, value, seen)
        if group.td is not None and after is not None:
            yield f"TD{group.number}", 1, f"{_announced(after)}, {_named(group.td & 0x0F)}"
    yield from explain_historical(atr.historical)
    if atr.tck is not None:
        yield "TCK", 1, "check byte, right"


def _announced(group: InterfaceGroup) -> str:
    """Which interface bytes a TD, or T0, says there are."""
    values = (("A", group.ta), ("B", group.tb), ("C", group.tc), ("D", group.td))
    present = [f"T{letter}{group.number}" for letter, value in values if value is not None]
    if not present:
        return "no interface bytes follow"
    return f"{', '.join(present)} follow{'s' if len(present) == 1 else ''}"


def _named(protocol: int) -> str:
    if protocol == GLOBAL:
        return "for all protocols (T=15)"
    known = {0: "characters", 1: "blocks"}.get(protocol)
    return f"protocol T={protocol}" + ("" if known is None else f" ({known})")


def _interface(atr: Atr, group: InterfaceGroup, letter: str, value: int, seen: set[tuple[str, int]]) -> str:
    if group.number == 1:
        return _first_group(atr, letter, value)
    if group.number == 2:
        return _second_group(atr, letter, value)
    protocol = group.protocol or 0
    # Of several for one T, the first counts and the others are reserved (§8.3, §11.4).
    again = (letter, protocol) in seen
    seen.add((letter, protocol))
    if again:
        return _NO_MEANING
    if protocol == 1:
        return _block_protocol(letter, value)
    return _of_all_protocols(atr, letter, value) if protocol == GLOBAL else _NO_MEANING


def _first_group(atr: Atr, letter: str, value: int) -> str:
    if letter == "A":
        if atr.fi is None or atr.di is None:
            return f"Fi {atr.fi or 'reserved'}, Di {atr.di or 'reserved'}"
        return (
            f"Fi {atr.fi}, Di {atr.di}: {atr.fi / atr.di:g} clock cycles a bit, clock up to {atr.max_clock_mhz:g} MHz"
        )
    if letter == "B":
        return "programming voltage, not used any more"  # §8.3: deprecated, to be ignored
    if value == 0xFF:
        return "extra guard time N = 255, the shortest of each protocol: 12 bits (T=0), 11 bits (T=1)"
    return f"extra guard time N = {value}"


def _second_group(atr: Atr, letter: str, value: int) -> str:
    mode = atr.specific_mode
    if letter == "A" and mode is not None:
        speed = "speed agreed elsewhere" if mode.implicit else "speed as TA1 says"
        change = "may be changed by a reset" if mode.changeable else "cannot be changed"
        return f"specific mode: T={mode.protocol} at once, {speed}, {change}"
    if letter == "B":
        return "programming voltage, not used any more"
    return f"T=0: waiting time integer WI = {value}" if value else _NO_MEANING  # §10.2: 00 is reserved


def _block_protocol(letter: str, value: int) -> str:
    if letter == "A":
        # §11.4.2: 00 and FF are reserved.
        return (
            f"T=1: IFSC {value}, blocks of up to {value} bytes to the card" if value not in (0, 0xFF) else _NO_MEANING
        )
    if letter == "B":
        return f"T=1: BWI {value >> 4}, CWI {value & 0x0F}" + (", BWI reserved" if value >> 4 > 9 else "")
    return f"T=1: blocks end with a {'CRC of two bytes' if value & 1 else 'LRC of one byte'}"


def _of_all_protocols(atr: Atr, letter: str, value: int) -> str:
    if letter == "A":
        classes = ", ".join(f"{name} ({_CLASSES[name]})" for name in atr.supply_classes)
        return f"{_CLOCK_STOP[atr.clock_stop]}; supply class {classes or 'reserved'}"
    if letter == "B":
        kind = "proprietary" if value & 0x80 else "standard"
        return f"contact C6 has a {kind} use" if value else "contact C6 is not used"
    return _NO_MEANING
