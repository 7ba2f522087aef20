"""Below HTTP: requests in two minds about where they end, connections that are held open, WebSockets that are none."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
from websockets.exceptions import ConnectionClosed

from akis.authority.http import connections, limits
from akis.authority.store.store import Store
from akis.unlock.holds import Holds
from akis.unlock.kinds import Kind
from akis.unlock.messages import Answer, Command, Failed
from tests.akis.authority.http.served import EXCHANGE, WAIT, Lines, Served, new_card, served, until
from tests.akis.authority.http.test_malformed import raw
from tests.unlock.attacks.scene import cut_off, last_unlock, nothing_gained, still_works, unharmed

HEAD = b"POST /v1/unlocks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
UPGRADE = (
    f"GET {EXCHANGE} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
).encode()
SMUGGLED = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
PATIENCE = 0.3


@pytest.fixture
def authority(shared: Served) -> Served:
    return shared


@pytest.fixture
def impatient(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """One that waits for nobody for long."""
    monkeypatch.setattr(connections, "HEAD_WAIT", PATIENCE)
    monkeypatch.setattr(limits, "BODY_WAIT", PATIENCE)
    with served(sqlite_store, answer_wait=PATIENCE, report_wait=PATIENCE) as found:
        yield found
        assert found.http.get("/healthz").status_code == 200


def everything(connection: socket.socket) -> bytes:
    """All that is said until the other end closes the connection, which it must do."""
    said = b""
    while part := connection.recv(65536):
        said += part
    return said


def said_to(authority: Served, data: bytes) -> bytes:
    with raw(authority) as connection:
        connection.sendall(data)
        return everything(connection)


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n",
        b"Content-Length: 4\r\nContent-Length: 2\r\n\r\n{}{}",
        b"Content-Length: 2, 4\r\n\r\n{}{}",
        b"Content-Length: +2\r\n\r\n{}",
        b"Content-Length: 0x2\r\n\r\n{}",
        b"Content-Length: -2\r\n\r\n{}",
        b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"X: a\x00b\r\n\r\n",
        b"Host: y\r\n\r\n",
    ],
    ids=range(13),
)
def test_a_request_that_may_end_in_two_places_ends_the_connection(authority: Served, framing: bytes) -> None:
    """What comes behind it is not taken for a request, whoever before us thought that it is none."""
    said = said_to(authority, HEAD + framing + SMUGGLED)
    assert said.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 422 "))
    assert said.count(b"HTTP/1.1") == 1
    assert b'"ok"' not in said


def test_bodies_that_end_in_one_place_leave_the_connection_open(authority: Served) -> None:
    for framing in (b"Content-Length: 2\r\n\r\n{}", b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"):
        with raw(authority) as connection:
            connection.sendall(HEAD + framing + SMUGGLED)
            said = b""
            while b'"ok"' not in said:
                said += connection.recv(65536)
            assert said.startswith(b"HTTP/1.1 422 ")


@pytest.mark.parametrize(
    "target", ["/v1/../healthz", "/..%2fhealthz", "//healthz", "/%2e%2e/healthz", "http://evil.example/healthz", "*"]
)
def test_no_other_spelling_of_a_path_leads_there(authority: Served, target: str) -> None:
    said = said_to(authority, f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert said.startswith(b"HTTP/1.1 404 ")


class TestHeldOpen:
    """A connection costs something; who says nothing on it loses it."""

    @pytest.mark.parametrize(
        "head", [b"", b"G", b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ", UPGRADE], ids=["nothing", "a", "b", "c"]
    )
    def test_by_a_request_that_does_not_begin(self, impatient: Served, head: bytes) -> None:
        start = time.monotonic()
        assert said_to(impatient, head) == b""
        assert time.monotonic() - start < WAIT / 2

    def test_by_a_head_that_comes_drop_by_drop(self, impatient: Served) -> None:
        start = time.monotonic()
        with raw(impatient) as connection, suppress(OSError):
            while time.monotonic() < start + WAIT:
                connection.sendall(b"X")
                time.sleep(PATIENCE / 10)
        assert time.monotonic() - start < WAIT / 2

    def test_by_a_second_request_after_a_whole_one(self, impatient: Served) -> None:
        with raw(impatient) as connection:
            connection.sendall(SMUGGLED)
            assert connection.recv(65536)
            connection.sendall(b"GET /he")
            everything(connection)

    @pytest.mark.parametrize(
        "framing", [b"Content-Length: 100\r\n\r\n{", b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"]
    )
    def test_by_a_body_that_does_not_end(self, impatient: Served, framing: bytes) -> None:
        said = said_to(impatient, HEAD + framing)
        assert said.startswith(b"HTTP/1.1 408 ")
        assert b'"kind":"malformed"' in said
        assert b"connection: close" in said.lower()

    def test_who_is_quick_enough_is_not_hurried(self, impatient: Served) -> None:
        """The time is that of one request, not of the connection."""
        with raw(impatient) as connection:
            end = time.monotonic() + 3 * PATIENCE
            while time.monotonic() < end:
                connection.sendall(SMUGGLED)
                said = b""
                while not said.endswith(b'{"status":"ok"}'):
                    said += connection.recv(65536)
                time.sleep(PATIENCE / 5)

    def test_by_a_card_that_does_not_answer(self, impatient: Served) -> None:
        with impatient.exchange(impatient.confirmed()) as exchange:
            assert isinstance(exchange.receive(), Command)
            cut_off(impatient, exchange.receive(), Kind.TIMED_OUT)

    def test_by_an_answer_that_comes_in_fragments(self, impatient: Served) -> None:
        def slowly() -> Iterator[str]:
            for letter in Answer(1, b"\x90\x00").to_json():
                yield letter
                time.sleep(PATIENCE / 5)

        card = new_card()
        with impatient.exchange(impatient.confirmed()) as exchange, unharmed(card):
            assert isinstance(exchange.receive(), Command)
            with suppress(ConnectionClosed):
                exchange.socket.send(slowly())
            cut_off(impatient, exchange.receive(), Kind.TIMED_OUT)

    def test_by_fragments_with_nothing_in_them(self, impatient: Served) -> None:
        def nothing() -> Iterator[str]:
            end = time.monotonic() + 2 * PATIENCE
            while time.monotonic() < end:
                yield ""

        with impatient.exchange(impatient.confirmed()) as exchange:
            exchange.receive()
            with suppress(ConnectionClosed):
                exchange.socket.send(nothing())
            cut_off(impatient, exchange.receive(), Kind.TIMED_OUT)


class TestWebSocket:
    """Upgrades that are none, and frames nobody asked for."""

    @pytest.mark.parametrize(
        "head",
        [
            UPGRADE + b"X-Long: " + b"x" * 9000 + b"\r\n",
            UPGRADE + b"X-Many: x\r\n" * 200,
            UPGRADE + b"Content-Length: 5\r\n",
            UPGRADE + b"Transfer-Encoding: chunked\r\n",
            UPGRADE.replace(b"GET", b"POST"),
            UPGRADE.replace(b"exchange", b"exchange?" + b"a" * 8200),
            UPGRADE.replace(b"Version: 13", b"Version: 99"),
            UPGRADE.replace(b"Sec-WebSocket-Key", b"X"),
            UPGRADE.replace(EXCHANGE.encode(), b"/v1/sign-ins"),
            UPGRADE.replace(EXCHANGE.encode(), b"/v1/unlocks/current/exchange/../exchange"),
        ],
        ids=range(10),
    )
    def test_an_upgrade_that_is_none_is_answered_and_closed(self, authority: Served, lines: Lines, head: bytes) -> None:
        said = said_to(authority, head + b"\r\n")
        assert said[9:10] == b"4", said[:40]
        assert '"broken"' not in lines.text
        assert "Traceback" not in lines.text

    @pytest.mark.parametrize("size", [4097, 65_536, 1_000_000])
    @pytest.mark.parametrize("kind", [str, bytes])
    def test_a_long_frame_is_not_read(self, authority: Served, size: int, kind: type) -> None:
        card = new_card()
        with authority.exchange(authority.confirmed()) as exchange, unharmed(card):
            exchange.receive()
            exchange.send("x" * size if kind is str else b"x" * size)
            until(lambda: last_unlock(authority).state == "confirmed")
        nothing_gained(authority)
        assert authority.audited("exchange")[-1].outcome == Kind.CARD_GONE
        still_works(authority, card)

    @pytest.mark.parametrize(
        "text",
        [
            "[" * 4000,
            '{"a":' * 800,
            '{"type":"answer","n":1,"apdu":"😀"}',
            '{"type":"answer","n":1,"apdu":"9000"}\x00',
            '{"type":"answer","n":1,"apdu":"\\ud800"}',
            '{"type":"answer","n":1,"n":2,"apdu":"9000"}',
            '{"type":"answer","n":%s,"apdu":"9000"}' % ("9" * 3900),
            '{"type":"answer","n":1e400,"apdu":"9000"}',
            '{"type":"answer","n":NaN,"apdu":"9000"}',
            '{"type":"answer","n":true,"apdu":"9000"}',
            '\ufeff{"type":"answer","n":1,"apdu":"9000"}',
        ],
        ids=range(11),
    )
    def test_text_that_is_no_message(self, authority: Served, lines: Lines, text: str) -> None:
        card = new_card()
        with authority.exchange(authority.confirmed()) as exchange, unharmed(card):
            exchange.receive()
            exchange.send(text)
            cut_off(authority, exchange.receive(), Kind.OUT_OF_ORDER)
        assert '"broken"' not in lines.text

    def test_text_that_is_not_even_text(self, authority: Served) -> None:
        with authority.exchange(authority.confirmed()) as exchange:
            exchange.receive()
            exchange.socket.send(b"\xff\xfe", text=True)
            until(lambda: last_unlock(authority).state == "confirmed")
        assert authority.audited("exchange")[-1].outcome == Kind.CARD_GONE

    @pytest.mark.parametrize("origin", ["null", "https://evil.example", "http://127.0.0.1", ""])
    def test_pages_in_a_browser_are_not_talked_to(self, authority: Served, origin: str) -> None:
        token = authority.confirmed()
        with authority.exchange(token, additional_headers={"Authorization": f"Bearer {token}", "Origin": origin}) as it:
            said = it.receive()
        assert isinstance(said, Failed)
        assert (said.kind, said.holds) == (Kind.MALFORMED, Holds.AS_BEFORE)
        assert last_unlock(authority).state == "confirmed"
        answer = authority.http.options(
            "/v1/codes", headers={"Origin": origin, "Access-Control-Request-Method": "POST"}
        )
        assert answer.status_code == 405
        assert not [name for name in answer.headers if name.startswith("access-control")]
