"""Requests that are none: refused as documents, before any service is asked, and never repeated in the answer."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from akis.authority.http.limits import LONGEST_BODY, THROWN_AWAY
from akis.authority.store.store import Store
from akis.unlock.kinds import Kind
from tests.akis.authority.http.served import HOLDER, WAIT, Served, bearer, served
from tests.akis.authority.http.test_refusals import refused
from tests.leaks import silent

JSON = {"Content-Type": "application/json"}
MARK = "echo-7531-echo"


@pytest.fixture(scope="module")
def authority(_migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One for all tests of this file: nothing of what they send comes so far that it would change anything."""
    path = shutil.copy(_migrated_sqlite, tmp_path_factory.mktemp("malformed") / "authority.db")
    store = Store(f"sqlite:///{path}")
    with served(store) as found:
        yield found
    store.close()


def raw(authority: Served) -> socket.socket:
    """A connection without any client's manners."""
    return socket.create_connection(("127.0.0.1", int(authority.serving.url.rpartition(":")[2])), WAIT)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b'{"name":"a"}',
        b'{"name":"a","password":"b","more":"echo-7531-echo"}',
        b'{"name":"a","password":["echo-7531-echo"]}',
        b'{"name":1,"password":"echo-7531-echo"}',
        b'{"name":"","password":"echo-7531-echo"}',
        b'{"name":"a\\u0000b","password":"echo-7531-echo"}',
        b'{"name":"a","password":"echo-7531-echo\\ud800"}',
        b'{"name":"a","password":"echo-7531-echo\xff"}',
        b'{"name":' + b"9" * 5000 + b',"password":"echo-7531-echo"}',
        b'{"name":1e999,"password":NaN}',
        b"[" * 8000,
        b'{"name":"' + b"a" * 65 + b'","password":"echo-7531-echo"}',
    ],
    ids=range(18),
)
def test_bodies_that_are_not_what_is_taken(authority: Served, body: bytes) -> None:
    answer = authority.http.post("/v1/sign-ins", content=body, headers=JSON)
    refused(answer, Kind.MALFORMED)
    silent(answer.text, [MARK])


@pytest.mark.parametrize("kind", [None, "text/plain", "application/xml", "multipart/form-data", "nonsense", "é/é"])
def test_other_content_types(authority: Served, kind: str | None) -> None:
    body = json.dumps({"name": HOLDER.name, "password": HOLDER.password}).encode()
    headers = {} if kind is None else {"Content-Type": kind.encode("latin-1")}
    refused(authority.http.post("/v1/sign-ins", content=body, headers=headers), Kind.MALFORMED)


@pytest.mark.parametrize("serial", ["", "0" * 23, "0" * 25, "G" * 24, "0" * 24 + "\n", 5, None])
def test_serial_numbers_that_are_none(authority: Served, serial: object) -> None:
    answer = authority.http.put("/v1/unlocks/current/card", headers=bearer("x"), json={"serial": serial})
    assert answer.status_code in (401, 422)
    with_token = bearer(authority.opened())
    refused(authority.http.put("/v1/unlocks/current/card", headers=with_token, json={"serial": serial}), Kind.MALFORMED)


@pytest.mark.parametrize("code", ["", "1" * 14, "1" * 16, "١" * 15, "123 456 789 012 345", "1" * 15 + "\n", 1])
def test_codes_that_are_none(authority: Served, code: object) -> None:
    refused(authority.http.post("/v1/unlocks", json={"code": code}), Kind.MALFORMED)


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/redoc", "/v1", "/v1/codes/", "/%00", "/v1/unlocks/current/exchange", "/%ff"]
)
def test_unknown_paths(authority: Served, path: str) -> None:
    answer = authority.http.get(path)
    assert answer.status_code == 404
    assert answer.json()["kind"] == "malformed"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/sign-ins", "POST"),
        ("POST", "/v1/sign-ins/current", "DELETE"),
        ("PATCH", "/v1/unlocks/current/card", "PUT"),
        ("TRACE", "/v1/codes", "POST"),
        ("HEAD", "/readyz", "GET"),
        ("POST", "/metrics", "GET"),
        ("BREW", "/healthz", "GET"),
    ],
)
def test_wrong_methods(authority: Served, method: str, path: str, allowed: str) -> None:
    answer = authority.http.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    if method != "HEAD":
        assert answer.json()["kind"] == "malformed"


class TestTooLarge:
    """More than 16 KiB, however it comes."""

    def test_with_its_length_said(self, authority: Served) -> None:
        answer = authority.http.post("/v1/sign-ins", content=b"x" * (LONGEST_BODY + 1), headers=JSON)
        refused(answer, Kind.TOO_LARGE)
        assert answer.headers["connection"] == "close"

    def test_in_pieces(self, authority: Served) -> None:
        pieces = (b"x" * 1000 for _ in range(20))
        refused(authority.http.post("/v1/sign-ins", content=pieces, headers=JSON), Kind.TOO_LARGE)

    def test_where_no_body_is_taken_at_all(self, authority: Served) -> None:
        answer = authority.http.request("GET", "/healthz", content=b"x" * (LONGEST_BODY + 1))
        refused(answer, Kind.TOO_LARGE)

    def test_just_not(self, authority: Served) -> None:
        body = json.dumps({"name": HOLDER.name, "password": HOLDER.password}).encode()
        body += b" " * (LONGEST_BODY - len(body))
        assert authority.http.post("/v1/sign-ins", content=body, headers=JSON).status_code == 201

    def test_without_an_end(self, authority: Served) -> None:
        """A body that goes on and on is read for a while, and then nobody listens."""
        sent = 0
        with raw(authority) as connection, suppress(OSError):
            connection.sendall(b"POST /v1/codes HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
            while sent < 100 * THROWN_AWAY:
                connection.sendall(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
                sent += 0x4000
        assert THROWN_AWAY < sent < 100 * THROWN_AWAY


def test_headers_have_their_limit_too(authority: Served) -> None:
    answer = authority.http.get("/healthz", headers={"X-Long": "x" * 1_000_000})
    assert answer.status_code == 400


def test_a_client_that_goes_away_while_sending_leaves_nothing_behind(authority: Served) -> None:
    with raw(authority) as connection:
        connection.sendall(b"POST /v1/codes HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
    assert authority.http.get("/healthz").status_code == 200
