"""libpcscspy, pcsc-spy, cardpeek and pyscard's observer: failures, resets and damage of their own kinds."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from akis.errors import TraceError
from akis.trace.entries import Event, Failure
from akis.trace.importers import cardpeek, pcscspy, pcscspy_text, pyscard_observer
from akis.trace.importers.base import ENDED, UNANSWERED, Happened, Heard
from tests.akis.trace.importers.logs import OK, SELECT, spaced

REMOVED = Failure("CardRemoved", "SCARD_W_REMOVED_CARD")


def read(tmp_path: Path, importer: ModuleType, *lines: str) -> list[Heard | Happened | Event]:
    (tmp_path / "x").write_text("\n".join(lines) + "\n")
    return list(importer.read(tmp_path / "x"))


def spied(name: str, *arguments: str, result: str = "00000000", thread: str = "A") -> list[str]:
    lines = [f">|1|000100|{name}", *arguments, f"<|1|000130|{name}|Said.|0x{result}"]
    return [f"{thread}@{line}" for line in lines]


def test_a_buffer_after_a_failure_is_not_an_answer(tmp_path: Path) -> None:
    sent = ("0x1", "0x0000000C", spaced(SELECT), "0x00000002", "12 34 ")
    assert read(tmp_path, pcscspy, *spied("SCardTransmit", *sent, result="80100069")) == [
        Heard(SELECT, None, 0, 30, REMOVED)
    ]


def test_threads_of_libpcscspy_are_told_apart(tmp_path: Path) -> None:
    one = spied("SCardTransmit", "0x1", "0x0000000C", spaced(SELECT), "0x00000002", "90 00 ")
    other = spied("SCardTransmit", "0x1", "0x00000004", "00 20 00 81 ", "0x00000002", "6A 88 ", thread="B")
    mixed = [line for pair in zip(one, other, strict=True) for line in pair]
    heard = read(tmp_path, pcscspy, *mixed)
    assert [(item.command, item.answer) for item in heard if isinstance(item, Heard)] == [
        (SELECT, OK),
        (bytes.fromhex("00200081"), bytes.fromhex("6A88")),
    ]


@pytest.mark.parametrize(
    ("call", "resets"),
    [
        (spied("SCardReconnect", "0x1", "0x2", "0x3", "0x1", "0x2"), 1),
        (spied("SCardReconnect", "0x1", "0x2", "0x3", "0x0", "0x2"), 0),
        (spied("SCardDisconnect", "0x1", "0x2"), 1),
        (spied("SCardEndTransaction", "0x1", "0x0"), 0),
        (spied("SCardEndTransaction", "0x1", "0x1", result="80100068"), 0),
    ],
)
def test_a_reset_is_what_the_program_asked_for(tmp_path: Path, call: list[str], resets: int) -> None:
    sent = spied("SCardTransmit", "0x1", "0x0000000C", spaced(SELECT), "0x00000002", "90 00 ")
    happened = [item for item in read(tmp_path, pcscspy, *sent, *call) if isinstance(item, Happened)]
    assert happened == [Happened(Event("reset"), None)] * resets


@pytest.mark.parametrize(
    "arguments",
    [("0x1", "0x0000000D", spaced(SELECT)), ("0x1", "0x0000000C", "00 A4 0"), ("0x1",), ("0x1", "0x0000000C")],
)
def test_damage_in_a_call_is_told_by_its_line(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    with pytest.raises(TraceError, match="line"):
        read(tmp_path, pcscspy, *spied("SCardTransmit", *arguments))


def test_pcsc_spy_in_text(tmp_path: Path) -> None:
    failed = " => Card was removed. (SCARD_W_REMOVED_CARD [0x80100069])  [0.000013]"
    sent = ["SCardTransmit", " i hCard: 0x1", " i bSendLength 0x0000000C (12)", " i bSendBuffer"]
    row = f" i  0000 {spaced(SELECT)}  41 42 43 44"
    assert read(tmp_path, pcscspy_text, *sent, row, " o bRecvLength 0x00000002 (2)", failed) == [
        Heard(SELECT, None, None, 13, REMOVED)
    ]
    with pytest.raises(TraceError, match="length"):
        read(tmp_path, pcscspy_text, *sent, " i  0000 00 A4 04", " o bRecvLength 0x00000002 (2)", failed)


def test_cardpeek_resets_and_damage(tmp_path: Path) -> None:
    command = f"C:{SELECT.hex()}:9000:"
    heard = [Heard(SELECT, OK), Event("reset", None, b"\x3b\x00"), Heard(SELECT, OK)]
    assert read(tmp_path, cardpeek, "# cardpeek", "R:3B00", command, "R:3B00", command) == heard
    with pytest.raises(TraceError, match="line 2"):
        read(tmp_path, cardpeek, "R:3B00", "C:00A4:90:")


def test_pyscard_observer(tmp_path: Path) -> None:
    sent = f"> {spaced(SELECT)}"
    lines = [
        "connecting to R",
        sent,
        "<  [] 90 00",
        "reconnecting to R",
        sent,
        "> greater than",
        "disconnecting from R",
    ]
    assert read(tmp_path, pyscard_observer, *lines, "connecting to R", sent, "<  []  5 00", sent) == [
        Heard(SELECT, OK, reader="R"),
        Happened(Event("reset"), "R"),
        Heard(SELECT, None, failure=UNANSWERED, reader="R"),
        Happened(Event("reset"), "R"),
        Heard(SELECT, b"\x05\x00", reader="R"),
        Heard(SELECT, None, failure=ENDED, reader="R"),
    ]
    with pytest.raises(TraceError, match="line 2"):
        read(tmp_path, pyscard_observer, sent, "< 90 zz")
