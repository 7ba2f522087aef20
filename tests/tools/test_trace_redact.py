"""``akis trace redact``: nothing secret is left, and nothing is written over."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from akis.trace.entries import Entry, Event, Exchanged, Kept
from akis.trace.jsonl import Lines
from akis.trace.redact import Mask
from tests.akis.trace.sessions_of_many_kinds import SESSION, exchanged
from tests.leaks import silent
from tests.tools.trace_files import written
from tools.__main__ import main

PIN, NEW, PUK = "135790", "246802", "97531864"
KEPT = Kept(
    replace(SESSION.header, secrets=True),
    (
        exchanged(f"00200081 06 {PIN.encode().hex()}", "9000", 10),
        exchanged(f"00240081 0C {(PIN + NEW).encode().hex()}", "9000", 20),
        exchanged(f"002C0081 0E {(PUK + NEW).encode().hex()}", "9000", 30),
        Event("reset", 40),
        exchanged("00B0000000", "4A6F686E20446F659000", 50),
    ),
)


def redacted(tmp_path: Path, *options: str, source: Kept = KEPT) -> list[Entry]:
    out = tmp_path / "clean.jsonl"
    assert main(["trace", "redact", str(written(tmp_path / "kept.jsonl", source)), str(out), *options]) == 0
    return list(Lines(out).entries())


def test_no_secret_is_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entries = redacted(tmp_path)
    silent((tmp_path / "clean.jsonl").read_text(encoding="utf-8"), [PIN, NEW, PUK])
    exchanges = [entry for entry in entries if isinstance(entry, Exchanged)]
    assert exchanges[0].command.text == "0020008106************"
    assert [mask.slot for mask in exchanges[2].command.masks] == ["puk", "new-pin"]
    assert [(seen.start, seen.duration) for seen in exchanges] == [(10, 40), (20, 40), (30, 40), (50, 40)]
    header = Lines(tmp_path / "clean.jsonl").header
    assert not header.secrets
    assert header.atr == KEPT.header.atr
    assert capsys.readouterr().out == f"{tmp_path / 'clean.jsonl'} written\n"


def test_a_clean_trace_stays_what_it_is(tmp_path: Path) -> None:
    assert redacted(tmp_path, source=SESSION) == list(SESSION.kept)


def test_bytes_hidden_by_hand(tmp_path: Path) -> None:
    entries = redacted(tmp_path, "--hide", "4:response:0+8=holder-name")
    [last] = entries[-1:]
    assert isinstance(last, Exchanged)
    assert last.answer is not None
    assert last.answer.text == "****************9000"
    assert "4A6F" not in (tmp_path / "clean.jsonl").read_text(encoding="utf-8")
    assert "holder-name" in Lines(tmp_path / "clean.jsonl").header.slots


def test_bytes_that_vary_by_hand(tmp_path: Path) -> None:
    entries = redacted(tmp_path, "--varies", "4:response:0+4=first-name", "--varies", "4:response:5+3=last-name")
    [last] = entries[-1:]
    assert isinstance(last, Exchanged)
    assert last.answer is not None
    assert last.answer.text == "4A6F686E20446F659000"
    assert last.answer.masks == (Mask(0, 4, "first-name", hidden=False), Mask(5, 3, "last-name", hidden=False))


@pytest.mark.parametrize(
    ("mark", "complaint"),
    [
        ("4:response", "which bytes to mark"),
        ("4:answer:0+1=x", "which bytes to mark"),
        ("4:response:-1+1=x", "which bytes to mark"),
        ("0:response:0+1=x", "counted from 1"),
        ("4:response:0+0=x", "at least one byte"),
        ("4:response:0+1=No Slot", "a slot is named"),
        ("4:response:9+2=x", "has 10 bytes"),
        ("5:response:0+1=x", "there is no exchange 5"),
    ],
)
def test_marks_that_fit_nothing(mark: str, complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "clean.jsonl"
    assert main(["trace", "redact", str(written(tmp_path / "kept.jsonl", KEPT)), str(out), "--hide", mark]) == 2
    assert complaint in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["kept.jsonl"], "nothing is left half written"


def test_nothing_is_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = written(tmp_path / "kept.jsonl", KEPT), tmp_path / "clean.jsonl"
    out.write_text("precious", encoding="utf-8")
    assert main(["trace", "redact", str(source), str(out)]) == 2
    assert main(["trace", "redact", str(source), str(source)]) == 2
    assert capsys.readouterr().err.count("is there already and was left as it is") == 2
    assert out.read_text(encoding="utf-8") == "precious"


def test_the_copy_is_in_the_format_of_akis(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", "redact", str(written(tmp_path / "a.jsonl", KEPT)), str(tmp_path / "b.html")]) == 2
    assert "ends in .jsonl" in capsys.readouterr().err


def test_a_damaged_trace_leaves_no_copy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = written(tmp_path / "kept.jsonl", KEPT)
    source.write_text(source.read_text(encoding="utf-8") + "{}\n", encoding="utf-8")
    assert main(["trace", "redact", str(source), str(tmp_path / "clean.jsonl")]) == 2
    assert "line 7" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["kept.jsonl"]
