"""A code opens an unlock, once."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import CursorResult, case, select, update
from sqlalchemy.orm import Session, selectinload

from akis.authority.context import Authority
from akis.authority.refused import Refused
from akis.authority.steps import attempts
from akis.authority.steps.barred import check_not_locked
from akis.authority.steps.codes import secret_mac
from akis.authority.steps.second_factor import SecondFactor
from akis.authority.steps.step import Line, step
from akis.authority.steps.tokens import new_token
from akis.authority.store.tables import Code, Holder, IssuedCard, Unlock
from akis.errors import InvalidArgument
from akis.unlock.code import LENGTH, UnlockCode
from akis.unlock.kinds import Kind

_ID_LENGTH = 16
_NOBODYS = bytes(32)
"""What a code that nobody has is compared with; no HMAC anybody will see."""


@dataclass(frozen=True)
class Opened:
    """An unlock that was just opened. All rows are detached from the database, ``cards`` with their certificates.

    ``cards`` are all the holder has, revoked ones too: whoever has one of those in the reader learns that it was
    revoked when choosing it.
    """

    token: str
    unlock: Unlock
    holder: Holder
    cards: Sequence[IssuedCard]
    second_factor: SecondFactor


def open_unlock(authority: Authority, code: str, address: str) -> Opened:
    """Redeem a code: 15 digits, with or without spaces.

    Refused: MALFORMED, which costs nothing and is not written down, CODE_WRONG, CODE_EXPIRED, CODE_USED,
    CODE_CANCELLED, HOLDER_LOCKED, TOO_MANY.
    """
    try:
        given = UnlockCode.from_text(code)
    except InvalidArgument:
        raise Refused(Kind.MALFORMED, f"this is no code: one has {LENGTH} digits, of which the last checks") from None
    with given.secret, step(authority, "redeem", address) as (session, line):
        who = f"codes/{attempts.source(address)}"
        rules, now = authority.rules, authority.now()
        wait = attempts.blocked_for(session, who, now, rules.lookups_unknown, rules.window)
        if wait is not None:
            raise Refused(Kind.TOO_MANY, "too many codes that nobody has; wait and try again", retry_after=wait)
        shown = secret_mac(authority, given)
        row = session.get(Code, given.lookup)
        fits = hmac.compare_digest(shown, _NOBODYS if row is None else row.secret_mac)
        if row is None or not fits:
            # A wrong secret counts for its address like an unknown lookup, else the limit would tell which exist.
            attempts.count(session, who, now, rules.window)
            _count_wrong(session, given.lookup, now, rules.code_wrong)
            line.details["holder"] = None if row is None else row.holder_id
            raise Refused(Kind.CODE_WRONG, "this code is wrong; look at it again, or ask for a new one")
        line.actor = row.holder.name
        _check_redeemable(row, now)
        _use_up(session, row, now)
        return _opened(authority, session, line, row.holder, now)


def _count_wrong(session: Session, lookup: str, now: datetime, most: int) -> None:
    """Count a wrong secret at a live code, which the last one cancels; the same statement where there is no code."""
    wrong = Code.wrong + 1
    session.execute(
        update(Code)
        .where(Code.lookup == lookup, Code.used_at.is_(None), Code.cancelled_at.is_(None), Code.expires_at > now)
        .values(wrong=wrong, cancelled_at=case((wrong >= most, now)))
        .execution_options(synchronize_session=False)
    )


def _check_redeemable(row: Code, now: datetime) -> None:
    """Only who has the right secret learns what became of a code."""
    if row.used_at is not None:
        raise _used()
    if row.cancelled_at is not None:
        raise Refused(
            Kind.CODE_CANCELLED, "this code was cancelled, by a newer one or by too many wrong ones; ask for a new one"
        )
    if row.expires_at <= now:
        raise Refused(Kind.CODE_EXPIRED, "this code has expired; ask for a new one")
    check_not_locked(row.holder)


def _use_up(session: Session, row: Code, now: datetime) -> None:
    """Of two clients that redeem a code at the same moment, one finds it unused."""
    unused = update(Code).where(
        Code.lookup == row.lookup,
        Code.secret_mac == row.secret_mac,
        Code.used_at.is_(None),
        Code.cancelled_at.is_(None),
    )
    if cast("CursorResult[None]", session.execute(unused.values(used_at=now))).rowcount != 1:
        session.refresh(row)
        _check_redeemable(row, now)
        raise _used()


def _used() -> Refused:
    return Refused(Kind.CODE_USED, "this code was used already; ask for a new one")


def _opened(authority: Authority, session: Session, line: Line, holder: Holder, now: datetime) -> Opened:
    token, hashed = new_token(authority.random)
    unlock = Unlock(
        id=authority.random(_ID_LENGTH).hex(),
        token_hash=hashed,
        holder_id=holder.id,
        state="opened",
        started_at=now,
        expires_at=now + timedelta(seconds=authority.rules.unlock_lasts),
        answers_wrong=0,
        sms_sent=0,
        exchanges=0,
    )
    session.add(unlock)
    line.details["unlock"] = unlock.id
    cards = session.scalars(
        select(IssuedCard)
        .where(IssuedCard.holder_id == holder.id)
        .order_by(IssuedCard.id)
        .options(selectinload(IssuedCard.certificates))
    ).all()
    return Opened(token, unlock, holder, cards, SecondFactor.of(holder))
