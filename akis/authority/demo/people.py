"""The demo's holders and cards in a database, for as long as nobody else is in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from akis.authority.demo.data import CARDS, HOLDERS, MASTER_KEY, DemoCard, demo_certificates
from akis.authority.keys.file import FileMasterKey
from akis.authority.keys.key_check import check_key_fits
from akis.authority.people.database import Imported
from akis.authority.people.file import Entry
from akis.authority.people.given import given_people
from akis.authority.people.operator import bring_in
from akis.authority.store.store import Store
from akis.authority.store.tables import Holder
from akis.emulator.personality import load_personality
from akis.emulator.test_ca import pem
from akis.errors import PolicyRefused
from akis.secret import Secret


def bring_in_demo(store: Store, now: datetime) -> Imported:
    """Import them; a second time changes nothing but passwords, whose hashes are made anew.

    Raises :class:`PolicyRefused` where there are other holders: these come with passwords and keys that all know; and
    :class:`OtherMasterKey` where the database was used with another master key than the demo's, which their cards need.
    """
    with store.read() as session:
        others = select(Holder.id).where(Holder.name.not_in([holder.name for holder in HOLDERS])).limit(1)
        if session.scalars(others).first() is not None:
            raise PolicyRefused(
                "the database has holders of its own, and everybody knows the passwords of the demo's; nothing was "
                "imported"
            )
    check_key_fits(store, FileMasterKey(Secret(MASTER_KEY)))
    return bring_in(store, given_people(_entries()), now, "demo data")


def _entries() -> Iterator[Entry]:
    for card in CARDS:
        yield Entry(card.name, Path(), _fields(card), tuple(map(pem, demo_certificates(card))))


def _fields(card: DemoCard) -> dict[str, str]:
    holder = card.holder
    fields = {
        "name": holder.name,
        "full_name": holder.full_name,
        "phone": holder.phone or "",
        "second_factor": holder.second_factor,
        "password": holder.password,
        "serial": card.serial.hex().upper(),
        "card_label": card.label,
        "profile": load_personality(card.kind).profile,
        "key_reference": f"{card.key_reference:02X}",
        "algorithm": f"{card.algorithm:02X}",
    }
    return {name: value for name, value in fields.items() if value}
