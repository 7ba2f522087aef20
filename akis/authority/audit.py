"""The audit log: lines that hold on to each other, so that none can be altered, taken out or put in unseen.

A line's hash is SHA-256 of the UTF-8 bytes of one JSON array, in the one form that RFC 8785 gives it (no spaces, keys
sorted, as few escapes as possible)::

    ["akis-audit-1", number, at, actor, event, outcome, card, details, previous]

``number`` counts from 1 without gaps. ``at`` is text, in UTC with six digits behind the second:
``2026-03-01T08:30:00.000000+00:00``. ``card`` is text, a serial number in upper case hex, or null. ``details`` is an
object of texts, whole numbers, truth values and nulls. ``previous`` is the hash of the line before in lower case hex;
for the first line it is 64 zeros.

The last number and hash are kept in a row of their own, the head, so that lines cut off at the end are missed. Whoever
can write to the database can make the whole anew: against that, a number and its hash are kept elsewhere from time to
time, and given to :func:`verify`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import Row, Table, Text, insert, select, true, update
from sqlalchemy import cast as as_type
from sqlalchemy.orm import Session

from akis.authority.store.tables import AuditEntry, AuditHead
from akis.errors import AkisError, InvalidArgument

FIRST = bytes(32)
"""What stands in the place of a hash in front of the first line."""
_FORM = "akis-audit-1"
_LARGEST = 2**53 - 1  # RFC 8785 §3.2.2.3: what is larger has no one form
_AT_ONCE = 500
_KEY = re.compile(r"[a-z][a-z0-9_]*")
_SECRET = re.compile(
    r"(^|_)(answer|apdu|challenge|code|cryptogram|hmac|key|mac|nonce|otp|passphrase|password|pin|puk|secret|token)s?(_|$)"
)
_AUDIT = cast(Table, AuditEntry.__table__)
_HEAD = cast(Table, AuditHead.__table__)
# Made once: making them takes longer than the database needs for them.
_LOCK_HEAD = select(_HEAD.c.number, _HEAD.c.hash).where(_HEAD.c.id == 1).with_for_update()
_ADD_LINE = insert(_AUDIT)
_MOVE_HEAD = update(_HEAD).where(_HEAD.c.id == 1)

Details = Mapping[str, str | int | bool | None]


class AuditBroken(AkisError):
    """The log is not what was written; ``number`` is the first line that does not fit, or that is missing."""

    def __init__(self, message: str, number: int) -> None:
        super().__init__(message)
        self.number = number


@dataclass(frozen=True, slots=True)
class Verified:
    """A log that is whole: how many lines, and the number and hash to keep elsewhere (0 and zeros for none)."""

    count: int
    head_number: int
    head_hash: bytes


def write(
    session: Session,
    *,
    at: datetime,
    actor: str,
    event: str,
    outcome: str,
    card: str | None = None,
    details: Details | None = None,
) -> None:
    """One line more, in the transaction of ``session``: kept with it, undone with it.

    The head stays locked until the transaction ends, so whoever writes the next line waits for that: call it last,
    after all data rows. Raises :class:`InvalidArgument` for what a line does not hold: times without a zone, texts
    with NUL, details of other kinds or named like a secret.
    """
    line = _checked(at, actor, event, outcome, card, dict(details or {}))
    session.flush()
    head = session.execute(_LOCK_HEAD).one_or_none()
    if head is None:
        raise AuditBroken("the audit log has lost its head, so nothing can be written; restore a backup", 1)
    number = head.number + 1
    hashed = _hash(number, line, head.hash)
    session.execute(_ADD_LINE, {"number": number, "previous": head.hash, "hash": hashed, **line})
    session.execute(_MOVE_HEAD, {"number": number, "hash": hashed})


def verify(session: Session, expected: tuple[int, bytes] | None = None) -> Verified:
    """Read the whole log and say that it fits, or raise :class:`AuditBroken`.

    ``expected`` is a number and its hash that were kept elsewhere. Lines that are written meanwhile are not seen and
    do no harm; use :meth:`akis.authority.store.store.Store.read`, for which nobody waits.
    """
    number, hashed = 0, FIRST
    _compare_kept(expected, number, hashed)
    head: tuple[int, bytes] | None = None
    # One statement sees one moment, so lines and head belong together.
    with session.execute(_all_lines().execution_options(yield_per=_AT_ONCE)) as rows:
        while row := _next(rows, number + 1):
            head = row.head_number, row.head_hash
            if row.number is None:
                continue  # the head of an empty log
            number += 1
            hashed = _fitting(row, number, hashed)
            _compare_kept(expected, number, hashed)
    if head is None:
        raise AuditBroken("the audit log has lost its head", 1)
    _compare_head(head, number, hashed)
    if expected is not None and expected[0] > number:
        raise AuditBroken(f"the audit log ends before line {expected[0]}, whose hash was kept", number + 1)
    return Verified(number, number, hashed)


def _checked(
    at: datetime, actor: str, event: str, outcome: str, card: str | None, details: dict[str, Any]
) -> dict[str, Any]:
    if at.tzinfo is None:
        raise InvalidArgument("the time of a line of the audit log has its time zone")
    texts = {"actor": (actor, 128), "event": (event, 32), "outcome": (outcome, 32), "card": (card or "", 24)}
    for name, (text, longest) in texts.items():
        if not _is_text(text) or len(text) > longest:
            raise InvalidArgument(f"{name} of a line of the audit log is text of at most {longest} characters")
    for name, value in details.items():
        if not isinstance(name, str) or not _KEY.fullmatch(name):
            raise InvalidArgument("details of the audit log have names in small letters, digits and underscores")
        if _SECRET.search(name):
            raise InvalidArgument(f"the audit log keeps no secrets, so nothing in it is called {name}")
        if not (value is None or isinstance(value, bool) or _is_number(value) or _is_text(value)):
            raise InvalidArgument(f"{name} in the audit log is a text, a whole number, true, false or nothing")
    # Constants of enumerations are texts as well, but not to every driver.
    plain = {"actor": str(actor), "event": str(event), "outcome": str(outcome)}
    return {"at": at, "card": card, "details": details, **plain}


def _is_number(value: object) -> bool:
    return type(value) is int and abs(value) <= _LARGEST


def _is_text(value: object) -> bool:
    """Whether it is text that every database keeps as it is: no NUL, no halves of surrogate pairs."""
    return isinstance(value, str) and not re.search("[\0\ud800-\udfff]", value)


def _hash(number: int, line: Mapping[str, Any], previous: bytes) -> bytes:
    at = line["at"].astimezone(UTC).isoformat(timespec="microseconds")
    fields = [line[name] for name in ("actor", "event", "outcome", "card", "details")]
    array = [_FORM, number, at, *fields, previous.hex()]
    # For these kinds of values, and keys in ASCII, this is RFC 8785 §3.2.
    text = json.dumps(array, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("utf-8")).digest()


def _all_lines() -> Any:
    """Every line with the head beside it; the head alone where there is none."""
    columns = [column for column in _AUDIT.c if column.name != "details"]
    details = as_type(_AUDIT.c.details, Text).label("details")
    head = _HEAD.c.number.label("head_number"), _HEAD.c.hash.label("head_hash")
    lines = _HEAD.outerjoin(_AUDIT, true())
    return select(*head, *columns, details).select_from(lines).where(_HEAD.c.id == 1).order_by(_AUDIT.c.number)


def _next(rows: Any, number: int) -> Row[Any] | None:
    try:
        return cast("Row[Any] | None", next(rows, None))
    except (ValueError, TypeError):
        raise AuditBroken(f"line {number} of the audit log was altered: it cannot be read", number) from None


def _fitting(row: Row[Any], number: int, previous: bytes) -> bytes:
    """The hash of a line that is what it has to be after the one with the hash ``previous``."""
    if row.number != number:
        raise AuditBroken(f"line {number} of the audit log is missing", number)
    line = dict(row._mapping)
    try:
        line["details"] = json.loads(row.details)
        hashed = _hash(number, line, previous)
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise AuditBroken(f"line {number} of the audit log was altered: it cannot be read", number) from None
    if not hmac.compare_digest(row.previous, previous):
        raise AuditBroken(f"line {number} of the audit log does not follow the one before it", number)
    if not hmac.compare_digest(row.hash, hashed):
        raise AuditBroken(f"line {number} of the audit log was altered", number)
    return hashed


def _compare_kept(expected: tuple[int, bytes] | None, number: int, hashed: bytes) -> None:
    if expected is not None and expected[0] == number and not hmac.compare_digest(expected[1], hashed):
        raise AuditBroken(
            f"line {number} of the audit log is not the one whose hash was kept: the log was made anew", number
        )


def _compare_head(head: tuple[int, bytes], number: int, hashed: bytes) -> None:
    if head[0] > number:
        raise AuditBroken(
            f"lines {number + 1} to {head[0]} of the audit log are missing: its end was cut off", number + 1
        )
    if head[0] < number:
        raise AuditBroken(
            f"line {head[0] + 1} of the audit log is behind the last one that its head knows", head[0] + 1
        )
    if not hmac.compare_digest(head[1], hashed):
        raise AuditBroken(f"line {number} of the audit log is not the one that its head knows", number)
