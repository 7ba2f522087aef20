"""``akis trace stats`` as a user sees it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from akis.trace.entries import Header, Kept
from tests.akis.trace.sessions_of_many_kinds import SESSION, Repeated, exchanged
from tests.tools.trace_files import written
from tools.__main__ import main


def shown(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert main(["trace", "stats", *map(str, arguments)]) == 0
    return capsys.readouterr().out


def test_a_table_in_80_columns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys, written(tmp_path / "x.jsonl", SESSION)).splitlines()
    assert lines[:5] == [
        "                                   count  median     p99   worst bytes → bytes ←",
        "READ BINARY                            3   40 µs  3.00 s  3.00 s      17     306",
        "    6282 ×1, 9000 ×1, no answer ×1",
        "PERFORM SECURITY OPERATION             2   40 µs   40 µs   40 µs      14       4",
        "    6104 ×1, 9000 ×1",
    ]
    assert "SELECT                                 1   76 µs   76 µs   76 µs      13      23" in lines
    assert "    63C2 ×1" in lines
    assert "VERIFY (SM)                            1   40 µs   40 µs   40 µs      27      16" in lines
    assert max(map(len, lines)) <= 80
    assert lines[-3:] == [
        "12 exchanges, inserted 1, removed 1, reset 1; session time 6.199940 s.",
        "What took the most time together comes first, then what came up most often.",
        "Median and p99 are exact to 0.8% of themselves, the worst is exact.",
    ]


def test_nothing_to_count_has_no_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "x.jsonl", Kept(SESSION.header))
    assert shown(capsys, path) == "0 exchanges; session time 0.000000 s.\n"


@pytest.mark.parametrize("width", [40, 60])
def test_few_columns_have_no_table(
    width: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.trace_stats.columns", lambda: width)
    text = shown(capsys, written(tmp_path / "x.jsonl", SESSION))
    assert max(map(len, text.splitlines())) <= width
    said = " ".join(text.split())
    assert "READ BINARY count 3, median 40 µs, p99 3.00 s, worst 3.00 s, bytes → 17, bytes ← 306 6282 ×1" in said


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = json.loads(shown(capsys, written(tmp_path / "x.jsonl", SESSION), "--json"))
    assert (report["schema"], report["exchanges"], report["session_time"]) == (1, 12, 6_199_940)
    assert report["events"] == {"removed": 1, "inserted": 1, "reset": 1}
    read = report["commands"][0]
    assert (read["name"], read["protected"], read["count"], read["unanswered"]) == ("READ BINARY", False, 3, 1)
    assert (read["median"], read["worst"], read["total"]) == (40, 3_000_000, 3_000_080)
    assert (read["bytes_to_card"], read["bytes_from_card"]) == (17, 306)


def test_several_traces(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = written(tmp_path / "a.jsonl", SESSION), written(tmp_path / "b.jsonl", Repeated(2))
    assert json.loads(shown(capsys, one, two, "--json"))["exchanges"] == 36


def test_a_trace_without_times(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trace = Kept(Header(), (exchanged("00B0000000", "9000"),))
    path = written(tmp_path / "x.jsonl", trace)
    assert "READ BINARY                            1       -       -       -       5       2" in shown(capsys, path)
    [row] = json.loads(shown(capsys, path, "--json"))["commands"]
    assert (row["timed"], row["median"], row["worst"]) == (0, None, None)


def test_a_last_line_that_was_cut(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "x.jsonl", SESSION)
    path.write_bytes(path.read_bytes()[:-20])
    assert "1 of the traces ends in the middle of a line" in shown(capsys, path)
    assert json.loads(shown(capsys, path, "--json"))["cut"] == 1


def test_one_of_a_thing_is_no_plural(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "x.jsonl", Kept(Header(), (exchanged("00B0000000", "9000"),)))
    assert "\n1 exchange;" in shown(capsys, path)
