"""Dumps for apdu4j: everything comes back, apdu4j's own reader stays in step, hidden bytes are refused."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings

from akis.errors import InvalidArgument
from akis.trace.entries import Event, Exchanged, Failure, Kept, Wire
from akis.trace.exporters import apdu4j
from akis.trace.open import open_trace
from tests.akis.trace.exporters.traces import HEADER, heard, traces

SELECT, OK = Wire(bytes.fromhex("00A4040C02 3F00")), Wire(b"\x90\x00")


@settings(max_examples=60, deadline=None)
@given(traces)
def test_commands_answers_failures_events_and_their_order_come_back(trace: Kept) -> None:
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "x.dump"
        apdu4j.write(trace, path)
        back = open_trace(path)
        assert heard(list(back.entries())) == heard(list(trace.kept))
        assert (back.header.atr, back.header.protocol, back.header.reader) == (HEADER.atr, "T=1", "Reader 00")


def test_lines_without_a_number_sign_are_command_and_answer_in_turn(tmp_path: Path) -> None:
    lost = Exchanged(SELECT, None, failure=Failure("CardRemoved", "pulled"))
    trace = Kept(HEADER, (Exchanged(SELECT, OK, 5, 1234), lost, Event("reset", 9, b"\x3b\x00"), Exchanged(SELECT, OK)))
    said = apdu4j.write(trace, tmp_path / "x.dump")
    lines = (tmp_path / "x.dump").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == ["00A4040C023F00", "9000"] * 2
    assert "# Received in 1.234ms" in lines
    assert said == [
        "when each exchange began is not in the dump, only how long it took",
        "commands without an answer are comments, which apdu4j does not replay",
        "resets, removals and insertions are comments, which apdu4j does not replay",
        "the header's profile, created are not in the dump",
    ]


@pytest.mark.parametrize(
    "hidden",
    [
        Exchanged(Wire.from_text("0020008104********", ((5, 4, "pin"),)), OK),
        Exchanged(Wire.from_text("00200081"), Wire.from_text("****9000", ((0, 2, "answer"),))),
    ],
)
def test_hidden_bytes_are_not_made_up(tmp_path: Path, hidden: Exchanged) -> None:
    with pytest.raises(InvalidArgument, match="exchange 2 has hidden bytes"):
        apdu4j.write(Kept(HEADER, (Exchanged(SELECT, OK), Event("reset"), hidden)), tmp_path / "x.dump")
