"""Who has a card: one exchange at a time, for as long as it gives signs of life, over all workers.

Each function is one statement of the database, or stands on a row that it has locked, so no two owners can hold a card.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, delete, or_, select, update
from sqlalchemy.orm import Session

from akis.authority.store.tables import CardLease
from akis.authority.store.upsert import insert

_LEASES = cast(Table, CardLease.__table__)


def take(session: Session, card_id: int, owner: str, now: datetime, lasts: int) -> int | None:
    """Take a card for ``lasts`` seconds: None where it is ``owner``'s now, else the seconds after which to try again.

    A card is free where nobody has it, or its lease has run out; taking what one has already renews it.
    """
    until = now + timedelta(seconds=lasts)
    taken = (
        insert(session, _LEASES)
        .values(card_id=card_id, owner=owner, expires_at=until)
        .on_conflict_do_update(
            index_elements=[_LEASES.c.card_id],
            set_={"owner": owner, "expires_at": until},
            where=or_(_LEASES.c.expires_at <= now, _LEASES.c.owner == owner),
        )
        .returning(_LEASES.c.card_id)
    )
    if session.execute(taken).first() is not None:
        return None
    # The row is locked by the attempt, so it is still there.
    runs_out: datetime = session.execute(select(_LEASES.c.expires_at).where(_LEASES.c.card_id == card_id)).scalar_one()
    return max(1, math.ceil((runs_out - now).total_seconds()))


def renew(session: Session, card_id: int, owner: str, now: datetime, lasts: int) -> bool:
    """Keep a card for ``lasts`` seconds from now; False where somebody else has taken it over, or it was given back.

    A lease that ran out is still its owner's as long as nobody has taken the card.
    """
    kept = update(_LEASES).where(*_is(card_id, owner)).values(expires_at=now + timedelta(seconds=lasts))
    return session.execute(kept.returning(_LEASES.c.card_id)).first() is not None


def release(session: Session, card_id: int, owner: str) -> None:
    """Give a card back; nothing where ``owner`` does not have it."""
    session.execute(delete(_LEASES).where(*_is(card_id, owner)))


def _is(card_id: int, owner: str) -> tuple[Any, ...]:
    return _LEASES.c.card_id == card_id, _LEASES.c.owner == owner
