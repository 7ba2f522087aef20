"""Tokens that open something to whoever shows them: random text for its owner, a hash for the database."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256

from akis.sm.mutual_auth import checked_random

LENGTH = 32
"""Random bytes of a token: beyond guessing, so a plain hash of it gives nothing away."""


def new_token(random: Callable[[int], bytes]) -> tuple[str, bytes]:
    """A token, URL-safe base64 of 32 bytes from ``random(n)``, and its hash."""
    token = urlsafe_b64encode(checked_random(random, LENGTH)).rstrip(b"=").decode("ascii")
    return token, token_hash(token)


def token_hash(token: str) -> bytes:
    """SHA-256 of a token, or of any text that somebody shows instead of one."""
    return sha256(token.encode("utf-8", "replace")).digest()
