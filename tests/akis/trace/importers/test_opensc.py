"""OpenSC's debug log: its versions, several threads in one file, failures, and damage."""

from __future__ import annotations

from pathlib import Path

import pytest

from akis.errors import TraceError
from akis.trace.entries import Event, Failure
from akis.trace.importers import opensc
from akis.trace.importers.base import UNANSWERED, Happened, Heard
from akis.trace.open import open_trace
from tests.akis.trace.importers.logs import GET_DATA, OK, SELECT

OUT, IN = (
    "Outgoing APDU (12 bytes):\n00 A4 04 0C 07 50 4B 43 53 2D 31 35 .....PKCS-15\n",
    "Incoming APDU (2 bytes):\n90 00 ..\n",
)


def read(tmp_path: Path, text: str) -> list[Heard | Happened | Event]:
    path = tmp_path / "opensc.log"
    path.write_text(text)
    return list(opensc.read(path))


@pytest.mark.parametrize(
    "prefix",
    [
        "P:9266; T:0x140550504564800 17:11:43.220 [opensc-tool] reader-pcsc.c:335:pcsc_transmit: \n",
        "0x7f2a4c5d7740 15:19:52.123 [piv-tool] reader-pcsc.c:307:pcsc_transmit: \n",
        "P:729; T:0x140736680367040 15:19:52.123 [piv-tool] reader-pcsc.c:298:pcsc_transmit:\n",
        "2019-03-05 10:00:00.123 [opensc-pkcs11] apdu.c:187:sc_apdu_log: \n",
        "P:12; T:34 2023-03-05 10:00:00.123 [onepin-opensc-pkcs11] reader-pcsc.c:1:pcsc_transmit: \n",
        "",
    ],
)
def test_versions_differ_in_what_stands_before_a_message(tmp_path: Path, prefix: str) -> None:
    text = f"{prefix}{OUT}\n{prefix}{IN}\n"
    assert opensc.sniff(text.encode())
    # Both have the same millisecond, so nobody knows how long it took.
    assert read(tmp_path, text) == [Heard(SELECT, OK, 0 if prefix else None, None)]


def test_the_first_versions_draw_lines(tmp_path: Path) -> None:
    prefix = "[opensc-tool] apdu.c:184:sc_apdu_log: \n"
    out = f"Outgoing APDU data [   12 bytes] =====================================\n{OUT.splitlines()[1]}\n{'=' * 70}\n"
    came = f"Incoming APDU data [    2 bytes] =====================================\n90 00 ..\n{'=' * 70}\n"
    text = prefix + out + prefix + came
    assert opensc.sniff(text.encode())
    assert read(tmp_path, text) == [Heard(SELECT, OK)]


def test_characters_that_look_like_bytes_are_no_bytes(tmp_path: Path) -> None:
    text = "Outgoing APDU (4 bytes):\n00 20 00 81 . ..\n\nIncoming APDU (5 bytes):\n41 42 43 90 00 41 42 90 00\n"
    assert read(tmp_path, text) == [Heard(bytes.fromhex("00200081"), bytes.fromhex("4142439000"))]


def test_threads_have_their_own_exchanges(tmp_path: Path) -> None:
    one = "P:1; T:0x1 10:00:00.{:03} [a] reader-pcsc.c:1:pcsc_transmit: "
    other = "P:2; T:0x1 10:00:00.{:03} [b] reader-pcsc.c:1:pcsc_transmit: "
    get_data = f"Outgoing APDU (12 bytes):\n{GET_DATA.hex(' ').upper()} M......\n"
    text = "".join(
        [
            f"{one.format(1)}reader 'One'\n{other.format(1)}reader 'One'\n",
            f"{one.format(2)}\n{OUT}",
            f"{other.format(4)}\n{get_data}",
            f"{one.format(5)}\n{IN}",
            f"{other.format(9)}\nIncoming APDU (2 bytes):\n6A 88 j.\n",
        ]
    )
    assert read(tmp_path, text) == [
        Heard(SELECT, OK, 0, 3000, reader="One"),
        Heard(GET_DATA, bytes.fromhex("6A88"), 2000, 5000, reader="One"),
    ]


def test_two_readers_are_two_stories(tmp_path: Path) -> None:
    before = "0x1 10:00:00.001 [a] reader-pcsc.c:1:pcsc_transmit: "
    story = "".join(f"{before}reader '{name}'\n{before}\n{OUT}{before}\n{IN}" for name in ("Left 00", "Right 01"))
    path = tmp_path / "two.log"
    path.write_text(story)
    with pytest.raises(TraceError, match="'Left 00' and 'Right 01'; say which one"):
        list(open_trace(path).entries())
    right = open_trace(path, reader="right")
    assert len(list(right.entries())) == 1
    assert right.header.reader == "right"


def test_why_there_is_no_answer(tmp_path: Path) -> None:
    before = "P:1; T:1 10:00:00.001 [a] reader-pcsc.c:1:pcsc_transmit: "
    text = (
        f"{before}\n{OUT}{before}Reader 00:SCardTransmit/Control failed: 0x80100069\n{before}unable to transmit\n"
        f"{before}\n{OUT}{before}\n{OUT}{before}\n{IN}"
    )
    failures = [heard.failure for heard in read(tmp_path, text) if isinstance(heard, Heard)]
    assert failures == [Failure("CardRemoved", "SCARD_W_REMOVED_CARD"), UNANSWERED, None]


def test_connecting_again_is_a_reset(tmp_path: Path) -> None:
    before = "P:1; T:1 10:00:00.001 [a] reader-pcsc.c:1:pcsc_reconnect: "
    text = f"{before}\n{OUT}{before}\n{IN}{before}Reader 00:SCardReconnect returned: 0x00000000\n"
    assert read(tmp_path, text)[1] == Happened(Event("reset", 0), None)


def test_time_goes_on_after_midnight(tmp_path: Path) -> None:
    before, after = (f"P:1; T:1 {time} [a] r.c:1:pcsc_transmit: \n" for time in ("23:59:59.999", "00:00:00.001"))
    assert read(tmp_path, before + OUT + after + IN) == [Heard(SELECT, OK, 0, 2000)]


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (lambda text: text.replace("00 A4 04", "00 XX 04"), 2),
        (lambda text: text.replace("00 A4 04 0C", "00 A4 04"), 2),
        (lambda text: text.replace("(12 bytes)", "(99999999 bytes)"), 1),
        (lambda text: text.replace("90 00 ..", "next message"), 5),
    ],
)
def test_damage_is_told_by_its_line(tmp_path: Path, damage, line: int) -> None:
    with pytest.raises(TraceError) as caught:
        read(tmp_path, damage(f"{OUT}\n{IN}"))
    assert caught.value.line == line
    assert "50 4B" not in str(caught.value)
