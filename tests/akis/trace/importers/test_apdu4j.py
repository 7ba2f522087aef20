"""apdu4j's dumps and what it prints: old and new versions, wrapped lines, failures, resets, damage."""

from __future__ import annotations

from pathlib import Path

import pytest

from akis.errors import TraceError
from akis.trace.entries import Event, Failure
from akis.trace.importers import apdu4j, apdu4j_console
from akis.trace.importers.base import ENDED, UNANSWERED, Happened, Heard
from akis.trace.open import open_trace
from tests.akis.trace.importers.logs import OK, SELECT

HEX, NOT_FOUND = SELECT.hex().upper(), bytes.fromhex("6A82")
COMMAND = f"A>> T=1 (4+0007) {HEX[:8]} 07 {HEX[10:]}\n"


def dump(tmp_path: Path, text: str) -> list[Heard | Happened | Event]:
    (tmp_path / "x").write_text(text)
    return list(apdu4j.read(tmp_path / "x"))


def printed(tmp_path: Path, text: str) -> list[Heard | Happened | Event]:
    (tmp_path / "x").write_text(text)
    return list(apdu4j_console.read(tmp_path / "x"))


@pytest.mark.parametrize(
    ("time", "took"),
    [("# Received in 42ms", 42_000), ("# 42ms", 42_000), ("# Received in 1s234ms", 1_234_000), ("# Received", None)],
)
def test_versions_of_dumps_differ_in_their_comments(tmp_path: Path, time: str, took: int | None) -> None:
    assert dump(tmp_path, f"# PROTOCOL: T=1\n#\n{HEX}\n{time}\n9000\n") == [Heard(SELECT, OK, None, took)]


def test_a_dump_of_bare_hex_is_one(tmp_path: Path) -> None:
    (tmp_path / "x").write_text(f"\n{HEX.lower()}\n\n9000\n{HEX}\n6a82\n")
    assert [entry.answer.text for entry in open_trace(tmp_path / "x").entries()] == ["9000", "6A82"]  # type: ignore[union-attr]


def test_a_command_that_failed_keeps_its_place_in_a_dump(tmp_path: Path) -> None:
    text = (
        f"# Sent\n{HEX}\n# 12ms SCARD_W_REMOVED_CARD\n{HEX}\n# 3ms secret 123456\n# Sent\n{HEX}\n# Sent\n{HEX}\n9000\n"
    )
    heard = dump(tmp_path, text)
    assert [item.failure for item in heard if isinstance(item, Heard)] == [
        Failure("CardRemoved", "SCARD_W_REMOVED_CARD"),
        Failure("TransportError", "the log says that it failed"),
        UNANSWERED,
        None,
    ]


def test_damage_in_a_dump_is_told_by_its_line(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="line 3"):
        dump(tmp_path, f"# Sent\n{HEX}\n90x0\n")


@pytest.mark.parametrize(
    "text",
    [
        COMMAND + "A<< (0000+2) (12ms) 9000\n",
        "[DEBUG] LoggingCardTerminal - " + COMMAND + "[DEBUG] LoggingCardTerminal - A<< (0000+2) (12ms) 9000\n",
        f"B>> T=1 (12) {HEX}\nB<< (2) 9000\n",
        f">> {HEX[:8]} 07 {HEX[10:]}\n<< 9000 (12ms)\n",
        COMMAND.replace("504B", "504B\n") + "A<< (0000+2) (12ms) 90\n00\n",
        COMMAND.rstrip() + "      <---- this one\nA<< (0000+2) (12ms) 9000\n",
    ],
)
def test_versions_of_what_is_printed(tmp_path: Path, text: str) -> None:
    assert apdu4j_console.sniff(text.encode())
    assert [(item.command, item.answer) for item in printed(tmp_path, text) if isinstance(item, Heard)] == [
        (SELECT, OK)
    ]


def test_extended_length_is_printed_in_pieces(tmp_path: Path) -> None:
    command = bytes.fromhex("00CB3FFF000006") + bytes.fromhex("4D04BF810180") + b"\0\0"
    text = "A>> T=1 (4+0006) 00CB3FFF 000006 4D04BF810180 0000\nA<< (0000+2) (1s5ms) 6A82\n"
    assert printed(tmp_path, text) == [Heard(command, NOT_FOUND, None, 1_005_000)]


@pytest.mark.parametrize(
    ("line", "failure"),
    [
        ("<< (12ms) SCARD_W_RESET_CARD", Failure("CardReset", "SCARD_W_RESET_CARD")),
        ("<< Exception (12ms)", Failure("TransportError", "the log says that it failed")),
        ("<< [error] 123456 (12ms)", Failure("TransportError", "the log says that it failed")),
    ],
)
def test_why_there_is_no_answer(tmp_path: Path, line: str, failure: Failure) -> None:
    assert printed(tmp_path, f"{COMMAND}{line}\n") == [Heard(SELECT, None, failure=failure)]


def test_a_connection_that_ended_with_a_reset(tmp_path: Path) -> None:
    connect = 'SCardConnect("R 00", T=*) -> T=1, 3B00\n'
    text = f'{connect}{COMMAND}A<< (0000+2) (1ms) 9000\nSCardDisconnect("R 00", true) tx:1/rx:2\n{connect}{COMMAND}'
    assert printed(tmp_path, text) == [
        Heard(SELECT, OK, None, 1000, reader="R 00"),
        Happened(Event("reset", None, b"\x3b\x00"), "R 00"),
        Heard(SELECT, None, failure=ENDED, reader="R 00"),
    ]


@pytest.mark.parametrize("damage", [("9000", "90"), ("(0000+2)", "(0001+2)"), ("4B43", "")])
def test_fewer_bytes_than_counted_are_damage(tmp_path: Path, damage: tuple[str, str]) -> None:
    text = f"{COMMAND}A<< (0000+2) (1ms) 9000\nnoise\n{COMMAND}"
    with pytest.raises(TraceError, match="fewer bytes"):
        printed(tmp_path, text.replace(*damage))
