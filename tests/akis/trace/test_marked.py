"""Bytes marked by hand."""

from __future__ import annotations

from typing import Any

import pytest

from akis.errors import InvalidArgument
from akis.trace.entries import Exchanged, Wire
from akis.trace.marked import Mark, Marked
from akis.trace.redact import Mask
from tests.akis.trace.sessions_of_many_kinds import SESSION, wire


def mark(start: int, length: int, slot: str = "own", hidden: bool = True, **place: Any) -> Mark:
    return Mark(**{"number": 1, "side": "command", **place}, start=start, length=length, slot=slot, hidden=hidden)


def test_hidden_bytes_are_gone() -> None:
    made = mark(1, 2).on(wire("00112233"))
    assert made == Wire(bytes.fromhex("00000033"), (Mask(1, 2, "own"),))
    assert made.text == "00****33"


def test_bytes_that_vary_stay() -> None:
    assert mark(1, 2, hidden=False).on(wire("00112233")).text == "00112233"


def test_older_masks_keep_what_is_left_of_them() -> None:
    made = mark(2, 2).on(wire("00********55", (1, 4, "pin")))
    assert made.masks == (Mask(1, 1, "pin"), Mask(2, 2, "own"), Mask(4, 1, "pin"))
    assert made.text == "00********55"


def test_what_is_hidden_does_not_come_to_light() -> None:
    with pytest.raises(InvalidArgument, match="hidden already"):
        mark(0, 2, hidden=False).on(wire("****", (0, 2, "pin")))


@pytest.mark.parametrize(("start", "length"), [(0, 5), (4, 1), (10**9, 1)])
def test_a_mark_lies_inside_the_bytes(start: int, length: int) -> None:
    with pytest.raises(InvalidArgument, match="has 4 bytes"):
        mark(start, length).on(wire("00112233"))


@pytest.mark.parametrize("wrong", [{"slot": ""}, {"slot": "PIN"}, {"slot": "a b"}, {"length": 0}, {"number": 0}])
def test_marks_that_no_exchange_can_have(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument):
        mark(**{"start": 0, "length": 1, **wrong})


def test_a_trace_with_marks() -> None:
    marked = Marked(SESSION, [mark(5, 3, "application"), mark(0, 2, "size", False, number=9, side="response")])
    entries = list(marked.entries())
    exchanges = [entry for entry in entries if isinstance(entry, Exchanged)]
    assert exchanges[0].command.text == "00A4040007******532D313500"
    answer = exchanges[8].answer
    assert answer is not None
    assert answer.masks == (Mask(0, 2, "size", hidden=False),)
    assert entries[1:8] == list(SESSION.kept[1:8])
    assert marked.header.slots == ("pin", "application", "size")


@pytest.mark.parametrize(
    ("place", "complaint"),
    [
        ({"number": 13}, "there is no exchange 13 to mark; the trace has 12"),
        ({"number": 10, "side": "response"}, "exchange 10 has no response to mark"),
    ],
)
def test_a_mark_without_its_exchange(place: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InvalidArgument, match=complaint):
        list(Marked(SESSION, [mark(0, 1, **place)]).entries())
