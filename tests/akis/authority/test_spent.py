"""Processor time by part."""

from __future__ import annotations

from threading import Thread

import pytest

from akis.authority.spent import CRYPTOGRAPHY, HTTP, STORAGE, Spent


class Clock:
    """Processor time that passes when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_parts_add_up_and_what_is_within_a_part_is_not_counted_twice() -> None:
    clock = Clock()
    spent = Spent(clock)
    for _ in range(2):
        with spent.on(STORAGE):
            clock.now += 5
            with spent.on(CRYPTOGRAPHY):
                clock.now += 3
            clock.now += 1
    assert spent.seconds() == {STORAGE: 12, CRYPTOGRAPHY: 6}


def test_what_fails_counts_too() -> None:
    clock = Clock()
    spent = Spent(clock)

    def fail() -> None:
        clock.now += 2
        raise ValueError("failed")

    with pytest.raises(ValueError, match="failed"), spent.on(STORAGE):
        fail()
    assert spent.seconds() == {STORAGE: 2}


def test_threads_do_not_count_each_others_parts_as_within_their_own() -> None:
    clock = Clock()
    spent = Spent(clock)

    def elsewhere() -> None:
        with spent.on(CRYPTOGRAPHY):
            pass

    with spent.on(STORAGE):
        clock.now += 1
        other = Thread(target=elsewhere)
        other.start()
        other.join()
    assert spent.seconds() == {STORAGE: 1, CRYPTOGRAPHY: 0}


def test_the_rest_of_a_thread_is_what_no_part_counted_since_it_was_last_asked() -> None:
    clock = Clock()
    clock.now = 100
    spent = Spent(clock)
    spent.rest(HTTP)
    clock.now += 7
    with spent.on(STORAGE):
        clock.now += 5
        with spent.on(CRYPTOGRAPHY):
            clock.now += 3
    clock.now += 1
    spent.rest(HTTP)
    spent.rest(HTTP)
    assert spent.seconds() == {STORAGE: 5, CRYPTOGRAPHY: 3, HTTP: 8}


def test_the_rest_of_one_thread_is_not_that_of_another() -> None:
    clock = Clock()
    spent = Spent(clock)

    def elsewhere() -> None:
        clock.now += 4
        spent.rest(HTTP)

    spent.rest(HTTP)
    clock.now += 1
    other = Thread(target=elsewhere)
    other.start()
    other.join()
    assert spent.seconds() == {HTTP: 0}


def test_it_counts_processor_time_unless_told_otherwise() -> None:
    spent = Spent()
    with spent.on(CRYPTOGRAPHY):
        sum(range(100_000))
    assert 0 < spent.seconds()[CRYPTOGRAPHY] < 10
