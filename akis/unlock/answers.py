"""What an authority answers over HTTP, read strictly: another shape, size or kind of value is :class:`CodecError`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from akis.errors import AuthorityRefused, CodecError
from akis.secret import Secret
from akis.unlock.opened import CardCertificate, HolderCard, OpenedUnlock, SecondFactor
from akis.unlock.shown import shown

_MOST_CARDS, _MOST_CERTIFICATES = 100, 50
_MOST_TRIES, _MOST_SECONDS = 1000, 1_000_000
_LONGEST_TEXT = 2000
_SERIAL = re.compile(r"([0-9A-Fa-f]{2}){1,32}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,256}")
_PROFILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_KIND = re.compile(r"[a-z][a-z_]{0,39}")


def read(raw: bytes) -> Mapping[str, Any]:
    """The JSON object that an answer is."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        raise CodecError("an answer is not JSON") from None
    return _mapping(found, "an answer")


def opened_unlock(answer: Mapping[str, Any]) -> OpenedUnlock:
    """The answer to a code that was redeemed."""
    cards = tuple(_card(card) for card in _list(answer, "cards", _MOST_CARDS))
    if len({card.serial for card in cards}) != len(cards):
        raise CodecError("cards in an answer has one serial number twice")
    return OpenedUnlock(
        token=Secret(_fitting(answer, "token", _TOKEN)),
        expires_in=_number(answer, "expires_in", _MOST_SECONDS),
        holder=_text(_mapping(answer.get("holder"), "holder"), "full_name"),
        cards=cards,
        second_factor=second_factor(answer),
    )


def second_factor(answer: Mapping[str, Any]) -> SecondFactor:
    """The second factor in an answer that has one."""
    fields = _mapping(answer.get("second_factor"), "second_factor")
    to = None if fields.get("to") is None else _text(fields, "to")
    match fields.get("kind"):
        case "sms":
            return SecondFactor("sms", to)
        case "password":
            return SecondFactor("password", to)
    raise CodecError("second_factor in an answer is neither sms nor password")


def confirmed(answer: Mapping[str, Any]) -> None:
    """The answer to a second factor that was right."""
    if answer.get("confirmed") is not True:
        raise CodecError("an answer confirms nothing")


def refusal(problem: Mapping[str, Any]) -> AuthorityRefused:
    """The error that a problem document (RFC 9457) stands for."""
    return AuthorityRefused(
        _fitting(problem, "kind", _KIND),
        _text(problem, "detail"),
        tries_left=_optional(problem, "tries_left", _MOST_TRIES),
        retry_after=_optional(problem, "retry_after", _MOST_SECONDS),
    )


def _card(card: object) -> HolderCard:
    fields = _mapping(card, "a card")
    return HolderCard(
        serial=bytes.fromhex(_fitting(fields, "serial", _SERIAL)),
        label=_text(fields, "label"),
        profile=_fitting(fields, "profile", _PROFILE),
        certificates=tuple(map(_certificate, _list(fields, "certificates", _MOST_CERTIFICATES))),
    )


def _certificate(certificate: object) -> CardCertificate:
    fields = _mapping(certificate, "a certificate")
    return CardCertificate(_text(fields, "subject"), _time(fields, "not_before"), _time(fields, "not_after"))


def _mapping(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise CodecError(f"{what} is no JSON object")
    return value


def _list(fields: Mapping[str, Any], name: str, most: int) -> list[object]:
    value = fields.get(name)
    if not isinstance(value, list) or len(value) > most:
        raise CodecError(f"{name} in an answer is no list of at most {most}")
    return value


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        raise CodecError(f"{name} in an answer is no text")
    return shown(value)


def _fitting(fields: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise CodecError(f"{name} in an answer is not what it should look like")
    return value


def _number(fields: Mapping[str, Any], name: str, most: int) -> int:
    value = fields.get(name)
    if type(value) is not int or not 0 <= value <= most:
        raise CodecError(f"{name} in an answer is not a number from 0 to {most}")
    return value


def _optional(fields: Mapping[str, Any], name: str, most: int) -> int | None:
    return None if fields.get(name) is None else _number(fields, name, most)


def _time(fields: Mapping[str, Any], name: str) -> datetime:
    """A time of RFC 3339, which says its distance from UTC."""
    try:
        found = datetime.fromisoformat(_text(fields, name))
    except ValueError:
        raise CodecError(f"{name} in an answer is no time") from None
    if found.tzinfo is None:
        raise CodecError(f"{name} in an answer is a time without a time zone")
    return found
