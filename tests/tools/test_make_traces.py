"""The trace corpus is what ``python -m tools.make_traces`` makes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from akis.errors import PinRefused
from tests.pcsc_service import PcscService
from tools.corpus.driver import Driver, Session, Unplanned, refused
from tools.corpus.recording import Times, record
from tools.make_traces import main, make, make_through_pcsc

CORPUS = Path(__file__).parents[2] / "vectors" / "traces"


def without_times(path: Path) -> list[dict[str, object]]:
    """The lines of a trace, but for when they were recorded and in which reader."""
    header, *entries = (json.loads(line) for line in path.read_text("utf-8").splitlines())
    reader = header.pop("reader")
    header.pop("created")
    for entry in entries:
        assert entry.pop("start") >= 0
        entry.pop("duration", None)
        if "error" in entry:
            entry["error"]["message"] = entry["error"]["message"].replace(reader, "reader")
    return [header, *entries]


def kept(through_pcsc: bool) -> set[str]:
    return {path.name for path in CORPUS.glob("*.jsonl") if path.name.startswith("pcsc-") is through_pcsc}


def test_it_makes_the_corpus_byte_for_byte(tmp_path: Path) -> None:
    made = make(tmp_path)
    assert {path.name for path in made} == {path.name for path in tmp_path.iterdir()} == kept(through_pcsc=False)
    for path in made:
        assert path.read_bytes() == (CORPUS / path.name).read_bytes(), path.name


def test_with_a_real_clock_nothing_differs_but_the_times(tmp_path: Path) -> None:
    for path in make(tmp_path, real_time=True):
        assert path.read_bytes() != (CORPUS / path.name).read_bytes()
        assert without_times(path) == without_times(CORPUS / path.name)


@pytest.mark.slow
def test_through_pcsc_nothing_differs_but_times_and_reader(tmp_path: Path, pcsc: PcscService) -> None:
    made = make_through_pcsc(tmp_path, pcsc.port(0))
    assert {path.name for path in made} == {path.name for path in tmp_path.iterdir()} == kept(through_pcsc=True)
    assert len(made) >= 3
    for path in made:
        assert without_times(path) == without_times(CORPUS / path.name), path.name


def test_the_command_replaces_what_is_there_and_says_how_many(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = tmp_path / "new" / "traces"
    directory.mkdir(parents=True)
    (directory / "pin-wrong.jsonl").write_text("an older one\n")
    assert main([str(directory)]) == 0
    count = len(kept(through_pcsc=False))
    assert capsys.readouterr().out == f"{count} traces are in {directory}\n"
    assert (directory / "pin-wrong.jsonl").read_bytes() == (CORPUS / "pin-wrong.jsonl").read_bytes()


def test_a_directory_that_cannot_be_made_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert main([str(tmp_path / "file")]) != 0
    told = " ".join(capsys.readouterr().err.split())
    assert told == f"make_traces: {tmp_path / 'file'} cannot be written: File exists"


def test_without_a_virtual_reader_the_command_says_what_is_missing(
    tmp_path: Path, pcsc: PcscService, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path), "--through-pcsc", "--port", "1"]) == 3
    told = " ".join(capsys.readouterr().err.split())
    assert told.startswith("make_traces: the card does not turn up in the virtual reader; see that pcscd runs")
    pcsc.stop()
    assert main([str(tmp_path), "--through-pcsc"]) == 3
    assert capsys.readouterr().err.startswith("make_traces: the PC/SC service does not answer")
    assert not list(tmp_path.iterdir())


def test_a_session_that_goes_otherwise_than_planned_leaves_the_old_trace(tmp_path: Path) -> None:
    def accepted(d: Driver) -> None:
        d.select()
        with refused(PinRefused):
            d.pin.verify(d.own_pin)

    path = tmp_path / "accepted.jsonl"
    path.write_text("an older one\n")
    with pytest.raises(Unplanned, match="the session accepted went otherwise than planned: nothing failed"):
        record(Session("accepted", "A right PIN is refused.", accepted), path, Times())
    assert [found.name for found in tmp_path.iterdir()] == ["accepted.jsonl"]
    assert path.read_text() == "an older one\n"


@pytest.mark.parametrize("sw", [0x63C2, 0x6983])
def test_another_status_word_than_planned_stops_a_session(tmp_path: Path, sw: int) -> None:
    def ask(d: Driver) -> None:
        d.select()
        d.raw("00 20 00 81", sw)

    with pytest.raises(Unplanned, match=f"the card answered 63C3, not {sw:04X}"):
        record(Session("asked", "The card is asked for its tries.", ask), tmp_path / "asked.jsonl", Times())
