"""An authority that listens in this process, whoever asks it, and the lines it logs."""

from __future__ import annotations

import io
import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from random import Random
from typing import Any

import httpx
from argon2.profiles import CHEAPEST
from sqlalchemy import select
from websockets.sync.client import ClientConnection, connect

from akis.authority import audit
from akis.authority.context import Authority
from akis.authority.demo.data import CARDS, HOLDERS, MASTER_KEY, DemoCard, demo_card, demo_personality
from akis.authority.http import logs
from akis.authority.keys.file import FileMasterKey
from akis.authority.passwords import hash_password
from akis.authority.rules import Rules
from akis.authority.serving.serve import Serving
from akis.authority.serving.settings import Settings
from akis.authority.store.store import Store
from akis.authority.store.tables import AuditEntry, Holder, IssuedCard, IssuedCertificate, Unlock
from akis.emulator import EmulatedCard
from akis.emulator.memory import Memory
from akis.secret import Secret
from akis.unlock.messages import SUBPROTOCOL, Answer, Command, Done, Failed, Message, from_authority
from tests.akis.authority.world import Gateway
from tests.bench import SEEDS

CARD = demo_card("mehmet-2.5")
OTHER = demo_card("mehmet-2.2")
HOLDER = CARD.holder
"""Whose second factor is the web password."""
BY_SMS = demo_card("ayse-2.2")
EXCHANGE = "/v1/unlocks/current/exchange"
WAIT = 10


def people(store: Store) -> None:
    """The holders and cards of the demonstration, with passwords that cost little to check."""
    with store.begin() as session:
        for holder in HOLDERS:
            session.add(
                Holder(
                    name=holder.name,
                    full_name=holder.full_name,
                    phone=holder.phone,
                    second_factor=holder.second_factor,
                    password_hash=hash_password(holder.password, CHEAPEST),
                    cards=[_issued(card) for card in CARDS if card.holder is holder],
                )
            )


def _issued(card: DemoCard) -> IssuedCard:
    certificate = IssuedCertificate(
        der=b"",
        fingerprint="0" * 64,
        subject=card.holder.full_name,
        not_before=datetime(2026, 1, 1, tzinfo=UTC),
        not_after=datetime(2027, 1, 1, tzinfo=UTC),
    )
    return IssuedCard(
        serial=card.serial.hex().upper(),
        label=card.label,
        profile="akis-2",
        key_reference=card.key_reference,
        algorithm=card.algorithm,
        certificates=[certificate],
    )


def new_card(card: DemoCard = CARD) -> EmulatedCard:
    """The card itself, its PIN blocked."""
    personality = demo_personality(card)
    return EmulatedCard(personality, Memory.new(personality, "blocked"), Random(next(SEEDS)).randbytes)


def pin(card: EmulatedCard) -> tuple[str, str, int]:
    """Value, state and tries left of its PIN."""
    found = card.memory.references[0x81]
    return found.value.decode(), found.state, found.left


@dataclass
class Lines:
    """What was logged, as it was written."""

    stream: io.StringIO

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    def said(self, event: str, least: int = 1) -> list[dict[str, Any]]:
        """The lines about one kind of event, as soon as there are so many: an answer may be faster than its line."""
        until(lambda: len(self._said(event)) >= least)
        return self._said(event)

    def _said(self, event: str) -> list[dict[str, Any]]:
        whole = self.text[: self.text.rfind("\n") + 1].splitlines()
        return [line for line in map(json.loads, whole) if line["event"] == event]


