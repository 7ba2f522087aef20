"""Transactions, and a database that is not there."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from akis.authority.refused import Refused
from akis.authority.store.migrate import migrate
from akis.authority.store.store import Store, StoreUnavailable
from akis.authority.store.tables import Attempts, Holder
from akis.errors import InvalidArgument
from akis.unlock.kinds import Kind
from tests.postgres import PostgresServer


def holder(name: str = "ayşe") -> Holder:
    return Holder(name=name, full_name="Ayşe Yılmaz", second_factor="sms", password_hash="a hash, kept secret")


def add(store: Store, error: Exception | None = None) -> None:
    with store.begin() as session:
        session.add(holder())
        session.flush()
        if error:
            raise error


def holders(store: Store) -> int:
    with store.read() as session:
        return session.scalars(select(func.count()).select_from(Holder)).one()


def test_a_transaction_is_kept(store: Store) -> None:
    add(store)
    assert holders(store) == 1


def test_a_refusal_is_kept(store: Store) -> None:
    with pytest.raises(Refused):
        add(store, Refused(Kind.CODE_WRONG, "no such code"))
    assert holders(store) == 1


def test_whatever_else_goes_wrong_is_undone(store: Store) -> None:
    with pytest.raises(KeyError):
        add(store, KeyError())
    assert holders(store) == 0


def test_what_was_read_can_be_used_afterwards(store: Store) -> None:
    add(store)
    with store.read() as session:
        found = session.scalars(select(Holder)).one()
    assert found.full_name == "Ayşe Yılmaz"


def test_those_who_read_do_not_keep_others_from_writing(store: Store) -> None:
    with store.read() as session:
        assert session.scalars(select(Holder)).all() == []
        add(store)
    assert holders(store) == 1


def test_reading_does_not_write(store: Store) -> None:
    with pytest.raises(StoreUnavailable, match="only be read"), store.read() as session:
        session.add(holder())
    assert holders(store) == 0
    add(store)
    assert holders(store) == 1


def test_what_the_tables_refuse_shows_no_values(store: Store) -> None:
    add(store)
    with pytest.raises(StoreUnavailable) as caught:
        add(store)
    assert str(caught.value) == "the database refused what was asked of it (IntegrityError); nothing was changed"
    assert caught.value.__suppress_context__
    assert holders(store) == 1


def test_those_who_write_come_one_after_the_other(store: Store) -> None:
    workers, rounds = 4, 20
    with store.begin() as session:
        session.add(Attempts(who="-", since=datetime.now(UTC), count=0))
    together = threading.Barrier(workers)

    def work(_: int) -> None:
        together.wait()
        for _ in range(rounds):
            with store.begin() as session:
                row = session.get_one(Attempts, "-", with_for_update=True)
                row.count += 1

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(work, range(workers)))
    with store.read() as session:
        assert session.get_one(Attempts, "-").count == workers * rounds


def test_moments_come_back_in_utc(store: Store) -> None:
    at = datetime(2026, 3, 1, 12, 0, 0, 123456, timezone(timedelta(hours=3)))
    with store.begin() as session:
        session.add(Attempts(who="-", since=at, count=0))
    with store.read() as session:
        found = session.get_one(Attempts, "-").since
    assert (found, found.tzinfo) == (at, UTC)


def test_the_last_moment_there_is_comes_back_from_a_server_further_east(postgres: PostgresServer) -> None:
    """Certificates that do not end have it (RFC 5280 §4.1.2.5); in Istanbul it is in the year 10000."""
    name, last = postgres.create(), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    postgres.do(f"ALTER DATABASE {name} SET timezone TO 'Europe/Istanbul'")
    store = Store(postgres.url(name))
    migrate(store)
    with store.begin() as session:
        session.add(Attempts(who="-", since=last, count=0))
    with store.read() as session:
        assert session.get_one(Attempts, "-").since == last
    store.close()
    postgres.drop(name)


def test_a_moment_without_its_zone_is_refused(store: Store) -> None:
    with pytest.raises(InvalidArgument, match="time zone"), store.begin() as session:
        session.add(Attempts(who="-", since=datetime(2026, 3, 1), count=0))


def test_a_database_that_answers(store: Store) -> None:
    store.check()


def test_a_database_without_tables_says_so(empty_url: str) -> None:
    store = Store(empty_url)
    with pytest.raises(StoreUnavailable, match="migrate it first"):
        add(store)
    store.close()


def test_a_server_that_goes_away_and_comes_back(postgres: PostgresServer) -> None:
    name = postgres.create()
    store = Store(postgres.url(name))
    migrate(store)

    def lose_it() -> None:
        with store.begin() as session:
            session.add(holder())
            session.flush()
            postgres.halt()

    with pytest.raises(StoreUnavailable, match="does not answer"):
        lose_it()
    with pytest.raises(StoreUnavailable, match="does not answer"):
        store.check()
    postgres.start()
    store.check()
    assert holders(store) == 0
    add(store)
    store.close()
    postgres.drop(name)


def test_no_error_shows_the_password_of_the_database(tmp_path: Path) -> None:
    store = Store(f"postgresql://akis:hunter2@/akis?host={tmp_path}")
    with pytest.raises(StoreUnavailable) as caught:
        store.check()
    assert "hunter2" not in f"{caught.value!r} {store.engine!r}"
    for url in ("hunter2", "postgresql://akis:hun:ter2@host:port/akis", "mysql://akis:hunter2@host/akis", ""):
        with pytest.raises(InvalidArgument, match="is named by a URL") as refused:
            Store(url)
        assert "ter2" not in str(refused.value)


@pytest.mark.parametrize("place", ["missing/authority.db", "."])
def test_a_file_that_cannot_be_made(tmp_path: Path, place: str) -> None:
    store = Store(f"sqlite:///{tmp_path / place}")
    with pytest.raises(StoreUnavailable, match="does not answer"):
        store.check()
    store.close()


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "authority.db").write_bytes(b"not a database at all" * 100)
    store = Store(f"sqlite:///{tmp_path / 'authority.db'}")
    with pytest.raises(StoreUnavailable):
        store.check()
    store.close()


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such bits")
def test_nobody_else_reads_the_file(tmp_path: Path) -> None:
    path = tmp_path / "authority.db"
    before = os.umask(0o022)
    try:
        store = Store(f"sqlite:///{path}")
        assert not path.exists()
        migrate(store)
        with store.begin() as session:
            session.add(holder())
            session.flush()
            made = sorted(tmp_path.iterdir())
            assert path in made
            assert {stat.S_IMODE(file.stat().st_mode) for file in made} == {0o600}
        store.close()
    finally:
        os.umask(before)


def test_a_database_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = Store("sqlite://")
    migrate(store)
    add(store)
    assert holders(store) == 1
    store.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_processes_that_start_at_once_on_a_new_file(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'authority.db'}"
    program = (
        "import sys\n"
        "from akis.authority.store.migrate import is_current, migrate\n"
        "from akis.authority.store.store import Store\n"
        "sys.stdin.read()\n"
        "store = Store(sys.argv[1])\n"
        "migrate(store)\n"
        "assert is_current(store)\n"
    )
    command = [sys.executable, "-c", program, url]
    workers = [subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.close()
    for worker in workers:
        assert worker.stderr is not None
        assert (worker.stderr.read(), worker.wait()) == ("", 0)
        worker.stderr.close()


def test_the_driver_connects_anew_after_a_connection_broke(postgres: PostgresServer) -> None:
    name = postgres.create()
    store = Store(postgres.url(name))
    store.check()
    postgres.do(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    store.check()
    with store.read() as session:
        assert session.execute(text("SHOW lock_timeout")).scalar_one() == "30s"
    store.close()
    postgres.drop(name)
