"""Symmetric device authentication (CWA 14890-1): both sides and who overhears them, from nonces to a session.

Terminal and card prove to each other that they hold the same pair of keys, K.ENC and K.MAC, and agree on session keys::

    S.IFD = RND.IFD 8 ‖ SN.IFD 8 ‖ RND.ICC 8 ‖ SN.ICC 8 ‖ K.IFD 32      the terminal's token
    S.ICC = RND.ICC 8 ‖ SN.ICC 8 ‖ RND.IFD 8 ‖ SN.IFD 8 ‖ K.ICC 32      the card's
    token = E ‖ MAC(K.MAC, E ‖ 80 00 … 00)[:8], E = E(K.ENC, S)         72 bytes

Nothing here does I/O: what is random comes in as an argument, what is to be sent goes out as a value.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

from akis.errors import CodecError, InvalidArgument, SecureMessagingError, WrongType
from akis.profile.model import SmRules
from akis.secret import Secret
from akis.sm.card import CardSession
from akis.sm.kdf import ENC, MAC, derive
from akis.sm.observer import Observer
from akis.sm.suite import Suite, pad
from akis.sm.terminal import SecureSession

TOKEN_LENGTH = 72
NONCE_LENGTH = 8
SN_LENGTH = 8
_K_LENGTH = 32
_MAC_LENGTH = 8

Session = TypeVar("Session", SecureSession, CardSession, Observer)


@dataclass(frozen=True, slots=True)
class Algorithm:
    """One row of the algorithm table: reference byte, cipher suite, hash, key length in bytes."""

    reference: int
    suite: Suite
    digest: Literal["SHA-1", "SHA-256"]
    key_length: int


ALGORITHMS = {
    row.reference: row
    for row in (
        # 0C and 8C as in OpenSC's IAS/ECC driver.
        Algorithm(0x0C, Suite.TDES, "SHA-1", 16),
        Algorithm(0x8C, Suite.TDES, "SHA-256", 16),
        # Assumed: CWA 14890-1 has no AES; these carry the same exchange over to it.
        Algorithm(0xAC, Suite.AES, "SHA-256", 16),
        Algorithm(0xAD, Suite.AES, "SHA-256", 24),
        Algorithm(0xAE, Suite.AES, "SHA-256", 32),
    )
}


def algorithm(reference: int) -> Algorithm:
    """The algorithm with this reference byte; :class:`InvalidArgument` where there is none."""
    # What is no small number may be a key in the wrong place, so it is not repeated.
    if not isinstance(reference, int):
        raise WrongType(f"an algorithm reference is a number, not {type(reference).__name__}")
    if reference not in ALGORITHMS:
        known = ", ".join(f"{known:02X}" for known in ALGORITHMS)
        raise InvalidArgument(f"no such device authentication algorithm; there are {known}")
    return ALGORITHMS[reference]


class DeviceKeys:
    """The pair of static keys behind one key reference, and the algorithm they are for."""

    def __init__(self, reference: int, algorithm_reference: int, k_enc: Secret | bytes, k_mac: Secret | bytes) -> None:
        self.algorithm = algorithm(algorithm_reference)
        if not isinstance(reference, int):
            raise WrongType(f"a key reference is a number, not {type(reference).__name__}")
        if not 0 < reference <= 0xFF:
            raise InvalidArgument("a key reference is one byte, 01 to FF")
        self.reference = reference
        self.k_enc = Secret.of(k_enc)
        self.k_mac = Secret.of(k_mac)
        for name, key in (("K.ENC", self.k_enc), ("K.MAC", self.k_mac)):
            if len(key) != self.algorithm.key_length:
                wanted = self.algorithm.key_length
                raise InvalidArgument(
                    f"{name} of algorithm {algorithm_reference:02X} is {wanted} bytes, not {len(key)}"
                )

    def check_usable(self) -> None:
        """Raise :class:`InvalidArgument` where the keys were wiped."""
        self.k_enc.reveal()
        self.k_mac.reveal()

    def wipe(self) -> None:
        """Overwrite both keys; they cannot be used afterwards."""
        self.k_enc.wipe()
        self.k_mac.wipe()

    def __repr__(self) -> str:
        return f"DeviceKeys(reference {self.reference:02X}, algorithm {self.algorithm.reference:02X})"

    def seal(self, token: bytes) -> bytes:
        """E(K.ENC, S) and its MAC: 72 bytes."""
        cryptogram = self.algorithm.suite.encryption(self.k_enc.reveal()).encrypt(token)
        return cryptogram + self._checksum(cryptogram)

    def open(self, sealed: bytes) -> bytes:
        """S out of a sealed token; its MAC is checked first."""
        cryptogram, checksum = sealed[:-_MAC_LENGTH], sealed[-_MAC_LENGTH:]
        if not hmac.compare_digest(checksum, self._checksum(cryptogram)):
            raise SecureMessagingError("checksum of the authentication token differs")
        return self.algorithm.suite.encryption(self.k_enc.reveal()).decrypt(cryptogram)

    def _checksum(self, cryptogram: bytes) -> bytes:
        suite = self.algorithm.suite
        return suite.mac(self.k_mac.reveal())(pad(cryptogram, suite.block))[:_MAC_LENGTH]


class _Side:
    """What terminal and card do alike."""

    def __init__(self, keys: DeviceKeys, own_sn: bytes, random: Callable[[int], bytes], rules: SmRules | None) -> None:
        self._keys = keys
        self._own_sn = _eight(own_sn, "a serial number")
        if not isinstance(keys, DeviceKeys):
            raise WrongType(f"the keys are DeviceKeys, not {type(keys).__name__}")
        keys.check_usable()
        self._random = random
        self._rules = rules

    def _session(self, kind: type[Session], rnd_ifd: bytes, rnd_icc: bytes, k_ifd: bytes, k_icc: bytes) -> Session:
        return _session(kind, self._keys.algorithm, (rnd_ifd, rnd_icc), (k_ifd, k_icc), self._rules)


def _session(
    kind: type[Session],
    chosen: Algorithm,
    nonces: tuple[bytes, bytes],
    halves: tuple[bytes, bytes],
    rules: SmRules | None,
) -> Session:
    """The session that follows from nonces and halves of the secret, the terminal's first."""
    rnd_ifd, rnd_icc = nonces
    shared = bytes(a ^ b for a, b in zip(*halves, strict=True))
    k_enc, k_mac = (derive(shared, use, chosen.digest, chosen.key_length) for use in (ENC, MAC))
    # The counter starts from both nonces: their last halves for 3DES, whole for AES (assumed).
    ssc = rnd_icc[4:] + rnd_ifd[4:] if chosen.suite is Suite.TDES else rnd_icc + rnd_ifd
    return kind(chosen.suite, k_enc, k_mac, ssc, rules)


