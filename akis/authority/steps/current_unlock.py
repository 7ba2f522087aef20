"""The unlock behind a token, for every step after it was opened."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from akis.authority.context import Authority
from akis.authority.refused import Refused
from akis.authority.steps.barred import check_not_locked, check_not_revoked
from akis.authority.steps.step import Line
from akis.authority.steps.tokens import token_hash
from akis.authority.store.tables import IssuedCard, Unlock
from akis.unlock.kinds import Kind

_ENDED = ("done", "over")


def current_unlock(authority: Authority, session: Session, line: Line, token: str) -> Unlock:
    """The unlock, its row locked until the transaction ends; ``line`` is told whose it is.

    A token that nobody has leaves no line: whoever makes them up would else fill the database.

    Refused: UNLOCK_OVER, HOLDER_LOCKED.
    """
    unlock = session.scalars(
        select(Unlock).where(Unlock.token_hash == token_hash(token)).with_for_update()
    ).one_or_none()
    if unlock is None:
        line.kept = False
        raise over()
    line.actor = unlock.holder.name
    line.details["unlock"] = unlock.id
    if unlock.card is not None:
        line.card = unlock.card.serial
    if unlock.state in _ENDED or unlock.expires_at <= authority.now():
        raise over()
    check_not_locked(unlock.holder)
    return unlock


def chosen_card(unlock: Unlock) -> IssuedCard:
    """The card this unlock is for. Refused: WRONG_ORDER where none was chosen, CARD_REVOKED."""
    if unlock.card is None:
        raise wrong_order("choose the card first")
    check_not_revoked(unlock.card)
    return unlock.card


def over() -> Refused:
    """What is said of an unlock that is none, or none any more."""
    return Refused(Kind.UNLOCK_OVER, "this unlock is over; begin again with a new code")


def wrong_order(what_to_do: str) -> Refused:
    """What is said to a step that comes too early or too late."""
    return Refused(Kind.WRONG_ORDER, f"this step is not due; {what_to_do}")
