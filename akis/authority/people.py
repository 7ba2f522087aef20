"""Holders and their cards: brought in from files, looked up, locked and revoked.

Whoever calls writes the line of the audit log, in the same transaction and after these.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from akis.authority.people_file import PeopleError
from akis.authority.people_given import GivenCard, GivenHolder
from akis.authority.store.tables import Holder, IssuedCard, IssuedCertificate, Unlock

Row = TypeVar("Row", Holder, IssuedCard)

LIVE = ("opened", "asked", "confirmed", "exchanging")
"""States of an unlock that may still go on."""


@dataclass(slots=True)
class Imported:
    """What an import made of what it was given. Certificates that a card has no more are removed."""

    holders_new: int = 0
    holders_changed: int = 0
    holders_same: int = 0
    cards_new: int = 0
    cards_changed: int = 0
    cards_same: int = 0
    certificates_new: int = 0
    certificates_removed: int = 0


@dataclass(frozen=True, slots=True)
class UnlockLine:
    """An unlock as it is listed; ``holder`` is a name, ``serial`` None before a card was chosen."""

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


def import_people(session: Session, people: Iterable[GivenHolder]) -> Imported:
    """Bring in holders and cards (:func:`akis.authority.people_given.read_people`), all of them or none.

    Who is there already, by name, and cards, by serial number, get the values that are given and keep the rest; a
    locked holder stays locked and a revoked card revoked. Where certificates are given for a card, they are all it has.
    :class:`PeopleError` where a card belongs to somebody else, or something that is needed is missing.
    """
    counts = Imported()
    with session.begin_nested():
        # Everybody locks in one order.
        for given in sorted(people, key=lambda given: given.name):
            holder = _import_holder(session, given, counts)
            for _, card in sorted(given.cards.items()):
                _import_card(session, holder, card, counts)
    return counts


def find_holder(session: Session, name: str, *, to_change: bool = False) -> Holder | None:
    """The holder of this name; ``to_change`` keeps others from changing the row until the transaction ends."""
    found = select(Holder).where(Holder.name == name)
    return session.scalars(_locked(found) if to_change else found).one_or_none()


def find_card(session: Session, serial: str, *, to_change: bool = False) -> IssuedCard | None:
    """The card of this serial number in hex, in capitals or not; ``to_change`` as for holders."""
    found = select(IssuedCard).where(IssuedCard.serial == serial.upper())
    return session.scalars(_locked(found) if to_change else found).one_or_none()


def lock_holder(session: Session, name: str, locked: bool) -> bool:
    """Lock a holder out, or let in again; False where it was so already. :class:`PeopleError` for an unknown name."""
    holder = find_holder(session, name, to_change=True)
    if holder is None:
        raise PeopleError(f"there is no holder named {name!r}; nothing was changed")
    changed, holder.locked = holder.locked != locked, locked
    return changed


def revoke_card(session: Session, serial: str) -> bool:
    """Let a card never be unlocked again; False where it was so already. :class:`PeopleError` for an unknown card."""
    card = find_card(session, serial, to_change=True)
    if card is None:
        raise PeopleError(f"there is no card with the serial number {serial!r}; nothing was changed")
    changed, card.revoked = not card.revoked, True
    return changed


def list_unlocks(session: Session, now: datetime, *, ended: bool = False, at_most: int = 100) -> list[UnlockLine]:
    """The latest unlocks, the last one first: those that may still go on, and with ``ended`` all."""
    found = (
        select(Unlock, Holder.name, IssuedCard.serial)
        .join(Holder, Unlock.holder_id == Holder.id)
        .outerjoin(IssuedCard, Unlock.card_id == IssuedCard.id)
        .order_by(Unlock.started_at.desc(), Unlock.id)
        .limit(at_most)
    )
    if not ended:
        found = found.where(Unlock.state.in_(LIVE), Unlock.expires_at > now)
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
        )
        for unlock, name, serial in session.execute(found)
    ]


def _locked(found: Select[Row]) -> Select[Row]:
    # What was read before may have been changed by others until now.
    return found.with_for_update().execution_options(populate_existing=True)


def _import_holder(session: Session, given: GivenHolder, counts: Imported) -> Holder:
    holder = find_holder(session, given.name, to_change=True)
    if holder is None:
        _need(given.where, given.values, "full_name", "second_factor")
        holder = Holder(name=given.name, **given.values)
        session.add(holder)
        counts.holders_new += 1
    elif _changed(holder, given.values):
        counts.holders_changed += 1
    else:
        counts.holders_same += 1
    if holder.second_factor == "sms" and holder.phone is None:
        raise PeopleError(f"{given.where}, phone: the second factor sms needs it; nothing was imported")
    if holder.second_factor == "password" and holder.password_hash is None:
        raise PeopleError(f"{given.where}, password: the second factor password needs it; nothing was imported")
    return holder


def _import_card(session: Session, holder: Holder, given: GivenCard, counts: Imported) -> None:
    card = find_card(session, given.serial, to_change=True)
    if card is None:
        _need(given.where, given.values, "label", "profile", "key_reference", "algorithm")
        card = IssuedCard(serial=given.serial, holder=holder, **given.values)
        session.add(card)
        counts.cards_new += 1
    elif card.holder is not holder:
        raise PeopleError(
            f"{given.where}, serial: this card belongs to {card.holder.name!r} already; nothing was imported"
        )
    elif _changed(card, given.values):
        counts.cards_changed += 1
    else:
        counts.cards_same += 1
    if given.certificates:
        _import_certificates(session, card, given, counts)


def _import_certificates(session: Session, card: IssuedCard, given: GivenCard, counts: Imported) -> None:
    wanted = {certificate.fingerprint: certificate for certificate in given.certificates}
    for there in list(card.certificates):
        if wanted.pop(there.fingerprint, None) is None:
            card.certificates.remove(there)
            session.delete(there)
            counts.certificates_removed += 1
    for fingerprint, new in wanted.items():
        row = IssuedCertificate(
            der=new.der,
            fingerprint=fingerprint,
            subject=new.subject,
            not_before=new.not_before,
            not_after=new.not_after,
        )
        card.certificates.append(row)
        counts.certificates_new += 1


def _need(where: str, values: Mapping[str, Any], *columns: str) -> None:
    for column in columns:
        if column not in values:
            name = "card_label" if column == "label" else column
            raise PeopleError(f"{where}, {name}: it is missing, and this is new; nothing was imported")


def _changed(row: Holder | IssuedCard, values: Mapping[str, Any]) -> bool:
    """Give a row its values and say whether any was another before."""
    differing = [name for name, value in values.items() if getattr(row, name) != value]
    for name in differing:
        setattr(row, name, values[name])
    return bool(differing)