def overheard(
    keys: DeviceKeys, sent: bytes, answered: bytes, challenge: bytes | None = None, rules: SmRules | None = None
) -> Observer:
    """A listener to the session that two tokens of 72 bytes, the terminal's and the card's, have opened.

    Raises :class:`SecureMessagingError` where one of them does not open with ``keys`` or does not echo the other, or
    where the terminal's does not echo the card's ``challenge``, unless that is None.
    """
    for token in (sent, answered):
        if len(token) != TOKEN_LENGTH:
            raise SecureMessagingError(f"an authentication token has {TOKEN_LENGTH} bytes, not {len(token)}")
    theirs, cards = keys.open(sent), keys.open(answered)
    if challenge is not None and theirs[16:24] != challenge:
        raise SecureMessagingError("the terminal's authentication token does not echo the card's challenge")
    if cards[:-_K_LENGTH] != theirs[16:32] + theirs[:16]:
        raise SecureMessagingError("the card's authentication token does not echo what was sent")
    nonces = theirs[:NONCE_LENGTH], cards[:NONCE_LENGTH]
    return _session(Observer, keys.algorithm, nonces, (theirs[-_K_LENGTH:], cards[-_K_LENGTH:]), rules)


class TerminalAuthentication(_Side):
    """The terminal's side of one authentication: make the token, check the card's, have a session."""

    def __init__(
        self,
        keys: DeviceKeys,
        sn_ifd: bytes,
        sn_icc: bytes,
        random: Callable[[int], bytes],
        rules: SmRules | None = None,
    ) -> None:
        """``sn_ifd`` and ``sn_icc`` are 8 bytes each; ``random(n)`` gives n bytes, ``secrets.token_bytes`` for real."""
        super().__init__(keys, sn_ifd, random, rules)
        self._sn_icc = _eight(sn_icc, "a serial number")
        self._sent: tuple[bytes, bytes, Secret] | None = None

    def token(self, rnd_icc: bytes) -> bytes:
        """The data field of MUTUAL AUTHENTICATE for the card's challenge: 72 bytes."""
        rnd_icc = _eight(rnd_icc, "a challenge")
        rnd_ifd, k_ifd = (checked_random(self._random, length) for length in (NONCE_LENGTH, _K_LENGTH))
        self._sent = rnd_ifd, rnd_icc, Secret(k_ifd)
        return self._keys.seal(rnd_ifd + self._own_sn + rnd_icc + self._sn_icc + k_ifd)

    def session(self, answer: bytes) -> SecureSession:
        """The secure session, once the card's token proves right; :class:`SecureMessagingError` where it does not."""
        if self._sent is None:
            raise InvalidArgument("the terminal's token comes first, and each token serves one answer")
        answer = _bytes(answer, "an authentication token")
        rnd_ifd, rnd_icc, k_ifd = self._sent
        self._sent = None
        with k_ifd:
            if len(answer) != TOKEN_LENGTH:
                raise SecureMessagingError(
                    f"the card's authentication token has {len(answer)} bytes, not {TOKEN_LENGTH}"
                )
            token = self._keys.open(answer)
            # All four echoed fields, before any key is derived.
            if not hmac.compare_digest(token[:-_K_LENGTH], rnd_icc + self._sn_icc + rnd_ifd + self._own_sn):
                raise SecureMessagingError("the card's authentication token does not echo what was sent")
            return self._session(SecureSession, rnd_ifd, rnd_icc, k_ifd.reveal(), token[-_K_LENGTH:])


