"""The search that finds no secret at an authority finds those that are planted there, in every form and place."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete
from websockets.sync.client import connect
from websockets.sync.server import Server, ServerConnection, serve

from akis.authority.audit import write
from akis.authority.store.store import Store
from akis.authority.store.tables import Attempts, Holder, SignIn
from tests.unlock.whole.search import database, found, found_short
from tests.unlock.whole.wiretap import Wiretap

PIN, SMS = "61947385", "748213"
BCD = bytes.fromhex(PIN)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
TEXTS = {
    "ASCII": f"pin={PIN}.",
    "hex": PIN.encode().hex(),
    "hex with spaces": PIN.encode().hex(" ").upper(),
    "digits": bytes(map(int, PIN)).hex(),
    "BCD in base64": base64.b64encode(b"\x2c\x02" + BCD).decode(),
    "base64": base64.b64encode(f'{{"pin":"{PIN}"}}'.encode()).decode(),
    "base64 for URLs": base64.urlsafe_b64encode(b">" + PIN.encode()).decode(),
    "JSON of bytes": json.dumps(list(PIN.encode())),
    "bytes' repr": repr(bytes(map(int, PIN))),
}
VALUES = {"ASCII": PIN.encode(), "digits": bytes(map(int, PIN)), "BCD": BCD, "in an APDU": b"\x00\x2c\x02\x81" + BCD}


def url_of(store: Store) -> str:
    url = store.engine.url.set(drivername=store.engine.dialect.name)
    return url.render_as_string(hide_password=False)


def test_in_an_empty_database_there_is_nothing(store: Store) -> None:
    places = database(url_of(store))
    assert any(places.values()), "the version of the tables at least"
    assert found(places, [PIN]) + found_short(places, [SMS]) == []


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_text_in_a_table(store: Store, text: str) -> None:
    with store.begin() as session:
        session.add(Attempts(who=f"codes/{text}", since=NOW, count=1))
    assert found(database(url_of(store)), [PIN])


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_bytes_in_a_table(store: Store, value: bytes) -> None:
    with store.begin() as session:
        holder = Holder(name="a", full_name="A", second_factor="password", locked=False)
        session.add(SignIn(token_hash=b"\x01" + value + b"\x02", holder=holder, expires_at=NOW))
    assert found(database(url_of(store)), [PIN])


@pytest.mark.parametrize("secret", [PIN, SMS])
def test_details_of_the_audit_log(store: Store, secret: str) -> None:
    with store.begin() as session:
        write(session, at=NOW, actor="a", event="report", outcome="ok", details={"note": secret})
    places = database(url_of(store))
    assert found(places, [PIN]) if secret == PIN else found_short(places, [SMS])


def test_what_was_deleted_is_still_in_the_files_of_sqlite(sqlite_store: Store) -> None:
    with sqlite_store.begin() as session:
        session.add(Attempts(who=PIN, since=NOW, count=1))
    with sqlite_store.begin() as session:
        session.execute(delete(Attempts))
    hits = found(database(url_of(sqlite_store)), [PIN])
    assert any(hit.startswith("authority.db") for hit in hits)
    assert not any(hit.startswith("the tables") for hit in hits)


@pytest.mark.parametrize(
    ("line", "is_there"),
    [
        (f'{{"event": "{SMS}"}}', True),
        (f"{SMS}: the code", True),
        (SMS.encode().hex(), True),
        (base64.b64encode(SMS.encode()).decode(), True),
        (f"a1{SMS}", False),
        (f"{SMS}f0", False),
        (f"2026-01-01 10:11:12.{SMS}", False),
    ],
)
def test_six_digits_count_where_they_stand_alone(line: str, is_there: bool) -> None:
    assert bool(found_short({"log": line.encode()}, [SMS])) is is_there


@pytest.fixture
def listening() -> Iterator[Server]:
    """Somebody who says back what was said."""

    def echo(connection: ServerConnection) -> None:
        for message in connection:
            connection.send(message)

    with serve(echo, "127.0.0.1", 0, compression=None) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_the_wire_is_read_beneath_its_masks(listening: Server) -> None:
    said = json.dumps({"type": "answer", "n": 1, "apdu": "00" * 200, "pin": PIN})
    host, port = listening.socket.getsockname()[:2]
    with Wiretap(f"http://{host}:{port}") as wire:
        url = wire.url.replace("http", "ws")
        with connect(f"{url}/?token={PIN[::-1]}", compression=None, proxy=None) as connection:
            connection.send(said)
            assert connection.recv() == said
    hits = found(wire.places(), [PIN])
    by_place = {hit.split(":")[0] for hit in hits}
    # Masked frames hide what they hold, and only from who looks at the raw bytes.
    assert by_place == {"connection 0, frames of the client", "connection 0, authority"} | {
        "connection 0, frames of the authority"
    }
    assert wire.messages("client") == wire.messages("authority") == [json.loads(said)]
    assert found(wire.places(), [PIN[::-1]]), "the head of the request"
