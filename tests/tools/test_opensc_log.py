"""Debian's OpenSC tools use the emulated card through pcscd, and both write their logs: the same session twice."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from akis.emulator import EmulatedCard, EmulatorTransport
from akis.regress.run import Plan, replay_file
from akis.secret import Secret
from akis.trace.compare import answer_difference
from akis.trace.entries import Event, Exchanged, Header, Kept, Trace, Wire
from akis.trace.open import open_trace
from akis.trace.redact import Mask
from akis.trace.save import save
from tests.leaks import leaks
from tests.pcsc_service import PcscService

SELECT = "00A4040C07504B43532D3135"
PIN, WRONG = "123456", "192837"
VERIFY, WRONG_VERIFY = (f"0020008106{value.encode().hex().upper()}" for value in (PIN, WRONG))
SERIAL, COUNTER = "00CA010600", "00CB3FFF064D04BF81018000"


@pytest.fixture
def logging(pcsc: PcscService) -> Iterator[PcscService]:
    """The service, started anew so that it logs what goes over the wire."""
    for tool in ("opensc-tool", "pkcs15-tool"):
        if shutil.which(tool) is None:
            missing = f"there is no {tool}; install what Debian calls opensc"
            if os.environ.get("AKIS_REQUIRE_PCSC") == "1":
                pytest.fail(missing)
            pytest.skip(missing)
    pcsc.stop()
    pcsc.also = ("--apdu", "--debug")
    pcsc.start()
    yield pcsc
    pcsc.stop()
    pcsc.also = ()


def session(log: Path) -> None:
    """Everything that a user tries first, each in a process of its own, with OpenSC's log in one file."""
    configuration = log.with_suffix(".conf")
    configuration.write_text(f"app default {{ debug = 9; debug_file = {log}; }}\n")
    sends = [word for command in (SELECT, VERIFY, WRONG_VERIFY, COUNTER, SERIAL) for word in ("--send-apdu", command)]
    for command in (
        ("opensc-tool", "--atr"),
        ("opensc-tool", "--name"),
        ("opensc-tool", *sends),
        ("opensc-tool", "--reset"),
        ("opensc-tool", "--send-apdu", COUNTER),
        ("pkcs15-tool", "--dump"),
    ):
        environment = {**os.environ, "OPENSC_CONF": str(configuration)}
        subprocess.run([*command, "--reader", "0"], env=environment, capture_output=True, timeout=60)


def said(trace: Trace) -> list[tuple[str, str | None]]:
    return [
        (entry.command.text, None if entry.answer is None else entry.answer.text)
        for entry in trace.entries()
        if isinstance(entry, Exchanged)
    ]


def differences(trace: Trace) -> list[str]:
    """Play the trace to a fresh card and compare."""
    values = {"pin": PIN.encode(), "wrong-pin": WRONG.encode()}

    def value(mask: Mask) -> bytes:
        return values[mask.slot]

    found = []
    with EmulatorTransport(EmulatedCard.named()) as card:
        for entry in trace.entries():
            if isinstance(entry, Event):
                if entry.kind == "reset":
                    card.reset()
                continue
            now = card.transmit(entry.command.filled(value))
            assert entry.answer is not None
            different = answer_difference(entry.command, entry.answer, now)
            if different is not None:
                found.append(str(different))
    return found


def test_both_logs_tell_the_same_session_and_a_fresh_card_repeats_it(logging: PcscService, tmp_path: Path) -> None:
    card = EmulatedCard.named()
    with logging.insert(card) as inserted:
        session(tmp_path / "opensc.log")
        (tmp_path / "pcscd.log").write_text(logging.log())
        reader = inserted.reader
    logs = [open_trace(tmp_path / name) for name in ("opensc.log", "pcscd.log")]
    assert [log.header.source for log in logs] == ["OpenSC debug log", "pcscd log"]
    for log in logs:
        assert (log.header.reader, log.header.atr) == (reader, card.atr)
        commands = [command for command, _ in said(log)]
        assert len(commands) > 100
        assert commands.count("0020008106************") == 2
        assert commands.count(COUNTER) == 2
    assert said(logs[0]) == said(logs[1])
    for name, log in zip(("opensc", "pcscd"), logs, strict=True):
        assert [entry.kind for entry in log.entries() if isinstance(entry, Event)][:1] == ["reset"], name
        assert differences(log) == [], name
        save(log, tmp_path / f"{name}.jsonl")
        assert leaks((tmp_path / f"{name}.jsonl").read_text(), (PIN, WRONG)) == []
        played = replay_file(
            tmp_path / f"{name}.jsonl", Plan("emulator:akis-2.2", secrets={"wrong-pin": Secret(WRONG.encode())})
        )
        assert (played.verdict, played.exchanges) == ("passed", len(said(log))), name


