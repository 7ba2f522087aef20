"""Looks for secrets in all that an authority has: its database to the last byte, its log, its SMS, its wire."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.leaks import Secrets, leaks

_SQLITE = "sqlite:///"
_FEW_LETTERS = 6
_ALONE = r"(?<![0-9a-z.]){}(?![0-9a-z])"
"""Six digits turn up in longer hex, and behind the point in a time."""


def found(places: Mapping[str, bytes], secrets: Secrets) -> list[str]:
    """What of ``secrets`` is in which place, in any form that :func:`tests.leaks.leaks` knows."""
    return [f"{place}: {leak}" for place, raw in places.items() for leak in leaks(raw.decode("latin-1"), secrets)]


def found_short(places: Mapping[str, bytes], secrets: Iterable[str]) -> list[str]:
    """The same for digits so few that they come by chance: only where they stand alone, or in a longer form."""
    return [
        hit
        for place, raw in places.items()
        for secret in secrets
        for hit in found({place: raw}, [secret])
        if _is_no_chance(raw, hit.rpartition(": ")[2])
    ]


def database(url: str) -> Mapping[str, bytes]:
    """All that is in a database: as it is in the files, deleted rows and journal included, and as it is in the tables.

    Of PostgreSQL only the tables, each by COPY.
    """
    if not url.startswith(_SQLITE):
        return _copied(url)
    file = Path(url.removeprefix(_SQLITE))
    places = {path.name: path.read_bytes() for path in sorted(file.parent.glob(f"{file.name}*"))}
    opened = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        return {**places, "the tables": "\n".join(opened.iterdump()).encode()}
    finally:
        opened.close()


def _copied(url: str) -> Mapping[str, bytes]:
    import psycopg
    from psycopg.sql import SQL, Identifier

    with psycopg.connect(url) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        places = {}
        for (name,) in names:
            with connection.cursor().copy(SQL("COPY {} TO STDOUT").format(Identifier(name))) as copy:
                # COPY writes a backslash as two.
                places[f"the table {name}"] = b"".join(map(bytes, copy)).replace(b"\\\\", b"\\")
    return places


def _is_no_chance(raw: bytes, needle: str) -> bool:
    """Whether it is a form long enough to be meant, or one of a few letters that stands for itself."""
    if len(needle) < _FEW_LETTERS:
        return False
    if len(needle) > _FEW_LETTERS:
        return True
    return re.search(_ALONE.format(re.escape(needle.lower())), raw.decode("latin-1").lower()) is not None
