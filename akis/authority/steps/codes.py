"""Unlock codes: made for a holder who is signed in."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from akis.authority.context import Authority
from akis.authority.refused import Refused
from akis.authority.steps.barred import check_not_locked
from akis.authority.steps.step import step
from akis.authority.store.tables import Code, Holder
from akis.errors import InvalidArgument
from akis.pin import random_digits
from akis.unlock import code as unlock_code
from akis.unlock.code import UnlockCode
from akis.unlock.kinds import Kind

_DRAWS = 1000
"""A million lookups: even with half of them alive at one time, that many draws in a row do not hit live ones."""


def new_code(
    authority: Authority, holder_id: int, address: str, actor: str | None = None
) -> tuple[UnlockCode, datetime]:
    """A new code and when it expires; the holder's older ones are cancelled. Refused: HOLDER_LOCKED.

    ``actor`` is who asked for it, where that is not the holder.
    """
    with step(authority, "code", address) as (session, line):
        # Locked until the end: of two codes asked for at one moment, one cancels the other. Not against rows that refer
        # to the holder, such as an unlock that one of the codes opens meanwhile.
        holder = session.get(Holder, holder_id, with_for_update={"key_share": True})
        if holder is None:
            raise Refused(Kind.NOT_SIGNED_IN, "there is no such holder any more; sign in again")
        line.actor = holder.name
        if actor is not None:
            line.actor = actor
            line.details["name"] = holder.name
        check_not_locked(holder)
        now = authority.now()
        _cancel_live(session, holder, now)
        expires_at = now + timedelta(seconds=authority.rules.code_lasts)
        return _keep_new(authority, session, holder, now, expires_at), expires_at


def secret_mac(authority: Authority, code: UnlockCode) -> bytes:
    """What is kept of a code: proof of its secret, which only the authority can check."""
    return authority.mac("codes", code.lookup.encode("ascii"), code.secret.reveal())


def is_live(row: Code, now: datetime) -> bool:
    """Whether the code can still be redeemed."""
    return row.used_at is None and row.cancelled_at is None and row.expires_at > now


def _cancel_live(session: Session, holder: Holder, now: datetime) -> None:
    session.execute(
        update(Code)
        .where(Code.holder_id == holder.id, Code.used_at.is_(None), Code.cancelled_at.is_(None), Code.expires_at > now)
        .values(cancelled_at=now)
    )


def _keep_new(
    authority: Authority, session: Session, holder: Holder, now: datetime, expires_at: datetime
) -> UnlockCode:
    for _ in range(_DRAWS):
        code = unlock_code.new_code(lambda count: random_digits(count, authority.random).decode("ascii"))
        row = Code(
            lookup=code.lookup,
            holder_id=holder.id,
            secret_mac=secret_mac(authority, code),
            created_at=now,
            expires_at=expires_at,
            wrong=0,
            used_at=None,
            cancelled_at=None,
        )
        if _placed(session, row, now):
            return code
    raise InvalidArgument(f"no free code in {_DRAWS} draws; the source of random numbers repeats itself")


def _placed(session: Session, row: Code, now: datetime) -> bool:
    """Whether the row has its lookup now: nobody had it, or a code that is dead."""
    before = session.get(Code, row.lookup, with_for_update=True)
    if before is not None:
        if is_live(before, now):
            return False
        session.merge(row)
        return True
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # somebody drew the same at this moment
        return False
    return True
