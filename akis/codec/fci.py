"""File control information: what SELECT answers about a file (ISO/IEC 7816-4:2005 §5.3.3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from akis.codec.access import FileAccess
from akis.codec.tlv import Tlv, build, find, parse
from akis.errors import CodecError, InvalidArgument

FCP = 0x62
FCI = 0x6F
_SIZE = 0x80
_ALLOCATED = 0x81
_DESCRIPTOR = 0x82
_FID = 0x83
_NAME = 0x84
_SHORT_ID = 0x88
_LIFE_CYCLE = 0x8A
_COMPACT_SECURITY = 0x8C
_FLAGS = 0x90
_ONCE = (_SIZE, _ALLOCATED, _DESCRIPTOR, _FID, _SHORT_ID, _LIFE_CYCLE)
TERMINATED = 0x0C
"""Life-cycle byte of a file or card in termination state (ISO/IEC 7816-4:2005 table 13: 0C to 0F)."""

Structure = Literal["DF", "transparent", "linear-fixed", "linear-variable", "cyclic", "data-objects"]
_SHAREABLE = 0x40
_STRUCTURES: dict[int, Structure] = {
    1: "transparent",
    2: "linear-fixed",
    3: "linear-fixed",
    4: "linear-variable",
    5: "linear-variable",
    6: "cyclic",
    7: "cyclic",
}


@dataclass(frozen=True, slots=True)
class FileControl:
    """The control parameters of one file; None where the card does not say.

    ``size`` in bytes of data, ``descriptor`` the file descriptor byte, ``fid`` as a number, ``life_cycle`` the LCS
    byte. ``allocated`` is the size with structural information, ``coding`` the data coding byte; ``record_length`` is
    the greatest or only one, in bytes, ``records`` how many there are. ``short_id`` is the short EF identifier, 0 where
    the card says that there is none.
    ``others`` holds the data objects that are not read here, as they came.
    """

    size: int | None = None
    descriptor: int | None = None
    fid: int | None = None
    name: bytes | None = None
    life_cycle: int | None = None
    others: tuple[Tlv, ...] = field(default=())
    allocated: int | None = None
    coding: int | None = None
    record_length: int | None = None
    records: int | None = None
    short_id: int | None = None

    @property
    def structure(self) -> Structure | None:
        """What the descriptor byte says of the file's structure (ISO/IEC 7816-4:2005 table 14)."""
        if self.descriptor is None or self.descriptor & 0x80:
            return None
        kind = self.descriptor & ~_SHAREABLE
        if kind == 0x38:
            return "DF"
        if kind in (0x39, 0x3A):
            return "data-objects"
        # Bits 6 to 4: 000 is a working EF, 001 an internal one, the others but 111 are the card's own kinds of EF.
        return None if kind & 0x38 == 0x38 else _STRUCTURES.get(kind & 0x07)

    @property
    def is_df(self) -> bool | None:
        """Whether it is a dedicated file."""
        return None if self.descriptor is None else self.structure == "DF"

    @property
    def has_records(self) -> bool:
        """Whether it is known to be read by records."""
        return self.structure in ("linear-fixed", "linear-variable", "cyclic")

    @property
    def flags(self) -> int | None:
        """Tag 90, where it is there once as one byte: AKİS 1.0 has flags in it (:mod:`akis.codec.pin_flags`)."""
        found = [item for item in self.others if item.tag == _FLAGS]
        return found[0].value[0] if len(found) == 1 and len(found[0].value) == 1 else None

    @property
    def access(self) -> FileAccess | None:
        """What reading and updating the file needs, from the compact security attributes (tag 8C), where given."""
        found = [item for item in self.others if item.tag == _COMPACT_SECURITY]
        return FileAccess.from_compact(found[0].value) if len(found) == 1 and not self.is_df else None

    def to_bytes(self, template: int = FCI) -> bytes:
        """The template, FCI 6F or FCP 62, with what is known, its objects in the order of their tags."""
        objects = []
        if self.size is not None:
            objects.append(Tlv(_SIZE, _bytes("size", self.size, 2 if self.size < 0x10000 else 4)))
        if self.allocated is not None:
            objects.append(Tlv(_ALLOCATED, _bytes("allocated", self.allocated, 2 if self.allocated < 0x10000 else 4)))
        if self.descriptor is not None:
            objects.append(Tlv(_DESCRIPTOR, self._descriptor()))
        if self.fid is not None:
            objects.append(Tlv(_FID, _bytes("fid", self.fid, 2)))
        if self.name is not None:
            objects.append(Tlv(_NAME, self.name))
        if self.short_id is not None:
            short = _bytes("short_id", self.short_id, 1)
            if self.short_id > 30:
                raise InvalidArgument("short_id of a file is 1 to 30, or 0 for none")
            objects.append(Tlv(_SHORT_ID, bytes((short[0] << 3,)) if self.short_id else b""))
        if self.life_cycle is not None:
            objects.append(Tlv(_LIFE_CYCLE, _bytes("life_cycle", self.life_cycle, 1)))
        return build([Tlv(template, (*objects, *self.others))])

    @classmethod
    def from_bytes(cls, raw: bytes) -> FileControl:
        """Read FCI 6F or FCP 62; raises :class:`CodecError` for anything else."""
        objects = parse(raw)
        if len(objects) != 1 or objects[0].tag not in (FCP, FCI):
            raise CodecError("file control information is one template, 62 or 6F", 0)
        inner = objects[0].children
        for tag in _ONCE:
            if sum(item.tag == tag for item in inner) > 1:
                raise CodecError(f"tag {tag:X} is there more than once in file control information")
        name = find(inner, _NAME)
        descriptor, coding, record_length, records = _described(find(inner, _DESCRIPTOR))
        return cls(
            size=_number(inner, _SIZE, 4),
            descriptor=descriptor,
            fid=_number(inner, _FID, 2),
            name=None if name is None else name.value,
            life_cycle=_number(inner, _LIFE_CYCLE, 1),
            # A DF may have several names (ISO/IEC 7816-4:2005 table 12); the first is the name.
            others=tuple(item for item in inner if item.tag not in _ONCE and item is not name),
            allocated=_number(inner, _ALLOCATED, 4),
            coding=coding,
            record_length=record_length,
            records=records,
            short_id=_short_id(find(inner, _SHORT_ID)),
        )

    def _descriptor(self) -> bytes:
        """Tag 82, as long as what is known needs it (ISO/IEC 7816-4:2005 table 12)."""
        written = _bytes("descriptor", self.descriptor or 0, 1)
        if self.coding is not None or self.record_length is not None or self.records is not None:
            # Where nobody said, 21: data units of one byte, WRITE as the card likes (ISO/IEC 7816-4:2005 table 87).
            written += _bytes("coding", 0x21 if self.coding is None else self.coding, 1)
        if self.records is not None:
            if self.record_length is None:
                raise InvalidArgument("a file with a number of records has a record_length")
            return (
                written
                + _bytes("record_length", self.record_length, 2)
                + _bytes("records", self.records, 1 if self.records < 0x100 else 2)
            )
        if self.record_length is not None:
            written += _bytes("record_length", self.record_length, 1 if self.record_length < 0x100 else 2)
        return written


