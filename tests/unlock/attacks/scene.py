"""What every attack is measured by: a clear refusal, a line in the audit log, nothing gained, no card the worse."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from akis.authority.context import Authority
from akis.authority.demo.data import DemoCard
from akis.authority.serving.serve import Serving
from akis.authority.serving.settings import Settings
from akis.authority.store.store import Store
from akis.authority.store.tables import CardLease, Unlock
from akis.emulator import EmulatedCard
from akis.unlock.code import check_digit
from akis.unlock.holds import Holds
from akis.unlock.kinds import Kind
from akis.unlock.messages import Answer, Command, Done, Failed
from tests.akis.authority.http.served import CARD, Exchange, Served, new_card, until
from tests.akis.authority.http.test_refusals import refused

T = TypeVar("T")
STEPS = ("SELECT", "GET DATA", "MSE", "GET CHALLENGE", "MUTUAL AUTHENTICATE", "RESET")
"""The commands of an exchange; the number of each is its place, counted from 1."""
AUTHENTICATE, RESET = 5, 6
Change = Callable[[Exchange, Command, bytes], None]
"""Sends something in the place of the card's answer to a command."""


@contextmanager
def unharmed(*cards: EmulatedCard) -> Iterator[None]:
    """All that these cards keep, tries and states included, is after it what it was before."""
    before = [card.memory.save() for card in cards]
    yield
    assert [card.memory.save() for card in cards] == before


def told(authority: Served, answer: httpx.Response, kind: Kind, event: str) -> dict[str, Any]:
    """The document that refuses, and the audit log's newest line about such events says the same."""
    document = refused(answer, kind)
    last = authority.audited(event)[-1]
    assert (last.outcome, last.details["address"]) == (kind, "127.0.0.1")
    return document


def cut_off(authority: Served, said: object, kind: Kind, holds: Holds = Holds.AS_BEFORE) -> Failed:
    """The message that ends an exchange, the same in the audit log, and nobody keeps the card."""
    assert isinstance(said, Failed), said
    assert (said.kind, said.holds) == (kind, holds)
    last = authority.audited("exchange")[-1]
    assert last.outcome == kind
    if last.details["step"] == "end":
        assert last.details["holds"] == holds
        until(lambda: not authority.rows(CardLease))
    return said


def last_unlock(authority: Served) -> Unlock:
    """The newest one, as it stands."""
    return max(authority.rows(Unlock), key=lambda row: row.started_at)


def nothing_gained(authority: Served) -> None:
    """The unlock has not come to its end, nor has anybody said so."""
    unlock = last_unlock(authority)
    assert unlock.state != "done"
    assert unlock.id not in [line.details["unlock"] for line in authority.audited("report")]


def without_id(answer: httpx.Response) -> tuple[int, dict[str, str], str]:
    """Status, headers and text of an answer apart from what differs in any two."""
    request_id = answer.headers["x-request-id"]
    headers = {name: value for name, value in answer.headers.items() if name not in ("x-request-id", "date")}
    return answer.status_code, headers, answer.text.replace(request_id, "ID")


def another_secret(code: str, number: int = 1) -> str:
    """A code with the lookup of ``code`` and another secret."""
    digits = code[:6] + f"{(int(code[6:14]) + number) % 10**8:08d}"
    return digits + check_digit(digits)


def nobodys(number: int = 0) -> str:
    """A code that nobody has, most probably."""
    digits = f"{number:06d}{number:08d}"
    return digits + check_digit(digits)


def until_step(exchange: Exchange, card: EmulatedCard, step: int) -> Command:
    """The command of that step, all before it carried honestly."""
    said = exchange.carry(card, step - 1) if step > 1 else exchange.receive()
    assert isinstance(said, Command)
    assert said.n == step
    return said


@dataclass
class Recorded:
    """A whole session with a card, as somebody on the way saw it."""

    commands: list[bytes]
    answers: list[bytes]


def recorded(authority: Served, card: DemoCard = CARD) -> Recorded:
    """One that went well, with another specimen of the card, so that the one under attack has not changed."""
    specimen, found = new_card(card), Recorded([], [])
    with authority.exchange(authority.confirmed(card)) as exchange:
        while isinstance(said := exchange.receive(), Command):
            answer = specimen.process(said.apdu)
            found.commands.append(said.apdu)
            found.answers.append(answer)
            exchange.send(Answer(said.n, answer))
        assert isinstance(said, Done)
    return found


def still_works(authority: Served, card: EmulatedCard, chosen: DemoCard = CARD) -> None:
    """After all of it the holder unlocks the card as if nothing had been."""
    with authority.exchange(authority.confirmed(chosen)) as exchange:
        done = exchange.carry(card)
        assert isinstance(done, Done)
        pin = card.memory.references[0x81]
        assert (pin.value, pin.state, pin.left) == (done.transport_pin.reveal(), "transport", pin.tries)


@contextmanager
def second_worker(first: Served) -> Iterator[Served]:
    """Another server of the same authority: its own connections, the same database."""
    store = Store(first.authority.store.engine.url.render_as_string(hide_password=False))
    inside = Authority(store, first.authority.master, first.gateway, first.authority.rules, now=first.authority.now)
    with Serving(inside, Settings()) as serving, httpx.Client(base_url=serving.url, trust_env=False) as http:
        yield Served(inside, first.gateway, serving, http)
    store.close()


def at_once(*work: Callable[[], T]) -> list[T]:
    """What each of these gives, all begun at the same moment."""
    ready = threading.Barrier(len(work))

    def begin(one: Callable[[], T]) -> T:
        ready.wait()
        return one()

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(begin, work))
