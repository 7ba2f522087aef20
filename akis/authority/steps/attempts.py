"""How often somebody failed lately: names and addresses that fail too often have to wait.

``who`` is a kind and a name or address, such as ``codes/192.0.2.7``. A window begins with the first failure; when it is
over, counting begins anew.
"""

from __future__ import annotations

import hashlib
import math
from datetime import datetime, timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import cast

from sqlalchemy import Table, case, delete, func, select
from sqlalchemy.orm import Session

from akis.authority.store.tables import Attempts
from akis.authority.store.upsert import insert

_ATTEMPTS = cast(Table, Attempts.__table__)
_LONGEST = 128


def blocked_for(session: Session, who: str, now: datetime, most: int, window: int) -> int | None:
    """The seconds that ``who`` has to wait after ``most`` failures in ``window`` seconds; None where there is no need.

    Until the transaction ends nobody else is told about the same ``who``, so where :func:`count` follows in it, many
    attempts at one moment get no further than one after the other. Ask about names before addresses.
    """
    who = _stored(who)
    if session.get_bind().dialect.name == "postgresql":  # on SQLite whoever writes is alone in any case
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(who, 0))))
    found = session.execute(select(_ATTEMPTS.c.since, _ATTEMPTS.c.count).where(_ATTEMPTS.c.who == who)).one_or_none()
    if found is None:
        return None
    since, failures = found
    left = (since + timedelta(seconds=window) - now).total_seconds() if failures >= most else 0
    return math.ceil(left) if left > 0 else None


def count(session: Session, who: str, now: datetime, window: int) -> None:
    """One failure more."""
    over = _ATTEMPTS.c.since <= now - timedelta(seconds=window)
    failed = insert(session, _ATTEMPTS).values(who=_stored(who), since=now, count=1)
    session.execute(
        failed.on_conflict_do_update(
            index_elements=[_ATTEMPTS.c.who],
            set_={
                "since": case((over, failed.excluded.since), else_=_ATTEMPTS.c.since),
                "count": case((over, 1), else_=_ATTEMPTS.c.count + 1),
            },
        )
    )


def source(address: str) -> str:
    """What counts as one address: of IPv6 the whole network of 64 bits, since whoever has one address there has all."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(IPv6Network((found, 64), strict=False)) if isinstance(found, IPv6Address) else str(found)


def forget(session: Session, now: datetime, window: int) -> None:
    """Drop what counts no more, so that those who come once do not fill the table."""
    over = select(_ATTEMPTS.c.who).where(_ATTEMPTS.c.since <= now - timedelta(seconds=window))
    # What is being counted at this moment is left for the next time.
    session.execute(delete(_ATTEMPTS).where(_ATTEMPTS.c.who.in_(over.with_for_update(skip_locked=True))))


def _stored(who: str) -> str:
    """``who``, or where the table has no place for it, its kind and a hash."""
    if len(who) <= _LONGEST and who.isprintable():
        return who
    kind = who.partition("/")[0][:32]
    return f"{kind}/sha256/{hashlib.sha256(who.encode('utf-8', 'surrogatepass')).hexdigest()}"