def _described(found: Tlv | None) -> tuple[int | None, int | None, int | None, int | None]:
    """Tag 82: descriptor byte, data coding byte, record size on one or two bytes, number of records on one or two."""
    if found is None:
        return None, None, None, None
    value = found.value
    if not value:
        raise CodecError("file descriptor is empty")
    if len(value) > 6:
        raise CodecError(f"file descriptor has {len(value)} bytes, at most 6 are used")
    size, count = value[2:4], value[4:6]
    return (
        value[0],
        value[1] if len(value) > 1 else None,
        int.from_bytes(size, "big") if size else None,
        int.from_bytes(count, "big") if count else None,
    )


def _short_id(found: Tlv | None) -> int | None:
    """Tag 88: nothing where there is no short identifier, else it is in bits 8 to 4 (ISO/IEC 7816-4:2005 table 12)."""
    if found is None:
        return None
    if len(found.value) > 1:
        raise CodecError(f"tag 88 of file control information has {len(found.value)} bytes")
    if not found.value:
        return 0
    if found.value[0] & 0x07 or not 1 <= found.value[0] >> 3 <= 30:
        raise CodecError("tag 88 of file control information is no short EF identifier")
    return found.value[0] >> 3


def _bytes(name: str, number: int, length: int) -> bytes:
    if not 0 <= number < 1 << 8 * length:
        raise InvalidArgument(f"{name} of a file is a number of {length} bytes at most")
    return number.to_bytes(length, "big")


def _number(objects: tuple[Tlv, ...], tag: int, longest: int) -> int | None:
    found = find(objects, tag)
    if found is None:
        return None
    if not 1 <= len(found.value) <= longest:
        raise CodecError(f"tag {tag:X} of file control information has {len(found.value)} bytes")
    return int.from_bytes(found.value, "big")
