"""The signature keys of an emulated card: from its personality's file, and what they do with a block or a hash."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature

from akis.errors import InvalidArgument
from akis.profile.model import check_fields

PrivateKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
KeyKind = Literal["rsa-2048", "ec-p256"]
_HASHES: dict[int, hashes.HashAlgorithm] = {
    20: hashes.SHA1(),
    32: hashes.SHA256(),
    48: hashes.SHA384(),
    64: hashes.SHA512(),
}
ECDSA_INPUTS = frozenset(_HASHES)
"""Lengths of the hashes that an elliptic-curve key signs."""
_COORDINATE = 32


@dataclass(frozen=True, slots=True, repr=False)
class SignKey:
    """A signature key of an emulated card. ``private_key`` is PKCS#8 in PEM, not enciphered: published, never secret.

    :class:`InvalidArgument` where it is not of its ``kind``. It is loaded when it is first used.
    """

    reference: int
    kind: KeyKind
    private_key: str

    def __post_init__(self) -> None:
        check_fields(self)
        if not 0 <= self.reference <= 0xFF:
            raise InvalidArgument("reference is one byte")
        # Whether its numbers belong together shows when it is used: that takes longer than all the rest of a card.
        if _kind(_loaded(self.private_key, checked=False)) != self.kind:
            raise InvalidArgument(f"private_key is not of kind {self.kind}")

    @property
    def rsa(self) -> bool:
        """Whether it is an RSA key; else it is one on an elliptic curve."""
        return self.kind == "rsa-2048"

    def load(self) -> PrivateKey:
        """The key itself; :class:`InvalidArgument` where its numbers do not belong together."""
        return _loaded(self.private_key, checked=True)

    @property
    def bits(self) -> int:
        """Length of the modulus, or of the order of the curve's base point."""
        return self.load().key_size

    @property
    def signature_length(self) -> int:
        """Bytes of a signature."""
        return self.bits // 8 if self.rsa else 2 * _COORDINATE

    def power(self, block: bytes) -> bytes:
        """RSA: the padded block to the power of the private exponent (RSASP1, RFC 8017 §5.2.1).

        Not in constant time, which a key that everybody knows does not need. :class:`InvalidArgument` where the block
        is not as long as the modulus, or not below it.
        """
        key = self.load()
        if not isinstance(key, rsa.RSAPrivateKey):
            raise InvalidArgument("an elliptic-curve key has no RSA signature")
        numbers = key.private_numbers()
        modulus = numbers.public_numbers.n
        message = int.from_bytes(block, "big")
        if len(block) != self.signature_length or message >= modulus:
            raise InvalidArgument("the block is not one of this key's length")
        first, second = pow(message, numbers.dmp1, numbers.p), pow(message, numbers.dmq1, numbers.q)
        signature = second + numbers.q * ((first - second) * numbers.iqmp % numbers.p)
        return signature.to_bytes(self.signature_length, "big")

    def ecdsa(self, digest: bytes) -> bytes:
        """ECDSA of a hash: r‖s. The same hash gives the same signature (RFC 6979), so a session can be replayed."""
        key = self.load()
        if not isinstance(key, ec.EllipticCurvePrivateKey) or len(digest) not in ECDSA_INPUTS:
            raise InvalidArgument("this key has no ECDSA signature of such a hash")
        hashed = Prehashed(_HASHES[len(digest)])
        r, s = decode_dss_signature(key.sign(digest, ec.ECDSA(hashed, deterministic_signing=True)))
        return r.to_bytes(_COORDINATE, "big") + s.to_bytes(_COORDINATE, "big")

    def __repr__(self) -> str:
        return f"SignKey({self.reference:02X}, {self.kind})"


def new_key(kind: KeyKind) -> PrivateKey:
    """A key of this kind that nobody has seen yet."""
    if kind == "rsa-2048":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


def as_pem(key: PrivateKey) -> str:
    """A key as a personality's file has it."""
    pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(*pem).decode("ascii")


@cache
def _loaded(pem: str, checked: bool) -> PrivateKey:
    try:
        key = serialization.load_pem_private_key(pem.encode("ascii"), None, unsafe_skip_rsa_key_validation=not checked)
    except Exception as error:  # cryptography promises no short list of what it raises
        problem = type(error).__name__
    else:
        if isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            return key
        problem = type(key).__name__
    # Raised out here: the text of the other error may hold some of the key.
    raise InvalidArgument(f"private_key is no RSA or elliptic-curve key in PEM, PKCS#8, unprotected ({problem})")


def _kind(key: PrivateKey) -> str:
    if isinstance(key, rsa.RSAPrivateKey):
        return f"rsa-{key.key_size}"
    return "ec-p256" if isinstance(key.curve, ec.SECP256R1) else f"ec-{key.curve.name}"
