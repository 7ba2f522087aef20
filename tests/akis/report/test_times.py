"""What the times of commands say: median, worst, distribution, and which command is slow."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akis.report.times import SLOW_FLOOR, Bin, CommandTimes, slow


def took(name: str, *durations: int) -> CommandTimes:
    return CommandTimes(name, durations)


def test_median_and_worst() -> None:
    assert (took("SELECT", 30, 10, 20).median, took("SELECT", 30, 10, 20).worst) == (20, 30)
    assert took("SELECT", 10, 20).median == 15


def test_distribution() -> None:
    assert took("SELECT", 7, 11, 11, 14, 14, 14, 18).distribution == (
        Bin(6, 8, 1),
        Bin(8, 10, 0),
        Bin(10, 12, 2),
        Bin(12, 15, 3),
        Bin(15, 20, 1),
    )
    assert took("SELECT", 0).distribution == (Bin(0, 1, 1),)
    assert took("SELECT", 9).distribution == (Bin(8, 10, 1),)
    assert took("SELECT", 300_000).distribution == (Bin(300_000, 400_000, 1),)


@given(st.lists(st.integers(0, 10**8), min_size=1, max_size=50))
def test_every_time_is_in_one_bin(durations: list[int]) -> None:
    bins = took("SELECT", *durations).distribution
    assert sum(one.count for one in bins) == len(durations)
    assert bins[0].count
    assert bins[-1].count
    assert bins[0].start <= min(durations)
    assert max(durations) < bins[-1].end
    assert all(one.end == other.start for one, other in pairwise(bins))


@pytest.mark.parametrize(
    ("median", "named"),
    [(50_000, False), (SLOW_FLOOR, False), (SLOW_FLOOR + 1, True), (300_000, True)],
)
def test_a_slow_command(median: int, named: bool) -> None:
    others = took("SELECT", 10_000), took("GET DATA", 12_000)
    assert slow((*others, took("READ BINARY", median))) == ((took("READ BINARY", median),) if named else ())


def test_where_all_are_slow_none_is() -> None:
    assert slow((took("SELECT", 200_000), took("READ BINARY", 400_000))) == ()
    assert slow((took("SELECT", 900_000),)) == ()
    assert slow(()) == ()


def test_one_outlier_makes_no_slow_command() -> None:
    assert slow((took("SELECT", 10), took("READ BINARY", 10, 10, 900_000))) == ()
