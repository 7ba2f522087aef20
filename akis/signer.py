"""Signing with a key of a card: the PIN verified, the key chosen, the hash signed, the signature checked.

The same calls serve every card whose profile says how it signs; what differs (padding on the card or here, the form of
MSE, chaining) is in :class:`akis.profile.model.SignRules`. Commands go plain, or inside the card's secure session where
one is open.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature

from akis.card import Card
from akis.commands.mechanisms import Mechanism, mechanism
from akis.conversation import signing
from akis.errors import AkisError, InvalidArgument, PolicyRefused, WrongType
from akis.pin import Pin, PinValue
from akis.sm.mutual_auth import checked_random

PublicKey: TypeAlias = rsa.RSAPublicKey | ec.EllipticCurvePublicKey
_HASHES = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
_BITS = 2048


class WrongSignature(AkisError):
    """The card gave a signature that is not one of the certificate's key over this hash; it is of no use."""


class Signer:
    """One signature key of a card, by its reference.

    ``certificate``, or its public key, says what the key is: every signature is then checked before it is returned, and
    blocks padded here have its length, 2048 bits without one. ``random(n)`` gives n random bytes, for the salt of PSS
    where it is made here. The card's application is selected already, as for :class:`Pin`.
    """

    def __init__(
        self,
        card: Card,
        key: int,
        certificate: x509.Certificate | PublicKey | None = None,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        if not isinstance(card, Card):
            raise WrongType(f"a signature key is on a Card, not on {type(card).__name__}")
        if isinstance(key, bool) or not isinstance(key, int) or not 0 <= key <= 0xFF:
            raise InvalidArgument("a key reference is one byte")
        if card.profile.signing is None:
            raise PolicyRefused("the card's profile does not say how it signs; nothing was sent")
        self.card = card
        self.key = key
        self.public_key = None if certificate is None else _public_key(certificate)
        self._rules = card.profile.signing
        self._random = random

    def sign(
        self, data: bytes, name: str | Mechanism, pin: PinValue | None = None, *, allow_last_try: bool = False
    ) -> bytes:
        """The signature of ``data`` by a mechanism such as ``rsa-pkcs1-sha256``; see :meth:`sign_digest`."""
        chosen = mechanism(name)
        return self.sign_digest(
            chosen.digest(_bytes("what is signed", data)), chosen, pin, allow_last_try=allow_last_try
        )

    def sign_digest(
        self, digest: bytes, name: str | Mechanism, pin: PinValue | None = None, *, allow_last_try: bool = False
    ) -> bytes:
        """The signature of a hash: as long as the modulus (RSA), or r‖s (ECDSA; :func:`ecdsa_der` makes it DER).

        ``pin`` is verified right before, in the same transaction, with the guard of :class:`Pin` and its three
        outcomes; it is sent once, and not at all where the card refuses the key. None leaves the PIN to the caller: a
        card that wants a fresh VERIFY for each signature answers :class:`CardError` 6982 without one.
        :class:`WrongSignature` where the check fails.
        """
        chosen, digest = mechanism(name), _bytes("a hash", digest)
        key = self.public_key
        if key is not None and chosen.rsa != isinstance(key, rsa.RSAPublicKey):
            raise InvalidArgument(f"the key of this certificate does not sign by {chosen.name}; nothing was sent")
        bits = _BITS if key is None else key.key_size
        salt = checked_random(self._random, chosen.digest_size) if chosen.scheme == "rsa-pss" else b""
        conversation = signing.sign(self._rules, self.key, chosen, digest, bits, salt)
        with self.card.transaction():
            if pin is not None:
                # A key that is not there shows before the PIN is used. Reading the PIN's counter may select the
                # application anew, so the key is chosen again afterwards.
                self.card.run(signing.choose(self._rules, self.key, chosen))
                Pin(self.card).verify(pin, allow_last_try=allow_last_try)
            signature = self.card.run(conversation)
        if key is not None:
            check(signature, digest, chosen, key)
        return signature


def check(signature: bytes, digest: bytes, name: str | Mechanism, certificate: x509.Certificate | PublicKey) -> None:
    """Return where this is the certificate's key's signature of the hash, :class:`WrongSignature` where it is not."""
    chosen, key = mechanism(name), _public_key(certificate)
    signature, digest = _bytes("a signature", signature), _bytes("a hash", digest)
    hashed = Prehashed(_HASHES[chosen.hash])
    try:
        if isinstance(key, rsa.RSAPublicKey) and chosen.rsa:
            key.verify(signature, digest, _padding(chosen), hashed)
            return
        if isinstance(key, ec.EllipticCurvePublicKey) and len(signature) == 2 * ((key.key_size + 7) // 8):
            key.verify(ecdsa_der(signature), digest, ec.ECDSA(hashed))
            return
    except (InvalidSignature, ValueError):
        pass
    raise WrongSignature("the signature that the card gave is not one of this certificate's key; do not use it")


def ecdsa_der(signature: bytes) -> bytes:
    """r‖s as the DER of RFC 3279 §2.2.3, which X.509, CMS and openssl use."""
    half, odd = divmod(len(_bytes("a signature", signature)), 2)
    if odd or not half:
        raise InvalidArgument("r‖s is two numbers of the same length")
    return encode_dss_signature(int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big"))


def _bytes(what: str, value: object) -> bytes:
    if not isinstance(value, bytes | bytearray | memoryview):
        raise WrongType(f"{what} is bytes, not {type(value).__name__}")
    return bytes(value)


def _padding(chosen: Mechanism) -> padding.PKCS1v15 | padding.PSS:
    if chosen.scheme == "rsa-pkcs1":
        return padding.PKCS1v15()
    return padding.PSS(padding.MGF1(_HASHES[chosen.hash]), padding.PSS.AUTO)


def _public_key(certificate: x509.Certificate | PublicKey) -> PublicKey:
    if not isinstance(certificate, x509.Certificate):
        key: object = certificate
    else:
        try:
            key = certificate.public_key()
        except (UnsupportedAlgorithm, ValueError):
            key = None
    if isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        return key
    if isinstance(certificate, x509.Certificate):
        raise InvalidArgument("the certificate has a key of an unknown kind: neither RSA nor an elliptic curve")
    raise WrongType(f"a key is known by its certificate or public key, not by {type(certificate).__name__}")
