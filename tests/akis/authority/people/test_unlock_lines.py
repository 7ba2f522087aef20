"""What an operator sees of unlocks: the newest first, and of each what became of it and why."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta

import pytest

from akis.authority.people.unlock_lines import Refusal, UnlockLine, list_unlocks
from akis.authority.steps.choose_card import choose_card
from akis.authority.steps.redeem import Opened
from akis.authority.steps.second_factor import answer
from akis.authority.store.store import Store
from akis.authority.store.tables import Unlock
from akis.unlock.kinds import Kind
from tests.akis.authority.world import HERE, SERIALS, START, World, refused


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


def listed(world: World, **wanted: object) -> list[UnlockLine]:
    with world.authority.read() as session:
        return list_unlocks(session, world.time, **wanted)  # type: ignore[arg-type]


def opened(world: World, name: str, cards: int = 1) -> Opened:
    return world.opened(world.holder(name, cards=cards))


def test_the_last_one_comes_first_and_only_what_may_go_on_unless_all_are_wanted(world: World) -> None:
    ids = []
    for name in ("ayse", "mehmet", "zeynep"):
        ids.append(opened(world, name).unlock.id)
        world.later(400)
    assert [line.id for line in listed(world, ended=True)] == ids[::-1]
    assert [line.id for line in listed(world)] == ids[:0:-1], "the first has expired"
    assert [line.id for line in listed(world, ended=True, at_most=1)] == ids[2:]
    assert [line.id for line in listed(world, ended=True, holder="mehmet")] == ids[1:2]
    assert listed(world, ended=True, holder="ali") == []


def test_a_line_says_all_that_is_known(world: World) -> None:
    found = opened(world, "ayse")
    choose_card(world.authority, found.token, SERIALS[0], HERE)
    [line] = listed(world, serial=SERIALS[0].lower())
    assert asdict(line) == {
        "id": found.unlock.id,
        "holder": "ayse",
        "serial": SERIALS[0],
        "state": "asked",
        "started_at": START,
        "expires_at": found.unlock.expires_at,
        "exchanges": 0,
        "outcome": None,
        "holds": None,
        "reported": None,
        "refusal": None,
    }
    assert listed(world, serial=SERIALS[1]) == []


def test_the_last_refusal_is_that_of_the_unlock_itself(world: World) -> None:
    mine, other = opened(world, "ayse"), opened(world, "mehmet")
    with refused(Kind.CARD_NOT_YOURS):
        choose_card(world.authority, mine.token, SERIALS[1], HERE)
    choose_card(world.authority, mine.token, SERIALS[0], HERE)
    world.later(5)
    with refused(Kind.SECOND_FACTOR_WRONG):
        answer(world.authority, mine.token, "000000", HERE)
    world.later(5)
    world.change(Unlock, mine.unlock.id, state="over")
    with refused(Kind.UNLOCK_OVER):
        answer(world.authority, mine.token, "000000", HERE)
    with refused(Kind.WRONG_ORDER):
        answer(world.authority, other.token, "000000", HERE)
    refusals = {line.holder: line.refusal for line in listed(world, ended=True)}
    assert refusals["ayse"] == Refusal("second_factor", "second_factor_wrong", START + timedelta(seconds=5))
    assert refusals["mehmet"] == Refusal("second_factor", "wrong_order", START + timedelta(seconds=10))


LINE = UnlockLine("u", "ayse", None, "opened", START, START + timedelta(minutes=15), 0, None, None, None, None)
WRONG = Refusal("second_factor", "second_factor_wrong", START)


@pytest.mark.parametrize(
    ("changes", "minutes", "summary"),
    [
        ({}, 1, "open"),
        ({"state": "confirmed", "outcome": "card_gone"}, 1, "open"),
        ({}, 15, "expired"),
        ({"refusal": WRONG}, 15, "expired"),
        ({"state": "confirmed", "outcome": "card_gone"}, 15, "failed: card gone"),
        ({"state": "over", "refusal": replace(WRONG, kind="second_factor_spent")}, 1, "failed: second factor spent"),
        ({"state": "over", "outcome": "card_gone", "refusal": WRONG}, 1, "failed: card gone"),
        ({"state": "done", "outcome": "done", "reported": "holder_pin"}, 1, "unlocked"),
        ({"state": "done", "outcome": "done", "reported": "transport_pin"}, 1, "reset, not finished"),
        ({"state": "done", "outcome": "done", "reported": "unknown"}, 1, "reset, not finished"),
        ({"state": "done", "outcome": "done"}, 15, "reset, not reported"),
    ],
)
def test_what_became_of_it(changes: dict[str, object], minutes: int, summary: str) -> None:
    line = replace(LINE, **changes)  # type: ignore[arg-type]
    assert line.summary(START + timedelta(minutes=minutes)) == summary