class CardAuthentication(_Side):
    """The card's side: check the terminal's token, answer it, have a session."""

    def __init__(
        self, keys: DeviceKeys, sn_icc: bytes, random: Callable[[int], bytes], rules: SmRules | None = None
    ) -> None:
        super().__init__(keys, sn_icc, random, rules)

    def answer(self, rnd_icc: bytes, token: bytes) -> tuple[bytes, CardSession]:
        """The card's token (72 bytes) and its session; :class:`SecureMessagingError` where the terminal's is wrong."""
        rnd_icc, token = _eight(rnd_icc, "a challenge"), _bytes(token, "an authentication token")
        if len(token) != TOKEN_LENGTH:
            raise CodecError(f"an authentication token has {TOKEN_LENGTH} bytes, not {len(token)}")
        opened = self._keys.open(token)
        rnd_ifd, sn_ifd = opened[:8], opened[8:16]
        # Any terminal may hold the keys; the card checks that the rest is its own challenge and number.
        if not hmac.compare_digest(opened[16:32], rnd_icc + self._own_sn):
            raise SecureMessagingError("the terminal's authentication token does not echo this card's challenge")
        k_icc = checked_random(self._random, _K_LENGTH)
        sealed = self._keys.seal(rnd_icc + self._own_sn + rnd_ifd + sn_ifd + k_icc)
        return sealed, self._session(CardSession, rnd_ifd, rnd_icc, opened[32:], k_icc)


def checked_random(random: Callable[[int], bytes], length: int) -> bytes:
    """``length`` bytes from a source that is somebody else's."""
    if not callable(random):
        raise WrongType(f"a source of random bytes is called with a number, {type(random).__name__} cannot be")
    drawn = random(length)
    if not isinstance(drawn, bytes | bytearray) or len(drawn) != length:
        raise InvalidArgument(f"the source of random bytes does not give {length} bytes when asked for them")
    return bytes(drawn)


def serial_to_sn(serial: bytes) -> bytes:
    """SN.ICC or SN.IFD from a serial number: its last 8 bytes, padded with zeros on the left where it has fewer."""
    return serial[-SN_LENGTH:].rjust(SN_LENGTH, b"\x00")


def _eight(value: bytes, what: str) -> bytes:
    value = _bytes(value, what)
    if len(value) != 8:
        raise InvalidArgument(f"{what} is 8 bytes in device authentication, not {len(value)}")
    return value


def _bytes(value: bytes, what: str) -> bytes:
    if not isinstance(value, bytes | bytearray | memoryview):
        raise WrongType(f"{what} is bytes, not {type(value).__name__}")
    return bytes(value)
