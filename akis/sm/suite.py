"""The two cipher suites of secure messaging, with cipher contexts that last as long as their key.

Making a cipher object for each message costs six times the cryptography itself, so each key has one CBC context for its
whole life. A context goes on from the last cryptogram block; a message that has an IV of its own is chained onto it by
XORing its first block with (IV xor last block): the same bytes as a fresh context with that IV would give.

Contexts have state: one session, one thread, and none survives an exception.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from akis.errors import InvalidArgument, WrongType

BytesLike = bytes | bytearray | memoryview


def pad(message: bytes, block: int) -> bytes:
    """Append 80 00 … 00 up to the next block, a whole block where it ends on one (ISO/IEC 9797-1 padding method 2)."""
    return message + b"\x80" + bytes(block - 1 - len(message) % block)


def unpad(message: bytes, block: int) -> bytes:
    """Take 80 00 … 00 away again; raises ``ValueError`` where it is not there or longer than a block."""
    stripped = message.rstrip(b"\x00")
    if stripped[-1:] != b"\x80" or len(message) - len(stripped) >= block:
        raise ValueError("padding is not 80 00 … 00")
    return stripped[:-1]


@contextmanager
def expanded_key(key: BytesLike, length: int) -> Iterator[bytes]:
    """A copy of ``key``, repeated from its start up to ``length``, that is zeroed when its contexts have been made.

    Two-key 3DES takes its first key again as the third.
    """
    given = bytearray(key)
    own = bytearray(given[place % len(given)] for place in range(length))
    try:
        yield own  # type: ignore[misc]  # the ciphers take a bytearray where their annotations say bytes
    finally:
        for copy in (given, own):
            copy[:] = bytes(len(copy))


class CbcEncryptor:
    """One CBC encryption context for all messages under a key."""

    __slots__ = ("_block", "_last", "_update")

    def __init__(self, algorithm: BlockCipherAlgorithm, block: int) -> None:
        self._update: Callable[[bytes], bytes] = Cipher(algorithm, modes.CBC(bytes(block))).encryptor().update
        self._block = block
        self._last = 0

    def __call__(self, message: bytes) -> bytes:
        """The cryptogram of whole blocks under IV 0."""
        block = self._block
        first = int.from_bytes(message[:block], "big") ^ self._last
        cryptogram = self._update(first.to_bytes(block, "big") + message[block:])
        self._last = int.from_bytes(cryptogram[-block:], "big")
        return cryptogram


class CbcDecryptor:
    """One CBC decryption context for all messages under a key."""

    __slots__ = ("_block", "_last", "_update")

    def __init__(self, algorithm: BlockCipherAlgorithm, block: int) -> None:
        self._update: Callable[[bytes], bytes] = Cipher(algorithm, modes.CBC(bytes(block))).decryptor().update
        self._block = block
        self._last = 0

    def __call__(self, cryptogram: bytes, iv: int) -> bytes:
        """The message of whole blocks under ``iv``."""
        block = self._block
        message = self._update(cryptogram)
        first = int.from_bytes(message[:block], "big") ^ self._last ^ iv
        self._last = int.from_bytes(cryptogram[-block:], "big")
        return first.to_bytes(block, "big") + message[block:]


class Encryption:
    """Encryption of whole blocks under one key, either with IV 0 or with the IV that belongs to a counter."""

    def __init__(self, suite: Suite, key: BytesLike) -> None:
        with expanded_key(key, 24 if suite is Suite.TDES else len(key)) as own:
            algorithm = TripleDES(own) if suite is Suite.TDES else AES(own)
            self._encrypt = CbcEncryptor(algorithm, suite.block)
            self._decrypt = CbcDecryptor(algorithm, suite.block)
        self._block = suite.block
        # ICAO Doc 9303-11 §9.8.6: the IV of 3DES is zero, that of AES is E(K, counter).
        self._iv_from_counter = suite is Suite.AES

    def encrypt(self, message: bytes, counter: bytes = b"") -> bytes:
        """The cryptogram of whole blocks."""
        if counter and self._iv_from_counter:
            # CBC under IV 0 over counter and message: the first block out is E(K, counter), the IV of the rest.
            return self._encrypt(counter + message)[self._block :]
        return self._encrypt(message)

    def decrypt(self, cryptogram: bytes, counter: bytes = b"") -> bytes:
        """The message of whole blocks."""
        iv = int.from_bytes(self._encrypt(counter), "big") if counter and self._iv_from_counter else 0
        return self._decrypt(cryptogram, iv)


class RetailMac:
    """ISO/IEC 9797-1 MAC algorithm 3 with DES: eight bytes over whole blocks."""

    def __init__(self, key: BytesLike) -> None:
        # DES alone is 3DES with one key three times; the last block goes through both keys.
        with expanded_key(key[:8], 24) as single, expanded_key(key, 24) as both:
            self._chain = CbcEncryptor(TripleDES(single), 8)
            self._last = CbcEncryptor(TripleDES(both), 8)

    def __call__(self, padded: bytes) -> bytes:
        before, last = padded[:-8], padded[-8:]
        if before:
            link = int.from_bytes(self._chain(before)[-8:], "big") ^ int.from_bytes(last, "big")
            last = link.to_bytes(8, "big")
        return self._last(last)


class Cmac:
    """AES-CMAC (NIST SP 800-38B, RFC 4493): sixteen bytes.

    Secure messaging pads before it authenticates, so its messages are whole blocks; others are padded here.
    """

    def __init__(self, key: BytesLike) -> None:
        with expanded_key(key, len(key)) as own:
            self._chain = CbcEncryptor(AES(own), 16)
        self._whole = _doubled(int.from_bytes(self._chain(bytes(16)), "big"))
        self._padded = _doubled(self._whole)

    def __call__(self, message: bytes) -> bytes:
        # RFC 4493 §2.4: the last block is masked with K1 where it is whole, padded and masked with K2 where it is not.
        subkey = self._whole
        if not message or len(message) % 16:
            message, subkey = pad(message, 16), self._padded
        last = int.from_bytes(message[-16:], "big") ^ subkey
        return self._chain(message[:-16] + last.to_bytes(16, "big"))[-16:]


def _doubled(element: int) -> int:
    """Times x in GF(2^128), reduced by x^128 + x^7 + x^2 + x + 1 (RFC 4493 §2.3)."""
    doubled = element << 1
    return doubled ^ (1 << 128 | 0x87) if doubled >> 128 else doubled


class Suite(Enum):
    """A cipher with its MAC: TDES (two keys, retail MAC) or AES (CMAC)."""

    TDES = "3DES"
    AES = "AES"

    @property
    def block(self) -> int:
        """Bytes of a block, and of the send sequence counter."""
        return 8 if self is Suite.TDES else 16

    @property
    def key_lengths(self) -> tuple[int, ...]:
        """The key lengths it takes, in bytes."""
        return (16,) if self is Suite.TDES else (16, 24, 32)

    def check_key(self, name: str, key: BytesLike) -> None:
        """Raise :class:`InvalidArgument` or :class:`WrongType` unless ``key`` can be a key; the key is not shown."""
        if not isinstance(key, bytes | bytearray | memoryview):
            raise WrongType(f"{name} is bytes, not {type(key).__name__}")
        length = memoryview(key).nbytes  # a view may have items of more than a byte
        if length not in self.key_lengths:
            lengths = " or ".join(str(length) for length in self.key_lengths)
            raise InvalidArgument(f"{name} of {self.value} is {lengths} bytes, not {length}")

    def encryption(self, key: BytesLike) -> Encryption:
        """Encryption under ``key``, its contexts made."""
        self.check_key("the encryption key", key)
        with expanded_key(key, memoryview(key).nbytes) as own:
            return Encryption(self, own)

    def mac(self, key: BytesLike) -> Callable[[bytes], bytes]:
        """The MAC under ``key``: 8 bytes (3DES, of messages padded to whole blocks) or 16 (AES, of any)."""
        self.check_key("the MAC key", key)
        with expanded_key(key, memoryview(key).nbytes) as own:
            return RetailMac(own) if self is Suite.TDES else Cmac(own)
