"""EF.CDF: where the certificates of the application are (PKCS #15 v1.1 §6.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from asn1crypto import core

from akis.errors import InvalidArgument
from akis.pkcs15.der import Opaque, decode, objects, reading
from akis.pkcs15.entry import CommonSchema, Entry, OtherEntry, ValueSchema, path_of, read_common, value_at
from akis.pkcs15.path import Path


class _ClassAttributes(core.Sequence):
    """CommonCertificateAttributes; identifiers, hashes and trust, which follow, are not read."""

    _fields = [("id", core.OctetString), ("authority", core.Boolean, {"default": False})]


class _TypeAttributes(core.Sequence):
    """X509CertificateAttributes; subject, issuer and serial number are in the certificate itself."""

    _fields = [("value", ValueSchema)]


class _Certificate(core.Sequence):
    _fields = [
        ("common", CommonSchema),
        ("class", _ClassAttributes),
        ("subclass", Opaque, {"explicit": 0, "optional": True}),
        ("type", _TypeAttributes, {"explicit": 1}),
    ]


class _CertificateChoice(core.Choice):
    _alternatives = [
        ("x509", _Certificate),
        ("attribute certificate", Opaque, {"implicit": 0}),
        ("SPKI certificate", Opaque, {"implicit": 1}),
        ("PGP certificate", Opaque, {"implicit": 2}),
        ("WTLS certificate", Opaque, {"implicit": 3}),
        ("X9.68 certificate", Opaque, {"implicit": 4}),
        ("card verifiable certificate", Opaque, {"implicit": 5}),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateEntry(Entry):
    """An X.509 certificate as the card announces it.

    ``id`` is the one of the key it belongs to; ``authority`` says that it is a CA's. It is in the file ``path``, or in
    the entry itself as ``inside`` (DER); both None where the card only says on which web page, or protects it.
    """

    id: bytes
    authority: bool = False
    path: Path | None = None
    inside: bytes | None = None

    def to_bytes(self) -> bytes:
        """One entry of EF.CDF that names a file."""
        if self.path is None or self.inside is not None:
            raise InvalidArgument("only entries that say in which file the certificate is are built")
        about: dict[str, Any] = {"id": self.id, "authority": self.authority}
        entry = _Certificate({"common": self.common(), "class": about, "type": {"value": value_at(self.path)}})
        return bytes(_CertificateChoice("x509", entry).dump())


def read_certificate_entries(raw: bytes) -> tuple[CertificateEntry | OtherEntry, ...]:
    """The entries of EF.CDF, in the card's order; raises :class:`CodecError` where it is not one."""
    return tuple(_read(item) for item in objects(raw, "EF.CDF"))


def _read(raw: bytes) -> CertificateEntry | OtherEntry:
    found = decode(_CertificateChoice, raw, "EF.CDF")
    with reading("EF.CDF"):
        if found.name != "x509":
            common = decode(CommonSchema, found.chosen[0].dump(), "EF.CDF")
            return OtherEntry(kind=found.name, **read_common(common))
        entry = found.chosen
        value = entry["type"]["value"]
        return CertificateEntry(
            **read_common(entry["common"]),
            id=entry["class"]["id"].native,
            authority=entry["class"]["authority"].native,
            path=path_of(value),
            inside=bytes(value.chosen.contents) if value.name == "direct" else None,
        )
