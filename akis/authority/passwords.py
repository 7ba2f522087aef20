"""Web passwords of holders, as argon2id (RFC 9106): slow to try, each with a salt of its own.

Needs ``pip install akis[authority]``.
"""

from __future__ import annotations

import os
import threading
import unicodedata
from typing import TYPE_CHECKING

from akis.errors import AkisError, InvalidArgument

if TYPE_CHECKING:
    from argon2 import Parameters, PasswordHasher

MOST_AT_ONCE = 4
"""Each password takes 64 MiB while it is worked on, and whoever sends many should not get all memory."""
_THREADS = 4
"""In which argon2 works on one, as its parameters have so many lanes."""
AT_ONCE = min(MOST_AT_ONCE, max(1, (os.cpu_count() or 1) // _THREADS))
"""Passwords that are worked on at one time: more than there are cores for end no sooner, and exchanges with cards would
wait for the processor meanwhile."""
_turn = threading.BoundedSemaphore(AT_ONCE)


class PasswordError(AkisError):
    """A password could not be worked on, right or wrong; the message says why."""


def hash_password(password: str, parameters: Parameters | None = None) -> str:
    """One text with algorithm, parameters, salt and hash, to be stored; two of one password differ.

    ``parameters`` are argon2-cffi's, its own defaults (RFC 9106, second recommended option) where None;
    :data:`argon2.profiles.CHEAPEST` makes tests fast. Raises :class:`InvalidArgument` for an empty password.
    """
    if not password:
        raise InvalidArgument("a password has at least one character")
    return _hashed(password, _hasher(parameters))


def password_fits(stored: str | None, password: str, parameters: Parameters | None = None) -> bool:
    """Whether ``password`` is the one that ``stored`` was made of.

    Where nothing is stored the answer is no, after the same work, so that the time does not tell who exists;
    ``parameters`` are those of that work then. Raises :class:`PasswordError` where ``stored`` is no text of
    :func:`hash_password`, or memory runs out.
    """
    from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

    hasher = _hasher(parameters)
    if stored is None:
        _hashed(password, hasher)
        return False
    if not stored.startswith("$argon2id$") or not stored.isascii():
        raise PasswordError("what is stored for a holder is no argon2id password hash")
    try:
        with _turn:
            return hasher.verify(stored, _bytes(password))
    except VerifyMismatchError:
        return False
    except (VerificationError, InvalidHashError):
        raise PasswordError("a password could not be compared: what is stored is damaged, or memory is short") from None


def _hashed(password: str, hasher: PasswordHasher) -> str:
    from argon2.exceptions import HashingError

    try:
        with _turn:
            return hasher.hash(_bytes(password))
    except HashingError:
        raise PasswordError("a password could not be worked on; memory may be short") from None


def _hasher(parameters: Parameters | None) -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher() if parameters is None else PasswordHasher.from_parameters(parameters)


def _bytes(password: str) -> bytes:
    """UTF-8 of the composed form: keyboards and systems differ in how they write ğ and é (RFC 8265 §4.2.1).

    JSON can bring halves of surrogate pairs, which are no text; they are kept as they are and fit nothing else.
    """
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
