"""Session keys from a shared secret."""

from __future__ import annotations

from typing import Literal

from cryptography.hazmat.primitives import hashes

ENC = 1
MAC = 2
_HASHES = {"SHA-1": hashes.SHA1, "SHA-256": hashes.SHA256}


def derive(secret: bytes, counter: int, digest: Literal["SHA-1", "SHA-256"], length: int) -> bytes:
    """The leftmost ``length`` bytes of H(secret ‖ counter), the counter on four bytes, big-endian.

    CWA 14890-1 (device authentication) and ICAO Doc 9303-11 §9.7.1 (which adjusts 3DES keys to odd parity
    afterwards; ciphers ignore parity, and CWA 14890 leaves the keys as they are).
    """
    state = hashes.Hash(_HASHES[digest]())
    state.update(secret)
    state.update(counter.to_bytes(4, "big"))
    return state.finalize()[:length]
