"""Where an object is (PKCS #15 v1.1 §6.1.5, ISO/IEC 7816-15:2004 §8.2.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from asn1crypto import core

from akis.errors import CodecError, InvalidArgument
from akis.pkcs15.der import present

MF = b"\x3f\x00"
_AID = {"implicit": ("application", 15)}


class _TagRef(core.Sequence):
    _fields = [("tag", core.OctetString), ("file", core.OctetString, {"optional": True})]


class _AppFileRef(core.Sequence):
    _fields = [("aid", core.OctetString, _AID), ("file", core.OctetString)]


class _AppTagRef(core.Sequence):
    _fields = [
        ("aid", core.OctetString, _AID),
        ("tag", core.OctetString),
        ("file", core.OctetString, {"optional": True}),
    ]


class _Place(core.Choice):
    _alternatives = [
        ("file", core.OctetString),
        ("tag_ref", _TagRef, {"implicit": 0}),
        ("app_file_ref", _AppFileRef, {"implicit": 1}),
        ("app_tag_ref", _AppTagRef, {"implicit": 2}),
    ]


class PathSchema(core.Sequence):
    """Path, with the choices that ISO/IEC 7816-15 added to the OCTET STRING of PKCS #15."""

    _fields = [
        ("place", _Place),
        ("index", core.Integer, {"optional": True}),
        ("length", core.Integer, {"implicit": 0, "optional": True}),
    ]


@dataclass(frozen=True, slots=True)
class Path:
    """A file, a part of one, or a data object of the card.

    ``file`` is the file's path as it is written: file identifiers of two bytes each, from the MF when the first is
    3F00, else from the current DF. ``index`` and ``length`` are a part of it in bytes, or ``index`` a record; both None
    for all of it. ``aid`` names another application to look in, ``tag`` a data object; both are empty as a rule.
    """

    file: bytes
    index: int | None = None
    length: int | None = None
    aid: bytes = b""
    tag: bytes = b""

    @classmethod
    def of(cls, *fids: int, index: int | None = None, length: int | None = None) -> Path:
        """The path of these file identifiers, ``Path.of(0x3F00, 0x3D00, 0x2F10)``."""
        if not all(isinstance(fid, int) and 0 <= fid <= 0xFFFF for fid in fids):
            raise InvalidArgument("a file identifier is two bytes")
        return cls(b"".join(fid.to_bytes(2, "big") for fid in fids), index, length)

    @property
    def fids(self) -> tuple[int, ...]:
        """The file identifiers; none where the path names no file by identifiers alone."""
        if len(self.file) % 2 or self.tag:
            return ()
        return tuple(int.from_bytes(self.file[at : at + 2], "big") for at in range(0, len(self.file), 2))

    @property
    def absolute(self) -> bool:
        """Whether it begins at the MF."""
        return self.file.startswith(MF) and len(self.file) % 2 == 0

    def __str__(self) -> str:
        """As people write it, ``3F00/3D00/2F10``."""
        written = "/".join(f"{fid:04X}" for fid in self.fids) or self.file.hex().upper()
        part = "" if self.length is None else f", {self.length} bytes from {self.index or 0}"
        return written + part

    def schema(self) -> PathSchema:
        """The path as ASN.1; only paths of files are built."""
        if self.tag or self.aid:
            raise InvalidArgument("only paths of files are built, without application or tag")
        fields: dict[str, Any] = {"place": _Place("file", core.OctetString(self.file))}
        if self.index is not None:
            fields["index"] = self.index
        if self.length is not None:
            fields["length"] = self.length
        return PathSchema(fields)


def read_path(found: PathSchema) -> Path:
    """A path from its ASN.1; to be called inside :func:`akis.pkcs15.der.reading`."""
    place = found["place"].chosen
    index, length = found["index"].native, found["length"].native
    # PKCS #15 v1.1 §6.1.5: index and length are 0 to 65535.
    if not 0 <= (index or 0) <= 0xFFFF or not 0 <= (length or 0) <= 0xFFFF:
        raise CodecError("a path has an index or length that no file has")
    if isinstance(place, core.OctetString):
        return Path(place.native, index, length)
    aid, tag = _field(place, "aid"), _field(place, "tag")
    return Path(_field(place, "file"), index, length, aid, tag)


def _field(place: core.Sequence, name: str) -> bytes:
    if not any(name == field[0] for field in place._fields) or not present(place[name]):
        return b""
    return bytes(place[name].native)
