"""``akis trace diff`` as a user sees it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from akis.trace.entries import Kept
from tests.akis.trace.sessions_of_many_kinds import SESSION, exchanged
from tests.leaks import silent
from tests.tools.trace_files import written
from tools.__main__ import main
from tools.exit_codes import Exit

WITHOUT_CHALLENGE = Kept(SESSION.header, (SESSION.kept[0], *SESSION.kept[2:]))
REFUSED_SELECT = exchanged("00A40400 07 504B43532D3135 00", "6A82", 100, 76)
REFUSED = Kept(SESSION.header, (REFUSED_SELECT, *SESSION.kept[1:]))


def compared(tmp_path: Path, first: Kept, second: Kept, *options: str) -> int:
    one, other = written(tmp_path / "a.jsonl", first), written(tmp_path / "b.jsonl", second)
    return main(["trace", "diff", str(one), str(other), *options])


def test_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compared(tmp_path, SESSION, SESSION) == Exit.DONE
    out = capsys.readouterr().out
    assert out.startswith("Differing 0, the same 15, only in the first 0, only in the second 0.\n")
    assert "Time was not compared" in out
    assert "Pairs inside secure messaging 1:" in out


def test_a_missing_exchange(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compared(tmp_path, SESSION, WITHOUT_CHALLENGE) == Exit.DIFFERS
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "-     2        GET CHALLENGE, only in the first"
    assert lines[1] == "Differing 0, the same 14, only in the first 1, only in the second 0."


def test_another_answer_field_by_field(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compared(tmp_path, SESSION, REFUSED) == Exit.DIFFERS
    assert capsys.readouterr().out.splitlines()[:7] == [
        "~     1     1  SELECT",
        "      answer SW",
        "        first   90 00 (done)",
        "        second  6A 82 (file or application not found)",
        "      answer DO'6F'",
        "        first   DO'6F'  (file control information)",
        "        second  nothing",
    ]


def test_another_card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = Kept(replace(SESSION.header, protocol="T=0"), SESSION.kept)
    assert compared(tmp_path, SESSION, other) == Exit.DIFFERS
    lines = capsys.readouterr().out.splitlines()
    assert lines[:4] == ["~ the session itself", "      protocol", "        first   T=1", "        second  T=0"]
    assert lines[4].startswith("Differing 1, the same 15, "), "what is listed is counted"


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compared(tmp_path, SESSION, WITHOUT_CHALLENGE, "--json") == Exit.DIFFERS
    report = json.loads(capsys.readouterr().out)
    assert report["schema"] == 1
    assert report["entries"] == [
        {"first": {"number": 2, "title": "GET CHALLENGE"}, "second": None, "differences": []},
    ]
    assert (report["differs"], report["same"], report["only_first"]) == (True, 14, 1)


def test_json_of_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compared(tmp_path, SESSION, SESSION, "--json") == Exit.DONE
    report = json.loads(capsys.readouterr().out)
    assert (report["entries"], report["differs"]) == ([], False)


@pytest.mark.parametrize("options", [(), ("--strict",), ("--json", "--strict")])
def test_pins_that_traces_have_kept_do_not_show(
    options: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header = replace(SESSION.header, secrets=True)
    first = Kept(header, (exchanged(f"00200081 04 {b'1357'.hex()}", "9000"),))
    second = Kept(header, (exchanged(f"00200081 06 {b'246802'.hex()}", "63C1"),))
    assert compared(tmp_path, first, second, *options) == Exit.DIFFERS
    silent(capsys.readouterr().out, ["1357", "246802"])


@pytest.mark.parametrize("width", [40, 80])
def test_lines_keep_to_their_columns(
    width: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.trace_diff.columns", lambda: width)
    compared(tmp_path, SESSION, Kept(replace(SESSION.header, atr=b"\x3b\x00"), REFUSED.kept[:7]))
    assert max(map(len, capsys.readouterr().out.splitlines())) <= width


def test_a_last_line_that_was_cut(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = written(tmp_path / "a.jsonl", SESSION), written(tmp_path / "b.jsonl", SESSION)
    other.write_bytes(other.read_bytes()[:-20])
    assert main(["trace", "diff", str(one), str(other)]) == Exit.DIFFERS
    out = capsys.readouterr().out
    assert "READ BINARY, only in the first" in out
    assert "The last line of the second is cut off" in out
