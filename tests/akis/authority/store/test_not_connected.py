"""A PostgreSQL that lets nobody in says why, and the sentence names neither user nor password."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest

from akis.authority.store.not_connected import why_not_connected
from akis.authority.store.store import Store, StoreUnavailable
from tests.leaks import silent
from tests.postgres import PostgresServer

PASSWORD = "hunter-7531"


def complaint(url: str) -> str:
    with closing(Store(url)) as store, pytest.raises(StoreUnavailable) as refused:
        store.check()
    said = str(refused.value)
    silent(said, [PASSWORD, "somebody", "nothing_here"])
    return said


def test_a_database_that_is_missing(postgres: PostgresServer) -> None:
    said = complaint(postgres.url("nothing_here"))
    assert said.startswith("the database server answers, but has no database of the name in the URL")


def test_a_user_whom_nobody_knows(postgres: PostgresServer) -> None:
    url = postgres.url("postgres").replace("postgres@", f"somebody:{PASSWORD}@", 1)
    assert complaint(url).startswith("the database server answers, but does not let this user in")


def test_a_server_that_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    said = complaint(f"postgresql://somebody:{PASSWORD}@127.0.0.1:{port}/x")
    assert said.startswith("the database does not answer: there is no server at the host and port of its URL")


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ('connection failed: FATAL:  password authentication failed for user "a"', "does not let this user in"),
        ('connection failed: FATAL:  no pg_hba.conf entry for host "10.0.0.1"', "does not let this user in"),
        ("connection failed: FATAL:  sorry, too many clients already", "has no connection left"),
        ("connection failed: FATAL:  the database system is starting up", "try again in a moment"),
        ("failed to resolve host 'db.invalid': [Errno -2] Name or service not known", "there is no server"),
        ("connection timeout expired", "there is no server"),
    ],
)
def test_what_servers_and_drivers_say(said: str, sentence: str) -> None:
    assert sentence in (why_not_connected(said) or "")


@pytest.mark.parametrize("said", ["database is locked", "unable to open database file", "connection failed: FATAL: ?"])
def test_anything_else_is_left_to_others(said: str) -> None:
    assert why_not_connected(said) is None
