"""EF.ODF: in which files the application lists what it holds (PKCS #15 v1.1 §6.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from asn1crypto import core

from akis.errors import InvalidArgument
from akis.pkcs15.der import Opaque, decode, objects, reading
from akis.pkcs15.path import Path, PathSchema, read_path

ListingKind = Literal[
    "private keys",
    "public keys",
    "trusted public keys",
    "secret keys",
    "certificates",
    "trusted certificates",
    "useful certificates",
    "data objects",
    "authentication objects",
]
_KINDS: tuple[ListingKind, ...] = get_args(ListingKind)
"""In the order of their tags, from [0] on."""


class _PathOrObjects(core.Choice):
    _alternatives = [
        ("path", PathSchema),
        ("objects", Opaque, {"implicit": 0}),
        ("indirect_protected", Opaque, {"implicit": 1}),
        ("direct_protected", Opaque, {"implicit": 2}),
    ]


class _Listing(core.Choice):
    _alternatives = [(kind, _PathOrObjects, {"explicit": tag}) for tag, kind in enumerate(_KINDS)]


@dataclass(frozen=True, slots=True)
class Listing:
    """Where entries of one kind are: in the file ``path``, or here as ``inside``, one after the other as in a file.

    Both are None where they are enciphered (``protected``).
    """

    kind: ListingKind
    path: Path | None = None
    inside: bytes | None = None

    @property
    def protected(self) -> bool:
        """Whether the entries are enciphered."""
        return self.path is None and self.inside is None

    def to_bytes(self) -> bytes:
        """One entry of EF.ODF that names a file."""
        if self.path is None or self.inside is not None:
            raise InvalidArgument("only entries that say in which file the objects are listed are built")
        return bytes(_Listing(self.kind, _PathOrObjects("path", self.path.schema())).dump())


def read_object_directory(raw: bytes) -> tuple[Listing, ...]:
    """The entries of EF.ODF, in the card's order; raises :class:`CodecError` where it is not one."""
    return tuple(_read(item) for item in objects(raw, "EF.ODF"))


def _read(raw: bytes) -> Listing:
    found = decode(_Listing, raw, "EF.ODF")
    with reading("EF.ODF"):
        choice = found.chosen
        match choice.name:
            case "path":
                return Listing(found.name, path=read_path(choice.chosen))
            case "objects":
                return Listing(found.name, inside=bytes(choice.chosen.contents))
        return Listing(found.name)
