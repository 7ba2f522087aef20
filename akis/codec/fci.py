"""File control information: what SELECT answers about a file (ISO/IEC 7816-4:2005 §5.3.3)."""

from __future__ import annotations

from dataclasses import dataclass, field

from akis.codec.tlv import Tlv, build, find, parse
from akis.errors import CodecError, InvalidArgument

FCP = 0x62
FCI = 0x6F
_SIZE = 0x80
_DESCRIPTOR = 0x82
_FID = 0x83
_NAME = 0x84
_LIFE_CYCLE = 0x8A
_DF = 0x38
TERMINATED = 0x0C
"""Life-cycle byte of a file or card in termination state (ISO/IEC 7816-4:2005 table 13: 0C to 0F)."""


@dataclass(frozen=True, slots=True)
class FileControl:
    """The control parameters of one file; None where the card does not say.

    ``size`` in bytes, ``descriptor`` the file descriptor byte, ``fid`` as a number, ``life_cycle`` the LCS byte.
    ``others`` holds the data objects that are not read here, as they came.
    """

    size: int | None = None
    descriptor: int | None = None
    fid: int | None = None
    name: bytes | None = None
    life_cycle: int | None = None
    others: tuple[Tlv, ...] = field(default=())

    @property
    def is_df(self) -> bool | None:
        """Whether it is a dedicated file (ISO/IEC 7816-4:2005 table 14: bits 6 to 4 of the descriptor all set)."""
        return None if self.descriptor is None else self.descriptor & _DF == _DF

    def to_bytes(self, template: int = FCI) -> bytes:
        """The template, FCI 6F or FCP 62, with what is known."""
        objects = []
        if self.size is not None:
            objects.append(Tlv(_SIZE, _bytes("size", self.size, 2 if self.size < 0x10000 else 4)))
        if self.descriptor is not None:
            objects.append(Tlv(_DESCRIPTOR, _bytes("descriptor", self.descriptor, 1)))
        if self.fid is not None:
            objects.append(Tlv(_FID, _bytes("fid", self.fid, 2)))
        if self.name is not None:
            objects.append(Tlv(_NAME, self.name))
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
        known = (_SIZE, _DESCRIPTOR, _FID, _NAME, _LIFE_CYCLE)
        descriptor = find(inner, _DESCRIPTOR)
        name = find(inner, _NAME)
        if descriptor is not None and not descriptor.value:
            raise CodecError("file descriptor is empty")
        return cls(
            size=_number(inner, _SIZE, 4),
            descriptor=None if descriptor is None else descriptor.value[0],
            fid=_number(inner, _FID, 2),
            name=None if name is None else name.value,
            life_cycle=_number(inner, _LIFE_CYCLE, 1),
            others=tuple(item for item in inner if item.tag not in known),
        )


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
