"""A trace as values for JSON."""

from __future__ import annotations

import json

from akis.trace.as_json import entry_tables, header_table
from akis.trace.entries import Exchanged
from tests.akis.trace.sessions_of_many_kinds import SESSION

TABLES = list(entry_tables(SESSION))


def test_every_byte_is_there() -> None:
    exchanges = [entry for entry in SESSION.kept if isinstance(entry, Exchanged)]
    tables = [table for table in TABLES if "command" in table]
    assert [table["command"]["bytes"].replace(" ", "") for table in tables] == [seen.command.text for seen in exchanges]
    assert [table["response"] and table["response"]["bytes"].replace(" ", "") for table in tables] == [
        seen.answer and seen.answer.text for seen in exchanges
    ]


def test_a_refused_pin() -> None:
    table = TABLES[3]
    assert (table["number"], table["name"], table["outcome"]) == (4, "VERIFY", "refused")
    assert (table["sw"], table["meaning"], table["tries_left"]) == ("63C2", "failed, 2 tries left", 2)
    assert (table["start"], table["duration"]) == (900, 40)
    assert table["command"]["masks"] == [{"at": 5, "length": 6, "slot": "wrong-pin", "hidden": True}]
    assert table["command"]["fields"][-1] == {
        "name": "data",
        "bytes": "** ** ** ** ** **",
        "meaning": "wrong-pin, hidden",
        "slot": "wrong-pin",
    }


def test_a_command_without_an_answer() -> None:
    table = TABLES[9]
    assert (table["response"], table["sw"], table["outcome"]) == (None, None, "failed")
    assert table["error"] == {"kind": "CardRemoved", "message": "the card was removed"}


def test_events_and_header() -> None:
    assert [table["event"] for table in TABLES if "event" in table] == ["removed", "inserted", "reset"]
    header = header_table(SESSION.header)
    assert header["atr"]["fields"][0] == {"name": "TS", "bytes": "3B", "meaning": "direct convention"}
    assert header["slots"] == ["pin"]


def test_json_takes_all_of_it() -> None:
    assert json.loads(json.dumps([header_table(SESSION.header), TABLES]))[1] == TABLES
