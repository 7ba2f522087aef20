"""Random numbers that can be had again: from a seed, for emulated cards whose sessions are played again."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from hashlib import shake_256
from itertools import count

_BYTES = 8


def new_seed() -> str:
    """A seed nobody has had before."""
    return secrets.token_hex(_BYTES)


def seeded(seed: str) -> Callable[[int], bytes]:
    """A source of random bytes that gives the same for the same seed, draw by draw. Anybody can foretell it."""
    draws = count()
    return lambda length: shake_256(f"{seed}/{next(draws)}".encode()).digest(length)
