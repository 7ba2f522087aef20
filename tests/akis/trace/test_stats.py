"""Counts and times of commands, in a memory of bounded size."""

from __future__ import annotations

from random import Random

import pytest

from akis.status import StatusWord
from akis.trace.entries import Header, Kept
from akis.trace.stats import EXACTNESS, OTHERS, CommandStats, Durations, of
from tests.akis.trace.sessions_of_many_kinds import SESSION, Repeated, exchanged


@pytest.mark.parametrize("part", [0.01, 0.5, 0.9, 0.99, 1.0])
@pytest.mark.parametrize("most", [100, 5000, 10**9, 1 << 62])
def test_quantiles_are_as_exact_as_they_say(part: float, most: int) -> None:
    random = Random(f"{part} {most}")
    durations, values = Durations(), sorted(random.randrange(most) for _ in range(1000))
    for value in random.sample(values, len(values)):
        durations.add(value)
    true = values[max(0, -int(-part * len(values) // 1) - 1)]
    found = durations.quantile(part)
    assert found is not None
    assert abs(found - true) <= true * EXACTNESS
    assert durations.worst == values[-1]
    assert durations.total == sum(values)


def test_short_durations_are_exact() -> None:
    durations = Durations()
    for value in (3, 50, 127):
        durations.add(value)
    assert durations.quantile(0.5) == 50


def test_without_durations_there_is_no_quantile() -> None:
    assert Durations().quantile(0.5) is None


def test_memory_is_bounded_whatever_is_counted() -> None:
    durations, random = Durations(), Random(1)
    for _ in range(50_000):
        durations.add(random.randrange(1 << random.randrange(1, 63)))
    assert len(durations._counts) <= 64 * 64


def test_a_session_by_command() -> None:
    stats = of([SESSION])
    rows = {(row.name, row.protected): row for row in stats.rows}
    assert stats.exchanges == 12
    assert stats.events == {"removed": 1, "inserted": 1, "reset": 1}
    assert stats.session_time == 6_200_040 - 100
    assert rows["VERIFY", False].words == {"63C2": 1}
    assert rows["VERIFY", True].words == {"9000": 1}
    read = rows["READ BINARY", False]
    assert (read.count, read.unanswered, read.words) == (3, 1, {"6282": 1, "9000": 1})
    assert read.durations.worst == 3_000_000
    assert (read.bytes_to_card, read.bytes_from_card) == (5 + 5 + 7, 4 + 302)
    assert stats.rows[0] is read, "what took most time comes first"


def test_several_traces_are_added_up() -> None:
    once, twice = of([SESSION]), of([SESSION, SESSION])
    assert twice.exchanges == 2 * once.exchanges
    assert twice.session_time == 2 * once.session_time
    assert of([Repeated(3)]).exchanges == 3 * once.exchanges


def test_exchanges_without_a_time_are_counted_and_not_timed() -> None:
    stats = of([Kept(Header(), (exchanged("00B0000000", "9000"),))])
    [row] = stats.rows
    assert stats.session_time == 0
    assert (row.count, row.durations.count, row.durations.quantile(0.5)) == (1, 0, None)


def test_a_card_with_no_end_of_status_words_fills_no_memory() -> None:
    row = CommandStats("VERIFY", protected=False)
    for sw in range(0x6000, 0x7000):
        row.answered(StatusWord(sw))
    assert len(row.words) == 33
    assert row.words[OTHERS] == 0x1000 - 32
