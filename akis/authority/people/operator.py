"""What an operator does to holders and cards, each with its line in the audit log, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from akis.authority import audit
from akis.authority.people.database import Imported, import_people, known_holder, lock_holder, revoke_card
from akis.authority.people.given import GivenHolder
from akis.authority.store.store import Store, StoreUnavailable
from akis.authority.store.tables import AuditEntry

OPERATOR = "operator"
"""Who it was, to the audit log: the operator's own name is the operating system's to know."""
_AT_ONCE = 500


def bring_in(store: Store, people: Iterable[GivenHolder], now: datetime, file: str) -> Imported:
    """Import holders and cards (:func:`import_people`), all or none; ``file`` is what the log calls their source."""
    with store.begin() as session:
        counts = import_people(session, people)
        details: audit.Details = {"file": file, **asdict(counts)}
        audit.write(session, at=now, actor=OPERATOR, event="import", outcome="ok", details=details)
    return counts


def set_locked(store: Store, name: str, locked: bool, now: datetime) -> bool:
    """Lock a holder out, or let in again; False where it was so already. :class:`PeopleError` for an unknown name."""
    with store.begin() as session:
        changed = lock_holder(session, name, locked)
        event = "holder_lock" if locked else "holder_unlock"
        details: audit.Details = {"name": name, "changed": changed}
        audit.write(session, at=now, actor=OPERATOR, event=event, outcome="ok", details=details)
    return changed


def revoke(store: Store, serial: str, now: datetime) -> bool:
    """Let a card never be unlocked again; False where it was so already. :class:`PeopleError` for an unknown card."""
    with store.begin() as session:
        changed = revoke_card(session, serial)
        details: audit.Details = {"changed": changed}
        card = serial.upper()
        audit.write(session, at=now, actor=OPERATOR, event="card_revoke", outcome="ok", card=card, details=details)
    return changed


def audit_lines(
    session: Session, card: str | None = None, last: int | None = None, holder: str | None = None
) -> Iterator[AuditEntry]:
    """Lines of the audit log, the oldest first: all, those of one card (serial number, hex), those of what a ``holder``
    (a name) did, tried or had done; and of these the ``last``.

    Nothing is checked here; :class:`PeopleError` comes for an unknown holder, and :class:`StoreUnavailable` for a line
    that was altered until nobody can read it.
    """
    lines = select(AuditEntry)
    if card is not None:
        lines = lines.where(AuditEntry.card == card.upper())
    if holder is not None:
        lines = lines.where(_of_holder(session, holder))
    if last is not None:
        numbers = lines.with_only_columns(AuditEntry.number).order_by(AuditEntry.number.desc()).limit(last)
        lines = select(AuditEntry).where(AuditEntry.number.in_(numbers))
    return _read(session, lines.order_by(AuditEntry.number).execution_options(yield_per=_AT_ONCE))


def _read(session: Session, lines: Select[AuditEntry]) -> Iterator[AuditEntry]:
    try:
        yield from session.scalars(lines)
    except (ValueError, TypeError):
        raise StoreUnavailable("a line of the audit log was altered: it cannot be read") from None


def _of_holder(session: Session, name: str) -> ColumnElement[bool]:
    """Lines whose actor is the holder, or that name one in their details: as ``name``, or by number as ``holder``."""
    details, known = AuditEntry.details, known_holder(session, name)
    named = details["name"].as_string() == name
    return or_(AuditEntry.actor == name, named, details["holder"].as_integer() == known.id)
