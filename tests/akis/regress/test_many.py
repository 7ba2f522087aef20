"""Many sessions, one after the other or at the same time."""

from __future__ import annotations

from pathlib import Path

import pytest

from akis.errors import InvalidArgument, TraceError
from akis.regress.many import replay_files
from akis.regress.run import Plan
from akis.secret import Secret
from tests.akis.regress.recorded import recorded, verify_wrong_then_right, written

PLAN = Plan(secrets={"pin": Secret("123456")})


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_outcomes_come_in_the_order_of_the_files(tmp_path: Path, jobs: int) -> None:
    trace = recorded(verify_wrong_then_right)
    paths = [written(trace, tmp_path / f"{number}.jsonl") for number in range(6)]
    paths[3].write_text("no trace\n")
    paths[4] = written(recorded(verify_wrong_then_right, "akis-2.5"), tmp_path / "4.jsonl")
    outcomes = list(replay_files(paths, PLAN, jobs))
    assert [outcome.name for outcome in outcomes] == [str(path) for path in paths]
    assert [outcome.verdict for outcome in outcomes] == ["passed"] * 3 + ["error"] + ["passed"] * 2
    assert isinstance(outcomes[3].error, TraceError)


def test_a_difference_comes_back_from_another_process(tmp_path: Path) -> None:
    paths = [written(recorded(verify_wrong_then_right), tmp_path / f"{number}.jsonl") for number in range(2)]
    for outcome in replay_files(paths, Plan(reader="emulator:,24=6985"), 2):
        assert outcome.verdict == "differs"
        assert "conditions of use not satisfied" in outcome.message


@pytest.mark.parametrize(("jobs", "reader"), [(0, "emulator:"), (2, None), (2, "0")])
def test_one_reader_plays_one_session_at_a_time(jobs: int, reader: str | None) -> None:
    with pytest.raises(InvalidArgument):
        replay_files([Path("a.jsonl"), Path("b.jsonl")], Plan(reader=reader), jobs)


def test_a_tick_for_each_exchange(tmp_path: Path) -> None:
    ticks: list[None] = []
    (outcome,) = replay_files(
        [written(recorded(verify_wrong_then_right), tmp_path / "a.jsonl")], PLAN, 1, lambda: ticks.append(None)
    )
    assert len(ticks) == outcome.exchanges == 9
