"""Somebody with the database in hand alters the audit log: it refuses, and where it was made not to, it shows."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from akis.authority import audit
from akis.authority.audit import AuditBroken
from akis.authority.store.store import Store, StoreUnavailable
from tests.akis.authority.http.served import Served, new_card, served

CHANGES = {
    "an outcome": "UPDATE audit SET outcome = 'ok' WHERE number = 1",
    "an actor": "UPDATE audit SET actor = 'ayse' WHERE number = 3",
    "a card": "UPDATE audit SET card = '000000000000000000000000' WHERE number = 5",
    "a time": "UPDATE audit SET at = (SELECT at FROM audit WHERE number = 1) WHERE number = 3",
    "details": "UPDATE audit SET details = '{}' WHERE number = 3",
    "a hash": "UPDATE audit SET hash = (SELECT hash FROM audit WHERE number = 2) WHERE number = 3",
    "a line out": "DELETE FROM audit WHERE number = 3",
    "the first line out": "DELETE FROM audit WHERE number = 1",
    "the end off": "DELETE FROM audit WHERE number > 4",
    "all of it": "DELETE FROM audit",
    "two lines swapped": (
        "UPDATE audit SET number = -number WHERE number IN (3, 4);"
        "UPDATE audit SET number = 7 + number WHERE number IN (-3, -4)"
    ),
}


def unlocked(authority: Served) -> None:
    """A log to speak of: a whole unlock, and one wrong sign-in in it."""
    authority.http.post("/v1/sign-ins", json={"name": "nobody", "password": "x"})
    with authority.exchange(authority.confirmed()) as exchange:
        exchange.carry(new_card())
    assert len(authority.audited("exchange")) == 2


def run(store: Store, statements: str) -> None:
    with store.begin() as session:
        for statement in statements.split(";"):
            session.execute(text(statement))


def unguard(store: Store) -> None:
    """What an owner of the database can do, and the service cannot prevent."""
    if store.engine.dialect.name == "postgresql":
        run(store, "DROP TRIGGER audit_only_grows ON audit")
    else:
        run(store, "DROP TRIGGER audit_no_update;DROP TRIGGER audit_no_delete;DROP TRIGGER audit_no_replace")


@pytest.mark.parametrize("change", CHANGES)
def test_the_database_refuses(store: Store, change: str) -> None:
    with served(store) as authority:
        unlocked(authority)
        with pytest.raises(StoreUnavailable):
            run(store, CHANGES[change])
        with store.read() as session:
            audit.verify(session)


@pytest.mark.parametrize("change", CHANGES)
def test_without_its_trigger_it_shows(store: Store, change: str) -> None:
    with served(store) as authority:
        unlocked(authority)
        unguard(store)
        run(store, CHANGES[change])
        with store.read() as session, pytest.raises(AuditBroken):
            audit.verify(session)


def test_a_log_that_was_made_anew_shows_by_a_hash_that_was_kept(store: Store) -> None:
    with served(store) as authority:
        unlocked(authority)
        with store.read() as session:
            kept = audit.verify(session)
        unguard(store)
        run(store, f"DELETE FROM audit;UPDATE audit_head SET number = 0, hash = {_zeros(store)}")
        unlocked(authority)
        with store.read() as session:
            assert audit.verify(session).head_number == kept.head_number
        with store.read() as session, pytest.raises(AuditBroken):
            audit.verify(session, expected=(kept.head_number, kept.head_hash))


def _zeros(store: Store) -> str:
    return f"'\\x{bytes(32).hex()}'" if store.engine.dialect.name == "postgresql" else f"X'{bytes(32).hex()}'"
