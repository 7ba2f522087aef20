"""The processor time of a PostgreSQL server, where it runs on this machine and nobody else uses it."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import make_url

from akis.authority.store.store import Store

_LOCAL = (None, "", "localhost", "127.0.0.1", "::1")
_STRANGERS = text("SELECT count(*) FROM pg_stat_activity WHERE datname IS NOT NULL AND datname <> current_database()")
_PROC = Path("/proc")
_PARENT, _USED = 1, slice(11, 13)
_USED_BY_ENDED = slice(13, 15)


def server_process(store: Store) -> int | None:
    """The first process of the PostgreSQL server behind ``store``: the parent of the one that answers.

    None for SQLite, for a server elsewhere, for one that others use now as well, and where there is no /proc.
    """
    url = make_url(str(store.engine.url))
    if store.engine.dialect.name != "postgresql" or not _is_local(url.host or url.query.get("host")):
        return None
    with store.read() as session:
        if session.execute(_STRANGERS).scalar_one():
            return None
        backend = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
        fields = _fields(backend)
        # In another container the same number is somebody else.
        return int(fields[_PARENT]) if fields is not None and _name(backend).startswith("postgres") else None


def cpu_seconds(server: int) -> float:
    """Seconds of processor time that all its processes took until now, those that ended included."""
    own = _fields(server)
    if own is None:
        return 0.0
    ticks = _sum(own[_USED]) + _sum(own[_USED_BY_ENDED])
    for entry in _PROC.iterdir():
        fields = _fields(int(entry.name)) if entry.name.isdecimal() else None
        if fields is not None and int(fields[_PARENT]) == server:
            ticks += _sum(fields[_USED])
    return ticks / os.sysconf("SC_CLK_TCK")


def _is_local(host: object) -> bool:
    return host in _LOCAL or (isinstance(host, str) and host.startswith("/"))


def _fields(process: int) -> list[str] | None:
    """Fields of /proc/PID/stat from the third on (proc(5)); the second may hold spaces and brackets."""
    try:
        return (_PROC / str(process) / "stat").read_text("ascii", "replace").rpartition(")")[2].split()
    except OSError:
        return None


def _name(process: int) -> str:
    try:
        return (_PROC / str(process) / "comm").read_text("ascii", "replace")
    except OSError:
        return ""


def _sum(ticks: list[str]) -> int:
    return sum(map(int, ticks))
