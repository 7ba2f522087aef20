"""Holders and their cards: brought in from files, looked up, locked and revoked.

Whoever calls writes the line of the audit log, in the same transaction and after these.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload, selectinload

from akis.authority.people.file import NOTHING, PeopleError, Problems
from akis.authority.people.given import GivenCard, GivenHolder
from akis.authority.store.tables import Holder, IssuedCard, IssuedCertificate

Row = TypeVar("Row", Holder, IssuedCard)


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


def import_people(session: Session, people: Iterable[GivenHolder]) -> Imported:
    """Bring in holders and cards (:func:`akis.authority.people.given.read_people`), all of them or none.

    Who is there already, by name, and cards, by serial number, get the values that are given and keep the rest; a
    locked holder stays locked and a revoked card revoked. Where certificates are given for a card, they are all it has.
    :class:`PeopleError`, with all that is wrong, where cards belong to somebody else or something needed is missing.
    """
    counts, problems = Imported(), Problems()
    with session.begin_nested():
        # Everybody locks in one order.
        for given in sorted(people, key=lambda given: given.name):
            with problems.noted():
                holder = _import_holder(session, given, counts)
                for _, card in sorted(given.cards.items()):
                    with problems.noted():
                        _import_card(session, holder, card, counts)
        problems.refuse()
    return counts


def find_holder(session: Session, name: str, *, to_change: bool = False) -> Holder | None:
    """The holder of this name; ``to_change`` keeps others from changing the row until the transaction ends."""
    found = select(Holder).where(Holder.name == name)
    return session.scalars(_locked(found) if to_change else found).one_or_none()


def find_card(session: Session, serial: str, *, to_change: bool = False) -> IssuedCard | None:
    """The card of this serial number in hex, in capitals or not; ``to_change`` as for holders."""
    found = select(IssuedCard).where(IssuedCard.serial == serial.upper())
    return session.scalars(_locked(found) if to_change else found).one_or_none()


def list_holders(session: Session) -> list[Holder]:
    """All holders by their names, with their cards, which may be looked at once the session is over."""
    return list(session.scalars(select(Holder).order_by(Holder.name).options(selectinload(Holder.cards))))


def known_holder(session: Session, name: str) -> Holder:
    """The holder of this name, with the cards; :class:`PeopleError` for an unknown one."""
    found = session.scalars(select(Holder).where(Holder.name == name).options(selectinload(Holder.cards))).one_or_none()
    if found is None:
        raise PeopleError(f"there is no holder named {name!r}")
    return found


def known_card(session: Session, serial: str) -> IssuedCard:
    """The card of this serial number, with its holder and certificates; :class:`PeopleError` for an unknown one."""
    whole = joinedload(IssuedCard.holder), selectinload(IssuedCard.certificates)
    found = session.scalars(select(IssuedCard).where(IssuedCard.serial == serial.upper()).options(*whole)).one_or_none()
    if found is None:
        raise PeopleError(f"there is no card with the serial number {serial!r}")
    return found


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


def _locked(found: Select[Row]) -> Select[Row]:
    # What was read before may have been changed by others until now.
    return found.with_for_update().execution_options(populate_existing=True)


def _import_holder(session: Session, given: GivenHolder, counts: Imported) -> Holder:
    holder = find_holder(session, given.name, to_change=True)
    if holder is None:
        _need(given.where, "holder", given.values, "full_name", "second_factor")
        holder = Holder(name=given.name, **given.values)
        session.add(holder)
        counts.holders_new += 1
    elif _changed(holder, given.values):
        counts.holders_changed += 1
    else:
        counts.holders_same += 1
    if holder.second_factor == "sms" and holder.phone is None:
        raise PeopleError(f"{given.where}, phone: the second factor sms needs it{NOTHING}")
    if holder.second_factor == "password" and holder.password_hash is None:
        raise PeopleError(f"{given.where}, password: the second factor password needs it{NOTHING}")
    return holder


def _import_card(session: Session, holder: Holder, given: GivenCard, counts: Imported) -> None:
    card = find_card(session, given.serial, to_change=True)
    if card is None:
        _need(given.where, "card", given.values, "label", "profile", "key_reference", "algorithm")
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


def _need(where: str, whose: str, values: Mapping[str, Any], *columns: str) -> None:
    for column in columns:
        if column not in values:
            name = "card_label" if column == "label" else column
            raise PeopleError(f"{where}, {name}: it is missing, and a new {whose} needs it{NOTHING}")


def _changed(row: Holder | IssuedCard, values: Mapping[str, Any]) -> bool:
    """Give a row its values and say whether any was another before."""
    differing = [name for name, value in values.items() if getattr(row, name) != value]
    for name in differing:
        setattr(row, name, values[name])
    return bool(differing)
