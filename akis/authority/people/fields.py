"""What each field of a holder or a card may be; nothing here repeats a value, which may be a password."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from akis.authority.people.file import NOTHING, PeopleError
from akis.errors import AkisError, InvalidArgument
from akis.profile.load import load, names
from akis.sm.mutual_auth import ALGORITHMS

HOLDER = ("full_name", "phone", "second_factor", "password", "password_hash")
CARD = ("card_label", "profile", "key_reference", "algorithm")
COLUMNS = {"card_label": "label"}
"""Fields that the tables call otherwise."""
SHORTEST_PASSWORD = 8
"""Characters: a web password may be the second factor of an unlock."""
_ARGON2ID = re.compile(r"\$argon2id\$v=\d+\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]{11,}\$[A-Za-z0-9+/]{16,}")


def checked(name: str, text: str, where: str) -> Any:
    """The value that a field has in the tables; :class:`PeopleError` says where it is not one."""
    try:
        return _CHECKS[name](text)
    except AkisError as error:
        raise PeopleError(f"{where}, {name}: {error}{NOTHING}") from None


def _printable(longest: int) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not 1 <= len(text) <= longest or not text.isprintable():
            raise InvalidArgument(f"1 to {longest} characters are wanted, all of them printable")
        return text

    return check


def _phone(text: str) -> str:
    digits = re.sub(r"[\s().\-]", "", text)
    if not re.fullmatch(r"\+[1-9][0-9]{6,14}", digits):  # ITU-T E.164 §6
        raise InvalidArgument("a number with its country is wanted, such as +90 532 000 00 42")
    return digits


def _second_factor(text: str) -> str:
    if text not in ("sms", "password"):
        raise InvalidArgument("sms or password is wanted")
    return text


def _password(text: str) -> str:
    if not SHORTEST_PASSWORD <= len(text) <= 1024:
        raise InvalidArgument(f"{SHORTEST_PASSWORD} to 1024 characters are wanted")
    return text


def _password_hash(text: str) -> str:
    if not _ARGON2ID.fullmatch(text) or len(text) > 256:
        raise InvalidArgument("an argon2id hash is wanted, $argon2id$v=…$m=…,t=…,p=…$…$…")
    return text


def _serial(text: str) -> str:
    digits = re.sub(r"\s", "", text).upper()
    if not re.fullmatch(r"[0-9A-F]{24}", digits):
        raise InvalidArgument("24 digits in hex are wanted")
    return digits


def _profile(text: str) -> str:
    usable = [name for name in names() if _can_reset(name)]
    if text not in usable:
        raise InvalidArgument(f"a profile whose PIN can be reset by secure messaging is wanted: {', '.join(usable)}")
    return text


def _can_reset(name: str) -> bool:
    profile = load(name)
    return profile.secure_messaging is not None and profile.pin.reset != "none"


def _key_reference(text: str) -> int:
    if not re.fullmatch(r"[0-9A-Fa-f]{1,2}", text) or not int(text, 16):
        raise InvalidArgument("one byte in hex is wanted, 01 to FF")
    return int(text, 16)


def _algorithm(text: str) -> int:
    known = {f"{reference:02X}": reference for reference in ALGORITHMS}
    if text.upper().zfill(2) not in known:
        raise InvalidArgument(f"one of {', '.join(known)} is wanted")
    return known[text.upper().zfill(2)]


_CHECKS: Mapping[str, Callable[[str], Any]] = {
    "name": _printable(64),
    "full_name": _printable(200),
    "phone": _phone,
    "second_factor": _second_factor,
    "password": _password,
    "password_hash": _password_hash,
    "serial": _serial,
    "card_label": _printable(64),
    "profile": _profile,
    "key_reference": _key_reference,
    "algorithm": _algorithm,
}
