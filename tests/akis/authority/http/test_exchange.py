"""The exchange over its WebSocket: an emulated card at the client's end, and whatever may come between."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, ConnectionClosedOK

from akis.authority.drive import ChannelClosed
from akis.authority.http import exchange as exchange_module
from akis.authority.http.exchange import SocketChannel
from akis.authority.http.exchange import _Exchange as OneExchange
from akis.authority.http.metrics import Metrics
from akis.authority.http.of_request import Service
from akis.authority.steps.exchanges import Begun, begin_exchange
from akis.authority.store.store import StoreUnavailable
from akis.authority.store.tables import CardLease, Unlock
from akis.emulator import EmulatedCard
from akis.unlock.holds import Holds
from akis.unlock.kinds import Kind
from akis.unlock.messages import LONGEST, Answer, Command, Done, Failed, Gone, Report
from tests.akis.authority.http.served import (
    BY_SMS,
    CARD,
    OTHER,
    WAIT,
    Exchange,
    Lines,
    Served,
    new_card,
    pin,
    until,
)
from tests.leaks import silent

RESET = 6
"""The number of the command after which nobody knows what the card holds, until its answer is there."""


def state(row: Unlock) -> tuple[str, str | None, str | None, str | None]:
    return row.state, row.outcome, row.holds, row.reported


def failed(said: object) -> tuple[str, Holds]:
    assert isinstance(said, Failed), said
    return said.kind, said.holds


def over(exchange: Exchange) -> int:
    """The code with which the authority closed the WebSocket, with nothing said before that."""
    with pytest.raises(ConnectionClosed) as closed:
        exchange.socket.recv(timeout=WAIT)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


@pytest.mark.parametrize("chosen", [CARD, BY_SMS], ids=["AES, web password", "3DES, SMS"])
def test_a_whole_unlock(authority: Served, lines: Lines, chosen: Any) -> None:
    card, token = new_card(chosen), authority.confirmed(chosen)
    with authority.exchange(token) as exchange:
        done = exchange.carry(card)
        assert isinstance(done, Done)
        assert done.n == exchange.commands + 1 == RESET + 1
        given = done.transport_pin.reveal().decode()
        assert pin(card) == (given, "transport", 3)
        exchange.send(Report(done.n, Holds.HOLDER_PIN))
        assert over(exchange) == 1000
    assert state(authority.unlock()) == ("done", "done", "transport_pin", "holder_pin")
    [begin, end] = authority.audited("exchange")
    assert (begin.outcome, end.outcome) == ("ok", "ok")
    assert end.details["commands"] == RESET
    assert [line.outcome for line in authority.audited("report")] == ["ok"]
    [line] = lines.said("exchange")
    assert (line["outcome"], line["holds"], line["unlock"]) == ("done", "transport_pin", authority.unlock().id)
    silent(lines.text, [*authority.secrets, given, chosen.holder.password])


def test_two_unlocks_never_have_the_same_transport_pin(authority: Served) -> None:
    given = []
    for _ in range(2):
        with authority.exchange(authority.confirmed()) as exchange:
            done = exchange.carry(new_card())
            assert isinstance(done, Done)
            given.append(done.transport_pin.reveal())
    assert given[0] != given[1]


class TestRefused:
    """By the first message, since a WebSocket that is not accepted says nothing about why."""

    def first(self, authority: Served, token: str | None, **changes: Any) -> Failed:
        with authority.exchange(token, **changes) as exchange:
            said = exchange.receive()
            assert isinstance(said, Failed)
            assert (said.n, said.holds) == (0, Holds.AS_BEFORE)
            assert over(exchange) == 1000
            return said

    @pytest.mark.parametrize("token", [None, "x", "A" * 43, "ü", "A" * 4000])
    def test_with_no_token_of_ours(self, authority: Served, token: str | None) -> None:
        assert self.first(authority, token).kind == Kind.UNLOCK_OVER

    def test_with_the_token_of_a_sign_in(self, authority: Served) -> None:
        assert self.first(authority, authority.sign_in()).kind == Kind.UNLOCK_OVER

    def test_before_the_second_factor(self, authority: Served) -> None:
        token = authority.opened()
        authority.choose(token)
        assert self.first(authority, token).kind == Kind.WRONG_ORDER

    def test_to_a_page_in_a_browser(self, authority: Served) -> None:
        token = authority.confirmed()
        assert self.first(authority, token, origin="https://akis.example").kind == Kind.MALFORMED
        assert authority.unlock().state == "confirmed"

    @pytest.mark.parametrize("offered", [None, ["akis-unlock-9"]])
    def test_in_another_subprotocol(self, authority: Served, offered: Any) -> None:
        assert self.first(authority, authority.confirmed(), subprotocols=offered).kind == Kind.MALFORMED

    def test_while_another_unlocks_the_card(self, authority: Served) -> None:
        first, second = authority.confirmed(), authority.confirmed()
        with authority.exchange(first) as exchange:
            exchange.receive()
            said = self.first(authority, second)
        assert said.kind == Kind.CARD_BUSY
        assert said.retry_after is not None
        assert 0 < said.retry_after <= authority.authority.rules.lease

    def test_once_it_was_done(self, authority: Served) -> None:
        token = authority.confirmed()
        with authority.exchange(token) as exchange:
            exchange.carry(new_card())
        assert self.first(authority, token).kind == Kind.UNLOCK_OVER

    def test_without_its_database(self, authority: Served, monkeypatch: pytest.MonkeyPatch) -> None:
        def gone(*_: object) -> Begun:
            raise StoreUnavailable("the database does not answer")

        monkeypatch.setattr(exchange_module, "begin_exchange", gone)
        assert self.first(authority, "x").kind == Kind.NOT_READY


def test_a_card_that_does_not_prove_itself_is_worth_a_warning(authority: Served, lines: Lines) -> None:
    token, card = authority.confirmed(), new_card()
    keys = tuple(replace(key, mac=bytes(len(key.mac))) for key in card.personality.keys)
    forged = replace(card.personality, keys=keys)
    with authority.exchange(token) as exchange:
        assert failed(exchange.carry(EmulatedCard(forged, card.memory))) == (Kind.CARD_NOT_AUTHENTIC, Holds.AS_BEFORE)
        assert over(exchange) == 1000
    [line] = lines.said("card not authentic")
    assert (line["level"], line["serial"]) == ("warning", CARD.serial.hex().upper())
    assert line["unlock"] == authority.unlock().id


def test_after_a_failure_the_same_unlock_may_be_tried_again(authority: Served) -> None:
    token, card = authority.confirmed(), new_card()
    with authority.exchange(token) as exchange:
        assert failed(exchange.carry(new_card(OTHER))) == (Kind.OTHER_CARD, Holds.AS_BEFORE)
        assert over(exchange) == 1000
    assert state(authority.unlock()) == ("confirmed", "other_card", "as_before", None)
    with authority.exchange(token) as exchange:
        assert isinstance(exchange.carry(card), Done)
    assert pin(card)[1] == "transport"


def test_a_card_that_went_away(authority: Served) -> None:
    with authority.exchange(authority.confirmed()) as exchange:
        first = exchange.receive()
        exchange.send(Gone(first.n))
        assert failed(exchange.receive()) == (Kind.CARD_GONE, Holds.AS_BEFORE)


@pytest.mark.parametrize(
    "said", ["", "{", "{}", '{"type":"answer","n":2,"apdu":"9000"}', b'{"type":"answer","n":1,"apdu":"9000"}']
)
def test_what_is_no_answer_ends_the_exchange(authority: Served, said: str | bytes) -> None:
    with authority.exchange(authority.confirmed()) as exchange:
        assert isinstance(exchange.receive(), Command)
        exchange.send(said)
        assert failed(exchange.receive()) == (Kind.OUT_OF_ORDER, Holds.AS_BEFORE)
    assert authority.unlock().state == "confirmed"


def test_a_message_that_is_too_long_is_not_even_read(authority: Served) -> None:
    with authority.exchange(authority.confirmed()) as exchange:
        exchange.receive()
        exchange.send("x" * (LONGEST + 1))
        assert over(exchange) == 1009
        until(lambda: state(authority.unlock()) == ("confirmed", "card_gone", "as_before", None))


@pytest.mark.parametrize(("carried", "holds"), [(3, Holds.AS_BEFORE), (RESET - 1, Holds.UNKNOWN)])
def test_a_connection_that_breaks_ends_the_exchange(authority: Served, carried: int, holds: Holds) -> None:
    with authority.exchange(authority.confirmed()) as exchange:
        assert isinstance(exchange.carry(new_card(), carried), Command)
    until(lambda: state(authority.unlock()) == ("confirmed", "card_gone", holds.value, None))
    assert authority.audited("exchange")[-1].details["holds"] == holds
    assert not authority.rows(CardLease)


def test_a_card_that_somebody_else_has_taken_over_is_left_alone(authority: Served) -> None:
    card = new_card()
    with authority.exchange(authority.confirmed()) as exchange:
        third = exchange.carry(card, 2)
        assert isinstance(third, Command)
        card_id = authority.unlock().card_id
        with authority.authority.store.begin() as session:
            session.get_one(CardLease, card_id).owner = "somebody else"
        exchange.send(Answer(third.n, card.process(third.apdu)))
        assert failed(exchange.carry(card)) == (Kind.CARD_BUSY, Holds.AS_BEFORE)
    assert pin(card)[1] != "transport"


def test_no_transport_pin_leaves_before_the_end_is_written_down(
    authority: Served, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise StoreUnavailable("the database does not answer")

    monkeypatch.setattr(exchange_module, "end_exchange", gone)
    card = new_card()
    with authority.exchange(authority.confirmed()) as exchange:
        said = exchange.carry(card)
        assert failed(said) == (Kind.NOT_READY, Holds.TRANSPORT_PIN)
        assert said.n == exchange.commands == RESET
    assert lines.said("broken")[0]["error"] == "StoreUnavailable"
    silent(lines.text, [pin(card)[0]])


def test_an_end_that_could_not_be_written_down_is_written_down_at_the_second_attempt(
    authority: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, attempts = exchange_module.end_exchange, []

    def gone_for_a_moment(*end: Any) -> None:
        attempts.append(end)
        if len(attempts) == 1:
            raise StoreUnavailable("the database does not answer")
        write(*end)

    monkeypatch.setattr(exchange_module, "end_exchange", gone_for_a_moment)
    with authority.exchange(authority.confirmed()) as exchange:
        assert failed(exchange.carry(new_card())) == (Kind.NOT_READY, Holds.TRANSPORT_PIN)
        assert over(exchange) == 1000
    assert len(attempts) == 2
    assert state(authority.unlock()) == ("confirmed", "not_ready", "transport_pin", None)
    assert authority.audited("exchange")[-1].details["commands"] == RESET
    assert not authority.rows(CardLease)


def test_what_goes_wrong_inside_is_told_in_its_place(authority: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> bool:
        raise StoreUnavailable("the database does not answer")

    monkeypatch.setattr(exchange_module, "keep_alive", gone)
    with authority.exchange(authority.confirmed()) as exchange:
        said = exchange.carry(new_card())
        assert failed(said) == (Kind.NOT_READY, Holds.AS_BEFORE)
        assert said.n == exchange.commands == RESET - 1
    assert authority.audited("exchange")[-1].details["commands"] == RESET - 1


def test_a_report_that_does_not_come_is_not_waited_for_longer_than_that(authority: Served) -> None:
    object.__setattr__(authority.authority.rules, "report_wait", 0.1)
    with authority.exchange(authority.confirmed()) as exchange:
        assert isinstance(exchange.carry(new_card()), Done)
        assert over(exchange) == 1000
    assert state(authority.unlock()) == ("done", "done", "transport_pin", None)


@pytest.mark.parametrize("said", [Report(3, Holds.HOLDER_PIN), Gone(RESET + 1), "nonsense"])
def test_what_is_no_report_is_none(authority: Served, said: Any) -> None:
    with authority.exchange(authority.confirmed()) as exchange:
        exchange.carry(new_card())
        exchange.send(said)
        assert over(exchange) == 1000
    assert authority.unlock().reported is None


@pytest.mark.parametrize(("carried", "holds"), [(3, Holds.AS_BEFORE), (RESET - 1, Holds.UNKNOWN)])
def test_an_authority_that_stops_ends_what_goes_on(authority: Served, carried: int, holds: Holds) -> None:
    with authority.exchange(authority.confirmed()) as exchange:
        assert isinstance(exchange.carry(new_card(), carried), Command)
        start = time.monotonic()
        authority.serving.stop()
        assert time.monotonic() - start < 5
        with pytest.raises(ConnectionClosed) as closed:
            exchange.receive()
        assert not isinstance(closed.value, ConnectionClosedOK)
    assert state(authority.unlock()) == ("confirmed", "card_gone", holds.value, None)
    assert authority.audited("exchange")[-1].outcome == "card_gone"


class Stuck(SocketChannel):
    """A client that takes every command and never answers, nor goes away."""

    def __init__(self) -> None:
        self.sent = asyncio.Event()

    async def send(self, message: object) -> None:
        self.sent.set()

    async def receive(self) -> Any:
        await asyncio.Event().wait()
        raise ChannelClosed("never")


def test_an_exchange_that_is_cancelled_is_written_down_all_the_same(authority: Served) -> None:
    inside = authority.authority

    async def cancelled() -> None:
        from anyio import CapacityLimiter

        begun = begin_exchange(inside, authority.confirmed(), "192.0.2.7")
        service = Service(inside, Metrics(inside.spent.seconds), False, CapacityLimiter(1))
        channel = Stuck()
        running = asyncio.ensure_future(OneExchange(service, channel, begun).run())
        await channel.sent.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(cancelled())
    assert state(authority.unlock()) == ("confirmed", "not_ready", "as_before", None)
