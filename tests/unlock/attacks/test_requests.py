"""Requests that are too much, too deep, or mean something to somebody else: refused, and nothing has changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from akis.authority.http.limits import LONGEST_BODY
from akis.authority.store.store import Store
from akis.authority.store.tables import Code, Holder, IssuedCard, Unlock
from akis.unlock.kinds import Kind
from tests.akis.authority.http.served import CARD, HOLDER, Lines, Served, bearer, served
from tests.akis.authority.http.test_refusals import refused
from tests.leaks import silent

JSON = {"Content-Type": "application/json"}
MARK = "echo-8642-echo"
ROUTES = {
    ("POST", "/v1/sign-ins"): {"name": HOLDER.name, "password": MARK},
    ("POST", "/v1/unlocks"): {"code": "1" * 15},
    ("PUT", "/v1/unlocks/current/card"): {"serial": CARD.serial.hex()},
    ("POST", "/v1/unlocks/current/second-factor"): {"answer": MARK},
}


@pytest.fixture
def authority(shared: Served) -> Served:
    return shared


@pytest.fixture
def unchanged(authority: Served, lines: Lines) -> Iterator[tuple[Served, str]]:
    """The authority and the token of an unlock, with which nothing may have happened in the end."""
    token = authority.opened()
    before = state(authority)
    yield authority, token
    assert state(authority) == before
    assert '"broken"' not in lines.text
    silent(lines.text, [*authority.secrets, MARK])


def state(authority: Served) -> list[Any]:
    return [
        [(row.name, row.locked, row.password_hash) for row in authority.rows(Holder)],
        [(row.serial, row.revoked, row.holder_id) for row in authority.rows(IssuedCard)],
        [(row.lookup, row.used_at, row.cancelled_at) for row in authority.rows(Code)],
        [(row.id, row.state, row.card_id, row.answers_wrong) for row in authority.rows(Unlock)],
    ]


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"[" * LONGEST_BODY, Kind.MALFORMED),
        (b'{"a":' * 3000, Kind.MALFORMED),
        (b"[" * 8000 + b"]" * 8000, Kind.MALFORMED),
        (b"9" * LONGEST_BODY, Kind.MALFORMED),
        (b'"' + b"\\u0000" * 2000 + b'"', Kind.MALFORMED),
        (b"\x00" * 100, Kind.MALFORMED),
        (b"\x1f\x8b\x08" + bytes(100), Kind.MALFORMED),
        (b"{" + b'"k":1,' * 2000 + b'"k":1}', Kind.MALFORMED),
        (b" " * (LONGEST_BODY + 1), Kind.TOO_LARGE),
        (b"[" * 1_000_000, Kind.TOO_LARGE),
    ],
    ids=range(10),
)
def test_bodies_that_are_bombs(unchanged: tuple[Served, str], method: str, path: str, body: bytes, kind: Kind) -> None:
    authority, token = unchanged
    answer = authority.http.request(method, path, content=body, headers={**JSON, **bearer(token)})
    refused(answer, kind)


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize(
    "value",
    [
        f"{MARK}\x00",
        f"{MARK}\ud800",
        [MARK],
        {"$ne": MARK},
        {MARK: MARK},
        None,
        True,
        10**400,
        MARK * 1000,
    ],
    ids=range(9),
)
def test_values_of_another_kind(unchanged: tuple[Served, str], method: str, path: str, value: object) -> None:
    authority, token = unchanged
    for name in ROUTES[method, path]:
        body = json.dumps({**ROUTES[method, path], name: value}).encode()
        answer = authority.http.request(method, path, content=body, headers={**JSON, **bearer(token)})
        refused(answer, Kind.MALFORMED)
        silent(answer.text, [MARK, token])


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_fields_that_nobody_asked_for(unchanged: tuple[Served, str], method: str, path: str) -> None:
    authority, token = unchanged
    for name in ("state", "holder_id", "confirmed", "__proto__", "name\x00", "ROLE"):
        body = {**ROUTES[method, path], name: MARK}
        refused(authority.http.request(method, path, json=body, headers=bearer(token)), Kind.MALFORMED)


@pytest.mark.parametrize("shown", ["X" * 15_000, "a b", "'; DROP TABLE unlocks; --", "%00", "../../x", "\x7f", "\xff"])
def test_tokens_that_are_none(store: Store, shown: str) -> None:
    with served(store) as authority:
        authority.opened()
        before = state(authority)
        headers = {"Authorization": f"Bearer {shown}".encode("latin-1")}
        card = {"serial": CARD.serial.hex()}
        refused(authority.http.put("/v1/unlocks/current/card", headers=headers, json=card), Kind.UNLOCK_OVER)
        refused(authority.http.post("/v1/codes", headers=headers), Kind.NOT_SIGNED_IN)
        assert state(authority) == before


def test_a_token_anywhere_else_is_none(unchanged: tuple[Served, str]) -> None:
    authority, token = unchanged
    card = {"serial": CARD.serial.hex()}
    for where in ({"params": {"token": token}}, {"cookies": {"token": token}}, {"headers": {"X-Token": token}}):
        request = authority.http.build_request("PUT", "/v1/unlocks/current/card", json=card, **where)  # type: ignore[arg-type]
        refused(authority.http.send(request), Kind.UNLOCK_OVER)


@pytest.mark.parametrize("given", ["a" * 65, "a\tb", "<script>", "%0d%0aX: y", "ü", "' --"])
def test_a_request_id_is_not_whatever_somebody_writes(authority: Served, lines: Lines, given: str) -> None:
    answer = authority.http.get("/healthz", headers={"X-Request-ID": given.encode("latin-1")})
    assert answer.headers["x-request-id"] != given
    assert answer.headers["x-request-id"].isalnum()
    assert given not in lines.text


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-Method-Override", "X-Original-URL", "X-Rewrite-URL"])
def test_headers_that_mean_something_elsewhere_mean_nothing_here(authority: Served, header: str) -> None:
    answer = authority.http.get("/healthz", headers={header: "/v1/codes"})
    assert answer.json() == {"status": "ok"}


def test_a_wrong_host_is_not_repeated(authority: Served) -> None:
    for path in ("/healthz", "/nowhere", "/v1/codes/"):
        answer = authority.http.get(path, headers={"Host": "evil.example"})
        assert "evil" not in answer.text + str(answer.headers)
        assert "location" not in answer.headers
