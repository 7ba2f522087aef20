"""An authority with a clock that stands still, an SMS gateway that is a list, and a few holders."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from argon2.profiles import CHEAPEST
from sqlalchemy import select

from akis.authority import audit
from akis.authority.context import Authority
from akis.authority.keys.file import FileMasterKey
from akis.authority.passwords import hash_password
from akis.authority.refused import Refused
from akis.authority.rules import Rules
from akis.authority.sms import SmsFailed
from akis.authority.steps.choose_card import choose_card
from akis.authority.steps.codes import new_code
from akis.authority.steps.redeem import Opened, open_unlock
from akis.authority.steps.second_factor import answer
from akis.authority.store.store import Store
from akis.authority.store.tables import AuditEntry, Holder, IssuedCard, Unlock
from akis.secret import Secret
from akis.unlock.kinds import Kind

PASSWORD = "correct horse 1470"
PHONE = "+90 555 000 00 42"
HERE, THERE = "192.0.2.7", "2001:db8::7"
SERIALS = tuple(f"414B4953020200000000{number:04X}" for number in range(1, 10))
START = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


@dataclass
class Gateway:
    """Keeps every SMS; ``broken`` it takes none."""

    sent: list[tuple[str, str]] = field(default_factory=list)
    broken: bool = False

    def send(self, phone: str, text: str) -> None:
        if self.broken:
            raise SmsFailed("the SMS service sms.example answered 500")
        self.sent.append((phone, text))

    @property
    def code(self) -> str:
        """The digits of the last one."""
        return self.sent[-1][1][:6]


class World:
    """The authority, and what tests do to it and look at."""

    def __init__(self, store: Store, **rules: Any) -> None:
        self.time = START
        self.gateway = Gateway()
        self.authority = Authority(
            store, FileMasterKey(Secret(bytes(range(32)))), self.gateway, Rules(**rules), now=lambda: self.time
        )

    def later(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def holder(self, name: str = "ayse", second_factor: str = "sms", cards: int = 1, **changes: Any) -> Holder:
        """A new holder with so many cards, the next ones of SERIALS."""
        fields = {"phone": PHONE, "password_hash": hash_password(PASSWORD, CHEAPEST), **changes}
        with self.authority.begin() as session:
            made = Holder(name=name, full_name=name.title(), second_factor=second_factor, **fields)
            taken = len(session.scalars(select(IssuedCard)).all())
            made.cards = [
                IssuedCard(serial=serial, label=f"card {serial[-1]}", profile="akis-2", key_reference=1, algorithm=0x0C)
                for serial in SERIALS[taken : taken + cards]
            ]
            session.add(made)
        return made

    def code(self, holder: Holder) -> str:
        return new_code(self.authority, holder.id, HERE)[0].reveal()

    def opened(self, holder: Holder) -> Opened:
        return open_unlock(self.authority, self.code(holder), HERE)

    def confirmed(self, holder: Holder, serial: str = SERIALS[0]) -> Opened:
        """An unlock whose second factor, by SMS, was given."""
        opened = self.opened(holder)
        choose_card(self.authority, opened.token, serial, HERE)
        answer(self.authority, opened.token, self.gateway.code, HERE)
        return opened

    def change(self, kind: type[Holder | IssuedCard | Unlock], key: int | str, **changes: Any) -> None:
        """What an operator does."""
        with self.authority.begin() as session:
            row = session.get_one(kind, key)
            for name, value in changes.items():
                setattr(row, name, value)

    def unlock(self, opened: Opened) -> Unlock:
        """The row as it stands."""
        with self.authority.read() as session:
            return session.get_one(Unlock, opened.unlock.id)

    def trail(self) -> list[tuple[str, str, str]]:
        """Event, outcome and actor of each line of the audit log, which is whole."""
        return [(line.event, line.outcome, line.actor) for line in self.lines()]

    def lines(self) -> list[AuditEntry]:
        with self.authority.read() as session:
            audit.verify(session)
            return list(session.scalars(select(AuditEntry).order_by(AuditEntry.number)))

    def written(self) -> str:
        """All that the audit log holds, as text."""
        return "\n".join(
            f"{line.actor} {line.card} {line.event} {line.outcome} {line.details}" for line in self.lines()
        )


class refused:
    """What happens inside is refused for this reason; what was said is kept in ``said``."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self._raises = pytest.raises(Refused)

    def __enter__(self) -> refused:
        self._info = self._raises.__enter__()
        return self

    def __exit__(self, *exception: Any) -> bool | None:
        caught = self._raises.__exit__(*exception)
        if caught:
            assert self.said.kind is self.kind, self.said.message
        return caught

    @property
    def said(self) -> Refused:
        return self._info.value
