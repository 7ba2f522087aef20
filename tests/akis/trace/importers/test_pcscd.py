"""pcscd's log: with threads and without, from syslog, resets, failures, and answers nobody can attribute."""

from __future__ import annotations

from pathlib import Path

import pytest

from akis.errors import TraceError
from akis.trace.entries import Event, Failure
from akis.trace.importers import pcscd
from akis.trace.importers.base import ENDED, UNANSWERED, Happened, Heard
from tests.akis.trace.importers.logs import ATR, GET_DATA, OK, SELECT, spaced

APDU, SW = f"APDU: {spaced(SELECT)} \n", "SW: 90 00 \n"


def read(tmp_path: Path, text: str) -> list[Heard | Happened | Event]:
    path = tmp_path / "pcscd.log"
    path.write_text(text)
    return list(pcscd.read(path))


@pytest.mark.parametrize(
    ("before", "took"),
    [
        ("00000250 ", 250),
        ("00000250 [140234567890] ", 250),
        ("\x1b[36m00000250\x1b[0m [140234567890] \x1b[34m", 250),
        ("Nov 22 17:11:43 host pcscd[812]: ", None),
        ("2026-11-22T17:11:43+0300 host pcscd: ", None),
    ],
)
def test_versions_differ_in_what_stands_before_a_message(tmp_path: Path, before: str, took: int | None) -> None:
    text = before + APDU + before + SW
    assert pcscd.sniff(text.encode())
    assert read(tmp_path, text) == [Heard(SELECT, OK, None if took is None else 0, took)]


def test_a_thread_knows_its_own_answer(tmp_path: Path) -> None:
    text = f"00000001 [1] {APDU}00000001 [2] APDU: {spaced(GET_DATA)}\n00000001 [1] {SW}00000001 [2] SW: 6A 88 \n"
    assert [(heard.command, heard.answer) for heard in read(tmp_path, text) if isinstance(heard, Heard)] == [
        (SELECT, OK),
        (GET_DATA, bytes.fromhex("6A88")),
    ]


def test_without_threads_no_answer_is_given_to_the_wrong_command(tmp_path: Path) -> None:
    text = f"00000001 {APDU}00000001 APDU: {spaced(GET_DATA)}\n00000001 {SW}00000001 SW: 6A 88 \n"
    text += f"00000001 {APDU}00000001 {SW}"
    heard = [item for item in read(tmp_path, text) if isinstance(item, Heard)]
    assert [(item.command, item.answer) for item in heard] == [(SELECT, None), (GET_DATA, None), (SELECT, OK)]
    assert heard[0].failure is not None
    assert "whose answer" in heard[0].failure.message


def test_not_many_commands_wait_for_their_answers(tmp_path: Path) -> None:
    heard = [item for item in read(tmp_path, f"00000001 {APDU}" * 250) if isinstance(item, Heard)]
    assert [item.command for item in heard] == [SELECT] * 250
    assert [item.failure for item in heard] == [UNANSWERED] * 200 + [ENDED] * 50


def test_why_there_is_no_answer(tmp_path: Path) -> None:
    text = (
        "00000001 winscard_svc.c:361:ContextThread() Received command: TRANSMIT from client 9\n"
        f"00000001 {APDU}"
        "00000001 ifdwrapper.c:553:IFDTransmit() Card not transacted: 612\n"
        "00000001 winscard_svc.c:694:ContextThread() TRANSMIT for client 9, rv=SCARD_W_REMOVED_CARD\n"
        f"00000001 {APDU}00000001 ifdwrapper.c:553:IFDTransmit() Card not transacted: 612\n00000001 {APDU}00000001 {SW}"
    )
    failures = [heard.failure for heard in read(tmp_path, text) if isinstance(heard, Heard)]
    not_transacted = Failure("TransportError", "Card not transacted")
    assert failures == [Failure("CardRemoved", "SCARD_W_REMOVED_CARD"), not_transacted, None]


def test_resets_removals_and_insertions(tmp_path: Path) -> None:
    card = f"00000001 Card ATR: {spaced(ATR)} \n"
    inserted = "00000001 eventhandler.c:423:EHStatusHandlerThread() Card inserted into R 00\n"
    exchange = f"00000001 {APDU}00000001 {SW}"
    text = (
        f"{inserted}{card}{exchange}00000001 winscard.c:609:SCardReconnect() Reset complete.\n{card}{exchange}"
        "00000001 eventhandler.c:482:EHStatusHandlerThread() powerState: POWER_STATE_UNPOWERED\n"
        f"{exchange}00000001 eventhandler.c:359:EHStatusHandlerThread() Card Removed From R 00\n{inserted}{card}"
    )
    happened = [item.event for item in read(tmp_path, text) if isinstance(item, Happened)]
    assert [(event.kind, event.atr) for event in happened] == [
        ("reset", ATR),
        ("reset", None),
        ("removed", None),
        ("inserted", None),
    ]


def test_each_client_has_its_reader(tmp_path: Path) -> None:
    def client(number: int, command: str) -> str:
        return f"00000001 winscard_svc.c:361:ContextThread() Received command: {command} from client {number}\n"

    def connect(reader: str) -> str:
        return f"00000001 winscard.c:258:SCardConnect() Attempting Connect to {reader} using protocol: 3\n"

    transmit = f"00000001 {APDU}00000001 {SW}"
    text = client(8, "CONNECT") + connect("Left") + client(9, "CONNECT") + connect("Right")
    text += client(8, "TRANSMIT") + transmit + client(9, "TRANSMIT") + transmit
    assert [heard.reader for heard in read(tmp_path, text) if isinstance(heard, Heard)] == ["Left", "Right"]


def test_damage_is_told_by_its_line(tmp_path: Path) -> None:
    with pytest.raises(TraceError) as caught:
        read(tmp_path, f"00000001 noise\n00000001 {APDU.replace('A4', 'A')}")
    assert caught.value.line == 2
