"""Tokens that only their hash is kept of."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode

from akis.authority.steps.tokens import new_token, token_hash


def test_a_token_is_random_and_its_hash_is_that_of_its_text() -> None:
    token, hashed = new_token(lambda count: bytes(range(0xE0, 0xE0 + count)))
    assert urlsafe_b64decode(token + "=") == bytes(range(0xE0, 0x100))
    assert hashed == token_hash(token) == hashlib.sha256(token.encode()).digest()


def test_whatever_is_shown_instead_of_a_token_has_a_hash() -> None:
    assert token_hash("\ud800 ş \0") != token_hash("")
