"""Unlocks as an operator sees them: what the authority did, what the card holds, what the client said of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from akis.authority.steps.exchanges import DONE
from akis.authority.store.tables import AuditEntry, Holder, IssuedCard, Unlock
from akis.unlock.holds import Holds
from akis.unlock.kinds import Kind

LIVE = ("opened", "asked", "confirmed", "exchanging")
"""States of an unlock that may still go on."""
UNLOCKED, NOT_FINISHED, NOT_REPORTED, OPEN, EXPIRED, FAILED = (
    "unlocked",
    "reset, not finished",
    "reset, not reported",
    "open",
    "expired",
    "failed",
)
"""What became of an unlock. After a reset the card holds a transport PIN until the client has changed it."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was refused last in an unlock: at which step (an event of the audit log), of which kind, and when."""

    event: str
    kind: str
    at: datetime


@dataclass(frozen=True, slots=True)
class UnlockLine:
    """An unlock as it is listed; ``holder`` is a name, ``serial`` None before a card was chosen.

    ``outcome`` is how the authority's last exchange with the card ended, ``holds`` what the card holds since then by
    the authority's knowledge, and ``reported`` what it holds in the end by the client's word.
    """

    id: str
    holder: str
    serial: str | None
    state: str
    started_at: datetime
    expires_at: datetime
    exchanges: int
    outcome: str | None
    holds: str | None
    reported: str | None
    refusal: Refusal | None

    def summary(self, now: datetime) -> str:
        """What became of it by the moment ``now``, in a few words."""
        if self.outcome == DONE:
            if self.reported is None:
                return NOT_REPORTED
            return UNLOCKED if self.reported == Holds.HOLDER_PIN else NOT_FINISHED
        if self.state in LIVE and now < self.expires_at:
            return OPEN
        kind = self.outcome
        if kind is None and self.state not in LIVE and self.refusal is not None:
            kind = self.refusal.kind
        return EXPIRED if kind is None else f"{FAILED}: {kind.replace('_', ' ')}"


def list_unlocks(
    session: Session,
    now: datetime,
    *,
    ended: bool = False,
    at_most: int = 100,
    holder: str | None = None,
    serial: str | None = None,
) -> list[UnlockLine]:
    """The latest unlocks, the last one first: those that may still go on, and with ``ended`` all.

    ``holder`` (a name) and ``serial`` (hex) leave only theirs.
    """
    found = (
        select(Unlock, Holder.name, IssuedCard.serial)
        .join(Holder, Unlock.holder_id == Holder.id)
        .outerjoin(IssuedCard, Unlock.card_id == IssuedCard.id)
        .order_by(Unlock.started_at.desc(), Unlock.id)
        .limit(at_most)
    )
    if not ended:
        found = found.where(Unlock.state.in_(LIVE), Unlock.expires_at > now)
    if holder is not None:
        found = found.where(Holder.name == holder)
    if serial is not None:
        found = found.where(IssuedCard.serial == serial.upper())
    rows = session.execute(found).all()
    refusals = _last_refusals(session, [unlock for unlock, _, _ in rows])
    return [
        UnlockLine(
            unlock.id,
            name,
            serial,
            unlock.state,
            unlock.started_at,
            unlock.expires_at,
            unlock.exchanges,
            unlock.outcome,
            unlock.holds,
            unlock.reported,
            refusals.get(unlock.id),
        )
        for unlock, name, serial in rows
    ]


def _last_refusals(session: Session, unlocks: Iterable[Unlock]) -> dict[str, Refusal]:
    """By the ids of unlocks: what the audit log says of them that is not ok, until they were over."""
    since = {unlock.id: unlock.started_at for unlock in unlocks}
    if not since:
        return {}
    unlock = AuditEntry.details["unlock"].as_string()
    lines = select(unlock, AuditEntry.event, AuditEntry.outcome, AuditEntry.at).order_by(AuditEntry.number)
    lines = lines.where(
        AuditEntry.at >= min(since.values()),
        AuditEntry.outcome.not_in(("ok", Kind.UNLOCK_OVER.value)),
        unlock.in_(list(since)),
    )
    return {id_: Refusal(event, kind, at) for id_, event, kind, at in session.execute(lines)}
