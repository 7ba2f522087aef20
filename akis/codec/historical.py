"""The historical bytes of an ATR: category, COMPACT-TLV objects and what they say (ISO/IEC 7816-4:2005 §8.1.1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, TypeVar

from construct import BitsInteger, BitStruct, Bytes, Construct, Flag, GreedyRange, Nibble, Optional, Struct, this

from akis.codec.schema import parse_layout
from akis.errors import CodecError, WrongType
from akis.status import StatusWord

STATUS_FOLLOWS = 0x00
"""Category: COMPACT-TLV objects, then a status indicator of three bytes."""
DIR_REFERENCE = 0x10
"""Category: one byte that refers to the DIR data."""
COMPACT_TLV = 0x80
"""Category: COMPACT-TLV objects; a status indicator is one of them, if there is one."""

SERVICE_DATA, CAPABILITIES, STATUS_INDICATOR = 0x3, 0x7, 0x8

T = TypeVar("T")


class LifeCycle(Enum):
    """What a life cycle status byte says (ISO/IEC 7816-4:2005 §5.3.3.2, table 13)."""

    UNKNOWN = "no information given"
    CREATION = "creation"
    INITIALISATION = "initialisation"
    DEACTIVATED = "operational, deactivated"
    ACTIVATED = "operational, activated"
    TERMINATED = "terminated"
    PROPRIETARY = "proprietary"
    RESERVED = "reserved"

    @classmethod
    def of(cls, byte: int) -> LifeCycle:
        """The state of a life cycle status byte, 00 to FF."""
        if byte > 0x0F:
            return cls.PROPRIETARY
        if byte >= 0x0C:
            return cls.TERMINATED
        states = {0: cls.UNKNOWN, 1: cls.CREATION, 3: cls.INITIALISATION, 4: cls.DEACTIVATED, 5: cls.ACTIVATED}
        # Bit 2 is free in the operational states: 06 is as 04, 07 as 05.
        return states.get(byte & 0x05 if byte in (6, 7) else byte, cls.RESERVED)


@dataclass(frozen=True, slots=True)
class CompactTlv:
    """One COMPACT-TLV object: a tag of four bits (6 stands for the interindustry tag 46) and up to 15 bytes."""

    tag: int
    value: bytes


@dataclass(frozen=True, slots=True)
class StatusIndicator:
    """Life cycle status byte and status word, each None where it is not given."""

    life_cycle_byte: int | None
    sw: StatusWord | None

    @property
    def life_cycle(self) -> LifeCycle | None:
        """The state in words."""
        return None if self.life_cycle_byte is None else LifeCycle.of(self.life_cycle_byte)


@dataclass(frozen=True, slots=True)
class CardServiceData:
    """How applications are selected, and how EF.DIR and EF.ATR are read; ``read_by`` is None for a reserved value."""

    select_by_full_name: bool
    select_by_partial_name: bool
    objects_in_dir: bool
    objects_in_atr: bool
    read_by: Literal["READ BINARY", "READ RECORD", "GET DATA"] | None
    has_mf: bool


@dataclass(frozen=True, slots=True)
class SelectionMethods:
    """First software function byte."""

    df_by_full_name: bool
    df_by_partial_name: bool
    df_by_path: bool
    df_by_file_identifier: bool
    df_implicitly: bool
    short_ef_identifier: bool
    record_number: bool
    record_identifier: bool


@dataclass(frozen=True, slots=True)
class DataCoding:
    """Second software function byte; ``data_unit`` is the size of a data unit in half bytes (2 is one byte)."""

    tlv_files: bool
    write: Literal["one-time", "proprietary", "OR", "AND"]
    ff_begins_a_tag: bool
    data_unit: int


@dataclass(frozen=True, slots=True)
class CommandSupport:
    """Third software function byte; ``logical_channels`` is 1 to 7, or 8 for eight and more."""

    command_chaining: bool
    extended_lengths: bool
    lengths_in_ef_atr: bool
    channels_by_card: bool
    channels_by_terminal: bool
    logical_channels: int


@dataclass(frozen=True, slots=True)
class CardCapabilities:
    """The software function bytes; the second and third are None where the card does not give them."""

    selection: SelectionMethods
    coding: DataCoding | None
    commands: CommandSupport | None


@dataclass(frozen=True, slots=True)
class HistoricalBytes:
    """Historical bytes; what does not have the form its category promises, or is proprietary, is in ``raw`` alone."""

    raw: bytes
    category: int | None = None
    objects: tuple[CompactTlv, ...] = ()
    status: StatusIndicator | None = None
    dir_reference: int | None = None

    @classmethod
    def from_bytes(cls, raw: bytes) -> HistoricalBytes:
        """Read historical bytes; any bytes will do."""
        if not isinstance(raw, bytes | bytearray | memoryview):
            raise WrongType(f"historical bytes are bytes, not {type(raw).__name__}")
        raw = bytes(raw)
        category, body = (raw[0], raw[1:]) if raw else (None, b"")
        try:
            if category == STATUS_FOLLOWS and len(body) >= 3:
                return cls(raw, category, _compact(body[:-3]), _status(body[-3:]))
            if category == COMPACT_TLV:
                objects = _compact(body)
                return cls(raw, category, objects, _status(_value(objects, STATUS_INDICATOR)))
        except CodecError:
            pass
        return cls(raw, category, dir_reference=body[0] if category == DIR_REFERENCE and len(body) == 1 else None)

    def value(self, tag: int) -> bytes | None:
        """The value of the first object with this tag of four bits, or None."""
        return _value(self.objects, tag)

    @property
    def service_data(self) -> CardServiceData | None:
        """Card service data, tag 3."""
        return _read(_SERVICE_DATA, self.value(SERVICE_DATA), _service_data)

    @property
    def capabilities(self) -> CardCapabilities | None:
        """Card capabilities, tag 7."""
        return _read(_CAPABILITIES, self.value(CAPABILITIES), _capabilities)


# The items end where one does not fit; parse_layout then finds the bytes left over.
_COMPACT_TLV = GreedyRange(
    Struct("head" / BitStruct("tag" / Nibble, "length" / Nibble), "value" / Bytes(this.head.length))
)
# Table 85
_SERVICE_DATA = BitStruct(
    "select_by_full_name" / Flag,
    "select_by_partial_name" / Flag,
    "objects_in_dir" / Flag,
    "objects_in_atr" / Flag,
    "read_by" / BitsInteger(3),
    "without_mf" / Flag,
)
_READ_BY = {0b100: "READ BINARY", 0b000: "READ RECORD", 0b010: "GET DATA"}
# Tables 86 to 88
_CAPABILITIES = Struct(
    "selection" / BitStruct(*(name / Flag for name in SelectionMethods.__dataclass_fields__)),
    "coding"
    / Optional(BitStruct("tlv_files" / Flag, "write" / BitsInteger(2), "ff_begins_a_tag" / Flag, "data_unit" / Nibble)),
    "commands"
    / Optional(
        BitStruct(
            "command_chaining" / Flag,
            "extended_lengths" / Flag,
            "lengths_in_ef_atr" / Flag,
            "channels_by_card" / Flag,
            "channels_by_terminal" / Flag,
            "logical_channels" / BitsInteger(3),
        )
    ),
)


def _compact(raw: bytes) -> tuple[CompactTlv, ...]:
    def make(items: Any) -> tuple[CompactTlv, ...]:
        return tuple(CompactTlv(item.head.tag, item.value) for item in items)

    return parse_layout(_COMPACT_TLV, raw, "COMPACT-TLV", make)


def _value(objects: tuple[CompactTlv, ...], tag: int) -> bytes | None:
    return next((item.value for item in objects if item.tag == tag), None)


def _status(raw: bytes | None) -> StatusIndicator | None:
    """Life cycle status, status word, or one after the other: its length tells (ISO/IEC 7816-4:2005 §8.1.1.3)."""
    if raw is None or not 1 <= len(raw) <= 3:
        return None
    sw = StatusWord(int.from_bytes(raw[-2:], "big")) if len(raw) > 1 else None
    return StatusIndicator(raw[0] if len(raw) != 2 else None, sw)


def _service_data(bits: Any) -> CardServiceData:
    fields = _fields(bits)
    has_mf = not fields.pop("without_mf")
    return CardServiceData(**fields | {"read_by": _READ_BY.get(bits.read_by), "has_mf": has_mf})


def _capabilities(found: Any) -> CardCapabilities:
    coding = commands = None
    if found.coding is not None:
        fields = _fields(found.coding)
        write = ("one-time", "proprietary", "OR", "AND")[found.coding.write]
        coding = DataCoding(**fields | {"write": write, "data_unit": 1 << found.coding.data_unit})
    if found.commands is not None:
        commands = CommandSupport(**_fields(found.commands) | {"logical_channels": found.commands.logical_channels + 1})
    return CardCapabilities(SelectionMethods(**_fields(found.selection)), coding, commands)


def _fields(container: Any) -> dict[str, Any]:
    return {name: value for name, value in container.items() if not name.startswith("_")}


def _read(layout: Construct, raw: bytes | None, make: Callable[[Any], T]) -> T | None:
    """The value of an object, or None where there is none or it does not have its layout."""
    try:
        return None if raw is None else parse_layout(layout, raw, "a data object", make)
    except CodecError:
        return None
