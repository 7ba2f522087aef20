"""One way of making the tables, whoever starts first."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from akis.authority.store import migrate as steps
from akis.authority.store.migrate import is_current, migrate
from akis.authority.store.store import Store, StoreUnavailable
from akis.authority.store.tables import AuditHead, Base
from akis.errors import InvalidArgument


def test_the_tables_are_those_of_the_models(store: Store) -> None:
    with store.read() as session:
        found = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(found, Base.metadata) == []


def test_constraints_have_the_names_that_the_models_give_them(store: Store) -> None:
    with store.read() as session:
        found = inspect(session.connection())
        for table in Base.metadata.sorted_tables:
            keys = {key["name"] for key in found.get_foreign_keys(table.name)}
            assert keys == {key.name for key in table.foreign_key_constraints}
            assert found.get_pk_constraint(table.name)["name"] == table.primary_key.name


def test_the_audit_log_begins_with_its_head(store: Store) -> None:
    with store.read() as session:
        head = session.get_one(AuditHead, 1)
        assert (head.number, head.hash) == (0, bytes(32))


def test_migrating_twice_changes_nothing(empty_url: str) -> None:
    store = Store(empty_url)
    assert not is_current(store)
    migrate(store)
    assert is_current(store)
    migrate(store)
    assert is_current(store)
    store.close()


def test_workers_that_start_at_once_migrate_once(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class NoLock:  # as between processes, which share none
        def __enter__(self) -> None:
            together.wait()

        def __exit__(self, *_: object) -> None:
            pass

    together = threading.Barrier(2)
    order = threading.Lock()
    upgrade = command.upgrade

    def one_at_a_time(*arguments: object) -> None:
        assert order.acquire(blocking=False), "the database let two in"
        try:
            upgrade(*arguments)
        finally:
            order.release()

    monkeypatch.setattr(steps, "_one_at_a_time", NoLock())
    monkeypatch.setattr(command, "upgrade", one_at_a_time)
    stores = [Store(empty_url) for _ in range(2)]
    with ThreadPoolExecutor(2) as workers:
        list(workers.map(migrate, stores))
    assert all(map(is_current, stores))
    for store in stores:
        store.close()


def test_a_database_of_a_later_version_is_left_alone(store: Store) -> None:
    with store.begin() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert not is_current(store)
    with pytest.raises(StoreUnavailable, match="not known to this version"):
        migrate(store)
    assert not is_current(store)


def test_there_is_no_way_back(sqlite_store: Store) -> None:
    with sqlite_store.begin() as session:
        config = steps._config()
        config.attributes["connection"] = session.connection()
        with pytest.raises(InvalidArgument, match="restore a backup"):
            command.downgrade(config, "base")
    assert is_current(sqlite_store)


def test_the_steps_are_found_wherever_the_work_is_done(
    empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = Store(empty_url)
    migrate(store)
    assert is_current(store)
    store.close()
