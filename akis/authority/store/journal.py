"""SQLite's write-ahead journal, with which those who read and the one who writes do not wait for each other."""

from __future__ import annotations

import sqlite3
import time

_PAUSE = 0.01


def write_ahead(connection: sqlite3.Connection, wait: float) -> None:
    """Turn it on, where it is not; it stays on in the file.

    SQLite does not wait by itself where several turn it on at once, so this does, ``wait`` seconds at most.
    """
    deadline = time.monotonic() + wait
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(_PAUSE)
