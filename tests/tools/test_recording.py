"""``--trace`` of every tool with a card: what is recorded, what is refused, what is said when it goes wrong."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from akis.emulator import EmulatorTransport
from akis.emulator.seed import seeded
from akis.emulator.wanted import wanted
from akis.errors import TraceError
from akis.trace.entries import Event, Exchanged
from akis.trace.jsonl import Lines
from tests.akis.emulator.cards import COUNTERS, SELECT, WRONG
from tests.akis.emulator.virtual_reader import RESET
from tests.tools.akis_process import ROOT
from tests.tools.emulate_process import Emulate
from tools.__main__ import main
from tools.card_options import tell_of_recording
from tools.exit_codes import Exit

UNBLOCK = ["pin", "unblock", "--reader", "emulator:,blocked", "--sm-keys", "emulator:akis-2.2/issuer"]
UNBLOCK += ["--new-pin", "env:NEW"]


def played_again(path: Path) -> int:
    """Play it to the emulated card that its header names, compare every byte, and count the exchanges."""
    read = Lines(path)
    header = read.header
    assert header.seed is not None
    card = wanted(f"{header.personality},{header.state}".rstrip(",") + ",extended" * header.extended)
    way = EmulatorTransport(card.card(seeded(header.seed)))
    assert way.atr == header.atr
    count = 0
    for entry in read.entries():
        if isinstance(entry, Event):
            assert (entry.kind, way.reset()) == ("reset", entry.atr)
            continue
        count += 1
        assert entry.answer is not None
        assert way.transmit(entry.command.filled(lambda mask: b"1" * mask.length)) == entry.answer.raw
    return count


@pytest.mark.parametrize(
    "arguments",
    [
        ["info", "--reader", "emulator:akis-2.5,last-try"],
        ["info", "--reader", "emulator:,extended,CA=6985", "--json"],
        ["pin", "status", "--reader", "emulator:"],
        UNBLOCK,
        ["demo", "--json"],
        ["demo", "--card", "akis-2.5"],
    ],
)
def test_every_tool_records_what_can_be_played_again(arguments, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("NEW", "2468")
    path = tmp_path / "x.jsonl"
    assert main([*arguments, "--trace", str(path)]) == Exit.DONE
    assert played_again(path) >= 3
    assert path.stat().st_mode & 0o777 == 0o600
    assert "incomplete" not in capsys.readouterr().err


@pytest.mark.parametrize("keep", [False, True])
def test_pins_are_hidden_unless_they_are_kept(keep, tmp_path, monkeypatch):
    monkeypatch.setenv("PIN", "97351846")
    path = tmp_path / "x.jsonl"
    arguments = ["pin", "verify", "--reader", "emulator:", "--pin", "env:PIN", "--trace", str(path)]
    assert main([*arguments, *["--unsafe-keep-secrets"] * keep]) == Exit.PIN_REFUSED
    read = Lines(path)
    (verify,) = [entry for entry in read.entries() if isinstance(entry, Exchanged) and entry.command.raw[1] == 0x20]
    assert [mask.slot for mask in verify.command.masks] == ["wrong-pin"]
    assert (
        (b"97351846" in verify.command.raw) is (b"3937333531383436" in path.read_bytes()) is read.header.secrets is keep
    )


def test_a_file_that_is_there_is_left_and_nothing_is_sent(tmp_path, capsys, monkeypatch):
    path = tmp_path / "x.jsonl"
    path.write_text("mine")
    monkeypatch.setattr(EmulatorTransport, "transmit", lambda *_: pytest.fail("sent"))
    for arguments in (["info", "--reader", "emulator:"], ["demo"], ["emulate"]):
        assert main([*arguments, "--trace", str(path)]) == Exit.USAGE
        assert f"akis: {path} is there already and was left as it is; name another file\n" == capsys.readouterr().err
    assert path.read_text() == "mine"


def test_keeping_secrets_without_a_file(capsys):
    assert main(["info", "--reader", "emulator:", "--unsafe-keep-secrets"]) == Exit.USAGE
    assert "needs --trace FILE" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["info", "--reader", "emulator:"], Exit.DONE),
        (["pin", "status", "--reader", "emulator:", "--json"], Exit.DONE),
        (["pin", "verify", "--reader", "emulator:", "--pin", "env:PIN"], Exit.PIN_REFUSED),
        (["demo", "--json"], Exit.DONE),
    ],
)
def test_a_disk_that_fills_up_is_told_and_changes_no_outcome(arguments, code, tmp_path, monkeypatch):
    monkeypatch.setenv("PIN", "97351846")
    path = tmp_path / "x.jsonl"
    program = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500)); sys.dont_write_bytecode = True\n"
        "from tools.__main__ import main; sys.exit(main())"
    )
    command = [sys.executable, "-c", program, *arguments, "--trace", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.returncode == code
    assert done.stderr.count(f"The trace {path} is incomplete: File too large.\n") == 1
    assert done.stdout if code == Exit.DONE else "akis: wrong PIN, 2 tries left\n" in done.stderr
    read = Lines(path)
    assert len(list(read.entries())) >= 1
    assert read.cut


@pytest.mark.parametrize(
    ("failure", "why"),
    [
        (OSError(28, "No space left on device"), "No space left on device"),
        (TraceError("a line would be too long"), "a line would be too long"),
        (RuntimeError("sent 313233343536"), "RuntimeError"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
    ],
)
def test_why_a_trace_is_incomplete_is_said_without_the_words_of_strangers(failure, why, capsys):
    tell_of_recording(Namespace(trace="x.jsonl", recorder=Namespace(failure=failure)))
    assert capsys.readouterr() == ("", f"The trace x.jsonl is incomplete: {why}.\n")


def test_the_session_of_a_pcsc_program_with_the_virtual_reader(reader, tmp_path):
    path = tmp_path / "x.jsonl"
    with Emulate(reader, "--personality", ",last-try", "--trace", path) as emulate:
        reader.wait_for_card()
        emulate.line()
        reader.apdu(SELECT)
        assert reader.apdu(COUNTERS[1])[-4:] == "9000"
        first = reader.apdu("0084000008")
        reader.tell(RESET)
        assert reader.apdu(f"00200081 06 {WRONG}") == "6A88"
        assert emulate.end(signal.SIGTERM) == (Exit.DONE, "", "")
    read = Lines(path)
    assert read.header.reader == f"virtual reader at 127.0.0.1:{reader.port}"
    entries = list(read.entries())
    assert sum(isinstance(entry, Event) for entry in entries) == 3  # power, reset, and the end
    assert first in path.read_text()
    assert WRONG not in path.read_text()
    assert played_again(path) == 4


def test_a_card_from_a_file_says_no_state_and_no_seed(reader, file, tmp_path):
    path = tmp_path / "x.jsonl"
    with Emulate(reader, "--personality", ",blocked", "--state", file, "--trace", path) as emulate:
        reader.wait_for_card()
        emulate.line()
        reader.apdu(SELECT)
        emulate.end(signal.SIGTERM)
    header = Lines(path).header
    assert (header.personality, header.state, header.seed) == ("akis-2.2", "", None)


def test_without_a_reader_no_file_is_left(free_port, tmp_path, capsys):
    path = tmp_path / "x.jsonl"
    assert main(["emulate", "--vpcd", f"127.0.0.1:{free_port}", "--trace", str(path)]) == Exit.NO_CARD
    assert main(["info", "--reader", "emulator:,broken", "--trace", str(path), "--json"]) == Exit.USAGE
    assert json.loads(capsys.readouterr().out)["error"]["kind"] == "InvalidArgument"
    assert not path.exists()
