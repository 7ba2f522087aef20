"""A log in which nothing can be changed unseen."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from akis.authority import audit
from akis.authority.audit import AuditBroken, Verified, verify
from akis.authority.refused import Refused
from akis.authority.store.store import Store, StoreUnavailable
from akis.authority.store.tables import AuditEntry, AuditHead, Holder
from akis.errors import InvalidArgument
from akis.unlock.kinds import Kind

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def write(session: Session, number: int = 1, **changes: Any) -> None:
    line = {"at": NOON + timedelta(seconds=number), "actor": "ayşe", "event": "redeem", "outcome": "ok"}
    audit.write(session, **(line | {"details": {"unlock": f"u{number}"}} | changes))


def filled(store: Store, lines: int = 5) -> None:
    for number in range(1, lines + 1):
        with store.begin() as session:
            write(session, number)


def tamper(store: Store, *statements: str) -> None:
    """What somebody does who has the database in hand: the triggers are no hindrance."""
    with store.begin() as session:
        if session.get_bind().dialect.name == "postgresql":
            session.execute(text("ALTER TABLE audit DISABLE TRIGGER audit_only_grows"))
        else:
            for name in ("audit_no_update", "audit_no_delete", "audit_no_replace"):
                session.execute(text(f"DROP TRIGGER {name}"))
        for statement in statements:
            session.execute(text(statement))


def checked(store: Store, expected: tuple[int, bytes] | None = None) -> Verified:
    with store.read() as session:
        return verify(session, expected)


def broken(store: Store, expected: tuple[int, bytes] | None = None) -> AuditBroken:
    with pytest.raises(AuditBroken) as caught:
        checked(store, expected)
    return caught.value


def test_an_empty_log_is_whole(store: Store) -> None:
    assert checked(store) == Verified(0, 0, bytes(32))


def test_lines_follow_each_other(store: Store) -> None:
    filled(store, 3)
    with store.read() as session:
        lines = session.scalars(select(AuditEntry).order_by(AuditEntry.number)).all()
        head = session.get_one(AuditHead, 1)
    assert [line.number for line in lines] == [1, 2, 3]
    assert [line.previous for line in lines] == [bytes(32), lines[0].hash, lines[1].hash]
    assert checked(store) == Verified(3, 3, lines[2].hash) == Verified(3, head.number, head.hash)


def test_the_hash_is_what_the_documentation_says(store: Store) -> None:
    """Written out by hand, so that others can check a log without this library."""
    at = datetime(2026, 3, 1, 11, 30, 0, 7, tzinfo=timezone(timedelta(hours=3)))
    details = {"unlock": 'a"b\\c\n\x01ğ', "count": 3, "again": False, "sw": None}
    with store.begin() as session:
        audit.write(
            session, at=at, actor="ayşe", event="redeem", outcome=Kind.CODE_USED, card="0A" * 12, details=details
        )
    line = (
        '["akis-audit-1",1,"2026-03-01T08:30:00.000007+00:00","ayşe","redeem","code_used","0A0A0A0A0A0A0A0A0A0A0A0A",'
        '{"again":false,"count":3,"sw":null,"unlock":"a\\"b\\\\c\\n\\u0001ğ"},"' + "00" * 32 + '"]'
    )
    assert checked(store).head_hash == hashlib.sha256(line.encode()).digest()


def test_a_line_is_kept_with_its_transaction_and_with_a_refusal(store: Store) -> None:
    def write_and_raise(error: Exception) -> None:
        with store.begin() as session:
            write(session)
            raise error

    with pytest.raises(Refused):
        write_and_raise(Refused(Kind.CODE_WRONG, "no such code"))
    with pytest.raises(RuntimeError):
        write_and_raise(RuntimeError())
    assert checked(store).count == 1


def test_several_lines_in_one_transaction(store: Store) -> None:
    with store.begin() as session:
        write(session, 1)
        write(session, 2)
    assert checked(store).count == 2


def test_many_write_at_once(store: Store) -> None:
    workers, lines = 4, 25
    together = threading.Barrier(workers)

    def work(worker: int) -> None:
        together.wait()
        for number in range(lines):
            with store.begin() as session:
                session.add(Holder(name=f"{worker}-{number}", full_name="-", second_factor="sms", locked=False))
                write(session, number, actor=f"worker {worker}")

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(work, range(workers)))
    assert checked(store).count == workers * lines
    with store.read() as session:
        by_worker = select(AuditEntry.actor, func.count()).group_by(AuditEntry.actor)
        assert dict(map(tuple, session.execute(by_worker))) == {f"worker {n}": lines for n in range(workers)}


def test_the_log_is_checked_while_others_write(store: Store) -> None:
    filled(store, 3)
    with store.read() as session:
        assert verify(session).count == 3
        filled(store, 1)
    assert checked(store).count == 4


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        ("UPDATE audit SET outcome = 'code_wrong' WHERE number = 3", 3),
        ("UPDATE audit SET actor = 'mehmet' WHERE number = 1", 1),
        ("UPDATE audit SET card = '' WHERE number = 2", 2),
        ("UPDATE audit SET at = '2026-03-01 12:00:09.000000+00:00' WHERE number = 4", 4),
        ("""UPDATE audit SET details = '{"unlock":"u9"}' WHERE number = 5""", 5),
        ("""UPDATE audit SET details = '[{"unlock":"u2"}]' WHERE number = 2""", 2),
        ("UPDATE audit SET previous = hash WHERE number = 3", 3),
        ("UPDATE audit SET hash = previous WHERE number = 3", 3),
        ("UPDATE audit SET number = 7 WHERE number = 5", 5),
        ("DELETE FROM audit WHERE number = 1", 1),
        ("DELETE FROM audit WHERE number = 3", 3),
        ("DELETE FROM audit WHERE number = 5", 5),
        ("DELETE FROM audit WHERE number >= 4", 4),
        ("DELETE FROM audit", 1),
        ("DELETE FROM audit_head", 1),
        ("UPDATE audit_head SET number = 4", 5),
        ("UPDATE audit_head SET number = 9", 6),
        ("UPDATE audit_head SET hash = (SELECT hash FROM audit WHERE number = 4)", 5),
    ],
)
def test_the_first_line_that_does_not_fit_is_named(store: Store, statement: str, number: int) -> None:
    filled(store)
    tamper(store, statement)
    assert broken(store).number == number


def test_lines_in_another_order_are_found(store: Store) -> None:
    filled(store)
    tamper(store, *(f"UPDATE audit SET number = {new} WHERE number = {old}" for old, new in ((2, 9), (3, 2), (9, 3))))
    assert broken(store).number == 2


def test_a_line_that_cannot_be_read_is_named(sqlite_store: Store) -> None:
    filled(sqlite_store)
    tamper(sqlite_store, "UPDATE audit SET at = 'yesterday' WHERE number = 4")
    assert broken(sqlite_store).number == 4
    with sqlite_store.begin() as session:
        session.execute(text("UPDATE audit SET details = '{' WHERE number = 2"))
    assert broken(sqlite_store).number == 2


def test_a_cut_with_the_head_set_back_needs_a_hash_kept_elsewhere(store: Store) -> None:
    filled(store)
    kept = checked(store)
    tamper(
        store,
        "DELETE FROM audit WHERE number > 3",
        "UPDATE audit_head SET number = 3, hash = (SELECT hash FROM audit WHERE number = 3)",
    )
    assert checked(store).count == 3
    error = broken(store, (kept.head_number, kept.head_hash))
    assert (error.number, str(error)) == (4, "the audit log ends before line 5, whose hash was kept")


def test_a_log_made_anew_needs_a_hash_kept_elsewhere(store: Store) -> None:
    filled(store, 2)
    kept = checked(store)
    tamper(store, "DELETE FROM audit", f"UPDATE audit_head SET number = 0, hash = {blank(store)}")
    with store.begin() as session:
        write(session, 1, actor="mehmet")
        write(session, 2)
        write(session, 3)
    assert checked(store).count == 3
    assert broken(store, (kept.head_number, kept.head_hash)).number == 2


def blank(store: Store) -> str:
    zeros = "00" * 32
    return f"'\\x{zeros}'::bytea" if store.engine.dialect.name == "postgresql" else f"x'{zeros}'"


def test_a_hash_kept_elsewhere_is_found_in_a_log_that_went_on(store: Store) -> None:
    kept = checked(store)
    assert checked(store, (0, kept.head_hash)).count == 0
    filled(store, 2)
    kept = checked(store)
    filled(store, 2)
    assert checked(store, (kept.head_number, kept.head_hash)).count == 4


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = actor", "DELETE FROM audit", "TRUNCATE audit"])
def test_the_database_refuses_changes(store: Store, statement: str) -> None:
    filled(store, 2)
    if statement.startswith("TRUNCATE") and store.engine.dialect.name == "sqlite":
        statement = "INSERT OR REPLACE INTO audit SELECT * FROM audit"  # its own way of taking lines out
    with pytest.raises(StoreUnavailable), store.begin() as session:
        session.execute(text(statement))
    assert checked(store).count == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"at": datetime(2026, 3, 1)},
        {"actor": "a" * 129},
        {"actor": "a\0b"},
        {"event": "\ud800"},
        {"card": "0" * 25},
        {"details": {"unlock": b"bytes"}},
        {"details": {"unlock": 1.5}},
        {"details": {"unlock": ["a"]}},
        {"details": {"unlock": "\0"}},
        {"details": {"count": 2**53}},
        {"details": {"Unlock": "a"}},
        {"details": {1: "a"}},
    ],
)
def test_what_is_no_line_is_refused(sqlite_store: Store, changes: dict[str, Any]) -> None:
    with sqlite_store.begin() as session, pytest.raises(InvalidArgument):
        write(session, **changes)
    assert checked(sqlite_store).count == 0


@pytest.mark.parametrize("name", ["pin", "new_pin", "puk", "code", "sms_codes", "password", "token", "answer", "k_mac"])
def test_secrets_are_refused_by_their_names_and_not_repeated(sqlite_store: Store, name: str) -> None:
    with sqlite_store.begin() as session, pytest.raises(InvalidArgument) as caught:
        write(session, details={name: "739174"})
    assert "739174" not in str(caught.value)


@pytest.mark.parametrize("name", ["opinion", "kind", "encoded", "unlock", "address", "holds", "status_word"])
def test_harmless_names_are_kept(sqlite_store: Store, name: str) -> None:
    with sqlite_store.begin() as session:
        write(session, details={name: "a"})
    assert checked(sqlite_store).count == 1


def test_a_long_log_is_read_in_pieces(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "_AT_ONCE", 3)
    seen: list[int] = []
    fitting: Callable[..., bytes] = audit._fitting
    monkeypatch.setattr(audit, "_fitting", lambda row, *rest: (seen.append(row.number), fitting(row, *rest))[1])
    filled(sqlite_store, 10)
    tamper(sqlite_store, "UPDATE audit SET at = 'yesterday' WHERE number = 8")
    assert broken(sqlite_store).number == 8
    assert seen == list(range(1, 8))


def test_without_a_head_nothing_is_written(store: Store) -> None:
    tamper(store, "DELETE FROM audit_head")
    with pytest.raises(AuditBroken, match="lost its head"), store.begin() as session:
        write(session)
