"""What an RSA key is applied to: a hash, wrapped and padded to the length of the modulus (RFC 8017 §9)."""

from __future__ import annotations

import hashlib

from akis.errors import InvalidArgument

# RFC 8017 §9.2, note 1: all of a DigestInfo that stands before the hash.
_DIGEST_INFO = {
    "sha1": bytes.fromhex("3021300906052B0E03021A05000414"),
    "sha256": bytes.fromhex("3031300D060960864801650304020105000420"),
    "sha384": bytes.fromhex("3041300D060960864801650304020205000430"),
    "sha512": bytes.fromhex("3051300D060960864801650304020305000440"),
}
_LEAST_FILLER = 8


def digest_info(hash_name: str, digest: bytes) -> bytes:
    """The DigestInfo of a hash: its algorithm and itself, in DER."""
    prefix = _DIGEST_INFO.get(hash_name)
    if prefix is None or len(digest) != prefix[-1]:
        raise InvalidArgument(f"this is no {hash_name} hash, or none that has a DigestInfo here")
    return prefix + digest


def pkcs1_block(content: bytes, bits: int) -> bytes:
    """``00 01 FF … FF 00 content`` for a modulus of ``bits`` bits (EMSA-PKCS1-v1_5, RFC 8017 §9.2)."""
    filler = (bits + 7) // 8 - 3 - len(content)
    if filler < _LEAST_FILLER:
        raise InvalidArgument(f"{len(content)} bytes are too many for a key of {bits} bits")
    return b"\x00\x01" + b"\xff" * filler + b"\x00" + content


def pss_block(digest: bytes, hash_name: str, bits: int, salt: bytes) -> bytes:
    """The encoded hash for a modulus of ``bits`` bits, MGF1 over the same hash (EMSA-PSS, RFC 8017 §9.1.1)."""
    size = hashlib.new(hash_name).digest_size
    if len(digest) != size:
        raise InvalidArgument(f"a {hash_name} hash has {size} bytes, not {len(digest)}")
    used = bits - 1  # one bit less than the modulus, so that the number is below it
    length = (used + 7) // 8
    filler = length - len(salt) - size - 2
    if filler < 0:
        raise InvalidArgument(f"hash and salt are too long for a key of {bits} bits")
    checked = hashlib.new(hash_name, bytes(8) + digest + salt).digest()
    plain = bytes(filler) + b"\x01" + salt
    mask = _mgf1(checked, len(plain), hash_name)
    masked = bytearray(left ^ right for left, right in zip(plain, mask, strict=True))
    masked[0] &= 0xFF >> (8 * length - used)
    block = bytes(masked) + checked + b"\xbc"
    return bytes((bits + 7) // 8 - length) + block


def _mgf1(seed: bytes, length: int, hash_name: str) -> bytes:
    """RFC 8017 §B.2.1."""
    made = b""
    counter = 0
    while len(made) < length:
        made += hashlib.new(hash_name, seed + counter.to_bytes(4, "big")).digest()
        counter += 1
    return made[:length]
