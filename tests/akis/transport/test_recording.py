"""A recording is its owner's, replaces no file, and holds whole lines whatever happens."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

import akis
from akis.card import Card
from akis.connect import connect
from akis.emulator import EmulatedCard, EmulatorTransport
from akis.errors import AkisError, InvalidArgument
from akis.pin import Pin
from akis.profile.load import load
from akis.trace.entries import Exchanged, Header
from akis.trace.jsonl import Lines
from akis.transport.recorder import Recorder
from akis.transport.recording import Recording

PROFILE = load("akis-2")
NOW = datetime(2026, 11, 22, 16, 30, tzinfo=UTC)


def recorder(path: Path, keep: bool = False) -> Recorder:
    way = EmulatorTransport(EmulatedCard.named())
    return Recording(path, keep).around(way, Header(reader="emulator"), PROFILE, NOW)


def test_the_header_says_where_and_when(tmp_path: Path) -> None:
    with recorder(tmp_path / "x.jsonl") as made:
        assert made.failure is None
    header = Lines(tmp_path / "x.jsonl").header
    assert header.atr == EmulatedCard.named().atr
    assert (header.reader, header.created) == ("emulator", "2026-11-22T16:30:00Z")
    assert (header.source, header.secrets) == (f"akis {akis.__version__}", False)
    assert header.slots[:2] == ("pin", "new-pin")


def test_kept_secrets_mark_the_header(tmp_path: Path) -> None:
    with recorder(tmp_path / "x.jsonl", keep=True) as made, Card(made, PROFILE) as card:
        card.select_application()
        Pin(card).verify("123456")
    read = Lines(tmp_path / "x.jsonl")
    assert (read.header.secrets, read.header.slots) == (True, ())
    *_, last = read.entries()
    assert isinstance(last, Exchanged)
    assert last.command.raw.endswith(b"123456")


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        recorder(tmp_path / "x.jsonl").close()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x.jsonl").stat().st_mode) == 0o600


@pytest.mark.parametrize("kind", ["file", "link to nothing", "directory"])
def test_what_is_there_is_left(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    if kind == "file":
        path.write_text("mine")
    elif kind == "directory":
        path.mkdir()
    else:
        path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InvalidArgument, match="is there already and was left as it is"):
        recorder(path)
    with pytest.raises(InvalidArgument, match="is there already"):
        connect("emulator:", recording=Recording(path))
    assert kind != "file" or path.read_text() == "mine"
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("name", ["missing/x.jsonl", "file/x.jsonl", "a\0b", "x" * 300])
def test_what_cannot_be_written(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(AkisError, match="cannot be written"):
        recorder(tmp_path / name)


def test_a_directory_of_others(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)  # root may write everywhere
    try:
        with pytest.raises(InvalidArgument, match=r"cannot be written: (Permission denied|there is no such directory)"):
            Recording(tmp_path / "x.jsonl").check()
    finally:
        os.seteuid(before)
        tmp_path.chmod(0o700)


def test_a_disk_that_is_full_from_the_beginning_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = os.open
    path = tmp_path / "x.jsonl"

    def on_a_full_disk(name: Path, flags: int, mode: int) -> int:
        os.close(opened(name, flags, mode))
        return opened("/dev/full", os.O_WRONLY)

    monkeypatch.setattr("akis.transport.recording.os.open", on_a_full_disk)
    with pytest.raises(InvalidArgument, match="cannot be written: No space left on device"):
        recorder(path)
    assert not path.exists()


def test_two_threads_write_whole_lines(tmp_path: Path) -> None:
    made = recorder(tmp_path / "x.jsonl")

    def ask() -> None:
        for _ in range(300):
            made.transmit(bytes.fromhex("00CA010600"))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made.close()
    assert made.failure is None
    assert len(list(Lines(tmp_path / "x.jsonl").entries())) == 600


@pytest.mark.slow
def test_killed_in_the_middle_all_lines_but_the_last_are_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    program = f"""
from pathlib import Path
from akis.connect import connect
from akis.transport.recording import Recording
card = connect("emulator:", recording=Recording(Path({str(path)!r}))).card()
print("begun", flush=True)
while True:
    card.serial()
    print("answered", flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        answered = sum(1 for _, line in zip(range(500), process.stdout, strict=False) if line == "answered\n")
        process.send_signal(signal.SIGKILL)
    assert len(list(Lines(path).entries())) >= answered == 499
