"""EF.AODF: the PINs of the application (PKCS #15 v1.1 §6.8)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from asn1crypto import core

from akis.errors import CodecError
from akis.pkcs15.der import Opaque, decode, names, objects, reading
from akis.pkcs15.entry import CommonSchema, Entry, OtherEntry, read_common
from akis.pkcs15.path import Path, PathSchema, read_path

PinType = Literal["bcd", "ascii-numeric", "utf8", "half-nibble-bcd", "iso9564-1"]
PIN_FLAGS = (
    "case-sensitive",
    "local",
    "change-disabled",
    "unblock-disabled",
    "initialized",
    "needs-padding",
    "unblocking-pin",
    "so-pin",
    "disable-allowed",
    "integrity-protected",
    "confidentiality-protected",
    "exchange-ref-data",
)
"""In the order of their bits, the first is the most significant one."""


class _PinFlags(core.BitString):
    _map = dict(enumerate(PIN_FLAGS))


class _PinType(core.Enumerated):
    _map = {0: "bcd", 1: "ascii-numeric", 2: "utf8", 3: "half-nibble-bcd", 4: "iso9564-1"}


class _ClassAttributes(core.Sequence):
    _fields = [("auth_id", core.OctetString, {"optional": True})]


class _PinAttributes(core.Sequence):
    _fields = [
        ("flags", _PinFlags),
        ("type", _PinType),
        ("minimum", core.Integer),
        ("stored", core.Integer),
        ("maximum", core.Integer, {"optional": True}),
        ("reference", core.Integer, {"implicit": 0, "default": 0}),
        ("pad_char", core.OctetString, {"optional": True}),
        ("last_change", core.GeneralizedTime, {"optional": True}),
        ("path", PathSchema, {"optional": True}),
    ]


class _Pin(core.Sequence):
    _fields = [
        ("common", CommonSchema),
        ("class", _ClassAttributes),
        ("type", _PinAttributes, {"explicit": 1}),
    ]


class _Authentication(core.Choice):
    _alternatives = [
        ("pin", _Pin),
        ("biometric template", Opaque, {"implicit": 0}),
        ("authentication key", Opaque, {"implicit": 1}),
        ("external", Opaque, {"implicit": 2}),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class PinEntry(Entry):
    """A PIN or PUK as the card describes it.

    ``id`` is what other entries call it by, ``reference`` P2 of its commands (0x81, say). Lengths count characters as
    they are typed, ``stored`` bytes as the card keeps them; ``maximum`` None where the card does not say. ``flags`` are
    of :data:`PIN_FLAGS`. ``path`` is the DF to select before its use.
    """

    id: bytes
    reference: int
    minimum: int
    stored: int
    maximum: int | None = None
    type: PinType = "ascii-numeric"
    flags: frozenset[str] = field(default_factory=lambda: frozenset({"local", "initialized"}))
    pad_byte: int | None = None
    path: Path | None = None

    def to_bytes(self) -> bytes:
        """One entry of EF.AODF."""
        fields: dict[str, Any] = {
            "flags": set(self.flags),
            "type": self.type,
            "minimum": self.minimum,
            "stored": self.stored,
            "reference": self.reference,
        }
        if self.maximum is not None:
            fields["maximum"] = self.maximum
        if self.pad_byte is not None:
            fields["pad_char"] = bytes((self.pad_byte,))
        if self.path is not None:
            fields["path"] = self.path.schema()
        entry = {"common": self.common(), "class": {"auth_id": self.id}, "type": fields}
        return bytes(_Authentication("pin", _Pin(entry)).dump())


def read_pins(raw: bytes) -> tuple[PinEntry | OtherEntry, ...]:
    """The entries of EF.AODF, in the card's order; raises :class:`CodecError` where it is not one."""
    return tuple(_read(item) for item in objects(raw, "EF.AODF"))


def _read(raw: bytes) -> PinEntry | OtherEntry:
    found = decode(_Authentication, raw, "EF.AODF")
    with reading("EF.AODF"):
        if found.name != "pin":
            common = decode(CommonSchema, found.chosen[0].dump(), "EF.AODF")
            return OtherEntry(kind=found.name, **read_common(common))
        pin = found.chosen
        attributes = pin["type"]
        pad = attributes["pad_char"].native
        if pad is not None and len(pad) != 1:
            raise CodecError("a PIN of EF.AODF has a padding character that is not one byte")
        return PinEntry(
            **read_common(pin["common"]),
            id=pin["class"]["auth_id"].native or b"",
            reference=_reference(attributes["reference"].native),
            minimum=_count(attributes["minimum"].native),
            stored=_count(attributes["stored"].native),
            maximum=None if attributes["maximum"].native is None else _count(attributes["maximum"].native),
            type=attributes["type"].native,
            flags=names(attributes["flags"]),
            pad_byte=None if pad is None else pad[0],
            path=None if attributes["path"].native is None else read_path(attributes["path"]),
        )


def _reference(number: int) -> int:
    """A reference is one byte; cards that write 81 as a one-byte INTEGER have written -127."""
    if not -0x80 <= number <= 0xFF:
        raise CodecError("a PIN of EF.AODF has a reference that is not one byte")
    return number & 0xFF


def _count(number: int) -> int:
    # PKCS #15 v1.1 §6.8.2: lengths are 0 to 65535.
    if not 0 <= number <= 0xFFFF:
        raise CodecError("a PIN of EF.AODF has a length that no PIN has")
    return number
