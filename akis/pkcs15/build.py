"""The PKCS #15 files of a card with one PIN, one PUK and its signing keys, as bytes: for emulated cards and for tests.

Each entry makes its own bytes (``PinEntry(...).to_bytes()``, and so on) where a card is to hold something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from akis.errors import InvalidArgument
from akis.pkcs15.applications import PKCS15_AID, Application
from akis.pkcs15.certificate_entries import CertificateEntry
from akis.pkcs15.keys import PrivateKeyEntry, PublicKeyEntry
from akis.pkcs15.object_directory import Listing, ListingKind
from akis.pkcs15.path import Path
from akis.pkcs15.pins import PinEntry
from akis.pkcs15.token_info import Algorithm, TokenInfo

EF_DIR, EF_ODF, EF_TOKEN_INFO = 0x2F00, 0x5031, 0x5032
EF_AODF, EF_PRKDF, EF_PUKDF, EF_CDF = 0x4401, 0x4402, 0x4403, 0x4404
"""Where the directory files are put; the first two of this list are where PKCS #15 v1.1 §5.5 has them."""
_PIN_ID, _PUK_ID = b"\x01", b"\x02"
# PKCS #11 v2.20: CKM_RSA_PKCS and CKM_ECDSA, with the algorithms' own identifiers.
_RSA = (0x0001, "1.2.840.113549.1.1.1")
_ECDSA = (0x1041, "1.2.840.10045.2.1")


class _Built(Protocol):
    def to_bytes(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key on the card and, where it has one, its certificate.

    ``reference`` is what MSE calls it by, ``size`` its modulus or field in bits, ``certificate`` the path of the file
    that holds the certificate. ``id`` ties key and certificate together.
    """

    reference: int
    kind: Literal["rsa", "ec"]
    size: int
    label: str
    id: bytes
    certificate: tuple[int, ...] | None = None
    fresh_verify: bool = True
    """A VERIFY right before each signature; the entry says so as user consent."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A PIN or PUK on the card: P2 of its commands and how many digits it has."""

    reference: int
    minimum: int
    maximum: int
    label: str


def file(entries: Iterable[_Built]) -> bytes:
    """Entries of one directory file, one after the other."""
    return b"".join(entry.to_bytes() for entry in entries)


def ef_dir(label: str, application: Sequence[int] = (0x3F00, 0x3D00), aid: bytes = PKCS15_AID) -> bytes:
    """EF.DIR with one application in the DF of this path."""
    return Application(aid, label, Path.of(*application)).to_bytes()


def pin_entries(pin: Reference, puk: Reference | None, application: Sequence[int]) -> tuple[PinEntry, ...]:
    """What EF.AODF says of PIN and PUK: local, initialized, ASCII digits, no padding."""
    path = Path.of(*application)

    def entry(of: Reference, own: bytes, protected_by: bytes, *flags: str) -> PinEntry:
        return PinEntry(
            label=of.label,
            private=True,
            modifiable=True,
            protected_by=protected_by,
            id=own,
            reference=of.reference,
            minimum=of.minimum,
            stored=of.maximum,
            maximum=of.maximum,
            flags=frozenset({"local", "initialized", *flags}),
            path=path,
        )

    if puk is None:
        return (entry(pin, _PIN_ID, b""),)
    # PKCS #15 v1.1 §6.8.1: the authId of a PIN names the one that unblocks it.
    return entry(pin, _PIN_ID, _PUK_ID), entry(puk, _PUK_ID, b"", "unblocking-pin")


def application_files(
    label: str,
    serial: bytes,
    pin: Reference,
    puk: Reference | None = None,
    keys: Sequence[SigningKey] = (),
    application: Sequence[int] = (0x3F00, 0x3D00),
    manufacturer: str = "",
) -> dict[int, bytes]:
    """Every PKCS #15 file below the DF ``application``, by file identifier: EF.ODF, EF.TokenInfo, EF.AODF, EF.PrKDF,
    EF.PuKDF and EF.CDF, the last three only where there is something to list. Certificates themselves are not here.
    """
    if len({key.id for key in keys}) != len(keys) or len({key.reference for key in keys}) != len(keys):
        raise InvalidArgument("two keys have the same id or the same reference")
    certified = [key for key in keys if key.certificate is not None]
    directories: dict[int, tuple[ListingKind, bytes]] = {
        EF_PRKDF: ("private keys", file(_private(key, application) for key in keys)),
        EF_PUKDF: ("public keys", file(_public(key, application) for key in keys)),
        EF_CDF: ("certificates", file(_certificate(key) for key in certified)),
        EF_AODF: ("authentication objects", file(pin_entries(pin, puk, application))),
    }
    filled = {fid: (kind, content) for fid, (kind, content) in directories.items() if content}
    listings = [Listing(kind, Path.of(*application, fid)) for fid, (kind, _) in filled.items()]
    token = TokenInfo(
        serial,
        label,
        manufacturer,
        frozenset({"login-required", "prn-generation"}),
        algorithms=_algorithms({key.kind for key in keys}),
    )
    return {
        EF_ODF: file(listings),
        EF_TOKEN_INFO: token.to_bytes(),
        **{fid: content for fid, (_, content) in filled.items()},
    }


def _private(key: SigningKey, application: Sequence[int]) -> PrivateKeyEntry:
    return PrivateKeyEntry(
        label=key.label,
        private=True,
        protected_by=_PIN_ID,
        user_consent=1 if key.fresh_verify else None,
        id=key.id,
        kind=key.kind,
        reference=key.reference,
        size=key.size,
        path=Path.of(*application),
    )


def _public(key: SigningKey, application: Sequence[int]) -> PublicKeyEntry:
    return PublicKeyEntry(
        label=key.label, id=key.id, kind=key.kind, reference=key.reference, size=key.size, path=Path.of(*application)
    )


def _certificate(key: SigningKey) -> CertificateEntry:
    return CertificateEntry(label=key.label, id=key.id, path=Path.of(*(key.certificate or ())))


def _algorithms(kinds: set[str]) -> tuple[Algorithm, ...]:
    found = [known for kind, known in (("rsa", _RSA), ("ec", _ECDSA)) if kind in kinds]
    return tuple(
        Algorithm(number, mechanism, frozenset({"compute-signature"}), oid)
        for number, (mechanism, oid) in enumerate(found, 1)
    )
