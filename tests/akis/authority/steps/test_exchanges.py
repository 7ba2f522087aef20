"""Exchanges as the database sees them: one at a time for a card, a few for an unlock, each written down twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from akis.authority.refused import Refused
from akis.authority.steps.choose_card import choose_card
from akis.authority.steps.exchanges import Begun, begin_exchange, end_exchange, keep_alive, report
from akis.authority.store.store import Store
from akis.authority.store.tables import CardLease, Holder, IssuedCard
from akis.unlock.holds import Holds
from akis.unlock.kinds import Kind
from tests.akis.authority.world import HERE, SERIALS, World, refused
from tests.leaks import silent


@pytest.fixture
def world(sqlite_store: Store) -> World:
    return World(sqlite_store)


def failed(world: World, begun: Begun) -> None:
    end_exchange(world.authority, begun, Kind.CARD_GONE, Holds.AS_BEFORE)


def test_an_exchange_knows_the_card_it_is_for(world: World) -> None:
    ayse = world.holder()
    opened = world.confirmed(ayse)
    begun = begin_exchange(world.authority, opened.token, HERE)
    assert (begun.unlock_id, begun.card_id, begun.number) == (opened.unlock.id, ayse.cards[0].id, 1)
    assert (begun.serial.hex().upper(), begun.profile) == (SERIALS[0], "akis-2")
    assert (begun.key_reference, begun.algorithm) == (1, 0x0C)
    assert (begun.holder, begun.address) == ("ayse", HERE)
    assert world.unlock(opened).state == "exchanging"


def test_beginning_and_end_are_written_down(world: World) -> None:
    opened = world.confirmed(world.holder())
    begun = begin_exchange(world.authority, opened.token, HERE)
    end_exchange(world.authority, begun, "done", Holds.TRANSPORT_PIN, {"sw": "9000", "commands": 6})
    report(world.authority, begun, Holds.HOLDER_PIN)
    assert world.trail()[-3:] == [("exchange", "ok", "ayse"), ("exchange", "ok", "ayse"), ("report", "ok", "ayse")]
    assert {line.card for line in world.lines()[-3:]} == {SERIALS[0]}
    shared = {"address": HERE, "unlock": opened.unlock.id, "exchange": 1}
    assert [line.details for line in world.lines()[-3:]] == [
        shared | {"step": "begin"},
        shared | {"step": "end", "holds": "transport_pin", "sw": "9000", "commands": 6},
        shared | {"holds": "holder_pin"},
    ]
    row = world.unlock(opened)
    assert (row.state, row.outcome, row.holds, row.reported) == ("done", "done", "transport_pin", "holder_pin")


def test_after_it_was_done_an_unlock_is_over(world: World) -> None:
    opened = world.confirmed(world.holder())
    end_exchange(world.authority, begin_exchange(world.authority, opened.token, HERE), "done", Holds.TRANSPORT_PIN)
    with refused(Kind.UNLOCK_OVER):
        begin_exchange(world.authority, opened.token, HERE)
    with refused(Kind.UNLOCK_OVER):
        choose_card(world.authority, opened.token, SERIALS[0], HERE)


def test_an_exchange_that_failed_is_begun_again_a_few_times(world: World) -> None:
    opened = world.confirmed(world.holder())
    for number in range(1, 6):
        begun = begin_exchange(world.authority, opened.token, HERE)
        assert begun.number == number
        failed(world, begun)
    row = world.unlock(opened)
    assert (row.state, row.outcome, row.holds) == ("confirmed", "card_gone", "as_before")
    assert world.trail()[-1] == ("exchange", "card_gone", "ayse")
    with refused(Kind.UNLOCK_OVER):
        begin_exchange(world.authority, opened.token, HERE)
    with world.authority.read() as session:
        assert session.get(CardLease, begun.card_id) is None


def test_the_second_factor_comes_first(world: World) -> None:
    opened = world.opened(world.holder())
    with refused(Kind.WRONG_ORDER):
        begin_exchange(world.authority, opened.token, HERE)
    choose_card(world.authority, opened.token, SERIALS[0], HERE)
    with refused(Kind.WRONG_ORDER):
        begin_exchange(world.authority, opened.token, HERE)
    assert world.trail()[-1] == ("exchange", "wrong_order", "ayse")


def test_tokens_of_nothing_begin_nothing(world: World) -> None:
    opened = world.confirmed(world.holder())
    world.later(900)
    for token in (opened.token, "nobody's"):
        with refused(Kind.UNLOCK_OVER):
            begin_exchange(world.authority, token, HERE)


def test_who_was_locked_or_revoked_meanwhile_begins_nothing(world: World) -> None:
    ayse = world.holder()
    opened = world.confirmed(ayse)
    world.change(Holder, ayse.id, locked=True)
    with refused(Kind.HOLDER_LOCKED):
        begin_exchange(world.authority, opened.token, HERE)
    world.change(Holder, ayse.id, locked=False)
    world.change(IssuedCard, ayse.cards[0].id, revoked=True)
    with refused(Kind.CARD_REVOKED):
        begin_exchange(world.authority, opened.token, HERE)


def test_a_card_is_in_one_exchange_at_a_time(world: World) -> None:
    ayse = world.holder()
    one, other = world.confirmed(ayse), world.confirmed(ayse)
    begun = begin_exchange(world.authority, one.token, HERE)
    world.later(10)
    for opened in (one, other):
        with refused(Kind.CARD_BUSY) as caught:
            begin_exchange(world.authority, opened.token, HERE)
        assert caught.said.retry_after == 20
    failed(world, begun)
    begin_exchange(world.authority, other.token, HERE)


def test_of_exchanges_begun_at_the_same_moment_one_has_the_card(store: Store) -> None:
    world = World(store)
    ayse = world.holder()
    tokens = [world.confirmed(ayse).token for _ in range(3)] * 2

    def begin(token: str) -> Begun | Kind:
        try:
            return begin_exchange(world.authority, token, HERE)
        except Refused as why:
            return why.kind

    with ThreadPoolExecutor(6) as clients:
        said = list(clients.map(begin, tokens))
    assert said.count(Kind.CARD_BUSY) == 5


def test_signs_of_life_keep_a_card(world: World) -> None:
    ayse = world.holder()
    opened, other = world.confirmed(ayse), world.confirmed(ayse)
    begun = begin_exchange(world.authority, opened.token, HERE)
    for _ in range(5):
        world.later(29)
        assert keep_alive(world.authority, begun)
        with refused(Kind.CARD_BUSY):
            begin_exchange(world.authority, other.token, HERE)


def test_an_exchange_whose_worker_died_is_begun_again_once_its_lease_ran_out(world: World) -> None:
    opened = world.confirmed(world.holder())
    dead = begin_exchange(world.authority, opened.token, HERE)
    world.later(30)
    alive = begin_exchange(world.authority, opened.token, HERE)
    assert alive.number == 2
    assert not keep_alive(world.authority, dead)
    assert keep_alive(world.authority, alive)


def test_who_was_taken_for_dead_does_not_end_the_exchange_that_came_after(world: World) -> None:
    opened = world.confirmed(world.holder())
    dead = begin_exchange(world.authority, opened.token, HERE)
    world.later(30)
    alive = begin_exchange(world.authority, opened.token, HERE)
    failed(world, dead)
    assert world.unlock(opened).state == "exchanging"
    assert world.lines()[-1].details["exchange"] == 1
    assert keep_alive(world.authority, alive)
    end_exchange(world.authority, alive, "done", Holds.TRANSPORT_PIN)
    assert world.unlock(opened).state == "done"


def test_no_token_nor_owner_is_written_or_said(world: World) -> None:
    opened = world.confirmed(world.holder())
    begun = begin_exchange(world.authority, opened.token, HERE)
    with refused(Kind.CARD_BUSY) as caught:
        begin_exchange(world.authority, opened.token, HERE)
    failed(world, begun)
    secrets = [opened.token, begun.owner]
    silent(world.written() + repr(begun), secrets)
    silent(caught.said, secrets)


@pytest.mark.parametrize(
    ("kind", "column", "reason"),
    [(Holder, "locked", Kind.HOLDER_LOCKED), (IssuedCard, "revoked", Kind.CARD_REVOKED)],
)
def test_an_exchange_is_not_kept_alive_against_the_issuers_will(
    world: World, kind: type, column: str, reason: Kind
) -> None:
    holder = world.holder()
    begun = begin_exchange(world.authority, world.confirmed(holder).token, HERE)
    world.change(kind, holder.id if kind is Holder else begun.card_id, **{column: True})
    with refused(reason):
        keep_alive(world.authority, begun)
