"""The 15 digits that a holder carries from the portal to the client.

::

    lookup 6 ‖ secret 8 ‖ check digit 1

The lookup finds the code at the authority, the secret proves it, and the check digit (ISO/IEC 7064, MOD 11,10) tells a
mistyped code from a wrong one before anybody is asked: no such mistake counts as a guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from akis.errors import InvalidArgument
from akis.secret import Secret

LOOKUP_LENGTH, SECRET_LENGTH = 6, 8
LENGTH = LOOKUP_LENGTH + SECRET_LENGTH + 1
_BETWEEN = re.compile(r"[\s.\-–]+")


def check_digit(digits: str) -> str:
    """The check digit of ISO/IEC 7064:2003 §10 (MOD 11,10) for a string of decimal digits."""
    carried = 10
    for digit in digits:
        carried = (carried + int(digit)) % 10 or 10
        carried = carried * 2 % 11
    return str((11 - carried) % 10)


class UnlockCode:
    """A code that is well formed: ``lookup`` names it, ``secret`` (a :class:`Secret`) proves it. It has no text."""

    __slots__ = ("lookup", "secret")

    def __init__(self, lookup: str, secret: Secret) -> None:
        self.lookup = lookup
        self.secret = secret

    @classmethod
    def from_text(cls, text: str) -> UnlockCode:
        """What somebody typed, with or without spaces and dashes; :class:`InvalidArgument` where it is no code."""
        digits = _BETWEEN.sub("", text)
        if not (digits.isascii() and digits.isdecimal()) or len(digits) != LENGTH:
            raise InvalidArgument(f"a code has {LENGTH} digits; nothing was sent")
        if check_digit(digits[:-1]) != digits[-1]:
            raise InvalidArgument("this code was mistyped: its check digit does not fit; nothing was sent")
        return cls(digits[:LOOKUP_LENGTH], Secret(digits[LOOKUP_LENGTH:-1]))

    def __repr__(self) -> str:
        return "UnlockCode(***)"

    def reveal(self) -> str:
        """The 15 digits, to be held only while they are shown or sent."""
        digits = self.lookup + self.secret.reveal().decode("ascii")
        return digits + check_digit(digits)


def new_code(digits: Callable[[int], str]) -> UnlockCode:
    """A code of digits that ``digits(n)`` draws, each equally likely."""
    return UnlockCode(digits(LOOKUP_LENGTH), Secret(digits(SECRET_LENGTH)))


def grouped(code: str) -> str:
    """The 15 digits in groups of three, as people read them."""
    return " ".join(code[start : start + 3] for start in range(0, len(code), 3))
