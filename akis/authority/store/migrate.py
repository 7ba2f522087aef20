"""Brings a database to the tables of this version, from whatever earlier one, or from nothing.

Only forwards: what a later version wrote an earlier one cannot read, so the way back is a backup.
"""

from __future__ import annotations

import threading
from functools import cache

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import text

from akis.authority.store.store import Store, StoreUnavailable

_SCRIPTS = "akis.authority.store:migrations"
_LOCK = int.from_bytes(b"akis mig")
"""The number under which PostgreSQL lets one in at a time (an advisory lock); SQLite has one writer in any case."""
_one_at_a_time = threading.Lock()  # Alembic's own state is that of the process


def migrate(store: Store) -> None:
    """All steps that are missing, in one transaction; nothing where none is.

    However many workers call it at once, one does it and the others find it done. :class:`StoreUnavailable` where the
    database does not answer, or is of a later version than this one.
    """
    with _one_at_a_time, store.begin() as session:
        connection = session.connection()
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
        config = _config()
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError:
            raise StoreUnavailable(
                "the tables of the database are not known to this version of akis; use the one that made them, or later"
            ) from None


def is_current(store: Store) -> bool:
    """Whether the database has exactly the tables of this version."""
    with store.read() as session:
        return set(MigrationContext.configure(session.connection()).get_current_heads()) == _heads()


@cache
def _heads() -> frozenset[str]:
    """The last steps of this version; read once, since readiness is asked for every few seconds."""
    return frozenset(ScriptDirectory.from_config(_config()).get_heads())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", _SCRIPTS)
    return config
