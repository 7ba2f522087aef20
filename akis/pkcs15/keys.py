"""EF.PrKDF and EF.PuKDF: the keys of the application (PKCS #15 v1.1 §6.3, §6.4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from asn1crypto import core

from akis.errors import CodecError, InvalidArgument
from akis.pkcs15.der import Opaque, decode, names, objects, reading
from akis.pkcs15.entry import CommonSchema, Entry, ValueSchema, path_of, read_common, value_at
from akis.pkcs15.path import Path

KeyKind = Literal["rsa", "ec", "dh", "dsa", "kea"]
KEY_USAGES = (
    "encrypt",
    "decrypt",
    "sign",
    "sign-recover",
    "wrap",
    "unwrap",
    "verify",
    "verify-recover",
    "derive",
    "non-repudiation",
)
KEY_ACCESS = ("sensitive", "extractable", "always-sensitive", "never-extractable", "local")
"""Like :data:`KEY_USAGES` in the order of their bits, the first is the most significant one."""


class _Usage(core.BitString):
    _map = dict(enumerate(KEY_USAGES))


class _Access(core.BitString):
    _map = dict(enumerate(KEY_ACCESS))


class _ClassAttributes(core.Sequence):
    """CommonKeyAttributes; dates and algorithm references, which follow, are not read."""

    _fields = [
        ("id", core.OctetString),
        ("usage", _Usage),
        ("native", core.Boolean, {"default": True}),
        ("access", _Access, {"optional": True}),
        ("reference", core.Integer, {"optional": True}),
    ]


class _TypeAttributes(core.Sequence):
    """All kinds of keys begin with where the key is; RSA keys go on with their size in bits."""

    _fields = [("value", ValueSchema), ("size", core.Integer, {"optional": True})]


class _Key(core.Sequence):
    _fields = [
        ("common", CommonSchema),
        ("class", _ClassAttributes),
        ("subclass", Opaque, {"explicit": 0, "optional": True}),
        ("type", _TypeAttributes, {"explicit": 1}),
    ]


class _KeyChoice(core.Choice):
    _alternatives = [
        ("rsa", _Key),
        ("ec", _Key, {"implicit": 0}),
        ("dh", _Key, {"implicit": 1}),
        ("dsa", _Key, {"implicit": 2}),
        ("kea", _Key, {"implicit": 3}),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEntry(Entry):
    """A key as the card describes it.

    ``id`` is the one of the certificate that belongs to it. ``reference`` is what MSE calls it by, None where the card
    does not say; ``size`` is the modulus of an RSA key in bits, or the field of an EC key where the card says that.
    ``usage`` is of :data:`KEY_USAGES`, ``access`` of :data:`KEY_ACCESS`. ``path`` is None where no path is given.
    """

    id: bytes
    kind: KeyKind = "rsa"
    usage: frozenset[str] = frozenset()
    native: bool = True
    access: frozenset[str] = frozenset()
    reference: int | None = None
    size: int | None = None
    path: Path | None = None

    def to_bytes(self) -> bytes:
        """One entry of EF.PrKDF or EF.PuKDF."""
        if self.kind == "rsa" and self.size is None:
            raise InvalidArgument("the entry of an RSA key says how many bits the key has")
        about: dict[str, Any] = {"id": self.id, "usage": set(self.usage), "native": self.native}
        if self.access:
            about["access"] = set(self.access)
        if self.reference is not None:
            about["reference"] = self.reference
        where: dict[str, Any] = {"value": value_at(self.path)}
        if self.size is not None:
            where["size"] = self.size
        entry = _Key({"common": self.common(), "class": about, "type": where})
        return bytes(_KeyChoice(self.kind, entry).dump())


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateKeyEntry(KeyEntry):
    """A private key; by default one that was made for signing and never leaves the card."""

    usage: frozenset[str] = field(default_factory=lambda: frozenset({"sign", "non-repudiation"}))
    access: frozenset[str] = field(default_factory=lambda: frozenset(KEY_ACCESS) - {"extractable"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKeyEntry(KeyEntry):
    """A public key."""

    usage: frozenset[str] = field(default_factory=lambda: frozenset({"verify"}))


K = TypeVar("K", bound=KeyEntry)


def read_private_keys(raw: bytes) -> tuple[PrivateKeyEntry, ...]:
    """The entries of EF.PrKDF, in the card's order; raises :class:`CodecError` where it is not one."""
    return tuple(_read(PrivateKeyEntry, item, "EF.PrKDF") for item in objects(raw, "EF.PrKDF"))


def read_public_keys(raw: bytes) -> tuple[PublicKeyEntry, ...]:
    """The entries of EF.PuKDF, in the card's order; raises :class:`CodecError` where it is not one."""
    return tuple(_read(PublicKeyEntry, item, "EF.PuKDF") for item in objects(raw, "EF.PuKDF"))


def _read(kind: type[K], raw: bytes, what: str) -> K:
    found = decode(_KeyChoice, raw, what)
    with reading(what):
        key = found.chosen
        about, where = key["class"], key["type"]
        reference, size = about["reference"].native, where["size"].native
        # PKCS #15 v1.1 §6.1.6: key references are 0 to 255; written as one byte those from 80 on are negative.
        if reference is not None and not -0x80 <= reference <= 0xFF:
            raise CodecError(f"a key of {what} has a reference that is not one byte")
        if size is not None and not 0 <= size <= 0xFFFF:
            raise CodecError(f"a key of {what} has a size that no key has")
        return kind(
            **read_common(key["common"]),
            id=about["id"].native,
            kind=found.name,
            usage=names(about["usage"]),
            native=about["native"].native,
            access=names(about["access"]),
            reference=None if reference is None else reference & 0xFF,
            size=size,
            path=path_of(where["value"]),
        )
