"""The ways to sign that this library knows, by the names that profiles and the command line use."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from akis.errors import InvalidArgument

HASHES = ("sha256", "sha384", "sha512")


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One way to sign: ``scheme`` and the hash, by its name in :mod:`hashlib`.

    ``rsa-pkcs1`` is RSASSA-PKCS1-v1_5 and ``rsa-pss`` is RSASSA-PSS with MGF1 of the same hash and a salt as long as it
    (RFC 8017 §8); ``ecdsa`` gives r‖s.
    """

    scheme: Literal["rsa-pkcs1", "rsa-pss", "ecdsa"]
    hash: str

    @property
    def name(self) -> str:
        """Such as ``rsa-pkcs1-sha256``."""
        return f"{self.scheme}-{self.hash}"

    @property
    def digest_size(self) -> int:
        """Length of the hash in bytes."""
        return hashlib.new(self.hash).digest_size

    @property
    def rsa(self) -> bool:
        """Whether the key is an RSA key; else it is one on an elliptic curve."""
        return self.scheme != "ecdsa"

    def digest(self, data: bytes) -> bytes:
        """The hash of ``data``."""
        return hashlib.new(self.hash, data).digest()


_SCHEMES: tuple[Literal["rsa-pkcs1", "rsa-pss", "ecdsa"], ...] = ("rsa-pkcs1", "rsa-pss", "ecdsa")

MECHANISMS: Mapping[str, Mechanism] = {
    made.name: made for scheme in _SCHEMES for made in (Mechanism(scheme, hash_name) for hash_name in HASHES)
}


def mechanism(name: str | Mechanism) -> Mechanism:
    """The mechanism of this name; :class:`InvalidArgument` says which there are instead."""
    found = name if isinstance(name, Mechanism) else MECHANISMS.get(str(name))
    if found is None:
        raise InvalidArgument(f"there is no such signature mechanism; there are {', '.join(MECHANISMS)}")
    return found
