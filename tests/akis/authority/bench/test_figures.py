"""The arithmetic of a measurement."""

from __future__ import annotations

import pytest

from akis.authority.bench.figures import PARTS, Latency, cpu_by_part, shares


def figures(**seconds: float) -> dict[tuple[str, ...], float]:
    return {("akis_cpu_seconds_total", part): taken for part, taken in seconds.items()}


def test_latencies_are_such_as_were_measured() -> None:
    assert Latency.of([float(number) for number in range(100, 0, -1)]) == Latency(50, 95, 99)
    assert Latency.of([3.0, 1.0, 2.0]) == Latency(2, 3, 3)
    assert Latency.of([7.0]) == Latency(7, 7, 7)


def test_the_parts_add_up_to_all() -> None:
    before = figures(process=10, cryptography=1, storage=4, http=2, passwords=0.5)
    after = figures(process=20, cryptography=2, storage=7, http=4, passwords=1)
    found = cpu_by_part(before, after, passwords=3)
    assert found == {"cryptography": 1, "storage": 3, "http": 2, "passwords": 3, "rest": 1}
    assert tuple(found) == PARTS
    assert sum(found.values()) == 10


def test_a_part_that_was_never_counted_took_nothing() -> None:
    assert cpu_by_part({}, figures(process=2), passwords=0) == {
        "cryptography": 0,
        "storage": 0,
        "http": 0,
        "passwords": 0,
        "rest": 2,
    }


def test_passwords_take_no_more_than_is_left_and_no_less_than_was_counted() -> None:
    after = figures(process=10, cryptography=1, storage=4, http=2, passwords=1)
    assert cpu_by_part({}, after, passwords=5)["passwords"] == 3
    assert cpu_by_part({}, after, passwords=5)["rest"] == 0
    assert cpu_by_part({}, after, passwords=0)["passwords"] == 1


def test_nothing_is_negative_where_clocks_are_coarser_than_what_they_measure() -> None:
    after = figures(process=1, cryptography=1, storage=1, http=1)
    assert all(seconds >= 0 for seconds in cpu_by_part({}, after, passwords=1).values())


def test_shares_add_up_to_one() -> None:
    found = shares({"storage": 3.0, "rest": 1.0})
    assert found == {"storage": 0.75, "rest": 0.25}
    assert sum(shares(dict.fromkeys(PARTS, 1 / 3)).values()) == pytest.approx(1)
    assert shares({"storage": 0.0}) == {"storage": 0}
