"""Who asks: the connection's other end, unless a proxy of ours stands in between."""

from __future__ import annotations

from typing import Any

import pytest

from akis.authority.http.address import client_address
from akis.authority.serving.settings import Settings
from akis.authority.store.store import Store
from tests.akis.authority.http.served import Served, served

SOCKET = ("192.0.2.1", 12345)


def scope(*forwarded: bytes, client: Any = SOCKET) -> dict[str, Any]:
    return {"client": client, "headers": [(b"x-forwarded-for", value) for value in forwarded]}


def test_nobody_is_believed_without_a_proxy() -> None:
    assert client_address(scope(b"198.51.100.1"), behind_proxy=False) == "192.0.2.1"


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ((b"198.51.100.1",), "198.51.100.1"),
        ((b"203.0.113.9, 198.51.100.1",), "198.51.100.1"),
        ((b"203.0.113.9", b"198.51.100.1"), "198.51.100.1"),
        ((b"2001:DB8:0:0::7",), "2001:db8::7"),
        ((b"::ffff:198.51.100.1",), "198.51.100.1"),
        ((b"fe80::1%" + b"x" * 500,), "fe80::1"),
        ((b"198.51.100.1, ",), "192.0.2.1"),
        ((b"198.51.100.1, unknown",), "192.0.2.1"),
        ((b"\xff",), "192.0.2.1"),
        ((), "192.0.2.1"),
    ],
)
def test_behind_a_proxy_its_own_word_counts(forwarded: tuple[bytes, ...], address: str) -> None:
    assert client_address(scope(*forwarded), behind_proxy=True) == address


def test_some_connections_have_no_address() -> None:
    assert client_address(scope(client=None), behind_proxy=False) == "unknown"


def audited(authority: Served) -> Any:
    forwarded = {"X-Forwarded-For": "203.0.113.9, 198.51.100.1"}
    authority.http.post("/v1/sign-ins", json={"name": "a", "password": "b"}, headers=forwarded)
    return authority.audited("sign_in")[0].details["address"]


def test_it_comes_as_far_as_the_audit_log(authority: Served) -> None:
    assert audited(authority) == "127.0.0.1"


def test_and_so_does_the_word_of_a_proxy(sqlite_store: Store) -> None:
    with served(sqlite_store, Settings(behind_proxy=True)) as authority:
        assert audited(authority) == "198.51.100.1"
