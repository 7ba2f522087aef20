"""What an operator does is done together with its line in the audit log, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from akis.authority import audit
from akis.authority.people.file import Entry, PeopleError
from akis.authority.people.given import given_people
from akis.authority.people.operator import audit_lines, bring_in, revoke, set_locked
from akis.authority.store.store import Store
from akis.authority.store.tables import Holder, IssuedCard

NOW = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
SERIAL = "414B49530202000000000042"
FIELDS = {
    "name": "zeynep",
    "full_name": "Zeynep Kaya",
    "second_factor": "sms",
    "phone": "+905550000042",
    "serial": SERIAL,
    "card_label": "Signature card",
    "profile": "akis-2",
    "key_reference": "01",
    "algorithm": "8C",
}


def bring(store: Store, **changes: str) -> None:
    fields = {name: value for name, value in {**FIELDS, **changes}.items() if value}
    bring_in(store, given_people([Entry("entry 1", Path(), fields, ())]), NOW, "people.csv")


def lines(store: Store, card: str | None = None, last: int | None = None) -> list[tuple[str, str | None]]:
    """Event and card of lines of the log, which is whole."""
    with store.read() as session:
        audit.verify(session)
        found = list(audit_lines(session, card, last))
    assert {line.actor for line in found} <= {"operator"}
    return [(line.event, line.card) for line in found]


def test_each_has_its_line(store: Store) -> None:
    bring(store)
    assert [set_locked(store, "zeynep", locked, NOW) for locked in (True, True, False)] == [True, False, True]
    assert [revoke(store, SERIAL.lower(), NOW) for _ in range(2)] == [True, False]
    assert lines(store) == [
        ("import", None),
        ("holder_lock", None),
        ("holder_lock", None),
        ("holder_unlock", None),
        ("card_revoke", SERIAL),
        ("card_revoke", SERIAL),
    ]
    with store.read() as session:
        assert session.scalars(select(Holder.locked)).one() is False
        assert session.scalars(select(IssuedCard.revoked)).one() is True


def test_lines_of_a_card_and_the_last_ones_the_oldest_first(store: Store) -> None:
    bring(store)
    revoke(store, SERIAL, NOW)
    set_locked(store, "zeynep", True, NOW)
    assert lines(store, last=2) == [("card_revoke", SERIAL), ("holder_lock", None)]
    assert lines(store, card=SERIAL.lower()) == [("card_revoke", SERIAL)]
    assert lines(store, card=SERIAL, last=1) == [("card_revoke", SERIAL)]
    assert lines(store, card="00" * 12) == []


def test_lines_of_a_holder(store: Store) -> None:
    bring(store)
    bring(store, serial="00" * 12, name="ali")
    for name in ("zeynep", "ali"):
        set_locked(store, name, True, NOW)
    with store.begin() as session:
        audit.write(session, at=NOW, actor="zeynep", event="redeem", outcome="ok")
        for holder in (1, 2, None):
            audit.write(session, at=NOW, actor="::1", event="redeem", outcome="code_wrong", details={"holder": holder})
    with store.read() as session:
        found = [(line.number, line.event) for line in audit_lines(session, holder="zeynep")]
        assert found == [(3, "holder_lock"), (5, "redeem"), (6, "redeem")]
        assert [line.number for line in audit_lines(session, holder="ali", last=1)] == [7]
        with pytest.raises(PeopleError, match="no holder named 'nobody'"):
            audit_lines(session, holder="nobody")


def test_what_cannot_be_done_leaves_neither(store: Store) -> None:
    bring(store)
    with pytest.raises(PeopleError):
        bring(store, serial="00" * 12, name="ali", phone="")
    with pytest.raises(PeopleError):
        set_locked(store, "nobody", True, NOW)
    with pytest.raises(PeopleError):
        revoke(store, "00" * 12, NOW)
    assert lines(store) == [("import", None)]
    with store.read() as session:
        assert session.scalars(select(Holder.name)).all() == ["zeynep"]


def test_where_no_line_can_be_written_nothing_is_done(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    bring(store)

    def broken(*_: object, **__: object) -> None:
        raise audit.AuditBroken("the audit log has lost its head", 1)

    monkeypatch.setattr(audit, "write", broken)
    with pytest.raises(audit.AuditBroken):
        set_locked(store, "zeynep", True, NOW)
    with store.read() as session:
        assert session.scalars(select(Holder.locked)).one() is False
