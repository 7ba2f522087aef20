"""A card is one exchange's at a time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from akis.authority.steps import leases
from akis.authority.store.store import Store
from akis.authority.store.tables import CardLease, Holder, IssuedCard

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LASTS = 30


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.fixture
def card(store: Store) -> int:
    with store.begin() as session:
        card = IssuedCard(serial="0A" * 12, label="NES", profile="akis-2", key_reference=1, algorithm=0x8C)
        session.add(Holder(name="ayşe", full_name="Ayşe Yılmaz", second_factor="sms", cards=[card]))
        session.flush()
        return card.id


def take(store: Store, card: int, owner: str, now: datetime = NOON) -> int | None:
    with store.begin() as session:
        return leases.take(session, card, owner, now, LASTS)


def renew(store: Store, card: int, owner: str, now: datetime) -> bool:
    with store.begin() as session:
        return leases.renew(session, card, owner, now, LASTS)


def release(store: Store, card: int, owner: str) -> None:
    with store.begin() as session:
        leases.release(session, card, owner)


def test_a_free_card_is_taken_and_others_are_told_how_long_to_wait(store: Store, card: int) -> None:
    assert take(store, card, "a") is None
    assert take(store, card, "b") == LASTS
    assert take(store, card, "b", after(10.5)) == 20
    assert take(store, card, "b", after(29.9)) == 1


def test_a_lease_runs_out(store: Store, card: int) -> None:
    take(store, card, "a")
    assert take(store, card, "b", after(LASTS)) is None
    assert take(store, card, "a", after(LASTS + 1)) == LASTS - 1


def test_taking_again_renews(store: Store, card: int) -> None:
    take(store, card, "a")
    assert take(store, card, "a", after(20)) is None
    assert take(store, card, "b", after(LASTS)) == 20


def test_a_sign_of_life_renews(store: Store, card: int) -> None:
    take(store, card, "a")
    assert renew(store, card, "a", after(20))
    assert take(store, card, "b", after(LASTS)) == 20


def test_who_was_late_keeps_the_card_unless_another_took_it(store: Store, card: int) -> None:
    take(store, card, "a")
    assert renew(store, card, "a", after(100))
    assert take(store, card, "b", after(200)) is None
    assert not renew(store, card, "a", after(201))
    assert not renew(store, card, "c", after(201))


def test_a_card_that_was_given_back_is_free(store: Store, card: int) -> None:
    take(store, card, "a")
    release(store, card, "b")
    assert take(store, card, "b") == LASTS
    release(store, card, "a")
    assert not renew(store, card, "a", NOON)
    assert take(store, card, "b") is None


def test_each_card_has_its_own(store: Store, card: int) -> None:
    with store.begin() as session:
        other = IssuedCard(serial="0B" * 12, label="NES", profile="akis-2", key_reference=1, algorithm=0x8C)
        other.holder = session.get_one(IssuedCard, card).holder
        session.add(other)
        session.flush()
        second = other.id
    assert take(store, card, "a") is None
    assert take(store, second, "b") is None


@pytest.mark.parametrize("before", ["free", "run out", "taken"])
def test_of_many_at_once_one_takes_it(store: Store, card: int, before: str) -> None:
    workers = 6
    if before != "free":
        take(store, card, "earlier", NOON if before == "taken" else after(-LASTS))
    together = threading.Barrier(workers)

    def work(number: int) -> int | None:
        together.wait()
        return take(store, card, f"owner {number}")

    with ThreadPoolExecutor(workers) as pool:
        results = list(pool.map(work, range(workers)))
    assert results.count(None) == (0 if before == "taken" else 1)
    assert results.count(LASTS) == workers - results.count(None)
    with store.read() as session:
        owner = session.get_one(CardLease, card).owner
    assert owner == ("earlier" if before == "taken" else f"owner {results.index(None)}")


def test_the_late_owner_and_the_next_do_not_both_have_it(store: Store, card: int) -> None:
    for turn in range(10):
        now = after(turn * 1000)
        take(store, card, "late", now)
        together = threading.Barrier(2)

        def late(now: datetime = now, together: threading.Barrier = together) -> bool:
            together.wait()
            return renew(store, card, "late", now + timedelta(seconds=LASTS + 1))

        def following(now: datetime = now, together: threading.Barrier = together) -> bool:
            together.wait()
            return take(store, card, "next", now + timedelta(seconds=LASTS + 1)) is None

        with ThreadPoolExecutor(2) as pool:
            kept, taken = pool.submit(late), pool.submit(following)
            assert kept.result() != taken.result()
        release(store, card, "late")
        release(store, card, "next")
