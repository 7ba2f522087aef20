from __future__ import annotations

import hashlib

import pytest

from akis.sm.kdf import ENC, MAC, derive


@pytest.mark.parametrize(("digest", "name"), [("SHA-1", "sha1"), ("SHA-256", "sha256")])
@pytest.mark.parametrize("counter", [ENC, MAC, 3, 0x01020304])
@pytest.mark.parametrize("length", [8, 16, 20])
def test_leftmost_bytes_of_a_hash_over_secret_and_counter(digest: str, name: str, counter: int, length: int) -> None:
    secret = bytes(range(32))
    expected = hashlib.new(name, secret + counter.to_bytes(4, "big")).digest()[:length]
    assert derive(secret, counter, digest, length) == expected  # type: ignore[arg-type]


def test_a_key_of_aes_256_takes_the_whole_hash() -> None:
    assert derive(b"secret", ENC, "SHA-256", 32) == hashlib.sha256(b"secret\x00\x00\x00\x01").digest()


def test_keys_for_two_uses_differ() -> None:
    assert derive(b"secret", ENC, "SHA-256", 16) != derive(b"secret", MAC, "SHA-256", 16)
