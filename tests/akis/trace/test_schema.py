"""The schema says of a line what the reader says of it."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from akis.trace.entries import Event, Exchanged, Failure, Header
from akis.trace.jsonl import Lines, entry_line, header_line
from akis.trace.line import HEADER
from akis.trace.redact import Mask
from akis.trace.redactor import SLOTS
from tests.akis.trace.trace_lines import LINES, wire_values

SCHEMA = json.loads((files("akis.trace") / "trace-1.schema.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
TEXTS = st.text(max_size=30)


def valid(line: str) -> bool:
    try:
        return bool(VALIDATOR.is_valid(json.loads(line)))
    except (ValueError, RecursionError):
        return False


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("line", LINES.good + LINES.good_headers)
def test_good_lines(line: str) -> None:
    assert valid(line)


@pytest.mark.parametrize("line", [line for line in LINES.bad if line not in LINES.only_the_reader] + LINES.bad_headers)
def test_bad_lines(line: str) -> None:
    # A header is no entry, and the other way round: the schema is of any line.
    assert valid(line) is (line in LINES.good_headers)


@pytest.mark.parametrize("line", LINES.only_the_reader)
def test_what_a_schema_cannot_say(line: str) -> None:
    assert valid(line)


def test_the_example_of_the_specification(tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "vectors" / "README.md").read_text("utf-8")
    example = [line.strip() for line in text.splitlines() if line.startswith('    {"')]
    assert len(example) == 5
    assert all(valid(line) for line in example)
    path = tmp_path / "x.jsonl"
    path.write_text("\n".join(example) + "\n", encoding="utf-8")
    wrong, lost, *events = Lines(path).entries()
    assert isinstance(wrong, Exchanged)
    assert wrong.command.masks == (Mask(5, 6, "wrong-pin"),)
    assert isinstance(lost, Exchanged)
    assert lost.failure == Failure("CardRemoved", "the card was removed")
    assert [event.kind for event in events if isinstance(event, Event)] == ["removed", "inserted"]


def test_the_specification_names_every_member() -> None:
    text = (Path(__file__).parents[3] / "vectors" / "README.md").read_text("utf-8")
    for kind in ("header", "exchange", "event", "mask"):
        for member in SCHEMA["$defs"][kind]["properties"]:
            assert f"`{member}`" in text, member
    assert set(HEADER) | {"akis-trace"} == set(SCHEMA["$defs"]["header"]["properties"])


@given(wire_values(), st.none() | wire_values(), st.integers(0, 1 << 60), TEXTS, TEXTS)
def test_what_is_written_is_valid(command, answer, count, kind, message) -> None:
    failure = Failure(kind, message) if answer is None else None
    assert valid(entry_line(Exchanged(command, answer, count, count, failure)))
    assert valid(entry_line(Event("reset", count, command.raw)))
    assert valid(header_line(Header(reader=kind, title=message, slots=SLOTS, atr=command.raw, extended=True)))
