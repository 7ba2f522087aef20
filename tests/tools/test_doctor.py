"""``akis doctor``: each state of PC/SC made for real on this machine, and what is said of it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from smartcard import scard

from akis.emulator import EmulatedCard
from tests import pcscd_process
from tests.another_program import AnotherProgram
from tests.leaks import leaks
from tests.pcsc_service import READERS, InsertedCard, PcscService
from tests.tools.akis_process import ROOT, Card, akis

SCHEMA = json.loads((ROOT / "akis/doctor/doctor-1.schema.json").read_text("utf-8"))
SOCKET = str(pcscd_process.SOCKET)
AS_NOBODY = """
import contextlib, io, os, sys
from tools.__main__ import main
with contextlib.redirect_stdout(io.StringIO()):
    main(["doctor", "--json"])  # all that is needed is loaded, wherever this tree may be
os.chdir("/")
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
sys.exit(main(["doctor", "--json"]))
"""


def examined(code: int = 3, **environment: str) -> dict[str, Any]:
    """The report, in the form that the schema says."""
    done = akis("doctor", "--json", **environment)
    assert done.code == code, done.out + done.err
    return checked(done.report)


def checked(report: dict[str, Any]) -> dict[str, Any]:
    Draft202012Validator(SCHEMA).validate(report)
    assert all(finding["remedy"] for finding in report["findings"])
    return report


def worst(report: dict[str, Any]) -> tuple[str, str]:
    """Area and message of the one problem."""
    [problem] = [finding for finding in report["findings"] if finding["severity"] == "problem"]
    return problem["area"], problem["message"]


def test_a_card_that_can_be_reached(inserted: InsertedCard) -> None:
    report = examined(0)
    assert report["usable"]
    assert report["service"] == {"state": "running", "socket": SOCKET}
    first, second = report["readers"]
    assert first == {
        "index": 0,
        "name": READERS[0],
        "state": "card",
        "atr": EmulatedCard.named().atr.hex().upper(),
        "card": "AKİS 2.2.8, Infineon",
        "reachable": True,
    }
    assert (second["state"], second["reachable"]) == ("empty", None)
    assert report["virtual_reader"] == "in use"
    assert report["environment"]["PCSCLITE_CSOCK_NAME"] == SOCKET
    assert [finding for finding in report["findings"] if finding["severity"] == "problem"] == []


def test_the_screen(inserted: InsertedCard) -> None:
    done = akis("doctor")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0].startswith("PC/SC service .: runs, /")
    assert f"Readers .......: 0  {READERS[0]}: card, AKİS 2.2.8, Infineon, can be" in done.out
    assert lines[-1] == "A card can be reached in reader 0."
    assert max(map(len, lines)) <= 80
    assert len(lines) <= 24


def test_no_command_is_sent_and_the_card_stays_as_it_is(pcsc: PcscService, another_program: AnotherProgram) -> None:
    card = Card()
    with pcsc.insert(card) as inserted:
        another_program.connect(inserted.reader)
        another_program.transmit("00A4040C07504B43532D3135")
        another_program.transmit("0020008106313233343536")
        before = list(card.commands)
        examined(0)
        assert card.commands == before
        assert another_program.transmit("00200081") == "9000"


def test_the_service_is_stopped(pcsc: PcscService) -> None:
    pcsc.stop()
    report = examined()
    assert report["service"]["state"] == "absent"
    area, message = worst(report)
    assert area == "service"
    assert f"there is no socket {SOCKET}, which PCSCLITE_CSOCK_NAME names" in message
    assert report["readers"] == []
    screen = akis("doctor")
    assert (screen.code, screen.out.splitlines()[-1]) == (3, "No card can be reached.")


def test_the_service_was_killed_and_its_socket_is_left(pcsc: PcscService) -> None:
    pcsc.stop()
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(SOCKET)
    try:
        assert "has ended and left its socket behind" in worst(examined())[1]
    finally:
        Path(SOCKET).unlink()


def test_the_service_hangs(pcsc: PcscService) -> None:
    daemon = pcsc._daemon
    assert daemon is not None
    daemon.send_signal(signal.SIGSTOP)
    try:
        report = examined()
        assert report["service"]["state"] == "silent"
        assert worst(report) == ("service", "the PC/SC service is there and does not answer")
    finally:
        daemon.send_signal(signal.SIGCONT)


@contextmanager
def modes(directory: int, of_socket: int) -> Iterator[None]:
    """The directory of the socket and the socket itself with these modes."""
    before = pcscd_process.HOME.stat().st_mode, pcscd_process.SOCKET.stat().st_mode
    pcscd_process.SOCKET.chmod(of_socket)
    pcscd_process.HOME.chmod(directory)
    try:
        yield
    finally:
        pcscd_process.HOME.chmod(before[0])
        pcscd_process.SOCKET.chmod(before[1])


def as_another_user() -> dict[str, Any]:
    """The report to somebody to whom the modes apply: to root they do not."""
    program = (
        AS_NOBODY if os.geteuid() == 0 else 'import sys; from tools.__main__ import main; main(["doctor", "--json"])'
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=30)
    return checked(json.loads(done.stdout))


def test_the_socket_is_not_permitted(inserted: InsertedCard) -> None:
    with modes(0o755, 0o000):
        report = as_another_user()
    assert report["service"]["state"] == "forbidden"
    area, message = worst(report)
    assert area == "service"
    assert message.endswith(f"is not permitted to use the socket {SOCKET} (mode 0)")


def test_the_directory_of_the_socket_is_closed(inserted: InsertedCard) -> None:
    with modes(0o000, 0o777):
        report = as_another_user()
    assert report["service"]["state"] == "forbidden"
    assert worst(report)[1].endswith(f"is not permitted to use the directory of {SOCKET}")


def test_no_reader(pcsc: PcscService) -> None:
    pcsc.stop()
    with socket.create_server(("", pcsc.port(0))), socket.create_server(("", pcsc.port(1))):
        pcsc._launch()  # vpcd finds its ports taken
        deadline = time.monotonic() + 5
        while scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)[0] and time.monotonic() < deadline:
            time.sleep(0.05)
        try:
            report = examined()
        finally:
            pcsc.stop()
    assert report["service"]["state"] == "running"
    assert worst(report) == ("readers", "there is no card reader")


def test_empty_readers(pcsc: PcscService) -> None:
    report = examined()
    assert worst(report) == ("cards", "there is no card in any of the 2 readers")
    assert [reader["state"] for reader in report["readers"]] == ["empty", "empty"]


class NoAnswerToReset:
    atr = b"\x55" * 40

    def reset(self) -> bytes:
        return self.atr

    def process(self, command: bytes) -> bytes:
        raise AssertionError("it was sent a command")


def test_a_mute_card(pcsc: PcscService) -> None:
    with pcsc.insert(NoAnswerToReset()) as inserted:
        report = examined()
    assert worst(report) == ("cards", f"the card in {inserted.reader} does not answer")
    assert report["readers"][0]["reachable"] is False


def test_a_program_has_the_card_for_itself_and_is_named(
    inserted: InsertedCard, another_program: AnotherProgram
) -> None:
    assert another_program.connect(inserted.reader, exclusive=True) == "SCARD_S_SUCCESS"
    report = examined()
    pid = another_program._process.pid
    assert pid in [program["pid"] for program in report["programs"]]
    area, message = worst(report)
    assert area == "cards"
    assert message.startswith(f"another program has the card in {inserted.reader} for itself: ")
    assert f"(pid {pid})" in message


def test_a_program_keeps_the_card_busy(inserted: InsertedCard, another_program: AnotherProgram) -> None:
    another_program.connect(inserted.reader)
    another_program.begin_transaction()
    report = examined()
    assert f"keeps the card in {inserted.reader} busy with a transaction" in worst(report)[1]


def test_the_environment_leaves_all_readers_out(inserted: InsertedCard) -> None:
    report = examined(AKIS_IGNORE_READERS="Virtual")
    assert worst(report) == ("environment", "AKIS_IGNORE_READERS leaves out all card readers there are")
    assert [reader["index"] for reader in report["readers"]] == [None, None]


def test_no_secret_of_the_environment_shows(inserted: InsertedCard) -> None:
    for form in ((), ("--json",)):
        done = akis("doctor", *form, AKIS_PIN="73918264")
        assert "AKIS_PIN" in done.out
        assert not leaks(done.out + done.err, ["73918264"])
