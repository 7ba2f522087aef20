"""Exchanges with a card, as the database sees them: begun, alive, ended, reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session, joinedload

from akis.authority.context import Authority
from akis.authority.refused import Refused
from akis.authority.steps import leases
from akis.authority.steps.barred import check_not_locked, check_not_revoked
from akis.authority.steps.current_unlock import chosen_card, current_unlock, over, wrong_order
from akis.authority.steps.step import Line, step
from akis.authority.store.tables import IssuedCard, Unlock
from akis.unlock.holds import Holds
from akis.unlock.kinds import Kind

DONE = "done"
_OWNER_LENGTH = 16


@dataclass(frozen=True)
class Begun:
    """An exchange that may go on; ``owner`` holds the card's lease, ``number`` counts the exchanges of this unlock.

    ``serial``, ``profile`` (its name), ``key_reference`` and ``algorithm`` say which card it is and how to talk to it;
    ``holder`` (a name) and ``address`` are for the audit log.
    """

    unlock_id: str
    card_id: int
    owner: str = field(repr=False)
    number: int
    serial: bytes
    profile: str
    key_reference: int
    algorithm: int
    holder: str
    address: str


def begin_exchange(authority: Authority, token: str, address: str) -> Begun:
    """Take the card for one exchange.

    One whose end was never written down, since its process died, may be begun again once its lease has run out.
    Refused: UNLOCK_OVER, WRONG_ORDER, HOLDER_LOCKED, CARD_REVOKED, CARD_BUSY with ``retry_after``.
    """
    with step(authority, "exchange", address) as (session, line):
        line.details["step"] = "begin"
        unlock = current_unlock(authority, session, line, token)
        card = chosen_card(unlock)
        if unlock.state not in ("confirmed", "exchanging"):
            raise wrong_order("give the second factor first")
        owner = _take(authority, session, card)
        if unlock.exchanges >= authority.rules.exchanges:
            leases.release(session, card.id, owner)
            unlock.state = "over"
            raise over()
        unlock.state = "exchanging"
        unlock.exchanges += 1
        line.details["exchange"] = unlock.exchanges
        return Begun(
            unlock_id=unlock.id,
            card_id=card.id,
            owner=owner,
            number=unlock.exchanges,
            serial=bytes.fromhex(card.serial),
            profile=card.profile,
            key_reference=card.key_reference,
            algorithm=card.algorithm,
            holder=unlock.holder.name,
            address=address,
        )


def keep_alive(authority: Authority, begun: Begun) -> bool:
    """Keep the card taken for another ``rules.lease`` seconds; False where the lease is not ours any more.

    Refused where the issuer has forbidden it meanwhile: HOLDER_LOCKED, CARD_REVOKED.
    """
    with authority.begin() as session:
        card = session.get_one(IssuedCard, begun.card_id, options=[joinedload(IssuedCard.holder)])
        check_not_locked(card.holder)
        check_not_revoked(card)
        return leases.renew(session, begun.card_id, begun.owner, authority.now(), authority.rules.lease)


def end_exchange(
    authority: Authority,
    begun: Begun,
    outcome: str,
    holds: Holds,
    details: Mapping[str, str | int | bool | None] | None = None,
) -> None:
    """Write down how it ended, ``done`` or a kind, and let go of the card. Nothing is refused.

    After ``done`` the unlock is done too; after anything else the exchange may be begun again. Where it was begun again
    already, because this one was taken for dead, that is left to go on, and only the audit log hears of this end.
    """
    with step(authority, "exchange", begun.address) as (session, line):
        unlock = _told_of(session, line, begun)
        line.details |= {"step": "end", "holds": holds.value, **(details or {})}
        line.outcome = "ok" if outcome == DONE else outcome
        leases.release(session, begun.card_id, begun.owner)
        if unlock.state == "exchanging" and unlock.exchanges == begun.number:
            unlock.state = "done" if outcome == DONE else "confirmed"
            unlock.outcome = outcome
            unlock.holds = holds.value


def report(authority: Authority, begun: Begun, holds: Holds) -> None:
    """Write down what the client says the card holds in the end. Nothing is refused."""
    with step(authority, "report", begun.address) as (session, line):
        unlock = _told_of(session, line, begun)
        line.details["holds"] = holds.value
        unlock.reported = holds.value


def _take(authority: Authority, session: Session, card: IssuedCard) -> str:
    owner = authority.random(_OWNER_LENGTH).hex()
    wait = leases.take(session, card.id, owner, authority.now(), authority.rules.lease)
    if wait is not None:
        raise Refused(
            Kind.CARD_BUSY, "another unlock of this card is under way; wait and try again", retry_after=max(1, wait)
        )
    return owner


def _told_of(session: Session, line: Line, begun: Begun) -> Unlock:
    """The unlock of an exchange, its row locked; the line says whose it is."""
    line.actor = begun.holder
    line.card = begun.serial.hex().upper()
    line.details |= {"unlock": begun.unlock_id, "exchange": begun.number}
    return session.get_one(Unlock, begun.unlock_id, with_for_update=True)
