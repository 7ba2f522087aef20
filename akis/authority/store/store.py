"""The database: transactions in which a refusal is an outcome, not a failure.

On SQLite every transaction of :meth:`Store.begin` is the only writer from its first statement on. On PostgreSQL, at its
default isolation (read committed), rows are locked where they are read to be changed, so that nothing has to be tried
again: no serialization failure can come, and no deadlock as long as everybody locks in one order:

1. the rate of attempts (:mod:`akis.authority.steps.attempts`), names before addresses;
2. data rows, from the general to the particular: holder, card, code or unlock, lease;
3. the head of the audit log (:mod:`akis.authority.audit`), last, because everybody needs it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
    SQLAlchemyError,
    StatementError,
)
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from sqlalchemy.orm import Session, sessionmaker

from akis.authority.refused import Refused
from akis.authority.store.journal import write_ahead
from akis.authority.store.not_connected import why_not_connected
from akis.errors import AkisError, InvalidArgument

WAIT = 30
"""Seconds that a writer waits for another, and for a free connection."""
CONNECT_WAIT = 10
FORGOTTEN = 120
"""Seconds after which PostgreSQL ends a transaction that its worker forgot, or died in, and with it its locks."""
_NO_ANSWER = "the database does not answer, or not in time; see that it runs, has room, and is where its URL says"
_READING = "akis_reading"
_NO_TABLE, _READ_ONLY = "42P01", "25006"  # PostgreSQL's undefined_table and read_only_sql_transaction


class StoreUnavailable(AkisError):
    """The database could not be asked or did not do what was asked; what was begun was undone.

    One exception: where the connection breaks at the very end of a transaction, nobody knows whether it was kept.
    """


class Store:
    """A database by its URL, ``sqlite:///FILE`` or ``postgresql://…``; nothing is opened before it is needed.

    A file that is not there yet is made, readable by its owner alone. Nothing that SQLAlchemy raises comes out, nor
    does any error show the URL, which may hold a password, or values.
    """

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        self._writing = Lock() if self.engine.dialect.name == "sqlite" else None

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """One transaction. It is kept where the ``with`` ends well or with :class:`Refused`, and undone otherwise.

        Raises :class:`StoreUnavailable` where the database does not do its part.
        """
        with self._alone(), self._transaction() as session:
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One transaction that only reads, however long: nobody who writes waits for it. Writing in it fails."""
        with self._transaction() as session:
            session.connection(execution_options={_READING: True, "postgresql_readonly": True})
            yield session

    def check(self) -> None:
        """Ask the database for something; :class:`StoreUnavailable` where it does not answer."""
        with self.read() as session:
            session.execute(text("SELECT 1"))

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One writer at a time where the database allows no more: SQLite would have the others look again and again,
        ever more seldom, and some of them wait for seconds while others pass."""
        if self._writing is None:
            yield
            return
        if not self._writing.acquire(timeout=WAIT):
            raise StoreUnavailable(_NO_ANSWER)
        try:
            yield
        finally:
            self._writing.release()

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        with _plain_errors(), self._sessions() as session:
            try:
                yield session
            except Refused:
                session.commit()
                raise
            except BaseException:
                session.rollback()
                raise
            session.commit()


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Errors of SQLAlchemy as one of ours; theirs hold statements, values and addresses."""
    try:
        yield
    except SQLAlchemyError as error:
        if isinstance(error, StatementError) and isinstance(error.orig, AkisError):
            raise error.orig from None  # a value that a column of ours refused
        raise StoreUnavailable(_sentence(error)) from None


def _sentence(error: SQLAlchemyError) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else None
    state, name = getattr(cause, "sqlstate", None), getattr(cause, "sqlite_errorname", "")
    if state == _NO_TABLE or str(cause).startswith("no such table"):
        return "the database has not the tables of this version; migrate it first"
    if state == _READ_ONLY or name.startswith("SQLITE_READONLY"):
        return "the database may only be read here; see who may write to it"
    if isinstance(error, NoFreeConnection):
        return f"all connections to the database were in use for {WAIT} seconds; try again, or start more workers"
    if isinstance(error, OperationalError) and (why := why_not_connected(str(cause))) is not None:
        return why
    if isinstance(error, OperationalError | InterfaceError) or (isinstance(error, DBAPIError) and _is_lost(error)):
        return _NO_ANSWER
    return f"the database refused what was asked of it ({type(error).__name__}); nothing was changed"


def _is_lost(error: DBAPIError) -> bool:
    return bool(error.connection_invalidated)


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
            return _sqlite(parsed)
        if parsed.drivername in ("postgresql", "postgresql+psycopg"):
            return _postgresql(parsed.set(drivername="postgresql+psycopg"))
    except ImportError:
        raise InvalidArgument("PostgreSQL needs psycopg: pip install akis[authority]") from None
    except (ArgumentError, NoSuchModuleError, ValueError, TypeError, AttributeError):
        pass
    # The URL may hold a password, so it is not repeated.
    raise InvalidArgument(
        "the database is named by a URL such as sqlite:///authority.db or postgresql://user@host/name"
    )


def _postgresql(url: URL) -> Engine:
    """PostgreSQL, on which nobody waits for ever for what a dead worker holds, with times in UTC: the last day of 9999,
    by which certificates have no end, is none of Python's years further east."""
    wait, forgotten = f"lock_timeout={WAIT}s", f"idle_in_transaction_session_timeout={FORGOTTEN}s"
    options = f"-c {wait} -c {forgotten} -c timezone=UTC"
    defaults: dict[str, Any] = {"connect_timeout": CONNECT_WAIT, "options": options}
    return create_engine(
        url,
        connect_args={name: value for name, value in defaults.items() if name not in url.query},
        pool_size=10,
        max_overflow=10,
        pool_timeout=WAIT,
        pool_pre_ping=True,
        hide_parameters=True,
    )


def _sqlite(url: URL) -> Engine:
    """SQLite with transactions that begin when they are begun, as writers, and with its checks on."""
    engine = create_engine(url, connect_args={"timeout": WAIT}, hide_parameters=True)

    @event.listens_for(engine, "do_connect")
    def connecting(*_: object) -> None:
        # What cannot be made here the driver cannot open either, and says so.
        with suppress(OSError):
            if url.database and url.database != ":memory:" and not url.database.startswith("file:"):
                os.close(os.open(url.database, os.O_CREAT | os.O_RDWR, 0o600))

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _: object) -> None:
        connection.isolation_level = None  # the driver would begin only at the first write, too late to be alone
        connection.execute("PRAGMA foreign_keys=ON")
        write_ahead(connection, WAIT)

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        reading = connection.get_execution_options().get(_READING)
        connection.exec_driver_sql(f"PRAGMA query_only={'ON' if reading else 'OFF'}")
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine
