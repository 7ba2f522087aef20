"""Databases for the tests of the authority, each test its own.

Fixtures, for every test of this tree (``tests/conftest.py`` loads this file as a plugin); a test that asks for one of
the first two runs twice, on SQLite and on PostgreSQL:

``store``
    A migrated, empty :class:`akis.authority.store.store.Store`.
``empty_url``
    The URL of a database that nobody has migrated yet.
``sqlite_store``
    As ``store``, on SQLite alone: for tests to which the database is all the same.
``postgres``
    The :class:`tests.postgres.PostgresServer` behind them.

SQLAlchemy is loaded only by tests that ask for one of them.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.postgres import PostgresServer, binaries

if TYPE_CHECKING:
    from akis.authority.store.store import Store


def sqlite_url(path: Path) -> str:
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    server = PostgresServer(binaries())
    yield server
    server.stop()


@pytest.fixture(scope="session")
def _migrated_postgres(postgres: PostgresServer) -> str:
    name = postgres.create()
    _migrate(postgres.url(name))
    return name


@pytest.fixture(scope="session")
def _migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "authority.db"
    _migrate(sqlite_url(path))
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_store")
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = server.create(request.getfixturevalue("_migrated_postgres"))
    yield from _opened(server.url(name))
    server.drop(name)


@pytest.fixture
def sqlite_store(_migrated_sqlite: Path, tmp_path: Path) -> Iterator[Store]:
    path = shutil.copy(_migrated_sqlite, tmp_path / "authority.db")
    yield from _opened(sqlite_url(path))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield sqlite_url(tmp_path / "empty.db")
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = server.create()
    yield server.url(name)
    server.drop(name)


def _opened(url: str) -> Iterator[Store]:
    from akis.authority.store.store import Store

    store = Store(url)
    yield store
    store.close()


def _migrate(url: str) -> None:
    from akis.authority.store.migrate import migrate
    from akis.authority.store.store import Store

    store = Store(url)
    migrate(store)
    store.close()
