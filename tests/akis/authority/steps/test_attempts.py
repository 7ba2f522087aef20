"""Who fails too often has to wait."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from akis.authority.steps import attempts
from akis.authority.store.store import Store
from akis.authority.store.tables import Attempts

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MOST, WINDOW = 3, 600
WHO = "codes/192.0.2.7"


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def fail(store: Store, who: str = WHO, now: datetime = NOON, times: int = 1) -> None:
    for _ in range(times):
        with store.begin() as session:
            attempts.count(session, who, now, WINDOW)


def wait(store: Store, who: str = WHO, now: datetime = NOON) -> int | None:
    with store.begin() as session:
        return attempts.blocked_for(session, who, now, MOST, WINDOW)


def test_who_never_failed_need_not_wait(store: Store) -> None:
    assert wait(store) is None


def test_the_last_failure_that_is_allowed_blocks_until_the_window_is_over(store: Store) -> None:
    fail(store, times=MOST - 1)
    assert wait(store) is None
    fail(store, now=after(100))
    assert wait(store, now=after(100)) == 500
    assert wait(store, now=after(599.5)) == 1
    assert wait(store, now=after(600)) is None


def test_a_new_window_begins_with_the_next_failure(store: Store) -> None:
    fail(store, times=MOST)
    fail(store, now=after(WINDOW), times=MOST - 1)
    assert wait(store, now=after(WINDOW)) is None
    fail(store, now=after(WINDOW + 1))
    assert wait(store, now=after(WINDOW + 1)) == WINDOW - 1


def test_others_are_not_counted_along(store: Store) -> None:
    fail(store, times=MOST)
    assert wait(store, "codes/192.0.2.8") is None
    assert wait(store, "sign-in/192.0.2.7") is None


@pytest.mark.parametrize("odd", ["x" * 1000, "a\0b", "\ud800", "line\nbreak"])
def test_names_that_the_table_has_no_place_for_count_as_well(store: Store, odd: str) -> None:
    fail(store, f"sign-in/{odd}", times=MOST)
    assert wait(store, f"sign-in/{odd}") == WINDOW
    assert wait(store, f"sign-in/{odd}.") is None


def test_none_is_lost_where_many_fail_at_once(store: Store) -> None:
    workers, rounds = 4, 10
    together = threading.Barrier(workers)

    def work(_: int) -> None:
        together.wait()
        fail(store, times=rounds)

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(work, range(workers)))
    with store.read() as session:
        assert session.get_one(Attempts, WHO).count == workers * rounds


@pytest.mark.parametrize("failed_before", [0, 1])
def test_many_at_once_get_no_further_than_one_after_the_other(store: Store, failed_before: int) -> None:
    workers = 8
    fail(store, times=failed_before)
    together = threading.Barrier(workers)

    def work(_: int) -> bool:
        together.wait()
        with store.begin() as session:
            if attempts.blocked_for(session, WHO, NOON, MOST, WINDOW) is not None:
                return False
            attempts.count(session, WHO, NOON, WINDOW)
            return True

    with ThreadPoolExecutor(workers) as pool:
        assert list(pool.map(work, range(workers))).count(True) == MOST - failed_before


def test_what_counts_no_more_is_forgotten(store: Store) -> None:
    fail(store, "codes/old")
    fail(store, "codes/new", after(1))
    with store.begin() as session:
        attempts.forget(session, after(WINDOW), WINDOW)
    with store.read() as session:
        assert session.scalars(select(Attempts.who)).all() == ["codes/new"]
        assert session.scalars(select(func.count()).select_from(Attempts)).one() == 1


@pytest.mark.parametrize(
    ("address", "counts_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8::7", "2001:db8::/64"),
        ("2001:db8:0:1:ffff::7", "2001:db8:0:1::/64"),
        ("unknown", "unknown"),
    ],
)
def test_who_has_one_address_of_an_ipv6_network_has_all(address: str, counts_as: str) -> None:
    assert attempts.source(address) == counts_as
