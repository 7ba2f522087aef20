"""Two rows of entries side by side."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akis.trace.align import LOOK_AHEAD, Pair, aligned


def pairs(first: str, second: str) -> list[str]:
    """Letters are of the same kind in small and large; ``-`` stands for no counterpart."""
    found: Iterator[Pair[str]] = aligned(iter(first), iter(second), str, str.lower)
    return [f"{one or '-'}{other or '-'}" for one, other in found]


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ("", "", []),
        ("abc", "abc", ["aa", "bb", "cc"]),
        ("abc", "ac", ["aa", "b-", "cc"]),
        ("ac", "abc", ["aa", "-b", "cc"]),
        ("abc", "aBc", ["aa", "bB", "cc"]),
        ("abc", "axc", ["aa", "b-", "-x", "cc"]),
        ("abcd", "aCd", ["aa", "b-", "cC", "dd"]),
        ("abc", "", ["a-", "b-", "c-"]),
        ("", "abc", ["-a", "-b", "-c"]),
        ("abab", "bab", ["a-", "bb", "aa", "bb"]),
    ],
)
def test_what_belongs_together(first: str, second: str, found: list[str]) -> None:
    assert pairs(first, second) == found


@given(st.text("abAB"), st.text("abAB"))
def test_nothing_is_lost_or_moved(first: str, second: str) -> None:
    found = list(aligned(iter(first), iter(second), str, str.lower))
    assert "".join(one or "" for one, _ in found) == first
    assert "".join(other or "" for _, other in found) == second
    assert all(one is None or other is None or one.lower() == other.lower() for one, other in found)


@given(st.text("abAB"))
def test_the_same_twice_is_all_pairs(text: str) -> None:
    assert pairs(text, text) == [letter * 2 for letter in text]


def test_a_missing_piece_as_long_as_the_look_ahead_is_one_piece() -> None:
    missing = "x" * (LOOK_AHEAD - 1)
    assert pairs(f"a{missing}bc", "abc") == ["aa", *["x-"] * len(missing), "bb", "cc"]


def test_it_reads_no_further_ahead_than_it_says() -> None:
    read = 0

    def numbers(step: int) -> Iterator[int]:
        nonlocal read
        for number in range(0, 100_000 * step, step):
            read += 1
            yield number

    found = aligned(numbers(1), (-1 - number for number in numbers(1)), int, lambda number: number > 0)
    next(found)
    assert read <= 2 * LOOK_AHEAD
