"""Names for the bytes of an answer to reset (ISO/IEC 7816-3:2006 §8)."""

from __future__ import annotations

from akis.codec.atr import GLOBAL, Atr, Convention, InterfaceGroup
from akis.codec.historical import HistoricalBytes
from akis.errors import CodecError
from akis.profile.version import card_version
from akis.trace.annotate import bytes_fields
from akis.trace.fields import Field, Part, fields


def atr_fields(raw: bytes) -> list[Field]:
    """Every byte of an ATR with its name; one field that says what is wrong where it is none."""
    try:
        atr = Atr.from_bytes(raw)
    except CodecError as error:
        return bytes_fields(raw, (), f"no ATR: {error}")
    kind = "direct convention" if atr.convention is Convention.DIRECT else "inverse convention"
    count = len(atr.historical_bytes)
    parts = [Part("TS", 0, 1, kind), Part("T0", 1, 2, f"{count} historical bytes")]
    position = 2
    for group in atr.groups:
        for letter, value in (("A", group.ta), ("B", group.tb), ("C", group.tc), ("D", group.td)):
            if value is not None:
                name = f"T{letter}{group.number}"
                parts.append(Part(name, position, position + 1, _said(atr, group, letter, value)))
                position += 1
    if count:
        parts.append(Part("historical", position, position + count, _historical(atr)))
    if atr.tck is not None:
        parts.append(Part("TCK", len(raw) - 1, len(raw), "check byte, right"))
    return fields(raw, parts, ())


def _said(atr: Atr, group: InterfaceGroup, letter: str, value: int) -> str:
    """What an interface byte says; nothing for those whose meaning is left to others."""
    if letter == "D":
        protocol = value & 0x0F
        return "global interface bytes follow" if protocol == GLOBAL else f"T={protocol}"
    match group.number, letter, group.protocol:
        case 1, "A", _:
            return f"Fi {atr.fi or 'reserved'}, Di {atr.di or 'reserved'}"
        case 1, "C", _:
            return f"extra guard time {value}"
        case 2, "A", _:
            return f"T={value & 0x0F} only"
        case 2, "C", _:
            return f"T=0: WI {value}"
        case number, "A", 1 if number > 2:
            return f"T=1: blocks of up to {value} bytes to the card"
        case number, "B", 1 if number > 2:
            return f"T=1: BWI {value >> 4}, CWI {value & 0x0F}"
        case number, "C", 1 if number > 2:
            return f"T=1: {'CRC' if value & 1 else 'LRC'}"
        case number, "A", 15 if number > 2:
            return f"supply class {', '.join(atr.supply_classes) or 'unknown'}"
    return ""


def _historical(atr: Atr) -> str:
    """Card and capabilities, as far as the historical bytes tell."""
    version = card_version(atr)
    said = [] if version is None else [str(version)]
    found: HistoricalBytes = atr.historical
    if found.capabilities is not None and found.capabilities.commands is not None:
        commands = found.capabilities.commands
        said.append("command chaining" if commands.command_chaining else "no command chaining")
        said.append("extended length" if commands.extended_lengths else "short length only")
    return ", ".join(said)