@contextmanager
def logged(form: str = "json") -> Iterator[Lines]:
    """The lines that are logged meanwhile, made as ``serve`` has them made."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.formatter(form))
    handler.addFilter(logs.WithoutAddresses())
    loggers = [logging.getLogger(name) for name in (logs.NAME, "uvicorn")]
    before = [log.level for log in loggers]
    for log in loggers:
        log.addHandler(handler)
        log.setLevel(logging.INFO)
    try:
        yield Lines(stream)
    finally:
        for log, level in zip(loggers, before, strict=True):
            log.removeHandler(handler)
            log.setLevel(level)


@dataclass
class Served:
    """The authority from outside, by HTTP, and from inside."""

    authority: Authority
    gateway: Gateway
    serving: Serving
    http: httpx.Client
    secrets: list[str] = field(default_factory=list)
    """Everything that came to light and must never be logged."""

    def sign_in(self, holder: str = HOLDER.name, password: str = HOLDER.password) -> str:
        answer = self.http.post("/v1/sign-ins", json={"name": holder, "password": password})
        assert answer.status_code == 201, answer.text
        return self._secret(answer.json()["token"])

    def code(self, card: DemoCard = CARD) -> str:
        token = self.sign_in(card.holder.name, card.holder.password)
        answer = self.http.post("/v1/codes", headers=bearer(token))
        assert answer.status_code == 201, answer.text
        return self._secret(answer.json()["code"])

    def opened(self, card: DemoCard = CARD) -> str:
        """The token of a new unlock."""
        answer = self.http.post("/v1/unlocks", json={"code": self.code(card)})
        assert answer.status_code == 201, answer.text
        return self._secret(answer.json()["token"])

    def choose(self, token: str, card: DemoCard = CARD) -> httpx.Response:
        return self.http.put("/v1/unlocks/current/card", headers=bearer(token), json={"serial": card.serial.hex()})

    def answer(self, token: str, given: str) -> httpx.Response:
        return self.http.post("/v1/unlocks/current/second-factor", headers=bearer(token), json={"answer": given})

    def confirmed(self, card: DemoCard = CARD) -> str:
        """The token of an unlock whose exchange may begin."""
        token = self.opened(card)
        assert self.choose(token, card).status_code == 200
        given = self._secret(self.gateway.code) if card.holder.second_factor == "sms" else card.holder.password
        assert self.answer(token, given).status_code == 200
        return token

    @contextmanager
    def exchange(self, token: str | None, **changes: Any) -> Iterator[Exchange]:
        """A WebSocket with that token."""
        headers = {} if token is None else bearer(token)
        wanted = {"subprotocols": [SUBPROTOCOL], "additional_headers": headers, "proxy": None, "compression": None}
        with connect(self.serving.url.replace("http", "ws", 1) + EXCHANGE, **(wanted | changes)) as socket:
            yield Exchange(socket)

    def rows(self, kind: type[Any]) -> list[Any]:
        with self.authority.store.read() as session:
            return list(session.scalars(select(kind)))

    def unlock(self) -> Unlock:
        """The only one there is."""
        [row] = self.rows(Unlock)
        return row

    def audited(self, event: str) -> list[AuditEntry]:
        with self.authority.store.read() as session:
            audit.verify(session)
            return list(
                session.scalars(select(AuditEntry).where(AuditEntry.event == event).order_by(AuditEntry.number))
            )

    def _secret(self, value: str) -> str:
        self.secrets.append(value)
        return value


class Exchange:
    """The client's end of an exchange."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.commands = 0

    def receive(self) -> Command | Done | Failed:
        return from_authority(self.socket.recv(timeout=WAIT))

    def send(self, message: Message | str | bytes) -> None:
        self.socket.send(message.to_json() if isinstance(message, Message) else message)

    def carry(self, card: EmulatedCard, most: int = 100) -> Command | Done | Failed:
        """Carry that many commands to the card, and return what is said next."""
        for _ in range(most):
            said = self.receive()
            if not isinstance(said, Command):
                return said
            self.commands += 1
            self.send(Answer(said.n, card.process(said.apdu)))
        return self.receive()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@contextmanager
def served(store: Store, settings: Settings | None = None, **rules: Any) -> Iterator[Served]:
    """An authority with the holders and cards of the demonstration."""
    gateway = Gateway()
    authority = Authority(store, FileMasterKey(Secret(MASTER_KEY)), gateway, replace(Rules(), **rules))
    people(store)
    with Serving(authority, settings) as serving, httpx.Client(base_url=serving.url, trust_env=False) as http:
        yield Served(authority, gateway, serving, http)


def until(condition: Callable[[], bool]) -> None:
    """Return as soon as it is so; it must be within WAIT seconds."""
    __tracebackhide__ = True
    end = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < end, f"it was not so within {WAIT} seconds"
        time.sleep(0.01)