def test_a_script_for_opensc_tool_has_the_same_answers(logging: PcscService, tmp_path: Path) -> None:
    commands = [bytes.fromhex(command) for command in (SELECT, COUNTER, SERIAL)]
    with EmulatorTransport(EmulatedCard.named()) as card:
        exchanges = [Exchanged(Wire(command), Wire(card.transmit(command))) for command in commands]
    save(Kept(Header(), tuple(exchanges)), tmp_path / "session.sh")
    with logging.insert(EmulatedCard.named()):
        done = subprocess.run(
            ["sh", str(tmp_path / "session.sh"), "--reader", "0"], capture_output=True, text=True, timeout=60
        )
        (tmp_path / "pcscd.log").write_text(logging.log())
    assert done.returncode == 0, done.stderr
    wanted = [(entry.command.text, entry.answer.text) for entry in exchanges if entry.answer is not None]
    assert said(open_trace(tmp_path / "pcscd.log"))[-len(wanted) :] == wanted


PYSCARD = """
from smartcard.CardConnectionObserver import ConsoleCardConnectionObserver
from smartcard.System import readers
card = readers()[0].createConnection()
card.addObserver(ConsoleCardConnectionObserver())
card.connect()
for command in COMMANDS:
    card.transmit(list(bytes.fromhex(command)))
card.reconnect()
card.transmit([0x00, 0x20, 0x00, 0x81])
card.disconnect()
"""


def test_what_pyscard_prints_is_what_pcscd_logs(logging: PcscService, tmp_path: Path) -> None:
    program = f"COMMANDS = {[SELECT, VERIFY, WRONG_VERIFY, SERIAL]}{PYSCARD}"
    with logging.insert(EmulatedCard.named()):
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
        (tmp_path / "pcscd.log").write_text(logging.log())
    (tmp_path / "printed.txt").write_text(done.stdout)
    logs = [open_trace(tmp_path / name) for name in ("printed.txt", "pcscd.log")]
    assert said(logs[0]) == said(logs[1])
    assert said(logs[0])[-1] == ("00200081", "6A88")
    for log in logs:
        assert differences(log) == []


@pytest.mark.parametrize("kind", ["libpcscspy log", "pcsc-spy output"])
def test_what_libpcscspy_sees_is_what_pcscd_logs(kind: str, logging: PcscService, tmp_path: Path) -> None:
    spies = [*Path("/usr/lib").rglob("libpcscspy.so.0"), None]
    real = [*Path("/usr/lib").rglob("libpcsclite.so.1"), None]
    if spies[0] is None or real[0] is None or shutil.which("pcsc-spy") is None:
        pytest.skip("there is no libpcscspy; install what Debian calls libpcsclite-dev")
    (tmp_path / "libpcsclite.so.1").symlink_to(spies[0])
    (tmp_path / "libpcsclite_nospy.so.1").symlink_to(real[0])
    raw = tmp_path / "pcsc-spy"  # the library writes where it would look for its pipe
    raw.touch()
    environment = {**os.environ, "HOME": str(tmp_path), "LD_LIBRARY_PATH": str(tmp_path)}
    sends = [word for command in (SELECT, VERIFY, WRONG_VERIFY, SERIAL) for word in ("--send-apdu", command)]
    with logging.insert(EmulatedCard.named()) as inserted:
        command = ["opensc-tool", "--card-driver", "default", "--reader", "0", *sends]
        subprocess.run(command, env=environment, capture_output=True, timeout=60, check=True)
        (tmp_path / "pcscd.log").write_text(logging.log())
    if kind == "pcsc-spy output":
        text = subprocess.run(["pcsc-spy", "--nocolor", raw], capture_output=True, text=True, timeout=60).stdout
        raw = tmp_path / "text"
        raw.write_text(text)
    spied = open_trace(raw)
    assert (spied.header.source, spied.header.reader, spied.header.protocol) == (kind, inserted.reader, "T=1")
    assert spied.header.atr == inserted.card.atr
    assert said(spied) == said(open_trace(tmp_path / "pcscd.log"))
    assert len(said(spied)) >= 4
    assert differences(spied) == []
